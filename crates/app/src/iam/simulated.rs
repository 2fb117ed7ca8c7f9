//! Whose policies are simulated: a user, group or role by its ARN, and what of its policies is left out.
//!
//! A policy is known by the name AWS's simulator gives it: a managed one by its own, an inline one as
//! `user_ana_read`, with the kind and the name of what it is attached to.
//! INVARIANT: only what belongs to the account of whoever asks for the simulation is looked up. Tags count only for
//! the principal whose policies are simulated: who may simulate one may not so read the tags of another.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::{AccountId, Arn, Error, Result};
use garita_policy::context::Probe;
use garita_policy::pattern::{Match, Pattern, Syntax};
use garita_policy::simulate::{Caller, Held};
use garita_policy::{Context, NamedPolicy, PolicyKind, PolicySource};
use garita_store::Snapshot;

use super::ask::Ask;
use super::document;
use super::entity::{Entity, EntityName};
use super::simulate::{SimulatePrincipal, bad_input};
use super::trust;
use crate::sts::trusts_nobody;

/// What holds policies that every user of an account has.
const OF_ACCOUNT: &str = "account";

/// The ARN of a user, group or role.
pub(super) struct Simulated {
    text: String,
    owner: AccountId,
    name: EntityName,
}

/// A policy, and what it is attached to.
pub(super) struct Attached {
    pub(super) policy: NamedPolicy,
    kind: &'static str,
    holder: String,
}

/// Policies to leave out of a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusion {
    /// All of a kind.
    Kind(ExcludedKind),
    /// Managed policies by ARN; in the name may stand one `*` and any number of `?`.
    Arn(String),
    /// An inline policy.
    Inline {
        /// Its name.
        policy: String,
        /// `user`, `group` or `role`.
        kind: String,
        /// What it is inline in, by name, with wildcards as in an ARN.
        holder: String,
    },
}

/// A kind of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExcludedKind {
    /// Inline policies.
    Inline,
    /// AWS's managed policies.
    AwsManaged,
    /// The account's managed policies.
    UserManaged,
    /// The permissions boundary.
    Boundary,
    /// Policies of an organization, of which a principal here has none.
    Organization,
}

impl Simulated {
    /// Reads the ARN of a user, group or role.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let bad =
            || Error::InvalidInput(format!("`{}` is not the ARN of a user, group or role", shown(text)));
        let arn: Arn = text.parse().map_err(|_| bad())?;
        let owner = arn.account().parse().map_err(|_| bad())?;
        if arn.partition() != "aws" || arn.service() != "iam" || !arn.region().is_empty() {
            return Err(bad());
        }
        let (kind, path) = arn.resource().split_once('/').ok_or_else(bad)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        let name = match kind {
            "user" => name.parse().map(EntityName::User),
            "group" => name.parse().map(EntityName::Group),
            "role" => name.parse().map(EntityName::Role),
            _ => return Err(bad()),
        };
        Ok(Self { text: text.to_owned(), owner, name: name.map_err(|_| bad())? })
    }

    /// The question whether an action is allowed on it. Another account's principal is that account's to give.
    pub(super) fn ask(&self, action: &'static str, state: &Snapshot, account: AccountId) -> Ask {
        let ask = Ask::new(action, self.text.as_str(), self.owner);
        match self.find(state, account) {
            Ok(entity) => ask.on_tagged(entity.tags()),
            Err(_) => ask,
        }
    }

    /// The user, group or role, when it is one of `account`.
    pub(super) fn find(&self, state: &Snapshot, account: AccountId) -> Result<Entity> {
        let found = if self.owner == account { Some(self.name.find(state, account)?) } else { None };
        found.filter(|entity| entity.arn() == self.text).ok_or_else(|| {
            let (kind, name) = (self.name.kind(), self.name.as_str());
            Error::NotFound(format!("The {kind} with name {name} cannot be found."))
        })
    }

    /// What the store knows for a simulation.
    pub(super) fn held(&self, state: &Snapshot, account: AccountId, ask: &SimulatePrincipal) -> Result<Held> {
        let entity = self.find(state, account)?;
        let excluded = ask.excluded.iter().map(Excluded::read).collect::<Result<Vec<_>>>()?;
        let kept = |one: &Attached| !excluded.iter().any(|excluded| excluded.has(one));
        let identity = attached(state, &entity)?.into_iter().filter(kept).map(Attached::named).collect();
        let bounded = !ask.excluded.contains(&Exclusion::Kind(ExcludedKind::Boundary));
        let said = ask.supposed.caller.as_deref();
        let caller = match said {
            Some(text) => caller(state, account, "CallerArn", text)?,
            None => caller(state, account, "PolicySourceArn", &self.text)?,
        };
        let tags = if said.is_none_or(|text| text == self.text) { entity.tags() } else { &[] };
        let mut keys = Context::new();
        for tag in tags {
            keys.set(&format!("aws:PrincipalTag/{}", tag.key), tag.value.clone());
        }
        Ok(Held {
            caller: Some(caller),
            identity,
            boundary: entity.boundary().filter(|_| bounded).map(|arn| boundary(state, arn)).transpose()?,
            keys,
            trusts: trusts(state, account, &ask.supposed.resources)?,
        })
    }
}

/// Who asks; with its unique id, which stored trust policies name it by, when it is one of `account`.
fn caller(state: &Snapshot, account: AccountId, field: &str, text: &str) -> Result<Caller> {
    let entity = Simulated::parse(text).and_then(|known| known.find(state, account)).ok();
    let id = entity.as_ref().map_or("", |entity| entity.id().as_str());
    Caller::parse(field, text, id).map_err(|error| bad_input(&error))
}

/// The policies of a user and its groups, of a group or of a role: all those that its requests are judged with.
pub(super) fn attached(state: &Snapshot, entity: &Entity) -> Result<Vec<Attached>> {
    let to = |kind, holder: &str, policies: Vec<NamedPolicy>| {
        let holder = holder.to_owned();
        policies.into_iter().map(move |policy| Attached { policy, kind, holder: holder.clone() })
    };
    Ok(match entity {
        Entity::User(user) => {
            // First come those of the user, then those of each group; what is left comes with the account.
            let (mut rest, mut all) = (state.user_policies(user), Vec::new());
            let mut take = |kind, holder: &str, count: usize| {
                let left = rest.split_off(count.min(rest.len()));
                all.extend(to(kind, holder, std::mem::replace(&mut rest, left)));
            };
            take("user", user.name.as_str(), state.own_policies(user).len());
            for name in &user.groups {
                let group = state.group(user.account, name.as_str());
                let gone = || Error::internal(format!("group `{name}` of a user is not in the snapshot"));
                let group = group.ok_or_else(gone)?;
                take("group", group.name.as_str(), state.group_policies(group).len());
            }
            take(OF_ACCOUNT, "", usize::MAX);
            all
        }
        Entity::Group(group) => to("group", group.name.as_str(), state.group_policies(group)).collect(),
        Entity::Role(role) => to("role", role.name.as_str(), state.role_policies(role)).collect(),
    })
}

fn boundary(state: &Snapshot, arn: &str) -> Result<NamedPolicy> {
    let gone = || Error::internal(format!("permissions boundary `{arn}` is not in the snapshot"));
    Ok(state.boundary(arn).ok_or_else(gone)?.renamed(last(arn)))
}

/// The trust policies of those resources that are roles of `account`, as they are shown. A role that is not there
/// trusts nobody.
fn trusts(
    state: &Snapshot,
    account: AccountId,
    resources: &[String],
) -> Result<BTreeMap<String, NamedPolicy>> {
    let mut trusts = BTreeMap::new();
    for text in resources {
        let Ok(simulated) = Simulated::parse(text) else { continue };
        if simulated.owner != account || !matches!(simulated.name, EntityName::Role(_)) {
            continue;
        }
        let policy = match simulated.find(state, account) {
            Ok(Entity::Role(role)) => {
                let document = document::parse(&trust::shown(state, &role.trust), PolicyKind::Trust)?;
                let id = format!("role_{}_AssumeRolePolicyDocument", role.name);
                NamedPolicy::new(id, PolicySource::Trust, Arc::new(document))
            }
            _ => trusts_nobody()?.clone(),
        };
        trusts.insert(text.clone(), policy);
    }
    Ok(trusts)
}

/// As much of a client's text as stands in a message.
fn shown(text: &str) -> String {
    text.chars().take(128).collect()
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl Attached {
    fn is_inline(&self) -> bool {
        matches!(
            self.policy.source(),
            PolicySource::UserInline | PolicySource::GroupInline | PolicySource::RoleInline
        )
    }

    /// The policy under the name it has in a simulation.
    fn named(self) -> NamedPolicy {
        let id = self.policy.id();
        let name = if self.is_inline() {
            format!("{}_{}_{id}", self.kind, self.holder)
        } else {
            last(id).to_owned()
        };
        self.policy.renamed(name)
    }
}

/// An exclusion, read.
enum Excluded<'a> {
    Kind(ExcludedKind),
    Arn(Pattern),
    Inline { policy: &'a str, kind: &'a str, holder: Pattern },
}

impl<'a> Excluded<'a> {
    fn read(exclusion: &'a Exclusion) -> Result<Self> {
        Ok(match exclusion {
            Exclusion::Kind(kind) => Self::Kind(*kind),
            Exclusion::Arn(arn) => {
                let bad = || Error::InvalidInput(format!("ARN {} is not valid.", shown(arn)));
                let head = arn.rsplit_once('/').map_or("", |(head, _)| head);
                let parsed: Arn = arn.parse().map_err(|_| bad())?;
                let is_policy = parsed.service() == "iam" && parsed.resource().starts_with("policy/");
                if !is_policy || head.contains(['*', '?']) {
                    return Err(bad());
                }
                Self::Arn(wildcards(arn)?)
            }
            Exclusion::Inline { policy, kind, holder } => {
                Self::Inline { policy, kind, holder: wildcards(holder)? }
            }
        })
    }

    fn has(&self, attached: &Attached) -> bool {
        let (source, id) = (attached.policy.source(), attached.policy.id());
        if attached.kind == OF_ACCOUNT {
            return false;
        }
        match self {
            Self::Kind(ExcludedKind::Inline) => attached.is_inline(),
            Self::Kind(ExcludedKind::AwsManaged) => source == PolicySource::AwsManaged,
            Self::Kind(ExcludedKind::UserManaged) => source == PolicySource::UserManaged,
            Self::Kind(ExcludedKind::Boundary | ExcludedKind::Organization) => false,
            Self::Arn(arn) => !attached.is_inline() && matches(arn, id),
            Self::Inline { policy, kind, holder } => {
                let is_it = attached.is_inline() && id == *policy && attached.kind == *kind;
                is_it && matches(holder, &attached.holder)
            }
        }
    }
}

/// A pattern with one `*` at most.
fn wildcards(text: &str) -> Result<Pattern> {
    let syntax = Syntax { wildcards: true, ..Syntax::default() };
    let bad = || {
        Error::InvalidInput(format!("`{text}` has more than one `*`; one is taken, and any number of `?`"))
    };
    let pattern = Pattern::parse(text, syntax).ok().filter(|_| text.matches('*').count() <= 1);
    pattern.ok_or_else(bad)
}

fn matches(pattern: &Pattern, text: &str) -> bool {
    pattern.matches(text, &Probe::new(&Context::new())) == Match::Yes
}
