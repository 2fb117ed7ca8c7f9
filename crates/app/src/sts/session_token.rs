//! `GetSessionToken`: temporary credentials of a user or of the root user.

use std::sync::Arc;

use garita_model::session::Subject;
use garita_model::{Error, Result, Session};
use garita_store::Snapshot;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    MAX_CHAINED, MAX_DURATION, MAX_USER_DURATION, MfaCode, chain, check_duration, shown, whole_second,
};
use crate::App;
use crate::context::RequestContext;
use crate::iam::mfa_assignment;
use crate::live::{self, Standing};
use crate::mint::{self, SessionCredentials};

impl App {
    /// Makes temporary credentials of the calling user or root user. Needs no permission, as in AWS.
    ///
    /// # Errors
    /// `AccessDenied` for callers that are sessions themselves; `Invalid` for a duration out of range.
    pub fn get_session_token(
        &self,
        cx: &RequestContext,
        duration: Option<u32>,
    ) -> Result<SessionCredentials> {
        self.session_token(&self.snapshot(), cx, duration)
    }

    /// Makes temporary credentials of the calling user, who proves a second factor with the request.
    ///
    /// # Errors
    /// As [`App::get_session_token`]; `AccessDenied` for a code that is not the caller's, or was used before.
    pub async fn get_session_token_with_mfa(
        self: &Arc<Self>,
        cx: &RequestContext,
        duration: Option<u32>,
        code: MfaCode,
    ) -> Result<SessionCredentials> {
        self.change(cx, move |change| {
            let proved = mfa_assignment::prove(change, &code.serial, &code.code)?;
            let made = change.app().session_token(change.state(), &proved, duration)?;
            change.made(json!({ "credentials": shown(&made) }));
            Ok(made)
        })
        .await
    }

    fn session_token(
        &self,
        state: &Snapshot,
        cx: &RequestContext,
        duration: Option<u32>,
    ) -> Result<SessionCredentials> {
        let live = live::check(state, cx.caller())?;
        if cx.caller().session.is_some() {
            return Err(Error::denied("Cannot call GetSessionToken with session credentials"));
        }
        let (account, subject, longest) = match (&live.standing, cx.caller().account()) {
            (Standing::User(user), Some(account)) => {
                let subject = Subject::User { user: user.name.clone(), id: user.id.clone() };
                (account, subject, MAX_USER_DURATION)
            }
            (Standing::Root(account), _) => (*account, Subject::Root, MAX_CHAINED),
            _ => return Err(Error::denied("Cannot call GetSessionToken with these credentials")),
        };
        let seconds =
            check_duration(duration.unwrap_or(MAX_DURATION.min(longest)), longest.max(MAX_DURATION))?;
        let (seconds, now) = (seconds.min(longest), whole_second(cx.now()));
        let chain = chain(cx, &live);
        mint::session(&self.keyring, self.entropy(), &live, account, |key, iss_rev| {
            Ok(Session {
                key,
                account,
                subject,
                issued: now,
                expires: now + SignedDuration::from_secs(i64::from(seconds)),
                iss_rev,
                policies: Vec::new(),
                policy_arns: Vec::new(),
                tags: Vec::new(),
                transitive: Vec::new(),
                source_identity: None,
                mfa_at: cx.mfa_at(),
                web_identity: None,
                chain,
            })
        })
    }
}
