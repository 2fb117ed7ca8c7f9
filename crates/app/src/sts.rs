//! The verbs of STS: sessions of roles and users, and who a caller is.
//!
//! Limits and texts are those of the STS API reference (2011-06-15). INVARIANT: a session is minted only after the
//! trust policy was judged in the same snapshot that proves the caller live.

use std::sync::{Arc, OnceLock};

use garita_model::session::{Link, Origin, Subject};
use garita_model::tag::{self, Tag};
use garita_model::{AccessKeyId, AccountId, Arn, Error, Result, Role, Session, SessionName};
use garita_policy::{NamedPolicy, PolicyKind, PolicySource, Principal};
use garita_store::Snapshot;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::App;
use crate::authorize::{Question, judge};
use crate::context::RequestContext;
use crate::iam::{document, mfa_assignment};
use crate::live::{self, Live, Standing};
use crate::mint::{self, SessionCredentials};

/// Shortest session, in seconds.
pub const MIN_DURATION: u32 = 900;
/// Longest role session, in seconds.
pub const MAX_DURATION: u32 = 43_200;
/// Longest session made by another role session, in seconds.
pub const MAX_CHAINED: u32 = 3_600;
/// Longest session of a user, in seconds.
pub const MAX_USER_DURATION: u32 = 129_600;
/// Most characters of inline session policy, and the measure of `PackedPolicySize`.
const MAX_POLICY: usize = 2_048;
/// Most managed policies given as session policies.
const MAX_POLICY_ARNS: usize = 10;

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

/// A one-time code, and the device it is of.
pub struct MfaCode {
    /// The device's serial number.
    pub serial: String,
    /// Six digits.
    pub code: String,
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

/// What `GetCallerIdentity` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The unique id; of a session, `role id:session name`.
    pub user_id: String,
    /// The account.
    pub account: AccountId,
    /// The ARN.
    pub arn: String,
}

impl App {
    /// Makes a session of a role.
    ///
    /// # Errors
    /// `AccessDenied` unless both the caller's policies and the trust policy agree; `Invalid` for values out of range.
    pub fn assume_role(&self, cx: &RequestContext, ask: &AssumeRole) -> Result<AssumedRole> {
        self.assume(&self.snapshot(), cx, ask)
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
            let assumed = change.app().assume(change.state(), &proved, &ask)?;
            let user = json!({ "assumedRoleId": assumed.id, "arn": assumed.arn });
            change.made(json!({ "credentials": shown(&assumed.credentials), "assumedRoleUser": user }));
            Ok(assumed)
        })
        .await
    }

    fn assume(&self, state: &Snapshot, cx: &RequestContext, ask: &AssumeRole) -> Result<AssumedRole> {
        let duration = check_duration(ask.duration.unwrap_or(MAX_CHAINED), MAX_DURATION)?;
        let tags = session_tags(cx, ask)?;
        let source_identity = source_identity(cx, ask)?;
        let role = judged_role(state, cx, ask)?;
        fits_role(cx, &role, duration)?;
        check_policies(state, role.account, ask)?;
        let live = live::check(state, cx.caller())?;
        let chain = chain(cx, &live);
        let (now, transitive) = (whole_second(cx.now()), transitive_keys(cx, ask));
        let packed = packed_size(ask, &tags);
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
                chain,
            })
        })
    }

    /// Who the caller is. Always allowed, as in AWS.
    ///
    /// # Errors
    /// `Unauthenticated` when the caller is no longer live.
    pub fn caller_identity(&self, cx: &RequestContext) -> Result<CallerIdentity> {
        live::check(&self.snapshot(), cx.caller())?;
        let principal = &cx.caller().principal;
        let account = principal.account().ok_or_else(|| Error::denied("the caller has no account"))?;
        let user_id = match principal {
            Principal::User { id, .. } => id.clone(),
            Principal::RoleSession { role_id, session_name, .. } => format!("{role_id}:{session_name}"),
            _ => account.to_string(),
        };
        Ok(CallerIdentity { user_id, account, arn: principal.arn_text() })
    }

    /// The account a key id belongs to.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for an id that carries no account.
    pub fn access_key_info(&self, cx: &RequestContext, id: &AccessKeyId) -> Result<AccountId> {
        let question = Question {
            action: "sts:GetAccessKeyInfo",
            resource: "*",
            account: cx.caller().account(),
            keys: &[],
            lists: &[],
        };
        self.authorize(cx, &question)?;
        let stored = self.snapshot().access_key(id).map(|key| key.account);
        stored.or_else(|| id.account()).ok_or_else(|| {
            Error::invalid("AccessKeyId", format!("the access key id `{id}` carries no account"))
        })
    }
}

/// The role to assume, once its trust policy and the caller's policies allow it.
///
/// A role that is not there is judged like one that trusts nobody: who may not assume it cannot tell the two apart.
fn judged_role(state: &Snapshot, cx: &RequestContext, ask: &AssumeRole) -> Result<Arc<Role>> {
    let (account, name) = role_name(&ask.role)?;
    if matches!(cx.caller().principal, Principal::Root { .. }) {
        return Err(Error::denied("Roles may not be assumed by root accounts."));
    }
    let role = state.role(account, name).filter(|r| r.arn().is_ok_and(|a| a.as_str() == ask.role));
    let trust = match role {
        Some(role) => state.trust(role).ok_or_else(|| {
            Error::internal(format!("the trust policy of `{}` is not in the snapshot", ask.role))
        })?,
        None => trusts_nobody()?,
    };
    let tags = role.map_or(&[][..], |role| &role.tags);
    judge_trust(state, cx, account, trust, tags, ask)?;
    role.cloned().ok_or_else(|| Error::denied(format!("role `{}` does not exist", ask.role)))
}

/// The account and name in a role's ARN.
fn role_name(text: &str) -> Result<(AccountId, &str)> {
    let invalid = || Error::invalid("roleArn", format!("{text} is invalid"));
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let account: AccountId = arn.account().parse().map_err(|_| invalid())?;
    let is_role = arn.resource().strip_prefix("role/").is_some_and(|path| !path.is_empty());
    if !is_role || arn.service() != "iam" || arn.partition() != "aws" || !arn.region().is_empty() {
        return Err(invalid());
    }
    text.rsplit('/').next().map(|name| (account, name)).ok_or_else(invalid)
}

/// The trust policy of a role that is not there. No id that Garita draws has a zero in it.
fn trusts_nobody() -> Result<&'static NamedPolicy> {
    static NOBODY: OnceLock<NamedPolicy> = OnceLock::new();
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"AIDA00000000000000000"},"Action":"sts:AssumeRole"}}"#;
    if let Some(nobody) = NOBODY.get() {
        return Ok(nobody);
    }
    let document = Arc::new(document::parse(text, PolicyKind::Trust)?);
    Ok(NOBODY.get_or_init(|| NamedPolicy::new("trust", PolicySource::Trust, document)))
}

fn judge_trust(
    state: &Snapshot,
    cx: &RequestContext,
    account: AccountId,
    trust: &NamedPolicy,
    tags: &[Tag],
    ask: &AssumeRole,
) -> Result<()> {
    let mut keys = vec![("sts:RoleSessionName", ask.session.to_string())];
    keys.extend(ask.external_id.iter().map(|v| ("sts:ExternalId", v.clone())));
    keys.extend(ask.source_identity.iter().map(|v| ("sts:SourceIdentity", v.clone())));
    let tag_names: Vec<String> = ask.tags.iter().map(|t| format!("aws:RequestTag/{}", t.key)).collect();
    keys.extend(tag_names.iter().map(String::as_str).zip(ask.tags.iter().map(|t| t.value.clone())));
    let role_tags: Vec<String> = tags.iter().map(|t| format!("aws:ResourceTag/{}", t.key)).collect();
    keys.extend(role_tags.iter().map(String::as_str).zip(tags.iter().map(|t| t.value.clone())));
    let mut lists = Vec::new();
    if !ask.tags.is_empty() {
        lists.push(("aws:TagKeys", ask.tags.iter().map(|t| t.key.clone()).collect()));
    }
    if !ask.transitive.is_empty() {
        lists.push(("sts:TransitiveTagKeys", ask.transitive.clone()));
    }
    let mut actions = vec!["sts:AssumeRole"];
    if !ask.tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if ask.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    for action in actions {
        let (resource, account) = (ask.role.as_str(), Some(account));
        let question = Question { action, resource, account, keys: &keys, lists: &lists };
        judge(state, cx, &question, Some(trust))?;
    }
    Ok(())
}

fn check_duration(seconds: u32, longest: u32) -> Result<u32> {
    let (relation, bound) = if seconds < MIN_DURATION {
        ("greater than or equal to", MIN_DURATION)
    } else if seconds > longest {
        ("less than or equal to", longest)
    } else {
        return Ok(seconds);
    };
    Err(Error::invalid(
        "durationSeconds",
        format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {relation} {bound}"
        ),
    ))
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

/// The tags of the new session: those asked for, and what the calling session passes on.
fn session_tags(cx: &RequestContext, ask: &AssumeRole) -> Result<Vec<Tag>> {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    tag::check_all(&ask.tags).map_err(|error| match error {
        Error::Invalid { message, .. } => Error::InvalidParameter(message),
        other => other,
    })?;
    if ask.transitive.iter().any(|key| !ask.tags.iter().any(|t| same(&t.key, key))) {
        return Err(Error::InvalidParameter(
            "The specified transitive tag key must be included in the requested tags.".to_owned(),
        ));
    }
    let Some(state) = &cx.caller().session else { return Ok(ask.tags.clone()) };
    let inherited = &state.session.transitive;
    if ask.tags.iter().any(|t| inherited.iter().any(|key| same(key, &t.key))) {
        return Err(Error::InvalidParameter(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
                .to_owned(),
        ));
    }
    let passed = state.session.tags.iter().filter(|t| inherited.iter().any(|key| same(key, &t.key)));
    let tags: Vec<Tag> = passed.chain(&ask.tags).cloned().collect();
    tag::check_all(&tags)?;
    Ok(tags)
}

fn transitive_keys(cx: &RequestContext, ask: &AssumeRole) -> Vec<String> {
    let inherited = cx.caller().session.iter().flat_map(|s| s.session.transitive.iter());
    inherited.chain(&ask.transitive).cloned().collect()
}

/// A source identity, once set, stays for the whole chain.
fn source_identity(cx: &RequestContext, ask: &AssumeRole) -> Result<Option<String>> {
    let held = cx.caller().session.as_ref().and_then(|s| s.session.source_identity.clone());
    match (held, &ask.source_identity) {
        (Some(held), Some(asked)) if held != *asked => {
            Err(Error::denied("the source identity of a session cannot be changed by a chained session"))
        }
        (Some(held), _) => Ok(Some(held)),
        (None, asked) => Ok(asked.clone()),
    }
}

fn check_policies(state: &Snapshot, account: AccountId, ask: &AssumeRole) -> Result<()> {
    if ask.policy_arns.len() > MAX_POLICY_ARNS {
        return Err(Error::LimitExceeded("a session takes at most 10 policy ARNs".to_owned()));
    }
    for text in &ask.policy_arns {
        let arn: Arn =
            text.parse().map_err(|_| Error::invalid("policyArns", format!("{text} is invalid")))?;
        let ours = arn.account() == "aws" || arn.account() == account.to_string();
        if !ours || state.policy_by_arn(text).is_none() {
            return Err(Error::MalformedPolicy(format!(
                "the session policy `{text}` does not exist in account {account}"
            )));
        }
    }
    let Some(policy) = &ask.policy else { return Ok(()) };
    if policy.chars().count() > MAX_POLICY {
        return Err(Error::PackedPolicyTooLarge(format!(
            "Serialized token too large for session: a session policy has at most {MAX_POLICY} characters"
        )));
    }
    document::parse(policy, PolicyKind::Session).map(drop)
}

/// Percent of the allowed size; none without policies and tags, as AWS answers.
fn packed_size(ask: &AssumeRole, tags: &[Tag]) -> Option<usize> {
    let tags: usize = tags.iter().map(|t| t.key.len() + t.value.len()).sum();
    let size = ask.policy.as_ref().map_or(0, String::len)
        + ask.policy_arns.iter().map(String::len).sum::<usize>()
        + tags;
    // A full policy, ten ARNs and fifty full tags together are 100 %.
    (size > 0).then(|| (size * 100).div_ceil(MAX_POLICY + 10 * 2_048 + 50 * (128 + 256)).min(100))
}

/// The principals a session of this caller rests on: all that its own credentials rest on, and itself.
fn chain(cx: &RequestContext, live: &Live) -> Vec<Link> {
    let caller = cx.caller();
    let mut links = caller.session.as_ref().map(|s| s.session.chain.clone()).unwrap_or_default();
    let key = caller.key.clone().filter(|_| caller.session.is_none());
    let link = match &live.standing {
        Standing::Root(account) => Some((*account, Origin::Root)),
        Standing::User(user) => Some((user.account, Origin::User(user.name.clone(), user.id.clone()))),
        Standing::Role(role) => Some((role.account, Origin::Role(role.name.clone(), role.id.clone()))),
        Standing::Anonymous => None,
    };
    links.extend(link.map(|(account, subject)| Link { account, subject, key }));
    links
}

/// What the audit trail may know of credentials.
fn shown(made: &SessionCredentials) -> Value {
    json!({ "accessKeyId": made.key.as_str(), "expiration": made.expires.to_string() })
}

fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
