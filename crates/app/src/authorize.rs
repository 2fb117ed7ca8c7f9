//! The one place that authorizes, and the only maker of [`Permit`].
//!
//! A judgement rests on one snapshot: the current one for data-plane requests and reads, the head inside the
//! transaction for writes. INVARIANT: a caller that is not live in that snapshot is refused before any policy is
//! looked at.

use std::sync::Arc;

use garita_model::error::Refusal;
use garita_model::explanation::Ground;
use garita_model::session::Subject;
use garita_model::{AccountId, Error, Result, Tag};
use garita_policy::decision::Decision;
use garita_policy::{
    CompiledPolicies, Context, NamedPolicy, PolicyIndex, PolicyType, Request, decide, denial_message,
};
use garita_store::Snapshot;
use garita_wire::sigv4::SigV4Error;

use crate::App;
use crate::context::{Judgement, Refused, RequestContext};
use crate::live::{self, Live, Standing};

/// Evidence that a request was allowed: needed for every write and every forward.
#[derive(Debug)]
pub struct Permit {
    decision: Decision,
    action: String,
    resource: String,
    revision: u64,
}

impl Permit {
    /// The decision with its matched statements.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }
    /// The action permitted.
    pub fn action(&self) -> &str {
        &self.action
    }
    /// The resource it is permitted on.
    pub fn resource(&self) -> &str {
        &self.resource
    }
    /// The revision it was judged at.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

/// What is asked for: an action on a resource that an account owns, with the condition keys of this request alone.
pub struct Question<'a> {
    /// `service:Operation`.
    pub action: &'a str,
    /// An ARN, or `*` for an action that has no resource.
    pub resource: &'a str,
    /// The owner of the resource; none when the action has none.
    pub account: Option<AccountId>,
    /// Keys beside the global ones.
    pub keys: &'a [(&'a str, String)],
    /// Multi-valued keys beside the global ones.
    pub lists: &'a [(&'a str, Vec<String>)],
}

impl<'a> Question<'a> {
    /// An action on a resource without further keys.
    pub fn new(action: &'a str, resource: &'a str, account: AccountId) -> Self {
        Self { action, resource, account: Some(account), keys: &[], lists: &[] }
    }
}

impl App {
    /// Judges a request against the current snapshot.
    ///
    /// # Errors
    /// `AccessDenied` with the sentence for the caller, `Unauthenticated` when the caller is no longer live.
    pub fn authorize(&self, cx: &RequestContext, question: &Question<'_>) -> Result<Permit> {
        judge(&self.snapshot(), cx, question, None)
    }

    /// Judges a request against the current snapshot and the policy of its resource.
    ///
    /// # Errors
    /// As [`App::authorize`].
    pub fn authorize_at(
        &self,
        cx: &RequestContext,
        question: &Question<'_>,
        policy: Option<&PolicyIndex>,
    ) -> Result<Permit> {
        judge_at(&self.snapshot(), cx, question, Gate { trust: None, resource: policy })
    }
}

/// Judges a request against a snapshot; `trust` is the role's trust policy when the action assumes a role.
///
/// # Errors
/// As [`App::authorize`].
pub(crate) fn judge(
    state: &Snapshot,
    cx: &RequestContext,
    question: &Question<'_>,
    trust: Option<&NamedPolicy>,
) -> Result<Permit> {
    let trust = trust.map(|policy| state.index(std::slice::from_ref(policy)));
    judge_at(state, cx, question, Gate { trust: trust.as_deref(), resource: None })
}

/// The policy at the resource's side.
#[derive(Clone, Copy)]
struct Gate<'a> {
    trust: Option<&'a PolicyIndex>,
    resource: Option<&'a PolicyIndex>,
}

fn judge_at(
    state: &Snapshot,
    cx: &RequestContext,
    question: &Question<'_>,
    gate: Gate<'_>,
) -> Result<Permit> {
    let caller = cx.caller();
    let live = live::check(state, caller)?;
    refuse_unproved_session(cx, question.action)?;
    let held = Held::of(state, cx, &live)?;
    let keys = question_keys(cx, question, &live);
    let request = Request {
        principal: &caller.principal,
        action: question.action,
        resource: question.resource,
        resource_account: question.account,
        context: &keys,
    };
    let policies = CompiledPolicies {
        identity: Some(&held.identity),
        boundary: held.boundary.as_deref(),
        session: held.session.as_deref(),
        trust: gate.trust,
        resource: gate.resource,
        ..CompiledPolicies::default()
    };
    let decision = policies.decision(&request, decide(&request, &policies));
    if !decision.is_allowed() {
        return Err(refuse(cx, &request, &policies, decision));
    }
    cx.judged(judgement(&request, decision.clone(), None));
    let (action, resource) = (question.action.to_owned(), question.resource.to_owned());
    Ok(Permit { decision, action, resource, revision: live.revision })
}

/// The error of a refused request, with what explains it. Nobody waits for this who is allowed.
fn refuse(
    cx: &RequestContext,
    request: &Request<'_>,
    policies: &CompiledPolicies<'_>,
    decision: Decision,
) -> Error {
    let nearest = policies.nearest(request, &decision);
    let disclosed = may_be_told(request, policies, &decision);
    let refused = Refused { nearest: nearest.clone(), keys: request.context.clone() };
    cx.judged(judgement(request, decision.clone(), Some(refused)));
    let who = request.principal.arn_text();
    let message = denial_message(&who, request.action, request.resource, &decision);
    let ground = Some(Ground { decision, nearest, disclosed });
    Error::AccessDenied(Box::new(Refusal { message, ground }))
}

/// Whether the caller may be told of the policies: all of them are of the caller's own account, and none of an
/// organization. A trust policy is for those who may read the role: to anyone else, a role that is not there looks the
/// same as one that trusts others.
fn may_be_told(request: &Request<'_>, policies: &CompiledPolicies<'_>, decision: &Decision) -> bool {
    let own = request.principal.account();
    let of_organization =
        matches!(decision.decided_by(), PolicyType::ServiceControl | PolicyType::ResourceControl);
    let may_read_role = || {
        let reading = Request { action: "iam:GetRole", ..*request };
        decide(&reading, &CompiledPolicies { trust: None, ..*policies }).is_allowed()
    };
    own.is_some()
        && request.resource_account.is_none_or(|owner| own == Some(owner))
        && !of_organization
        && (policies.trust.is_none() || may_read_role())
}

fn judgement(request: &Request<'_>, decision: Decision, refused: Option<Refused>) -> Judgement {
    Judgement {
        action: request.action.to_owned(),
        resource: request.resource.to_owned(),
        account: request.resource_account,
        decision,
        refused,
    }
}

/// Temporary credentials of a user reach neither IAM, without a second factor, nor STS beyond two operations; those of
/// a federated user reach neither at all. That does not hold at the console. IAM User Guide, "Compare AWS STS
/// credentials".
fn refuse_unproved_session(cx: &RequestContext, action: &str) -> Result<()> {
    let Some(state) = cx.caller().session.as_ref().filter(|state| !state.shown.is_console()) else {
        return Ok(());
    };
    let federated = match state.session.subject {
        Subject::User { .. } | Subject::Root => false,
        Subject::Federated { .. } => true,
        Subject::Role { .. } => return Ok(()),
    };
    let barred = match action.split_once(':') {
        Some(("iam", _)) => federated || state.session.mfa_at.is_none(),
        Some(("sts", name)) => {
            federated || !matches!(name, "AssumeRole" | "TagSession" | "SetSourceIdentity")
        }
        _ => false,
    };
    if barred { Err(SigV4Error::InvalidClientTokenId.into()) } else { Ok(()) }
}

/// The policies a live caller brings, indexed.
struct Held {
    identity: Arc<PolicyIndex>,
    boundary: Option<Arc<PolicyIndex>>,
    session: Option<Arc<PolicyIndex>>,
}

impl Held {
    fn of(state: &Snapshot, cx: &RequestContext, live: &Live) -> Result<Self> {
        let (identity, boundary) = match &live.standing {
            Standing::User(user) => (state.user_policies(user), user.boundary.as_deref()),
            Standing::Role(role) => (state.role_policies(role), role.boundary.as_deref()),
            // The root user needs no policy; a federated user it made is no root user.
            Standing::Root(_) if is_federated(cx) => (state.policy_by_arn(ALL).into_iter().collect(), None),
            Standing::Root(_) | Standing::Anonymous => (Vec::new(), None),
        };
        let boundary = match boundary {
            None => None,
            // Fail closed: a boundary that cannot be found must not turn into no boundary.
            Some(arn) => Some(state.boundary(arn).ok_or_else(|| {
                Error::internal(format!("permissions boundary `{arn}` is not in the snapshot"))
            })?),
        };
        Ok(Self {
            identity: state.index(&identity),
            boundary: boundary.map(|policy| state.index(&[policy])),
            session: session_policies(state, cx).map(|policies| state.index(&policies)),
        })
    }
}

/// What the root user may do, as a policy.
const ALL: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

fn is_federated(cx: &RequestContext) -> bool {
    let session = cx.caller().session.as_ref();
    session.is_some_and(|state| matches!(state.session.subject, Subject::Federated { .. }))
}

/// None when no session policy was given; a policy that is gone grants nothing. A federated user has no rights beyond
/// its session policies, so for it none at all are a limit too.
fn session_policies(state: &Snapshot, cx: &RequestContext) -> Option<Vec<NamedPolicy>> {
    let session = cx.caller().session.as_ref()?;
    if session.inline.is_empty() && session.session.policy_arns.is_empty() && !is_federated(cx) {
        return None;
    }
    let managed = session.session.policy_arns.iter().filter_map(|arn| state.policy_by_arn(arn));
    Some(session.inline.iter().cloned().chain(managed).collect())
}

/// The tags of the principal as policies see them: those of the session, then those it has besides.
pub(crate) fn principal_tags<'a>(cx: &'a RequestContext, live: &'a Live) -> impl Iterator<Item = &'a Tag> {
    let of_session = cx.caller().session.as_ref().map_or(&[][..], |state| state.session.tags.as_slice());
    let given = |tag: &&Tag| of_session.iter().any(|held| held.key.eq_ignore_ascii_case(&tag.key));
    of_session.iter().chain(own_tags(live).iter().filter(move |tag| !given(tag)))
}

fn own_tags(live: &Live) -> &[Tag] {
    match &live.standing {
        Standing::User(user) => &user.tags,
        Standing::Role(role) => &role.tags,
        Standing::Root(_) | Standing::Anonymous => &[],
    }
}

fn question_keys(cx: &RequestContext, question: &Question<'_>, live: &Live) -> Context {
    let mut keys = cx.keys().clone();
    for tag in own_tags(live) {
        let name = format!("aws:PrincipalTag/{}", tag.key);
        if keys.get(&name).is_none() {
            keys.set(&name, tag.value.clone());
        }
    }
    if let Some(account) = question.account {
        keys.set("aws:ResourceAccount", account.to_string());
    }
    for (name, value) in question.keys {
        keys.set(name, value.clone());
    }
    for (name, values) in question.lists {
        keys.set_many(name, values.iter().cloned());
    }
    keys
}
