//! The statements of all policies, found by action and then by the literal beginning of the resource part.
//!
//! The resource part is the sixth of an ARN: the parts before it are much the same in all policies, so a trie on
//! the whole ARN would stop at its region. They are matched afterwards, on the few candidates the trie leaves.
//! Wherever statements stand together, those that deny come first: one search finds a deny if there is one, and looks at
//! allows no longer than until one is found that nothing can be better than.
//! INVARIANT: for any request, the statements found are those whose action and resource fit, no more and no less.

use std::cell::Cell;

use super::actions::{Actions, Bucket};
use super::trie::{Root, Tries};
use super::{Asked, Found, Says};
use crate::condition::Program;
use crate::document::Statement;
use crate::evaluate::principal::Grant;
use crate::evaluate::scan::resource_fits;
use crate::pattern::{Match, Pattern};
use crate::resource::ArnParts;

/// A statement of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Which policy, and which of its statements.
    pub(super) found: Found,
    pub(super) conditions: Option<Program>,
    /// Whether its effect is `Deny`; else it allows.
    pub(super) denies: bool,
    /// Whether it has a `Principal` or `NotPrincipal`.
    pub(super) names_principals: bool,
}

/// A statement that may fit, and what there is left to match. Holds the statement's own part, so that a decision looks
/// at one place and not two; aligned so that it never lies across two lines of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Candidate {
    pub(super) member: Member,
    pub(super) head: Head,
    pub(super) tail: Tail,
}

/// What the parts before the resource part must be: the number of a form, or [`Head::ANY`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Head(pub(super) u32);

impl Head {
    /// Anything, and no ARN at all.
    pub(super) const ANY: Self = Self(u32::MAX);
}

/// The parts of an ARN before the resource part.
#[derive(Debug)]
pub(super) enum HeadForm {
    /// Exactly these, joined by colons.
    Text(Box<str>),
    /// Partition, service, region and account.
    Parts([Pattern; 4]),
}

/// What else the resource part must match: the number of a pattern, or one of the two below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tail(pub(super) u32);

impl Tail {
    /// Nothing else: the trie has seen to it.
    pub(super) const DONE: Self = Self(u32::MAX);
    /// None of the statement's: it has `NotResource`.
    pub(super) const NOT: Self = Self(u32::MAX - 1);
}

/// Where the statements of some actions are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resources {
    pub(super) root: Root,
    /// Whether any of them denies.
    pub(super) deny: bool,
}

/// The statements.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) actions: Actions,
    pub(super) buckets: Vec<Resources>,
    pub(super) tries: Tries,
    /// In each run of the tries those that deny come first.
    pub(super) candidates: Vec<Candidate>,
    pub(super) heads: Vec<HeadForm>,
    pub(super) tails: Vec<Pattern>,
}

impl Statements {
    /// What the statements say whose action and resource fit. `statement` looks one up; `applies` says whether the rest
    /// of one fits, and how closely it names the principal.
    pub(super) fn ask<'s>(
        &self,
        asked: &Asked<'_>,
        statement: impl Fn(Found) -> Option<&'s Statement>,
        applies: impl Fn(&Member) -> Option<Grant>,
    ) -> Says {
        let resource = asked.arn.as_ref().map_or("", ArnParts::resource);
        let allowed: Cell<Option<(Grant, Found)>> = Cell::new(None);
        let is_settled = || allowed.get().is_some_and(|(grant, _)| grant == Grant::Principal);
        let wanted = |bucket: Bucket| {
            self.buckets.get(bucket as usize).is_some_and(|resources| resources.deny || !is_settled())
        };
        let denied = self.actions.find(asked.action, asked.hash, &asked.probe, wanted, |bucket| {
            let root = self.buckets.get(bucket as usize)?.root;
            self.tries.find(root, resource, |range| {
                for candidate in self.candidates.get(range)? {
                    let member = &candidate.member;
                    if !member.denies && is_settled() {
                        return None;
                    }
                    let fits = self.fits(candidate, resource, asked, &statement);
                    let Some(grant) = fits.then(|| applies(member)).flatten() else { continue };
                    if member.denies {
                        return Some(member.found);
                    }
                    if allowed.get().is_none_or(|(known, _)| known < grant) {
                        allowed.set(Some((grant, member.found)));
                    }
                }
                None
            })
        });
        match (denied, allowed.get()) {
            (Some(found), _) => Says::Denies(found),
            (None, Some((grant, found))) => Says::Allows(grant, found),
            (None, None) => Says::Nothing,
        }
    }

    /// Whether a statement fits whose action and resource begin rightly.
    fn fits<'s>(
        &self,
        candidate: &Candidate,
        resource: &str,
        asked: &Asked<'_>,
        statement: impl Fn(Found) -> Option<&'s Statement>,
    ) -> bool {
        let tail_fits = || match candidate.tail {
            Tail::DONE => true,
            Tail::NOT => statement(candidate.member.found)
                .is_some_and(|statement| resource_fits(statement, asked.arn.as_ref(), &asked.probe)),
            Tail(at) => {
                let pattern = self.tails.get(at as usize);
                pattern.is_some_and(|pattern| pattern.matches(resource, &asked.probe) == Match::Yes)
            }
        };
        self.head_fits(candidate.head, asked) && tail_fits()
    }

    /// Shows `visit` each statement whose action fits and whose resource does, or may: a variable in it decides, then
    /// the answer is false. A statement may be shown more than once. `statement` looks one up.
    pub(super) fn possible<'s>(
        &self,
        asked: &Asked<'_>,
        statement: impl Fn(Found) -> Option<&'s Statement>,
        mut visit: impl FnMut(Found, bool),
    ) {
        let resource = asked.arn.as_ref().map_or("", ArnParts::resource);
        // None: it does not fit.
        let surely = |found, tail| match tail {
            Tail::DONE => Some(true),
            Tail::NOT => {
                let statement = statement(found)?;
                let varies = statement.resources().iter().any(|pattern| pattern.variables().next().is_some());
                let fits = || resource_fits(statement, asked.arn.as_ref(), &asked.probe);
                (varies || fits()).then_some(!varies)
            }
            Tail(at) => {
                let pattern = self.tails.get(at as usize)?;
                let varies = pattern.has_variables();
                let fits = || pattern.matches(resource, &asked.probe) == Match::Yes;
                (if varies { pattern.may_match(resource) } else { fits() }).then_some(!varies)
            }
        };
        // Nothing is answered, so that the search goes on to the end.
        self.actions.find(
            asked.action,
            asked.hash,
            &asked.probe,
            |_| true,
            |bucket| {
                let root = self.buckets.get(bucket as usize)?.root;
                self.tries.find(root, resource, |range| -> Option<()> {
                    for candidate in self.candidates.get(range)? {
                        let member = &candidate.member;
                        if self.head_fits(candidate.head, asked)
                            && let Some(sure) = surely(member.found, candidate.tail)
                        {
                            visit(member.found, sure);
                        }
                    }
                    None
                })
            },
        );
    }

    fn head_fits(&self, head: Head, asked: &Asked<'_>) -> bool {
        if head == Head::ANY {
            return true;
        }
        match (self.heads.get(head.0 as usize), &asked.arn) {
            (Some(HeadForm::Text(text)), Some(_)) => **text == *asked.head,
            (Some(HeadForm::Parts(patterns)), Some(arn)) => {
                let mut pairs = patterns.iter().zip(arn.head());
                pairs.all(|(pattern, part)| pattern.matches(part, &asked.probe) == Match::Yes)
            }
            _ => false,
        }
    }

    /// About how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        let buckets = self.buckets.len() * size_of::<Resources>();
        let patterns = (self.heads.len() * 4 + self.tails.len()) * 64;
        let candidates = self.candidates.len() * size_of::<Candidate>();
        buckets + patterns + candidates + self.actions.size() + self.tries.size()
    }
}
