//! Putting an index together from policies.
//!
//! Each action of a statement has its own bucket, shared by all statements that name it, and a bucket has a trie of
//! resources: a statement of many actions and many resources would stand in it actions × resources times. Such a
//! wide statement gets a bucket of its own instead, to which each of its actions leads.
//! INVARIANT: what a statement takes is linear in its text: at most `WIDE` entries for each action and resource.

use std::collections::HashMap;

use super::Found;
use super::actions::{self, Bucket};
use super::statements::{Candidate, Head, HeadForm, Member, Resources, Statements, Tail};
use super::trie::{Entry, Tries};
use crate::condition::Programs;
use crate::document::{ActionPattern, Effect, Statement};
use crate::pattern::{Pattern, Rest};
use crate::resource::Covers;

const WIDE: usize = 16;

/// The statements while they are put together.
#[derive(Default)]
pub(super) struct Builder<'p> {
    actions: actions::Builder<'p>,
    buckets: Vec<Vec<Entry<'p, Candidate>>>,
    /// The bucket of each action, by its folded pattern.
    by_action: HashMap<String, Bucket>,
    heads: Vec<HeadForm>,
    by_head: HashMap<&'p str, u32>,
    tails: Vec<Pattern>,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl<'p> Builder<'p> {
    /// Adds a statement; `found` says where it stands.
    pub(super) fn add(&mut self, statement: &'p Statement, found: Found, programs: &mut Programs) {
        let conditions = programs.add(statement.conditions());
        let names_principals = statement.principal_clause().is_some();
        let denies = statement.effect() == Effect::Deny;
        let member = Member { found, conditions, denies, names_principals };
        // Those that deny first, as the search wants them; then what is quickly looked at.
        let rank = u8::from(!denies) * 4 + u8::from(conditions.is_some()) * 2;
        let entries = self.resources(statement, member, rank);
        if entries.is_empty() {
            return;
        }
        let patterns = statement.actions().iter().map(ActionPattern::pattern);
        if statement.is_not_action() {
            let bucket = self.bucket(entries);
            self.actions.add_all_but(patterns, bucket);
        } else if is_wide(statement.actions().len(), entries.len()) {
            let bucket = self.bucket(entries);
            patterns.for_each(|pattern| self.actions.add(pattern, bucket));
        } else {
            for action in statement.actions() {
                self.add_to_action(action, &entries);
            }
        }
    }

    fn bucket(&mut self, entries: Vec<Entry<'p, Candidate>>) -> Bucket {
        self.buckets.push(entries);
        number(self.buckets.len() - 1)
    }

    fn add_to_action(&mut self, action: &'p ActionPattern, entries: &[Entry<'p, Candidate>]) {
        let name = crate::pattern::fold(action.as_str());
        if let Some(bucket) = self.by_action.get(&*name).and_then(|at| self.buckets.get_mut(*at as usize)) {
            bucket.extend_from_slice(entries);
            return;
        }
        let bucket = self.bucket(entries.to_vec());
        self.actions.add(action.pattern(), bucket);
        self.by_action.insert(name.into_owned(), bucket);
    }

    /// One entry for each resource that can be matched at all.
    fn resources(&mut self, statement: &'p Statement, member: Member, rank: u8) -> Vec<Entry<'p, Candidate>> {
        let all =
            |tail| Entry { key: "", ends: false, rank, item: Candidate { member, head: Head::ANY, tail } };
        if statement.resource_clause().is_none() {
            return vec![all(Tail::DONE)];
        }
        if statement.is_not_resource() {
            return vec![all(Tail::NOT)];
        }
        let mut entries = Vec::with_capacity(statement.resources().len());
        for resource in statement.resources() {
            match resource.covers() {
                Covers::Everything => entries.push(all(Tail::DONE)),
                Covers::Nothing => {}
                Covers::Parts([_, partition, service, region, account, last]) => {
                    let head = self.head(resource.head(), [partition, service, region, account]);
                    let (key, rest) = last.beginning();
                    let (tail, rank) = match rest {
                        Rest::End | Rest::Anything => (Tail::DONE, rank),
                        Rest::Pattern => (self.tail(last), rank + 1),
                    };
                    let item = Candidate { member, head: Head(head), tail };
                    entries.push(Entry { key, ends: rest == Rest::End, rank, item });
                }
            }
        }
        entries
    }

    fn head(&mut self, text: &'p str, patterns: [&Pattern; 4]) -> u32 {
        let next = number(self.heads.len());
        // A brace may hide a colon from whoever cuts a pattern, so such a text does not tell its parts.
        let is_plain = !text.contains('{');
        let known = if is_plain { *self.by_head.entry(text).or_insert(next) } else { next };
        if known == next {
            let is_text = is_plain && patterns.iter().all(|pattern| pattern.beginning().1 == Rest::End);
            self.heads.push(if is_text {
                HeadForm::Text(text.into())
            } else {
                HeadForm::Parts(patterns.map(Clone::clone))
            });
        }
        known
    }

    fn tail(&mut self, pattern: &Pattern) -> Tail {
        self.tails.push(pattern.clone());
        Tail(number(self.tails.len() - 1))
    }

    /// The finished statements.
    pub(super) fn build(self) -> Statements {
        let mut tries = Tries::default();
        let mut candidates = Vec::new();
        let bucket = |entries: Vec<Entry<'p, Candidate>>| {
            let deny = entries.iter().any(|entry| entry.item.member.denies);
            Resources { root: tries.add(entries, &mut candidates), deny }
        };
        let buckets = self.buckets.into_iter().map(bucket).collect();
        Statements {
            actions: self.actions.build(),
            buckets,
            tries,
            candidates,
            heads: self.heads,
            tails: self.tails,
        }
    }
}

fn is_wide(actions: usize, resources: usize) -> bool {
    actions.saturating_mul(resources) > WIDE * (actions + resources)
}
