//! What accounts say of their principals to services outside: the keys it is signed with, and what it rests on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::sts::GetWebIdentityToken;
use garita_app::token::rotation::Schedule;
use garita_model::{KeyStage, Plain as _, Secret, TokenAlgorithm, TokenKey};
use garita_testkit::{TestCredentials, TestGarita};
use jiff::SignedDuration;
use serde_json::Value;

use crate::stage::{allow, ask, assume, denied, told, trust, user};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn wanted(algorithm: TokenAlgorithm) -> GetWebIdentityToken {
    GetWebIdentityToken { audience: vec!["app".to_owned()], duration: None, algorithm, tags: Vec::new() }
}

fn part(token: &Secret<String>, place: usize) -> Value {
    let part = token.expose().split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A Garita whose account vouches for its principals, one that may ask, and the issuer's address.
async fn vouching() -> (TestGarita, TestCredentials, String) {
    let garita = TestGarita::new().await;
    let issuer = garita.app.enable_outbound_federation(&garita.as_root()).await.unwrap();
    let ana = user(&garita, "ana", Some(allow("sts:GetWebIdentityToken", "*"))).await;
    (garita, ana, issuer)
}

/// The names of the published keys, by algorithm.
fn published(garita: &TestGarita, issuer: &str) -> Vec<(String, String)> {
    let id = issuer.rsplit('/').next().unwrap().parse().unwrap();
    let now = garita_model::Clock::now(&*garita.clock);
    let set = garita.app.issuer_key_set(id, now).unwrap();
    let text = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).unwrap().to_owned();
    let keys = set.get("keys").and_then(Value::as_array).unwrap();
    keys.iter().map(|key| (text(key, "alg"), text(key, "kid"))).collect()
}

#[tokio::test]
async fn keys_follow_one_another_and_old_tokens_stay_verifiable() {
    let (garita, ana, issuer) = vouching().await;
    let schedule = Schedule::default();
    let get = |algorithm| {
        let cx = garita.context(&ana).unwrap();
        garita.app.get_web_identity_token(&cx, &wanted(algorithm)).unwrap().token
    };
    let kid = |token: &Secret<String>| part(token, 0)["kid"].as_str().unwrap().to_owned();
    let first = [TokenAlgorithm::Rs256, TokenAlgorithm::Es384].map(|algorithm| kid(&get(algorithm)));
    assert_eq!(
        published(&garita, &issuer),
        [("RS256".to_owned(), first[0].clone()), ("ES384".to_owned(), first[1].clone())]
    );
    garita.clock.advance(schedule.signs_for - schedule.published_before);
    assert_eq!(garita.app.keep_token_keys(schedule).await.unwrap(), 1);
    assert_eq!(published(&garita, &issuer).len(), 4, "the next ones are published before they sign");
    assert_eq!(kid(&get(TokenAlgorithm::Es384)), first[1]);
    garita.clock.advance(schedule.published_before);
    let second = kid(&get(TokenAlgorithm::Es384));
    assert_ne!(second, first[1]);
    assert!(published(&garita, &issuer).iter().any(|(_, kid)| *kid == first[1]), "its tokens may be about");
    garita.clock.advance(schedule.verifies_after);
    garita.app.keep_token_keys(schedule).await.unwrap();
    let left: Vec<String> = published(&garita, &issuer).into_iter().map(|(_, kid)| kid).collect();
    assert!(left.len() == 2 && left.contains(&second), "{left:?}");

    let account = garita.account();
    let id = issuer.rsplit('/').next().unwrap();
    garita.app.deny_token_key(account, id, &second, schedule).await.unwrap();
    assert!(published(&garita, &issuer).iter().all(|(_, kid)| *kid != second), "gone at once");
    assert_ne!(kid(&get(TokenAlgorithm::Es384)), second);
    let state = garita.app.snapshot();
    let prefix = TokenKey::prefix(id);
    let stages = state
        .list::<TokenKey>(account, &prefix)
        .map(|key| key.stage(garita_model::Clock::now(&*garita.clock)));
    assert_eq!(stages.filter(|stage| *stage == KeyStage::Denied).count(), 1);
    let unknown = garita.app.deny_token_key(account, id, "another", schedule).await;
    assert_eq!(told(unknown), format!("NoSuchEntity: issuer `{id}` has no key `another`"));
}

#[tokio::test]
async fn keys_sign_from_the_moment_they_are_made() {
    let garita = TestGarita::new().await;
    garita.clock.advance(SignedDuration::from_millis(500));
    let root = garita.as_root();
    garita.app.enable_outbound_federation(&root).await.unwrap();
    for algorithm in [TokenAlgorithm::Rs256, TokenAlgorithm::Es384] {
        let made = garita.app.get_web_identity_token(&garita.as_root(), &wanted(algorithm)).unwrap();
        assert_eq!(made.expires.to_string(), "2026-03-01T12:05:00Z");
    }
}

#[tokio::test]
async fn a_token_is_about_its_caller_and_ends_with_the_session() {
    let (garita, ana, issuer) = vouching().await;
    let policy = Some(allow("sts:GetWebIdentityToken", "*"));
    let arn = crate::stage::role(&garita, "job", trust(r#"{"AWS":"*"}"#, ""), policy).await;
    let ask = ask(&arn);
    let job = assume(&garita, &ana, &ask).unwrap();
    let get = |who: &TestCredentials, seconds| {
        let asked = GetWebIdentityToken { duration: seconds, ..wanted(TokenAlgorithm::Es384) };
        garita.app.get_web_identity_token(&garita.context(who)?, &asked)
    };
    let token = get(&job, None).unwrap().token;
    let claims = part(&token, 1);
    assert_eq!((claims["sub"].as_str(), claims["iss"].as_str()), (Some(&*arn), Some(&*issuer)));
    assert_eq!(claims["https://sts.amazonaws.com/"]["aws_account"], "111122223333");
    garita.clock.advance(HOUR - SignedDuration::from_secs(301));
    assert!(get(&job, Some(300)).is_ok());
    let longer = told(get(&job, Some(302)));
    assert!(longer.starts_with("SessionDurationEscalationException: "), "{longer}");
    let root = garita.app.get_web_identity_token(&garita.as_root(), &wanted(TokenAlgorithm::Es384)).unwrap();
    assert_eq!(part(&root.token, 1)["sub"], "arn:aws:iam::111122223333:root");
}

#[tokio::test]
async fn issuers_of_accounts_are_apart_and_keep_their_names() {
    let (garita, ana, issuer) = vouching().await;
    let (app, root) = (&garita.app, garita.as_root());
    assert!(denied(app.disable_outbound_federation(&garita.context(&ana).unwrap()).await));
    assert!(denied(app.outbound_federation(&garita.context(&ana).unwrap())));
    assert!(told(app.enable_outbound_federation(&root).await).starts_with("FeatureEnabled: "));
    app.disable_outbound_federation(&root).await.unwrap();
    assert!(told(app.outbound_federation(&root)).starts_with("FeatureDisabled: "));
    let off = app.get_web_identity_token(&garita.context(&ana).unwrap(), &wanted(TokenAlgorithm::Es384));
    assert!(told(off).starts_with("OutboundWebIdentityFederationDisabledException: "));
    assert_eq!(published(&garita, &issuer).len(), 2, "what was given out before stays verifiable");
    let keys = published(&garita, &issuer);
    assert_eq!(app.enable_outbound_federation(&root).await.unwrap(), issuer);
    assert_eq!(published(&garita, &issuer), keys);
    let stranger = "00000000-0000-4000-8000-000000000009".parse().unwrap();
    assert!(app.issuer_configuration(stranger).is_none());
    let held = app.snapshot();
    let own = held.list::<garita_model::TokenIssuer>(garita.account(), "").next().unwrap();
    assert_eq!(own.local(), "outbound");
    let configuration = app.issuer_configuration(own.id).unwrap();
    assert_eq!(configuration["issuer"], issuer);
    assert_eq!(configuration["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
}
