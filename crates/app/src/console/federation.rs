//! The federation endpoint: a broker shows the credentials of a session, gets a token for them, and leads a browser here
//! with it; the browser is then signed in with that session.
//!
//! The session of the browser is that of the credentials: what ends those ends it too, but for their time, which a
//! broker may stretch. INVARIANT: a token is stored as its hash, is good once and for a quarter of an hour, and is made
//! only for credentials that [`App::prove_credentials`] takes.

use std::sync::Arc;

use garita_model::session::{Origin, Subject};
use garita_model::{AccessKeyId, ConsoleSession, Error, ObjectKey, Result, Secret, Session, SigninToken};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::browser::{self, NewConsole};
use super::record::{self, Note};
use super::{Entrance, read};
use crate::App;
use crate::audit::user_identity;
use crate::context::{RequestContext, ShownBy, Told};
use crate::mint;
use crate::sts::{MAX_CHAINED, MAX_DURATION, MIN_DURATION};

/// Most bytes of the document that holds credentials: a session token with all tags and policies it can have.
const MAX_DOCUMENT: usize = 48 * 1024;

/// Credentials of a session, shown as they are.
pub struct ShownCredentials {
    pub(crate) key: AccessKeyId,
    pub(crate) secret: Secret<String>,
    pub(crate) token: Secret<String>,
}

/// Why a document holds no credentials of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadCredentials {
    /// Not the JSON document it must be.
    Malformed,
    /// Longer than any can be.
    TooLong,
    /// `sessionId` is no access key id.
    KeyId,
}

impl BadCredentials {
    /// What is wrong and what to do.
    pub fn text(self) -> &'static str {
        match self {
            Self::Malformed => {
                "Session must be a JSON object with sessionId, sessionKey and sessionToken, all of them strings"
            }
            Self::TooLong => "Session is longer than any credentials are",
            Self::KeyId => "sessionId is no access key id",
        }
    }
}

impl ShownCredentials {
    /// Reads the document in the parameter `Session`.
    ///
    /// # Errors
    /// [`BadCredentials`], which tells nothing of what is in it.
    pub fn parse(text: &str) -> Result<Self, BadCredentials> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Document {
            session_id: String,
            session_key: String,
            session_token: String,
        }
        if text.len() > MAX_DOCUMENT {
            return Err(BadCredentials::TooLong);
        }
        // A list of three strings would be read as well.
        if !text.trim_start().starts_with('{') {
            return Err(BadCredentials::Malformed);
        }
        let read: Document = serde_json::from_str(text).map_err(|_| BadCredentials::Malformed)?;
        Ok(Self {
            key: read.session_id.parse().map_err(|_| BadCredentials::KeyId)?,
            secret: Secret::new(read.session_key),
            token: Secret::new(read.session_token),
        })
    }
}

/// Why a broker gets no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerRefusal {
    /// The credentials are not good.
    Credentials(String),
    /// They are, but not for this.
    Unsuited(&'static str),
    /// Not for so long.
    Duration(&'static str),
}

impl BrokerRefusal {
    /// What is wrong and what to do.
    pub fn text(&self) -> &str {
        match self {
            Self::Credentials(text) => text,
            Self::Unsuited(text) | Self::Duration(text) => text,
        }
    }
}

/// What comes of a browser's visit with a token.
pub enum BrokerLogin {
    /// Signed in.
    SignedIn(NewConsole),
    /// The token is none, was used, has run out, or whom it is for is gone.
    NotGood,
    /// Somebody else is signed in with this browser: who. The token is as good as before.
    Another(String),
}

impl App {
    /// Makes a token that signs one browser in with the session of these credentials.
    ///
    /// # Errors
    /// `Unavailable` when the store or the trail cannot keep it. Inside: why there is none.
    pub async fn signin_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        shown: &ShownCredentials,
        seconds: Option<u32>,
    ) -> Result<Result<Secret<String>, BrokerRefusal>> {
        let cx = cx.clone().for_event(record::event("GetSigninToken"));
        let caller = match self.prove_credentials(&self.snapshot(), shown, cx.now()) {
            Ok(caller) => caller,
            Err(Error::Unauthenticated(error)) => {
                return self.refuse_broker(&cx, BrokerRefusal::Credentials(error.to_string())).await;
            }
            Err(error) => return Err(error),
        };
        cx.claims(user_identity(&caller));
        let session = caller.session.as_ref().map(|state| state.session.clone());
        let session = session.ok_or_else(|| Error::internal("credentials of no session"))?;
        if let Err(refusal) = suits(&session, seconds) {
            return self.refuse_broker(&cx, refusal).await;
        }
        cx.tells(Told { account: Some(session.account), ..Told::default() });
        let made = self.change(&cx, move |change| {
            let live = browser::live_in(change, &session)?;
            let (account, key) = (session.account, session.key.clone());
            let token = mint::signin_token(change.entropy(), &live, account)?;
            let (_, hash) =
                read(token.expose()).ok_or_else(|| Error::internal("a token without its account"))?;
            let until = change.now() + SigninToken::LIFE;
            change.put_signin_token(&live, SigninToken { account, token: hash, session, seconds, until });
            change
                .made(json!({ "credentials": { "accessKeyId": key.as_str() }, "GetSigninToken": "Success" }));
            Ok(token)
        });
        match made.await {
            Ok(token) => Ok(Ok(token)),
            Err(Error::Unauthenticated(error)) => {
                self.refuse_broker(&cx, BrokerRefusal::Credentials(error.to_string())).await
            }
            Err(error) => Err(error),
        }
    }

    async fn refuse_broker<T>(
        &self,
        cx: &RequestContext,
        refusal: BrokerRefusal,
    ) -> Result<Result<T, BrokerRefusal>> {
        self.audit(cx, &record::failed("GetSigninToken", refusal.text())).await?;
        Ok(Err(refusal))
    }

    /// Signs a browser in that a broker led here with a token.
    ///
    /// # Errors
    /// `Unavailable` when the store or the trail cannot keep it.
    pub async fn broker_login(
        self: &Arc<Self>,
        cx: &RequestContext,
        entrance: Entrance,
        token: &str,
    ) -> Result<BrokerLogin> {
        let state = self.snapshot();
        let (now, found) = (cx.now(), read(token));
        let held = found.and_then(|(account, hash)| state.get::<SigninToken>(account, &hash.to_string()));
        let held = held.filter(|held| now < held.until).cloned();
        let note = Note {
            account: held.as_ref().map(|held| held.account),
            leads_to: &entrance.leads_to,
            mfa: false,
        };
        let Some(held) = held else { return self.token_not_good(&note.of_stranger(cx, None)).await };
        let Ok(whose) = super::caller(&state, &held.session, ShownBy::SigningIn) else {
            return self.token_not_good(&note.of_stranger(cx, None)).await;
        };
        cx.claims(user_identity(&whose));
        let cx = note.noted(cx);
        // Whoever leads a browser here must not make it somebody else's unseen.
        let former = entrance.former.as_deref().and_then(|cookie| super::find(&state, cookie, now));
        let another = former.map(|(caller, _)| caller.principal.arn_text());
        if let Some(another) = another.filter(|another| *another != whose.principal.arn_text()) {
            self.audit(&cx, &record::failed("ConsoleLogin", "Another user is signed in")).await?;
            return Ok(BrokerLogin::Another(another));
        }
        let entered = self.change(&cx, move |change| {
            let place = held.token.to_string();
            let held = change.state().get::<SigninToken>(held.account, &place).cloned();
            let held = held.ok_or_else(|| Error::denied("the token was used"))?;
            change.forget(ObjectKey::plain(held.as_ref()));
            let session = lasting(&held, change.now());
            let live = browser::live_in(change, &session)?;
            let entered = browser::keep(change, &live, session, None, entrance.former.as_deref())?;
            change.made(json!({ "ConsoleLogin": "Success" }));
            Ok(entered)
        });
        match entered.await {
            Ok(entered) => Ok(BrokerLogin::SignedIn(entered)),
            Err(Error::AccessDenied(_) | Error::Unauthenticated(_)) => self.token_not_good(&cx).await,
            Err(error) => Err(error),
        }
    }

    async fn token_not_good(&self, cx: &RequestContext) -> Result<BrokerLogin> {
        self.audit(cx, &record::failed("ConsoleLogin", "Failed authentication")).await?;
        Ok(BrokerLogin::NotGood)
    }
}

/// The session of the credentials, for as long as the broker asked.
fn lasting(held: &SigninToken, now: Timestamp) -> Session {
    let session = held.session.clone();
    match held.seconds {
        None => session,
        Some(seconds) => {
            let expires = now + SignedDuration::from_secs(i64::from(seconds)).min(ConsoleSession::LIFE);
            Session { expires, ..session }
        }
    }
}

/// Whether a session is one that may be a browser's, for so long.
fn suits(session: &Session, seconds: Option<u32>) -> Result<(), BrokerRefusal> {
    let federated = match &session.subject {
        Subject::Role { .. } => false,
        Subject::Federated { .. } => true,
        Subject::User { .. } | Subject::Root => {
            return Err(BrokerRefusal::Unsuited(
                "credentials of GetSessionToken sign nobody in: use AssumeRole or GetFederationToken",
            ));
        }
    };
    let Some(seconds) = seconds else { return Ok(()) };
    if federated {
        return Err(BrokerRefusal::Duration(
            "SessionDuration cannot be given with credentials of GetFederationToken",
        ));
    }
    if !(MIN_DURATION..=MAX_DURATION).contains(&seconds) {
        return Err(BrokerRefusal::Duration("SessionDuration must be from 900 to 43200 seconds"));
    }
    let chained = session.chain.last().is_some_and(|link| matches!(link.subject, Origin::Role(..)));
    if chained && seconds > MAX_CHAINED {
        return Err(BrokerRefusal::Duration(
            "SessionDuration must be at most 3600 seconds for a role that was assumed by another role",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_strictly_and_told_to_nobody() {
        let whole = r#"{"sessionId":"ASIATESTTESTTESTTEST","sessionKey":"k","sessionToken":"t","more":1}"#;
        assert!(ShownCredentials::parse(whole).is_ok());
        let long = format!(r#"{{"sessionId":"{}"}}"#, "A".repeat(MAX_DOCUMENT));
        for (text, why) in [
            ("", BadCredentials::Malformed),
            ("[]", BadCredentials::Malformed),
            (r#"["ASIATESTTESTTESTTEST","k","t"]"#, BadCredentials::Malformed),
            (r#"{"sessionId":"ASIATESTTESTTESTTEST","sessionKey":"k"}"#, BadCredentials::Malformed),
            (r#"{"sessionId":1,"sessionKey":"k","sessionToken":"t"}"#, BadCredentials::Malformed),
            (
                r#"{"sessionId":"a","sessionId":"b","sessionKey":"k","sessionToken":"t"}"#,
                BadCredentials::Malformed,
            ),
            (r#"{"sessionId":"x","sessionKey":"k","sessionToken":"t"}"#, BadCredentials::KeyId),
            (long.as_str(), BadCredentials::TooLong),
        ] {
            assert_eq!(ShownCredentials::parse(text).err(), Some(why), "{text:.80}");
        }
    }
}
