//! Signing in at a browser: the very verbs of the API of user pools, with a browser's session at their end.
//!
//! INVARIANT: no password and no code is looked at here. A request is let in as one of a browser
//! ([`AdmittedClient::at_browser`](crate::user_pool::AdmittedClient)), and the verbs answer a session of that browser where they would
//! answer tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::user_pool::{PoolClient, PoolFault};
use garita_model::{Error, Result, Secret};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::browser::NewBrowser;
use crate::App;
use crate::context::RequestContext;
use crate::letter::Language;
use crate::mint;
use crate::user_pool::other_way::Waiting;
use crate::user_pool::{
    self, ChallengeName, ConfirmForgotten, Named, PasskeyChallenge, SettingUp, SignIn, SignInFlow, SignUp,
    SignedIn,
};

/// A challenge that waits for its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Challenge {
    /// Which.
    #[serde(rename = "k")]
    pub kind: ChallengeKind,
    /// What the verbs want back with the answer.
    #[serde(rename = "s")]
    pub session: String,
    /// Whose.
    #[serde(rename = "u")]
    pub username: String,
    /// The key of an authenticator app that is being set up.
    #[serde(rename = "y", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What would do in its place.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<ChallengeKind>,
}

/// Which challenge it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChallengeKind {
    /// The code of an authenticator app.
    #[serde(rename = "t")]
    Code,
    /// The first code of an authenticator app that is being set up.
    #[serde(rename = "s")]
    SetUp,
    /// A password in place of an administrator's.
    #[serde(rename = "p")]
    NewPassword,
    /// A passkey after the password.
    #[serde(rename = "k")]
    Passkey,
    /// A recovery code in place of the second factor.
    #[serde(rename = "r")]
    Recovery,
}

/// What is answered to a challenge.
pub enum ChallengeAnswer {
    /// A code.
    Code(Secret<String>),
    /// A password.
    Password(Secret<String>),
    /// What a passkey signed, as the browser has it.
    Passkey(String),
    /// A recovery code.
    Recovery(Secret<String>),
}

/// How far a sign-in has come.
pub enum Progress {
    /// Done.
    Done(NewBrowser),
    /// More is asked for.
    Challenge(Challenge),
}

/// An account that somebody makes for themselves.
pub struct NewAccount {
    /// The name.
    pub username: String,
    /// The address.
    pub email: Option<String>,
    /// The password.
    pub password: Secret<String>,
    /// The language of the page they read, as a BCP 47 tag: what they are written in.
    pub language: &'static str,
}

impl App {
    /// Begins to sign somebody in with a name and a password; `former` is the cookie the browser has.
    ///
    /// # Errors
    /// As [`App::initiate_auth`].
    pub async fn sign_in_with_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        username: &str,
        password: Secret<String>,
        former: Option<&str>,
    ) -> Result<Progress> {
        if !client.takes(PoolClient::OWN) {
            return Err(PoolFault::NotAuthorized.because("the app client takes no passwords of the pool"));
        }
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(former);
        let mut parameters = BTreeMap::from([
            ("USERNAME".to_owned(), username.to_owned()),
            ("PASSWORD".to_owned(), password.expose().clone()),
        ]);
        parameters.extend(self.secret_hash(client, username)?.map(|hash| ("SECRET_HASH".to_owned(), hash)));
        let input = SignIn { client: client.id.clone(), flow: SignInFlow::UserPassword, parameters };
        let reached = self.sign_in(cx, admitted, input).await?;
        self.progress(cx, reached).await
    }

    /// Takes the answer to a challenge.
    ///
    /// # Errors
    /// As [`App::respond_to_auth_challenge`] and [`App::verify_software_token`].
    pub async fn meet_challenge(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        asked: Challenge,
        given: ChallengeAnswer,
        former: Option<&str>,
    ) -> Result<Progress> {
        if let (ChallengeKind::Recovery, ChallengeAnswer::Recovery(code)) = (asked.kind, &given) {
            let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(former);
            let hash = self.secret_hash(client, &asked.username)?;
            let waiting = waiting(&asked, hash.as_deref());
            let reached = self.sign_in_with_recovery_code(cx, &admitted, &waiting, code.expose()).await?;
            return self.progress(cx, reached).await;
        }
        let mut session = asked.session;
        let mut responses = BTreeMap::from([("USERNAME".to_owned(), asked.username.clone())]);
        let name = match (asked.kind, given) {
            (ChallengeKind::Code, ChallengeAnswer::Code(code)) => {
                responses.insert("SOFTWARE_TOKEN_MFA_CODE".to_owned(), code.expose().clone());
                ChallengeName::SoftwareTokenMfa
            }
            (ChallengeKind::SetUp, ChallengeAnswer::Code(code)) => {
                let who = SettingUp::Session(session);
                let proved = self.verify_software_token(cx, who, code.expose().clone(), None).await?;
                session = proved.ok_or_else(|| Error::internal("setting up led nowhere"))?;
                ChallengeName::MfaSetup
            }
            (ChallengeKind::Passkey, ChallengeAnswer::Passkey(answer)) => {
                responses.insert("CREDENTIAL".to_owned(), answer);
                ChallengeName::WebAuthn
            }
            (ChallengeKind::NewPassword, ChallengeAnswer::Password(password)) => {
                responses.insert("NEW_PASSWORD".to_owned(), password.expose().clone());
                ChallengeName::NewPasswordRequired
            }
            _ => return Err(Error::internal("the answer is not one to this challenge")),
        };
        responses
            .extend(self.secret_hash(client, &asked.username)?.map(|hash| ("SECRET_HASH".to_owned(), hash)));
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(former);
        let input =
            user_pool::ChallengeAnswer { client: client.id.clone(), name, session: Some(session), responses };
        let reached = self.respond(cx, &admitted, input).await?;
        self.progress(cx, reached).await
    }

    /// Asks for another second factor than the one that is asked for.
    ///
    /// # Errors
    /// `MfaMethodNotFound` for one the user does not have; as [`App::respond_to_auth_challenge`].
    pub async fn ask_for_another(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        asked: &Challenge,
        kind: ChallengeKind,
    ) -> Result<Challenge> {
        let name = match kind {
            ChallengeKind::Code => ChallengeName::SoftwareTokenMfa,
            ChallengeKind::Passkey => ChallengeName::WebAuthn,
            // Nothing has to be asked anew: a code is good for whichever challenge waits.
            ChallengeKind::Recovery => {
                let mut others = asked.others.clone();
                // What was asked for before stays a way.
                others.push(asked.kind);
                others.retain(|other| *other != kind);
                return Ok(Challenge { kind, others, ..asked.clone() });
            }
            ChallengeKind::SetUp | ChallengeKind::NewPassword => {
                return Err(Error::internal("this is no second factor"));
            }
        };
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(None);
        let hash = self.secret_hash(client, &asked.username)?;
        let reached = self.ask_another_way(cx, &admitted, &waiting(asked, hash.as_deref()), name)?;
        match self.progress(cx, reached).await? {
            Progress::Challenge(challenge) => Ok(challenge),
            Progress::Done(_) => Err(Error::internal("asking signed somebody in")),
        }
    }

    /// What a browser is to ask the authenticator for, where a passkey is the second factor.
    ///
    /// # Errors
    /// As [`App::respond_to_auth_challenge`].
    pub fn passkey_options_for(
        &self,
        cx: &RequestContext,
        client: &PoolClient,
        asked: &Challenge,
    ) -> Result<Value> {
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(None);
        let hash = self.secret_hash(client, &asked.username)?;
        self.passkey_options(cx, &admitted, &waiting(asked, hash.as_deref()))
    }

    /// Signs somebody in by a passkey alone, which tells whose it is.
    ///
    /// # Errors
    /// `NotAuthorized` for a passkey that does not do; as [`App::respond_to_auth_challenge`].
    pub async fn sign_in_with_passkey(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        asked: PasskeyChallenge,
        answer: &str,
        former: Option<&str>,
    ) -> Result<Progress> {
        // A passkey is one of the pool itself, as a password is.
        if !client.takes(PoolClient::OWN) {
            return Err(PoolFault::NotAuthorized.because("the app client takes no passkeys of the pool"));
        }
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(former);
        let reached = self.begin_with_any_passkey(cx, &admitted, asked, answer).await?;
        self.progress(cx, reached).await
    }

    pub(super) async fn progress(
        self: &Arc<Self>,
        cx: &RequestContext,
        reached: SignedIn,
    ) -> Result<Progress> {
        let challenge = match reached {
            SignedIn::Browser(browser) => return Ok(Progress::Done(browser)),
            SignedIn::Tokens(_) => return Err(Error::internal("a browser was given tokens")),
            SignedIn::Challenge(challenge) => challenge,
        };
        let username = challenge.parameters.get("USER_ID_FOR_SRP").cloned().unwrap_or_default();
        let nowhere = || Error::internal("a challenge that cannot be answered");
        let (mut session, mut key) = (challenge.session.ok_or_else(nowhere)?, None);
        let kind = match challenge.name {
            ChallengeName::SoftwareTokenMfa => ChallengeKind::Code,
            ChallengeName::NewPasswordRequired => ChallengeKind::NewPassword,
            ChallengeName::WebAuthn => ChallengeKind::Passkey,
            // Asked only of who began with SRP or a choice, and no page does.
            ChallengeName::PasswordVerifier
            | ChallengeName::SelectChallenge
            | ChallengeName::Password
            | ChallengeName::PasswordSrp => return Err(nowhere()),
            ChallengeName::MfaSetup => {
                let seed = self.associate_software_token(cx, SettingUp::Session(session)).await?;
                session = seed.session.ok_or_else(|| Error::internal("setting up led nowhere"))?;
                key = Some(seed.secret.expose().clone());
                ChallengeKind::SetUp
            }
        };
        let others = [
            (challenge.others.code, ChallengeKind::Code),
            (challenge.others.passkey, ChallengeKind::Passkey),
            (challenge.others.recovery > 0, ChallengeKind::Recovery),
        ];
        let others = others.into_iter().filter(|(has, other)| *has && *other != kind);
        let others = others.map(|(_, other)| other).collect();
        Ok(Progress::Challenge(Challenge { kind, session, username, key, others }))
    }

    /// Has a code sent for a forgotten password.
    ///
    /// # Errors
    /// As [`App::forgot_pool_password`].
    pub async fn web_forgot_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        username: &str,
    ) -> Result<()> {
        self.forgot_pool_password(cx, self.named_at(client, username)?).await.map(drop)
    }

    /// Sets a new password with the code that was sent.
    ///
    /// # Errors
    /// As [`App::confirm_forgot_pool_password`].
    pub async fn web_reset_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        username: &str,
        code: &str,
        password: Secret<String>,
    ) -> Result<()> {
        let who = self.named_at(client, username)?;
        self.confirm_forgot_pool_password(cx, ConfirmForgotten { who, code: code.to_owned(), password }).await
    }

    /// Makes an account; whether it is good at once, or must be confirmed with a code.
    ///
    /// # Errors
    /// As [`App::sign_up`].
    pub async fn web_sign_up(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        new: NewAccount,
    ) -> Result<bool> {
        let locale = self.unlike_the_pools(client, new.language).then(|| new.language.to_owned());
        let given = [("email", new.email), ("locale", locale)].into_iter();
        let input = SignUp {
            client: client.id.clone(),
            secret_hash: self.secret_hash(client, &new.username)?,
            username: new.username,
            password: new.password,
            attributes: given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
        };
        self.sign_up(cx, input).await.map(|made| made.delivery.is_none())
    }

    /// Whether somebody who reads this language is to be written to in another than the pool's, and the client may say so.
    fn unlike_the_pools(&self, client: &PoolClient, language: &str) -> bool {
        let state = self.snapshot();
        state.user_pool(&client.pool).is_some_and(|pool| {
            let kept = pool.attribute("locale").is_some_and(|spec| !spec.developer_only);
            let other = Language::of(Some(language)) != Language::of(pool.language());
            kept && other && client.may_write("locale")
        })
    }

    /// Confirms an account with the code that was sent.
    ///
    /// # Errors
    /// As [`App::confirm_sign_up`].
    pub async fn web_confirm_sign_up(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        username: &str,
        code: &str,
    ) -> Result<()> {
        self.confirm_sign_up(cx, self.named_at(client, username)?, code.to_owned(), false).await
    }

    /// Has the code for that sent again.
    ///
    /// # Errors
    /// As [`App::resend_confirmation_code`].
    pub async fn web_resend_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        username: &str,
    ) -> Result<()> {
        self.resend_confirmation_code(cx, self.named_at(client, username)?).await.map(drop)
    }

    fn named_at(&self, client: &PoolClient, username: &str) -> Result<Named> {
        let (id, secret_hash) = (client.id.clone(), self.secret_hash(client, username)?);
        Ok(Named { client: id, secret_hash, username: username.to_owned() })
    }

    /// What the client would send: the pages act for every client, and hold every secret.
    fn secret_hash(&self, client: &PoolClient, username: &str) -> Result<Option<String>> {
        Ok(mint::open_client_secret(&self.keyring, client)?.map(|secret| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
            STANDARD.encode(hmac::sign(&key, format!("{username}{}", client.id).as_bytes()))
        }))
    }
}

fn waiting<'a>(asked: &'a Challenge, secret_hash: Option<&'a str>) -> Waiting<'a> {
    Waiting { session: &asked.session, username: &asked.username, secret_hash }
}
