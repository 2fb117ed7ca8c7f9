//! Everyone at once: statements are looked up first, then whoever holds them.
//!
//! All policies of all principals stand in one index, each once however many hold it. A question goes through the few
//! statements that speak of its action and resource, and from them to their holders; who holds none of them is not
//! looked at, unless a policy of the resource may grant.
//! INVARIANT: the answer for each holder is that of [`answer()`](super::answer()) over its policies.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::answer::{Answer, Gathered};
use super::needs::{Asker, Fit};
use super::{Aim, Known, Target};
use crate::context::{Context, Principal, Request};
use crate::decision::PolicyType;
use crate::evaluate::{NamedPolicy, Policies};
use crate::index::{Asked, Found, PolicyIndex};

/// A principal with what is attached to it.
#[derive(Debug)]
pub struct Holder {
    /// Who.
    pub principal: Principal,
    /// Its policies: of the user and its groups, or of the role.
    pub identity: Vec<NamedPolicy>,
    /// Its permissions boundary.
    pub boundary: Option<NamedPolicy>,
    /// The tags its requests carry; none when they are not known.
    pub tags: Option<Vec<(String, String)>>,
}

/// Everyone, indexed.
#[derive(Debug)]
pub struct Population {
    members: Vec<Member>,
    identity: Shared,
    boundaries: Shared,
}

#[derive(Debug)]
struct Member {
    holder: Holder,
    known: OnceLock<Known>,
}

/// Policies, each once, and the members that hold each.
#[derive(Debug)]
struct Shared {
    index: PolicyIndex,
    /// By the number of the policy.
    holders: Vec<Vec<u32>>,
}

impl Holder {
    /// What is known of its requests.
    pub fn known(&self) -> Known {
        let tags = self.tags.as_ref();
        Known::of(
            &self.principal,
            tags.map(|tags| tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
        )
    }
}

impl Population {
    /// Indexes everyone's policies. Takes about a microsecond for each action and resource that different policies
    /// name.
    pub fn new(holders: Vec<Holder>) -> Self {
        let identity = Shared::new(holders.iter().map(|holder| holder.identity.as_slice()));
        let boundaries = Shared::new(holders.iter().map(|holder| holder.boundary.as_slice()));
        let members = holders.into_iter().map(|holder| Member { holder, known: OnceLock::new() }).collect();
        Self { members, identity, boundaries }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Everyone, in the order given.
    pub fn holders(&self) -> impl Iterator<Item = &Holder> {
        self.members.iter().map(|member| &member.holder)
    }

    /// Everyone who may, or may under conditions, with the answer, in the order given. Of `around`, what a holder has
    /// of its own is not looked at.
    pub fn who_can<'a>(&'a self, aim: &Aim<'_>, around: &Policies<'a>) -> Vec<(&'a Holder, Answer<'a>)> {
        let identity = self.identity.possible(aim, self.members.len());
        let boundaries = self.boundaries.possible(aim, self.members.len());
        let gate = around.trust.is_some() || around.resource.is_some();
        let mut found = Vec::new();
        for (number, member) in self.members.iter().enumerate() {
            let holder = &member.holder;
            let is_root = matches!(holder.principal, Principal::Root { .. });
            if identity.of(number).is_empty() && !is_root && !gate {
                continue;
            }
            let known = member.known.get_or_init(|| holder.known());
            let known = &known.about(&holder.principal, aim.resource_account);
            let asker =
                Asker { aim, principal: &holder.principal, bounded: holder.boundary.is_some(), known };
            let mut gathered = Gathered::around(&asker, around);
            self.identity.gather(&mut gathered, &asker, PolicyType::Identity, &identity, number);
            self.boundaries.gather(&mut gathered, &asker, PolicyType::Boundary, &boundaries, number);
            let answer = gathered.settle(&asker);
            if !answer.is_never() {
                found.push((holder, answer));
            }
        }
        found
    }
}

/// The statements that a question may be about, and which of them each member holds.
struct Candidates {
    /// In the order of their policies.
    statements: Vec<(Found, Fit)>,
    /// By the number of the member: places in `statements`.
    held: Vec<Vec<u32>>,
}

impl Candidates {
    fn of(&self, member: usize) -> &[u32] {
        self.held.get(member).map_or(&[], Vec::as_slice)
    }
}

impl Shared {
    fn new<'p>(held: impl Iterator<Item = &'p [NamedPolicy]>) -> Self {
        let mut policies: Vec<NamedPolicy> = Vec::new();
        let mut holders: Vec<Vec<u32>> = Vec::new();
        let mut known = HashMap::new();
        for (member, held) in (0..).zip(held) {
            for policy in held {
                // The very document, under one name.
                let key = (std::ptr::from_ref(policy.document()), policy.id(), policy.source());
                let at = *known.entry(key).or_insert_with(|| {
                    policies.push(policy.clone());
                    holders.push(Vec::new());
                    policies.len() - 1
                });
                if let Some(holders) = holders.get_mut(at)
                    && holders.last() != Some(&member)
                {
                    holders.push(member);
                }
            }
        }
        Self { index: PolicyIndex::new(policies), holders }
    }

    fn possible(&self, aim: &Aim<'_>, members: usize) -> Candidates {
        let mut statements = match aim.target {
            Target::One(resource) => self.about(&aim.action, resource),
            Target::All(_) => self.all(aim),
        };
        statements.sort_unstable();
        // The surest of each statement comes first.
        statements.dedup_by_key(|(found, _)| *found);
        let mut held = vec![Vec::new(); members];
        for (place, (found, _)) in (0..).zip(&statements) {
            for member in self.holders.get(found.policy as usize).into_iter().flatten() {
                if let Some(places) = held.get_mut(*member as usize) {
                    places.push(place);
                }
            }
        }
        Candidates { statements, held }
    }

    fn about(&self, action: &str, resource: &str) -> Vec<(Found, Fit)> {
        let (principal, context) = (Principal::Anonymous, Context::new());
        let request =
            Request { principal: &principal, action, resource, resource_account: None, context: &context };
        let mut statements = Vec::new();
        self.index.possible(&Asked::new(&request, action, false), |found, sure| {
            statements.push((found, if sure { Fit::Sure } else { Fit::Open }));
        });
        statements
    }

    /// Those of an action, whatever their resource.
    fn all(&self, aim: &Aim<'_>) -> Vec<(Found, Fit)> {
        let mut statements = Vec::new();
        for (policy, number) in self.index.policies().iter().zip(0..) {
            for (statement, place) in policy.document().statements().iter().zip(0..) {
                if aim.action_fits(statement) {
                    statements.push((Found { policy: number, statement: place }, Fit::Open));
                }
            }
        }
        statements
    }

    /// Adds the statements of one member.
    fn gather<'a>(
        &'a self,
        gathered: &mut Gathered<'a>,
        asker: &Asker<'_>,
        policy_type: PolicyType,
        candidates: &Candidates,
        member: usize,
    ) {
        for place in candidates.of(member) {
            let candidate = candidates.statements.get(*place as usize);
            if let Some((found, fit)) = candidate
                && let Some((policy, statement)) = self.index.get(*found)
            {
                gathered.add(asker, policy_type, policy, statement, *fit);
            }
        }
    }
}
