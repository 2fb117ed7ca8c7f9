//! `who-can`: one action on one resource, asked about everyone.
//!
//! The actions of STS are not settled by policies alone: `AssumeRole` and what goes with it is judged by the trust
//! policy of the role as well, and is nothing for root users; a web identity is not in the snapshot, but the trust
//! policy names it; three operations need no permission.

use garita_model::{AccountId, Arn, Error, Result};
use garita_policy::reach::{Aim, Answer, Holder, Known, Population, Target, answer};
use garita_policy::{NamedPolicy, Policies, Principal, PrincipalPattern};
use garita_store::Snapshot;

use super::everyone::name_of;
use super::report::{Conditions, Kind, PrincipalLine, WhoCan};
use super::{Stage, Surroundings};

/// One action on one resource.
pub(super) struct Question {
    action: String,
    resource: String,
    /// The resource's account; none: the principal's own.
    pub(super) owner: Option<AccountId>,
}

/// What guards a resource beside the policies of whoever asks.
pub(super) enum Guard<'a> {
    /// Nothing.
    None,
    /// The trust policy of the role.
    Trust(&'a NamedPolicy),
    /// The resource policy of the stage.
    Stage(&'a NamedPolicy),
}

impl<'a> Guard<'a> {
    pub(super) fn policies(&self) -> Policies<'a> {
        match self {
            Self::None => Policies::default(),
            Self::Trust(policy) => Policies { trust: Some(*policy), ..Policies::default() },
            Self::Stage(policy) => Policies { resource: Some(*policy), ..Policies::default() },
        }
    }

    /// That of an API's stage.
    pub(super) fn of_stage(stage: &'a Stage) -> Self {
        stage.policy.as_ref().map_or(Self::None, Self::Stage)
    }
}

impl Question {
    pub(super) fn parse(action: &str, resource: &str, owner: Option<AccountId>) -> Result<Self> {
        check_action(action)?;
        let owner = match resource {
            "*" => owner,
            _ => owner_of(resource, owner)?,
        };
        Ok(Self { action: action.to_owned(), resource: resource.to_owned(), owner })
    }

    /// Whether the action is this one, in any case.
    fn is(&self, action: &str) -> bool {
        self.action.eq_ignore_ascii_case(action)
    }

    fn is_one_of(&self, actions: &[&str]) -> bool {
        actions.iter().any(|action| self.is(action))
    }

    pub(super) fn answer(
        &self,
        state: &Snapshot,
        population: &Population,
        around: &Surroundings,
    ) -> Result<WhoCan> {
        let guard = self.guard(state, around)?;
        let mut principals = Vec::new();
        if let Some(note) = self.needs_no_permission() {
            let may = population.holders().filter(|holder| self.is_open_to(&holder.principal));
            principals
                .extend(may.map(|holder| PrincipalLine::noted(&name_of(&holder.principal), holder, note)));
        } else {
            let aim = Aim::new(&self.action, Target::One(&self.resource), self.owner);
            for (holder, answer) in population.who_can(&aim, &guard.policies()) {
                if self.is_open_to(&holder.principal) {
                    principals.push(PrincipalLine::of(&name_of(&holder.principal), holder, &answer));
                }
            }
            if let Guard::Trust(trust) = guard {
                principals.extend(self.strangers(&aim, trust));
            }
        }
        Ok(WhoCan {
            action: self.action.clone(),
            resource: self.resource.clone(),
            revision: state.revision(),
            asked: population.len(),
            principals,
        })
    }

    fn guard<'a>(&self, state: &'a Snapshot, around: &'a Surroundings) -> Result<Guard<'a>> {
        if self.is_one_of(&JUDGED_BY_TRUST) {
            return trust_of(state, &self.resource).map(Guard::Trust);
        }
        let on = |stage: &&Stage| {
            let rest = self.resource.strip_prefix(stage.arn.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let stage = around.stages.iter().find(on).filter(|_| self.is("execute-api:Invoke"));
        Ok(stage.map_or(Guard::None, Guard::of_stage))
    }

    fn needs_no_permission(&self) -> Option<&'static str> {
        self.is_one_of(&NEEDS_NONE).then_some("needs no permission")
    }

    /// Whether the operation is there for such a principal at all.
    fn is_open_to(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Root { .. } => !self.is_one_of(&JUDGED_BY_TRUST),
            Principal::RoleSession { .. } if self.is_one_of(&NOT_FOR_SESSIONS) => false,
            Principal::User { .. } | Principal::RoleSession { .. } => !self.is_one_of(&BY_IDENTITY_PROVIDER),
            _ => true,
        }
    }

    /// The services and web identities that a trust policy names: no account is theirs.
    fn strangers(&self, aim: &Aim<'_>, trust: &NamedPolicy) -> Vec<PrincipalLine> {
        let mut lines: Vec<PrincipalLine> = Vec::new();
        let by_provider = self.is_one_of(&BY_IDENTITY_PROVIDER);
        for (pattern, _) in trust.document().principals() {
            let (name, principal, kind) = match pattern {
                PrincipalPattern::Service(name) if !by_provider => {
                    (name, Principal::Service { name: name.clone() }, Kind::Service)
                }
                PrincipalPattern::Federated(name) if !self.is("sts:AssumeRole") => {
                    (name, Principal::WebIdentity { provider: name.clone() }, Kind::Federated)
                }
                _ => continue,
            };
            let known = Known::of(&principal, Some([("", ""); 0])).about(&principal, self.owner);
            let policies = Policies { trust: Some(trust), ..Policies::default() };
            let answer = answer(aim, &principal, &known, &policies);
            if !answer.is_never() && !lines.iter().any(|line| line.principal == *name) {
                lines.push(PrincipalLine {
                    principal: name.clone(),
                    kind,
                    note: None,
                    conditions: Conditions::of(&answer),
                });
            }
        }
        lines
    }
}

/// Judged by the trust policy of a role too.
pub(super) const JUDGED_BY_TRUST: [&str; 5] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
];
/// Only for whom an identity provider vouches.
pub(super) const BY_IDENTITY_PROVIDER: [&str; 2] =
    ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];
/// Always allowed.
pub(super) const NEEDS_NONE: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
/// Refused to sessions of roles, whatever policies say.
pub(super) const NOT_FOR_SESSIONS: [&str; 2] = ["sts:GetFederationToken", "sts:GetSessionToken"];

/// The trust policy of the role with this ARN.
fn trust_of<'a>(state: &'a Snapshot, text: &str) -> Result<&'a NamedPolicy> {
    let no_role =
        || Error::invalid("resource", format!("`{text}` is not the ARN of a role: this action acts on one"));
    let arn: Arn = text.parse().map_err(|_| no_role())?;
    let account: AccountId = arn.account().parse().map_err(|_| no_role())?;
    let name = arn.resource().strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    let name = name.filter(|_| arn.service() == "iam").ok_or_else(no_role)?;
    let role = state.role(account, name).filter(|role| role.arn().is_ok_and(|own| own == arn));
    let role = role.ok_or_else(|| Error::NotFound(format!("role `{text}` does not exist")))?;
    state
        .trust(role)
        .ok_or_else(|| Error::internal(format!("the trust policy of `{text}` is not in the snapshot")))
}

fn check_action(action: &str) -> Result<()> {
    let invalid = |why: &str| Err(Error::invalid("action", format!("`{action}` {why}")));
    if action.contains(['*', '?']) {
        return invalid("stands for many actions: ask about one, such as `iam:GetUser`");
    }
    let word = |text: &str| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    match action.split_once(':') {
        Some((service, name)) if word(service) && word(name) => Ok(()),
        _ => invalid("is not an action: one looks like `iam:GetUser`"),
    }
}

/// The account that an ARN names, which must not be another than `given`.
fn owner_of(resource: &str, given: Option<AccountId>) -> Result<Option<AccountId>> {
    let invalid = |why: String| Error::invalid("resource", format!("`{resource}` {why}"));
    if resource.contains(['*', '?']) {
        let why = "stands for many resources: ask about one, or about `*` for an action that has none";
        return Err(invalid(why.to_owned()));
    }
    let arn: Arn = resource.parse().map_err(|_| invalid("is neither an ARN nor `*`".to_owned()))?;
    let named = arn.account().parse::<AccountId>().ok();
    match (named, given) {
        (Some(named), Some(given)) if named != given => {
            Err(invalid(format!("is a resource of account {named}, not of {given}")))
        }
        _ => Ok(named.or(given)),
    }
}

impl PrincipalLine {
    fn of(name: &str, holder: &Holder, answer: &Answer<'_>) -> Self {
        let is_root = matches!(holder.principal, Principal::Root { .. });
        let note = is_root.then(|| "the root user needs no policy".to_owned());
        let (principal, kind) = (name.to_owned(), Kind::of(&holder.principal));
        Self { principal, kind, note, conditions: Conditions::of(answer) }
    }

    fn noted(name: &str, holder: &Holder, note: &str) -> Self {
        let (principal, kind) = (name.to_owned(), Kind::of(&holder.principal));
        Self { principal, kind, note: Some(note.to_owned()), conditions: Conditions::always() }
    }
}
