//! Everyone at once: statements are looked up first, then whoever holds them.
//!
//! All policies of all principals stand in one index, each once however many hold it. A question goes through the few
//! statements that speak of its action and resource, and from them to their holders; who holds none of them is not
//! looked at, unless a policy of the resource may grant.
//!
//! After a change the index of before goes on being used, for policies that are still the same documents, and a small one
//! beside it holds what is new; only when that is no longer small is everything indexed again.
//! INVARIANT: the answer for each holder is that of [`answer()`](super::answer()) over its policies.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::answer::{Answer, Gathered};
use super::needs::{Asker, Fit};
use super::{Aim, Known, Target};
use crate::context::{Context, Principal, Request};
use crate::decision::PolicyType;
use crate::document::PolicyDocument;
use crate::evaluate::{NamedPolicy, Policies, PolicySource};
use crate::index::{Asked, Found, PolicyIndex};

/// A principal with what is attached to it.
#[derive(Clone, Debug)]
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

/// Policies, each once: those that were indexed before, and beside them what is new.
#[derive(Debug)]
struct Shared {
    parts: Vec<Part>,
}

/// Policies, and the members that hold each.
#[derive(Debug)]
struct Part {
    index: Arc<PolicyIndex>,
    /// By the number of the policy. Nobody may hold it any more.
    holders: Vec<Vec<u32>>,
}

/// Of how many policies one may be outside of the index of before, or held no more, until all are indexed again.
const SMALL: usize = 8;

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
        Self::build(holders, None)
    }

    /// Everyone after a change: as [`Population::new`], but what has not changed since `before` is not indexed again.
    pub fn after(before: &Self, holders: Vec<Holder>) -> Self {
        Self::build(holders, Some(before))
    }

    fn build(holders: Vec<Holder>, before: Option<&Self>) -> Self {
        let held = holders.iter().map(|holder| holder.identity.as_slice());
        let identity = Shared::new(held, before.map(|before| &before.identity));
        let held = holders.iter().map(|holder| holder.boundary.as_slice());
        let boundaries = Shared::new(held, before.map(|before| &before.boundaries));
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
            if identity.iter().all(|part| part.of(number).is_empty()) && !is_root && !gate {
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

/// The statements of a part that a question may be about, and which of them each member holds.
struct Candidates {
    /// In the order of their policies.
    statements: Vec<(Found, Fit)>,
    /// By the number of the member: places in `statements`.
    held: Vec<Vec<u32>>,
}

/// A policy is the same when it is the very document, under one name.
type Key<'p> = (*const PolicyDocument, &'p str, PolicySource);

fn key(policy: &NamedPolicy) -> Key<'_> {
    (std::ptr::from_ref(policy.document()), policy.id(), policy.source())
}

impl Shared {
    fn new<'p>(held: impl Iterator<Item = &'p [NamedPolicy]> + Clone, before: Option<&Self>) -> Self {
        let old = before.and_then(|before| before.parts.first()).map(|part| &part.index);
        let known = old.map_or(&[][..], |index| index.policies());
        // In which part each policy is, and where. Those of `before` live as long as it does: no other is at their place.
        let mut places: HashMap<Key<'_>, (usize, usize)> =
            known.iter().enumerate().map(|(at, policy)| (key(policy), (0, at))).collect();
        let mut new = Vec::new();
        let mut holders = [vec![Vec::new(); known.len()], Vec::new()];
        for (member, held) in (0..).zip(held.clone()) {
            for policy in held {
                let (part, at) = *places.entry(key(policy)).or_insert_with(|| {
                    new.push(policy.clone());
                    (1, new.len() - 1)
                });
                let Some(holders) = holders.get_mut(part) else { continue };
                if at == holders.len() {
                    holders.push(Vec::new());
                }
                if let Some(holders) = holders.get_mut(at).filter(|all| all.last() != Some(&member)) {
                    holders.push(member);
                }
            }
        }
        let [first, second] = holders;
        let Some(old) = old else {
            return Self { parts: vec![Part { index: Arc::new(PolicyIndex::new(new)), holders: second }] };
        };
        let changed = new.len() + first.iter().filter(|holders| holders.is_empty()).count();
        if changed * SMALL > known.len() {
            return Self::new(held, None);
        }
        let first = Part { index: Arc::clone(old), holders: first };
        Self { parts: vec![first, Part { index: Arc::new(PolicyIndex::new(new)), holders: second }] }
    }

    fn possible(&self, aim: &Aim<'_>, members: usize) -> Vec<Candidates> {
        self.parts.iter().map(|part| part.possible(aim, members)).collect()
    }

    /// Adds the statements of one member.
    fn gather<'a>(
        &'a self,
        gathered: &mut Gathered<'a>,
        asker: &Asker<'_>,
        policy_type: PolicyType,
        candidates: &[Candidates],
        member: usize,
    ) {
        for (part, candidates) in self.parts.iter().zip(candidates) {
            for place in candidates.of(member) {
                let candidate = candidates.statements.get(*place as usize);
                if let Some((found, fit)) = candidate
                    && let Some((policy, statement)) = part.index.get(*found)
                {
                    gathered.add(asker, policy_type, policy, statement, *fit);
                }
            }
        }
    }
}

impl Candidates {
    fn of(&self, member: usize) -> &[u32] {
        self.held.get(member).map_or(&[], Vec::as_slice)
    }
}

impl Part {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::PolicyKind;

    fn policy(name: &str, statement: &str) -> NamedPolicy {
        let text = format!(r#"{{"Statement":{{{statement},"Action":"s3:*"}}}}"#);
        let document = PolicyDocument::parse(&text, PolicyKind::Identity).unwrap();
        NamedPolicy::new(name, PolicySource::None, Arc::new(document))
    }

    fn own(number: usize) -> NamedPolicy {
        policy("own", &format!(r#""Effect":"Allow","Resource":"arn:aws:s3:::home/{number}/*""#))
    }

    fn holder(number: usize, identity: Vec<NamedPolicy>) -> Holder {
        let arn = format!("arn:aws:iam::111122223333:user/u{number}").parse().unwrap();
        let principal = Principal::User { arn, id: String::new(), account: "111122223333".parse().unwrap() };
        Holder { principal, identity, boundary: None, tags: Some(Vec::new()) }
    }

    fn told(population: &Population) -> String {
        let mut told = String::new();
        for object in ["home/3/x", "home/5/x", "home/40/x", "home/all/x", "sealed/x"] {
            let resource = format!("arn:aws:s3:::{object}");
            let aim = Aim::new("s3:GetObject", Target::One(&resource), None);
            for (holder, answer) in population.who_can(&aim, &Policies::default()) {
                told.push_str(&format!("{object} {} {answer:?}\n", holder.principal.arn_text()));
            }
        }
        told
    }

    #[test]
    fn after_a_change_everyone_is_answered_as_if_indexed_anew() {
        let limit = policy("limit", r#""Effect":"Deny","Resource":"arn:aws:s3:::sealed/*""#);
        let mut holders: Vec<_> = (0..40).map(|n| holder(n, vec![own(n), limit.clone()])).collect();
        let mut population = Population::new(holders.clone());
        let change = |holders: &mut Vec<Holder>, step: usize| match step {
            0 => holders[3].identity[0] = own(40),
            1 => holders[5].identity.clear(),
            2 => holders.push(holder(40, vec![own(40), limit.clone()])),
            3 => holders[7].identity.push(policy("all", r#""Effect":"Allow","Resource":"*""#)),
            4 => holders[8].boundary = Some(policy("boundary", r#""Effect":"Allow","Resource":"*""#)),
            5 => drop(holders.remove(0)),
            // The same document under another name is another policy.
            6 => holders[9].identity[0] = holders[9].identity[0].clone().renamed("another"),
            _ => {}
        };
        for step in 0..8 {
            let index = Arc::clone(&population.identity.parts[0].index);
            change(&mut holders, step);
            population = Population::after(&population, holders.clone());
            assert_eq!(told(&population), told(&Population::new(holders.clone())), "{step}");
            let kept = Arc::ptr_eq(&index, &population.identity.parts[0].index);
            // Of 41 policies five may be new or gone, and the sixth is that of the holder who goes.
            assert_eq!(kept, step != 5, "{step}");
        }
    }
}
