//! `GetFederationToken`: a session of a user, or of the root user, for someone whom they know.
//!
//! Such a session may do what both its maker and its session policies allow: without session policies nothing, but for
//! what a resource policy grants to the federated user itself. It cannot call IAM, and of STS only
//! `GetCallerIdentity` (see `authorize`). STS API reference, "GetFederationToken".

use garita_model::session::{Origin, Subject};
use garita_model::tag::Tag;
use garita_model::{AccountId, Error, Result, Session, SessionName};
use garita_store::Snapshot;
use jiff::SignedDuration;

use super::session_policy::{check_policies, packed_size};
use super::session_tag::check_tags;
use super::{MAX_CHAINED, MAX_DURATION, MAX_USER_DURATION, chain, check_duration, whole_second};
use crate::App;
use crate::authorize::{Question, judge};
use crate::context::RequestContext;
use crate::live::{self, Standing};
use crate::mint::{self, SessionCredentials};

/// Most characters of a federated user's name.
const LONGEST_NAME: usize = 32;

/// What `GetFederationToken` asks for.
#[derive(Debug, Clone)]
pub struct GetFederationToken {
    /// The federated user's name.
    pub name: SessionName,
    /// Seconds; 43200 when not given. Sessions of the root user last an hour at most.
    pub duration: Option<u32>,
    /// An inline session policy.
    pub policy: Option<String>,
    /// Managed policies as session policies.
    pub policy_arns: Vec<String>,
    /// Session tags.
    pub tags: Vec<Tag>,
}

/// What `GetFederationToken` answers.
pub struct FederatedUser {
    /// The credentials.
    pub credentials: SessionCredentials,
    /// `arn:aws:sts::…:federated-user/…`.
    pub arn: String,
    /// `account:name`.
    pub id: String,
    /// Percentage of the allowed size that policies and tags take.
    pub packed: Option<usize>,
}

impl App {
    /// Makes a session for a federated user.
    ///
    /// # Errors
    /// `AccessDenied`, also for callers that are sessions themselves; `Invalid` for values out of range;
    /// `MalformedPolicy`, `PackedPolicyTooLarge`, `LimitExceeded` or `InvalidParameter` for policies and tags.
    pub fn get_federation_token(
        &self,
        cx: &RequestContext,
        ask: &GetFederationToken,
    ) -> Result<FederatedUser> {
        let state = self.snapshot();
        let live = live::check(&state, cx.caller())?;
        let maker = match &live.standing {
            _ if cx.caller().session.is_some() => None,
            Standing::User(user) => {
                let origin = Origin::User(user.name.clone(), user.id.clone());
                Some((user.account, origin, MAX_USER_DURATION))
            }
            Standing::Root(account) => Some((*account, Origin::Root, MAX_CHAINED)),
            Standing::Role(_) | Standing::Anonymous => None,
        };
        let (account, issuer, longest) =
            maker.ok_or_else(|| Error::denied("Cannot call GetFederationToken with session credentials"))?;
        check_name(&ask.name)?;
        let wished = check_duration(ask.duration.unwrap_or(MAX_DURATION), MAX_USER_DURATION)?;
        check_tags(&ask.tags)?;
        let arn = format!("arn:aws:sts::{account}:federated-user/{}", ask.name);
        may_make(&state, cx, &arn, account, &ask.tags)?;
        check_policies(&state, account, ask.policy.as_deref(), &ask.policy_arns)?;
        let (now, chain) = (whole_second(cx.now()), chain(cx, &live));
        let seconds = SignedDuration::from_secs(i64::from(wished.min(longest)));
        let credentials = mint::session(&self.keyring, self.entropy(), &live, account, |key, iss_rev| {
            Ok(Session {
                key,
                account,
                subject: Subject::Federated { name: ask.name.clone(), issuer },
                issued: now,
                expires: now + seconds,
                iss_rev,
                policies: ask.policy.iter().cloned().collect(),
                policy_arns: ask.policy_arns.clone(),
                tags: ask.tags.clone(),
                transitive: Vec::new(),
                source_identity: None,
                mfa_at: None,
                web_identity: None,
                chain,
            })
        })?;
        let packed = packed_size(ask.policy.as_deref(), &ask.policy_arns, &ask.tags);
        Ok(FederatedUser { credentials, arn, id: format!("{account}:{}", ask.name), packed })
    }
}

fn check_name(name: &SessionName) -> Result<()> {
    if name.to_string().chars().count() <= LONGEST_NAME {
        return Ok(());
    }
    let message = format!("the name `{name}` has more than {LONGEST_NAME} characters");
    Err(Error::invalid("name", message))
}

fn may_make(
    state: &Snapshot,
    cx: &RequestContext,
    arn: &str,
    account: AccountId,
    tags: &[Tag],
) -> Result<()> {
    let names: Vec<String> = tags.iter().map(|tag| format!("aws:RequestTag/{}", tag.key)).collect();
    let keys: Vec<(&str, String)> =
        names.iter().map(String::as_str).zip(tags.iter().map(|tag| tag.value.clone())).collect();
    let mut lists = Vec::new();
    let mut actions = vec!["sts:GetFederationToken"];
    if !tags.is_empty() {
        lists.push(("aws:TagKeys", tags.iter().map(|tag| tag.key.clone()).collect()));
        actions.push("sts:TagSession");
    }
    for action in actions {
        let question = Question { action, resource: arn, account: Some(account), keys: &keys, lists: &lists };
        judge(state, cx, &question, None)?;
    }
    Ok(())
}
