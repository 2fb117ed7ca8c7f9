//! `GetWebIdentityToken`: a signed statement of who the caller is, for a service outside.
//!
//! It opens nothing here: no door takes it, and `AssumeRoleWithWebIdentity` refuses it. INVARIANT: it is about the
//! caller itself, as proved, and does not outlive the caller's own session. STS API reference, "GetWebIdentityToken";
//! IAM User Guide, "Understanding token claims".

use garita_model::tag::Tag;
use garita_model::{AccountId, Error, Reason, Result, Secret, TokenAlgorithm};
use garita_store::Snapshot;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::whole_second;
use crate::App;
use crate::authorize::{Permit, Question, judge, principal_tags};
use crate::context::RequestContext;
use crate::iam::outbound_federation;
use crate::live::{self, Live, Standing};
use crate::mint::outbound::WebIdentityClaims;
use crate::user_pool::ground::PoolGround;

/// Seconds of a token that does not say.
const USUAL_DURATION: u32 = 300;

/// What `GetWebIdentityToken` asks for.
#[derive(Debug, Clone)]
pub struct GetWebIdentityToken {
    /// Whom it is for.
    pub audience: Vec<String>,
    /// Seconds.
    pub duration: Option<u32>,
    /// How it is signed.
    pub algorithm: TokenAlgorithm,
    /// What it says besides.
    pub tags: Vec<Tag>,
}

/// What `GetWebIdentityToken` answers.
pub struct WebIdentityToken {
    /// The token.
    pub token: Secret<String>,
    /// When it ends.
    pub expires: Timestamp,
}

impl App {
    /// Makes a token about the caller.
    ///
    /// # Errors
    /// `AccessDenied`; `Rejected` when the account has the feature off, when the token would outlive the caller's
    /// session, and when its claims are too long; `Invalid` for tags that cannot be.
    pub fn get_web_identity_token(
        &self,
        cx: &RequestContext,
        ask: &GetWebIdentityToken,
    ) -> Result<WebIdentityToken> {
        let (state, base) = (self.snapshot(), self.sts_issuer_base()?);
        let live = live::check(&state, cx.caller())?;
        let account = cx.caller().account().ok_or_else(|| Error::denied("the caller has no account"))?;
        let seconds = ask.duration.unwrap_or(USUAL_DURATION);
        super::session_tag::check_tags(&ask.tags)?;
        let permit = may_get(&state, cx, account, ask, seconds)?;
        let issuer = outbound_federation::open(&state, account).ok_or_else(|| {
            let message = "Outbound web identity federation is not enabled for your account.";
            Error::rejected(Reason::OutboundFederationDisabled, message)
        })?;
        let expires = whole_second(cx.now()) + SignedDuration::from_secs(i64::from(seconds));
        if cx.caller().session.as_ref().is_some_and(|held| held.session.expires < expires) {
            let message = "The token would outlive the session that asks for it: ask for a shorter duration.";
            return Err(Error::rejected(Reason::SessionDurationEscalation, message));
        }
        let issuer = outbound_federation::named(base, &issuer);
        let claims = WebIdentityClaims {
            issuer: &issuer,
            subject: subject(&live)?,
            audience: &ask.audience,
            // Not cut to a second: a key that was made within this one signs already.
            issued: cx.now(),
            expires,
            more: told(cx, &live, account, &ask.tags),
        };
        let ground = PoolGround { state: &state, endpoint: base };
        let token =
            crate::mint::outbound::web_identity_token(self, &ground, &permit, ask.algorithm, &claims)?;
        Ok(WebIdentityToken { token, expires })
    }
}

/// The ARN of the user, the role or the account's root user.
fn subject(live: &Live) -> Result<String> {
    match &live.standing {
        Standing::User(user) => user.arn().map(|arn| arn.to_string()),
        Standing::Role(role) => role.arn().map(|arn| arn.to_string()),
        Standing::Root(account) => Ok(format!("arn:aws:iam::{account}:root")),
        Standing::Anonymous => Err(Error::denied("Cannot call GetWebIdentityToken without credentials")),
    }
}

/// What is told of the principal and its request.
fn told(cx: &RequestContext, live: &Live, account: AccountId, tags: &[Tag]) -> Value {
    let mut told = Map::new();
    told.insert("aws_account".to_owned(), account.to_string().into());
    told.insert("source_region".to_owned(), cx.region().into());
    for (name, tags) in
        [("principal_tags", members(principal_tags(cx, live))), ("request_tags", members(tags))]
    {
        if !tags.is_empty() {
            told.insert(name.to_owned(), Value::Object(tags));
        }
    }
    told.into()
}

fn members<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Map<String, Value> {
    tags.into_iter().map(|tag| (tag.key.clone(), tag.value.as_str().into())).collect()
}

/// Judges the caller; with tags, it needs the right to tell them as well.
fn may_get(
    state: &Snapshot,
    cx: &RequestContext,
    account: AccountId,
    ask: &GetWebIdentityToken,
    seconds: u32,
) -> Result<Permit> {
    let tags: Vec<String> = ask.tags.iter().map(|tag| format!("aws:RequestTag/{}", tag.key)).collect();
    let mut keys = vec![
        ("sts:DurationSeconds", seconds.to_string()),
        ("sts:SigningAlgorithm", ask.algorithm.as_str().to_owned()),
    ];
    keys.extend(tags.iter().map(String::as_str).zip(ask.tags.iter().map(|tag| tag.value.clone())));
    let mut lists = vec![("sts:IdentityTokenAudience", ask.audience.clone())];
    if !ask.tags.is_empty() {
        lists.push(("aws:TagKeys", ask.tags.iter().map(|tag| tag.key.clone()).collect()));
    }
    let question =
        |action| Question { action, resource: "*", account: Some(account), keys: &keys, lists: &lists };
    let permit = judge(state, cx, &question("sts:GetWebIdentityToken"), None)?;
    if !ask.tags.is_empty() {
        judge(state, cx, &question("sts:TagGetWebIdentityToken"), None)?;
    }
    Ok(permit)
}
