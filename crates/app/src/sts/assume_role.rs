//! `AssumeRole`: a session of a role, for whoever the role trusts.

use std::sync::Arc;

use garita_model::session::{Link, Subject};
use garita_model::tag::Tag;
use garita_model::{Error, Result, Role, Session, SessionName};
use garita_policy::Principal;
use garita_store::Snapshot;
use jiff::SignedDuration;
use serde_json::json;

use super::session_policy::{check_policies, packed_size};
use super::session_tag::{session_tags, source_identity, transitive_keys};
use super::trust::{Means, judged_role};
use super::{MAX_CHAINED, MAX_DURATION, MfaCode, chain, check_duration, shown, whole_second};
use crate::App;
use crate::context::RequestContext;
use crate::iam::mfa_assignment;
use crate::live;
use crate::mint::{self, SessionCredentials};

/// What `AssumeRole` asks for.
#[derive(Debug, Clone)]
pub struct AssumeRole {
    /// The role's ARN, as given.
    pub role: String,
    /// The session's name.
    pub session: SessionName,
    /// Seconds; 3600 when not given.
    pub duration: Option<u32>,
    /// What the trust policy may ask for as proof of the right customer.
    pub external_id: Option<String>,
    /// An inline session policy.
    pub policy: Option<String>,
    /// Managed policies as session policies.
    pub policy_arns: Vec<String>,
    /// Session tags.
    pub tags: Vec<Tag>,
    /// Which of the tags a chained session inherits.
    pub transitive: Vec<String>,
    /// Who is behind the session, for the whole chain.
    pub source_identity: Option<String>,
}

/// What `AssumeRole` answers.
pub struct AssumedRole {
    /// The credentials.
    pub credentials: SessionCredentials,
    /// `arn:aws:sts::…:assumed-role/…`.
    pub arn: String,
    /// `AROA…:session`.
    pub id: String,
    /// Percentage of the allowed size that policies and tags take.
    pub packed: Option<usize>,
    /// The source identity in force.
    pub source_identity: Option<String>,
}

impl App {
    /// Makes a session of a role.
    ///
    /// # Errors
    /// `AccessDenied` unless both the caller's policies and the trust policy agree; `Invalid` for values out of range.
    pub fn assume_role(&self, cx: &RequestContext, ask: &AssumeRole) -> Result<AssumedRole> {
        let state = self.snapshot();
        let live = live::check(&state, cx.caller())?;
        self.assume(&state, cx, ask, &Means::signature(ask), chain(cx, &live))
    }

    /// Makes a session of a role for a caller that proves a second factor with the request.
    ///
    /// # Errors
    /// As [`App::assume_role`]; `AccessDenied` for a code that is not the caller's, or was used before.
    pub async fn assume_role_with_mfa(
        self: &Arc<Self>,
        cx: &RequestContext,
        ask: AssumeRole,
        code: MfaCode,
    ) -> Result<AssumedRole> {
        self.change(cx, move |change| {
            let proved = mfa_assignment::prove(change, &code.serial, &code.code)?;
            let live = live::check(change.state(), proved.caller())?;
            let chain = chain(&proved, &live);
            let assumed =
                change.app().assume(change.state(), &proved, &ask, &Means::signature(&ask), chain)?;
            let user = json!({ "assumedRoleId": assumed.id, "arn": assumed.arn });
            change.made(json!({ "credentials": shown(&assumed.credentials), "assumedRoleUser": user }));
            Ok(assumed)
        })
        .await
    }

    /// Makes a session of a role, once everything is checked. It rests on all principals of `chain`.
    pub(super) fn assume(
        &self,
        state: &Snapshot,
        cx: &RequestContext,
        ask: &AssumeRole,
        means: &Means,
        chain: Vec<Link>,
    ) -> Result<AssumedRole> {
        let duration = check_duration(ask.duration.unwrap_or(MAX_CHAINED), MAX_DURATION)?;
        let tags = session_tags(cx, ask)?;
        let source_identity = source_identity(cx, ask)?;
        let role = judged_role(state, cx, ask, means)?;
        fits_role(cx, &role, duration)?;
        check_policies(state, role.account, ask.policy.as_deref(), &ask.policy_arns)?;
        let live = live::check(state, cx.caller())?;
        let (now, transitive) = (whole_second(cx.now()), transitive_keys(cx, ask));
        let packed = packed_size(ask.policy.as_deref(), &ask.policy_arns, &tags);
        let subject =
            Subject::Role { role: role.name.clone(), id: role.id.clone(), session: ask.session.clone() };
        let kept = source_identity.clone();
        let credentials =
            mint::session(&self.keyring, self.entropy(), &live, role.account, |key, iss_rev| {
                Ok(Session {
                    key,
                    account: role.account,
                    subject,
                    issued: now,
                    expires: now + SignedDuration::from_secs(i64::from(duration)),
                    iss_rev,
                    policies: ask.policy.iter().cloned().collect(),
                    policy_arns: ask.policy_arns.clone(),
                    tags,
                    transitive,
                    source_identity: kept,
                    mfa_at: cx.mfa_at(),
                    web_identity: means.web_identity.clone(),
                    chain,
                })
            })?;
        Ok(AssumedRole {
            credentials,
            arn: format!("arn:aws:sts::{}:assumed-role/{}/{}", role.account, role.name, ask.session),
            id: format!("{}:{}", role.id, ask.session),
            packed,
            source_identity,
        })
    }
}

/// Whether a session of this role, made by this caller, may be so long.
fn fits_role(cx: &RequestContext, role: &Role, seconds: u32) -> Result<()> {
    let chained = matches!(cx.caller().principal, Principal::RoleSession { .. });
    if chained && seconds > MAX_CHAINED {
        return Err(Error::invalid(
            "durationSeconds",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if seconds > role.max_session {
        return Err(Error::invalid(
            "durationSeconds",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(())
}
