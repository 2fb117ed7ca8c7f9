//! Which buckets of statements an action leads to.
//!
//! Exact names (nineteen in twenty) are found by hash; `service:Get*` by the longest way down a trie of prefixes;
//! what has inner wildcards stands in the same trie under its literal beginning and is then asked itself, and so is
//! `NotAction`, under the empty beginning.
//! INVARIANT: names are folded, and so must be the action looked for.

use std::collections::HashMap;
use std::ops::Range;

use super::trie::{Entry, Root, Tries};
use crate::context::Probe;
use crate::hash::hash;
use crate::pattern::{Match, Pattern, Rest};

/// A number of a bucket: statements that speak of the same actions.
pub(super) type Bucket = u32;

/// The table.
#[derive(Debug)]
pub(super) struct Actions {
    /// Open addressing; a power of two, at most half full.
    slots: Box<[Slot]>,
    names: String,
    buckets: Vec<Bucket>,
    tries: Tries,
    root: Root,
    globs: Vec<Glob>,
    checks: Vec<Check>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u64,
    name: u32,
    name_len: u32,
    first: u32,
    /// 0: a free slot.
    count: u32,
}

/// What stands in the trie: a bucket, and what else must hold.
#[derive(Clone, Copy, Debug)]
struct Glob {
    bucket: Bucket,
    check: Option<u32>,
}

/// What is asked about an action that begins rightly.
#[derive(Debug)]
enum Check {
    Is(Pattern),
    IsNone(ActionSet),
}

/// The actions of a `NotAction`.
#[derive(Debug, Default)]
struct ActionSet {
    /// In order.
    exact: Vec<Box<str>>,
    globs: Vec<Pattern>,
}

impl ActionSet {
    fn contains(&self, action: &str, probe: &Probe<'_>) -> bool {
        self.exact.binary_search_by(|name| (**name).cmp(action)).is_ok()
            || self.globs.iter().any(|glob| glob.matches(action, probe) == Match::Yes)
    }
}

/// Puts the table together.
#[derive(Default)]
pub(super) struct Builder<'p> {
    exact: HashMap<&'p str, Vec<Bucket>>,
    globs: Vec<Entry<'p, Glob>>,
    checks: Vec<Check>,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl<'p> Builder<'p> {
    /// Lets the actions of `pattern` lead to `bucket`.
    pub(super) fn add(&mut self, pattern: &'p Pattern, bucket: Bucket) {
        let (key, rest) = pattern.beginning();
        match rest {
            Rest::End => self.exact.entry(key).or_default().push(bucket),
            Rest::Anything => self.glob(key, Glob { bucket, check: None }),
            Rest::Pattern => self.checked(key, bucket, Check::Is(pattern.clone())),
        }
    }

    /// Lets all actions but those of `patterns` lead to `bucket`.
    pub(super) fn add_all_but(&mut self, patterns: impl Iterator<Item = &'p Pattern>, bucket: Bucket) {
        let mut set = ActionSet::default();
        for pattern in patterns {
            match pattern.beginning() {
                (name, Rest::End) => set.exact.push(name.into()),
                _ => set.globs.push(pattern.clone()),
            }
        }
        set.exact.sort_unstable();
        self.checked("", bucket, Check::IsNone(set));
    }

    fn checked(&mut self, key: &'p str, bucket: Bucket, check: Check) {
        self.checks.push(check);
        self.glob(key, Glob { bucket, check: Some(number(self.checks.len() - 1)) });
    }

    fn glob(&mut self, key: &'p str, glob: Glob) {
        self.globs.push(Entry { key, ends: false, rank: u8::from(glob.check.is_some()), item: glob });
    }

    /// The finished table.
    pub(super) fn build(self) -> Actions {
        let mut tries = Tries::default();
        let mut globs = Vec::new();
        let root = tries.add(self.globs, &mut globs);
        let slots = vec![Slot::default(); (self.exact.len() * 2).next_power_of_two()];
        let mut actions = Actions {
            slots: slots.into(),
            names: String::new(),
            buckets: Vec::new(),
            tries,
            root,
            globs,
            checks: self.checks,
        };
        let mut exact: Vec<_> = self.exact.into_iter().collect();
        exact.sort_unstable();
        for (name, buckets) in exact {
            actions.put(name, &buckets);
        }
        actions
    }
}

impl Actions {
    fn put(&mut self, name: &str, buckets: &[Bucket]) {
        let filled = Slot {
            hash: hash(name),
            name: number(self.names.len()),
            name_len: number(name.len()),
            first: number(self.buckets.len()),
            count: number(buckets.len()),
        };
        self.names.push_str(name);
        self.buckets.extend_from_slice(buckets);
        let free = probes(filled.hash, self.slots.len())
            .find(|at| self.slots.get(*at).is_some_and(|slot| slot.count == 0));
        if let Some(slot) = free.and_then(|at| self.slots.get_mut(at)) {
            *slot = filled;
        }
    }

    fn exact(&self, action: &str, hash: u64) -> &[Bucket] {
        for at in probes(hash, self.slots.len()) {
            let Some(slot) = self.slots.get(at).filter(|slot| slot.count > 0) else { return &[] };
            if slot.hash == hash && self.names.get(run(slot.name, slot.name_len)) == Some(action) {
                return self.buckets.get(run(slot.first, slot.count)).unwrap_or_default();
            }
        }
        &[]
    }

    /// Shows `visit` each bucket that `action` leads to and that is `wanted`, until it answers; `hash` is the action's.
    pub(super) fn find<R>(
        &self,
        action: &str,
        hash: u64,
        probe: &Probe<'_>,
        wanted: impl Fn(Bucket) -> bool,
        mut visit: impl FnMut(Bucket) -> Option<R>,
    ) -> Option<R> {
        for bucket in self.exact(action, hash).iter().filter(|bucket| wanted(**bucket)) {
            if let Some(found) = visit(*bucket) {
                return Some(found);
            }
        }
        self.tries.find(self.root, action, |range| {
            let globs = self.globs.get(range).unwrap_or_default();
            let leads = |glob: &&Glob| wanted(glob.bucket) && self.passes(glob.check, action, probe);
            globs.iter().filter(leads).find_map(|glob| visit(glob.bucket))
        })
    }

    fn passes(&self, check: Option<u32>, action: &str, probe: &Probe<'_>) -> bool {
        let Some(check) = check else { return true };
        match self.checks.get(check as usize) {
            Some(Check::Is(pattern)) => pattern.matches(action, probe) == Match::Yes,
            Some(Check::IsNone(set)) => !set.contains(action, probe),
            None => false,
        }
    }

    /// About how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        let exact = self.slots.len() * size_of::<Slot>() + self.names.len() + self.buckets.len() * 4;
        exact + self.tries.size() + self.globs.len() * size_of::<Glob>() + self.checks.len() * 256
    }
}

fn run(start: u32, len: u32) -> Range<usize> {
    start as usize..start as usize + len as usize
}

/// Every slot of a table of `len`, a power of two, beginning where a name of this hash belongs.
fn probes(hash: u64, len: usize) -> impl Iterator<Item = usize> {
    let mask = len.wrapping_sub(1);
    let start = hash as usize;
    (0..len).map(move |step| start.wrapping_add(step) & mask)
}
