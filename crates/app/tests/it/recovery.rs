//! Recovery codes at the pages: good once, for one user, and counted with the codes of the authenticator app.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use garita_app::RequestContext;
use garita_app::oauth::{Challenge, ChallengeAnswer, ChallengeKind, Progress, SignedIn};
use garita_app::user_pool::{
    ChallengeName, ClientSettings, CreatePoolUser, MfaPreference, NewPool, PoolSettings, RECOVERY_CODES,
    SetPoolPassword, SettingUp, SignIn, SignInFlow, Who,
};
use garita_model::user_pool::{AuthFlow, MfaMode, PoolFault};
use garita_model::{Clock as _, Error, PoolClient, Reason, Secret, UserPool};
use garita_testkit::{TestGarita, base32, one_time_code};
use jiff::SignedDuration;

const PASSWORD: &str = "Correct-Horse-7";

/// A pool where a second factor is asked of who has one.
struct Stage {
    garita: TestGarita,
    pool: Arc<UserPool>,
    client: Arc<PoolClient>,
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

impl Stage {
    async fn new() -> Self {
        Self::with(MfaMode::Optional).await
    }

    async fn with(mfa: MfaMode) -> Self {
        let garita = TestGarita::new().await;
        let (app, root) = (&garita.app, garita.as_root());
        let settings = PoolSettings { mfa: Some(mfa), ..PoolSettings::default() };
        let new = NewPool { name: "Research".to_owned(), settings, ..NewPool::default() };
        let pool = app.create_user_pool(&root, new).await.unwrap().pool;
        let (name, providers) = (Some("MLflow".to_owned()), vec!["COGNITO".to_owned()]);
        let flows = Some(BTreeSet::from([AuthFlow::UserPassword]));
        let named = ClientSettings { name, providers, flows, ..ClientSettings::default() };
        let client = app.create_pool_client(&root, pool.id.clone(), named, false).await.unwrap().client;
        Self { garita, pool, client }
    }

    fn cx(&self) -> RequestContext {
        let app = &self.garita.app;
        app.nobody(app.arrive(IpAddr::V4(Ipv4Addr::LOCALHOST), true, Some("test")).unwrap())
    }

    /// Switches the authenticator app of a user off, as an administrator.
    async fn switch_off(&self, name: &str) {
        let off = MfaPreference { software_token: Some((false, false)), passkey: None };
        let (root, pool) = (self.garita.as_root(), self.pool.id.clone());
        self.garita.app.admin_set_pool_user_mfa(&root, pool, name.to_owned(), off).await.unwrap();
    }

    async fn user(&self, name: &str) -> SignedIn {
        self.made(name).await;
        match self.password(name).await {
            Progress::Done(browser) => browser.who,
            Progress::Challenge(_) => panic!("more was asked for"),
        }
    }

    async fn made(&self, name: &str) {
        let (app, root, pool) = (&self.garita.app, self.garita.as_root(), self.pool.id.clone());
        let (username, temporary_password) = (name.to_owned(), Some(secret(PASSWORD)));
        let (attributes, force_alias, resend, suppress) = (Vec::new(), false, false, true);
        let user = CreatePoolUser {
            pool: pool.clone(),
            username: username.clone(),
            attributes,
            temporary_password,
            force_alias,
            resend,
            suppress,
        };
        app.admin_create_pool_user(&root, user).await.unwrap();
        let set = SetPoolPassword { pool, username, password: secret(PASSWORD), permanent: true };
        app.admin_set_pool_password(&root, set).await.unwrap();
    }

    async fn password(&self, name: &str) -> Progress {
        let (app, cx) = (&self.garita.app, self.cx());
        app.sign_in_with_password(&cx, &self.client, name, secret(PASSWORD), None).await.unwrap()
    }

    async fn challenge(&self, name: &str) -> Challenge {
        match self.password(name).await {
            Progress::Challenge(challenge) => challenge,
            Progress::Done(_) => panic!("nothing was asked for"),
        }
    }

    /// Sets an authenticator app up, and answers its seed.
    async fn with_app(&self, who: &SignedIn) -> String {
        let app = &self.garita.app;
        let made = app.associate_software_token(&self.cx(), SettingUp::Browser(who.clone())).await.unwrap();
        let seed = made.secret.expose().clone();
        let code = self.code(&seed);
        app.verify_software_token(&self.cx(), SettingUp::Browser(who.clone()), code, None).await.unwrap();
        seed
    }

    fn code(&self, seed: &str) -> String {
        one_time_code(&base32(seed), self.garita.clock.now())
    }

    async fn codes(&self, who: &SignedIn) -> Vec<String> {
        let made = self.garita.app.make_recovery_codes(&self.cx(), Who::Browser(who)).await.unwrap();
        made.iter().map(|code| code.expose().clone()).collect()
    }

    async fn meet(&self, asked: &Challenge, given: ChallengeAnswer) -> Result<Progress, Error> {
        let kind = match given {
            ChallengeAnswer::Recovery(_) => ChallengeKind::Recovery,
            _ => asked.kind,
        };
        let asked = Challenge { kind, ..asked.clone() };
        self.garita.app.meet_challenge(&self.cx(), &self.client, asked, given, None).await
    }

    async fn recover(&self, name: &str, code: &str) -> bool {
        let asked = self.challenge(name).await;
        match self.meet(&asked, ChallengeAnswer::Recovery(secret(code))).await {
            Ok(Progress::Done(_)) => true,
            Err(Error::Rejected { reason: Reason::UserPool(PoolFault::CodeMismatch), .. }) => false,
            Ok(Progress::Challenge(_)) => panic!("more was asked for"),
            Err(error) => panic!("{error:?}"),
        }
    }

    fn left(&self, who: &SignedIn) -> usize {
        self.garita.app.snapshot().pool_user(&self.pool.id, who.user().sub).unwrap().recovery_codes().len()
    }
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_for_its_user_alone() {
    let stage = Stage::new().await;
    let (ana, bo) = (stage.user("ana").await, stage.user("bo").await);
    let without = stage.garita.app.make_recovery_codes(&stage.cx(), Who::Browser(&ana)).await;
    assert!(without.is_err(), "there is nothing they could stand in for");
    stage.with_app(&ana).await;
    stage.with_app(&bo).await;
    let (codes, of_bo) = (stage.codes(&ana).await, stage.codes(&bo).await);
    assert_eq!((codes.len(), stage.left(&ana)), (RECOVERY_CODES, RECOVERY_CODES));
    assert!(stage.challenge("ana").await.others.contains(&ChallengeKind::Recovery));
    assert!(!stage.recover("ana", &of_bo[0]).await, "of another user");
    assert!(stage.recover("ana", &codes[0].to_uppercase()).await);
    assert!(!stage.recover("ana", &codes[0]).await, "used");
    assert_eq!((stage.left(&ana), stage.left(&bo)), (RECOVERY_CODES - 1, RECOVERY_CODES));
    let again = stage.codes(&ana).await;
    assert!(!stage.recover("ana", &codes[1]).await && stage.recover("ana", &again[1]).await, "of before");
}

#[tokio::test]
async fn wrong_recovery_codes_lock_the_authenticator_app_out_too() {
    let stage = Stage::new().await;
    let ana = stage.user("ana").await;
    let seed = stage.with_app(&ana).await;
    let codes = stage.codes(&ana).await;
    stage.garita.clock.advance(SignedDuration::from_secs(60));
    for _ in 0..5 {
        assert!(!stage.recover("ana", "00000-00000").await);
    }
    let asked = stage.challenge("ana").await;
    let by_app = stage.meet(&asked, ChallengeAnswer::Code(Secret::new(stage.code(&seed)))).await;
    assert!(by_app.is_err(), "locked out");
    assert!(!stage.recover("ana", &codes[0]).await, "with a right one as well");
    stage.garita.clock.advance(SignedDuration::from_secs(60));
    assert!(stage.recover("ana", &codes[0]).await);
}

#[tokio::test]
async fn who_gives_the_second_factor_up_has_no_recovery_codes() {
    let stage = Stage::new().await;
    let ana = stage.user("ana").await;
    stage.with_app(&ana).await;
    stage.codes(&ana).await;
    stage.garita.app.forget_software_token(&stage.cx(), Who::Browser(&ana)).await.unwrap();
    assert_eq!(stage.left(&ana), 0);
    assert!(matches!(stage.password("ana").await, Progress::Done(_)));
}

/// Whoever stole phone and paper must have nothing of them once an administrator has taken the second factor away.
#[tokio::test]
async fn an_administrator_who_switches_the_second_factor_off_takes_its_recovery_codes_away() {
    let stage = Stage::new().await;
    let ana = stage.user("ana").await;
    stage.with_app(&ana).await;
    let stolen = stage.codes(&ana).await;
    stage.switch_off("ana").await;
    assert_eq!(stage.left(&ana), 0);
    let Progress::Done(browser) = stage.password("ana").await else {
        panic!("a second factor was asked for")
    };
    stage.garita.clock.advance(SignedDuration::from_secs(60));
    stage.with_app(&browser.who).await;
    assert!(!stage.recover("ana", &stolen[0]).await);
}

#[tokio::test]
async fn an_authenticator_app_that_was_taken_away_again_signs_nobody_in() {
    let stage = Stage::with(MfaMode::On).await;
    stage.made("ana").await;
    let (app, client) = (&stage.garita.app, stage.client.id.clone());
    let texts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let parameters = texts(&[("USERNAME", "ana"), ("PASSWORD", PASSWORD)]);
    let input = SignIn { client: client.clone(), flow: SignInFlow::UserPassword, parameters };
    let begun = app.initiate_auth(&stage.cx(), input).await.unwrap();
    let garita_app::user_pool::SignedIn::Challenge(asked) = begun else { panic!("nothing was asked for") };
    assert_eq!(asked.name, ChallengeName::MfaSetup);
    let who = SettingUp::Session(asked.session.unwrap());
    let made = app.associate_software_token(&stage.cx(), who).await.unwrap();
    let code = stage.code(made.secret.expose());
    let who = SettingUp::Session(made.session.unwrap());
    let session = app.verify_software_token(&stage.cx(), who, code, None).await.unwrap();
    stage.switch_off("ana").await;
    let (name, responses) = (ChallengeName::MfaSetup, texts(&[("USERNAME", "ana")]));
    let input = garita_app::user_pool::ChallengeAnswer { client, name, session, responses };
    let answered = app.respond_to_auth_challenge(&stage.cx(), input).await;
    assert!(answered.is_err(), "there is no second factor that was shown");
}

/// What lets somebody in is looked at where the change is made, not only before it.
#[tokio::test]
async fn who_is_signed_out_meanwhile_sets_no_authenticator_app_up() {
    let stage = Stage::new().await;
    let ana = stage.user("ana").await;
    let app = &stage.garita.app;
    let pool = stage.pool.id.clone();
    let (root, cx) = (stage.garita.as_root(), stage.cx());
    let (out, begun) = tokio::join!(
        app.admin_sign_out_pool_user(&root, pool.clone(), "ana".to_owned()),
        app.associate_software_token(&cx, SettingUp::Browser(ana.clone())),
    );
    assert!(out.is_ok() && begun.is_err(), "begun after the sign-out");

    let Progress::Done(browser) = stage.password("ana").await else { panic!("more was asked for") };
    let made = app.associate_software_token(&cx, SettingUp::Browser(browser.who.clone())).await.unwrap();
    let code = stage.code(made.secret.expose());
    let (root, cx) = (stage.garita.as_root(), stage.cx());
    let (out, proved) = tokio::join!(
        app.admin_sign_out_pool_user(&root, pool, "ana".to_owned()),
        app.verify_software_token(&cx, SettingUp::Browser(browser.who), code, None),
    );
    assert!(out.is_ok() && proved.is_err(), "proved after the sign-out");
    let sub = ana.user().sub;
    assert!(app.snapshot().pool_user(&stage.pool.id, sub).unwrap().software_token().is_none());
}
