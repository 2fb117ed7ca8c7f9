//! What a statement still needs in order to apply, once what is known has been looked at.
//!
//! Nothing more, something, or what cannot be. INVARIANT: a need is decided by what is not known: the same statement
//! with all its needs met applies, and with one of them unmet does not.

use std::fmt;

use crate::condition::Condition;
use crate::context::{Principal, Probe};
use crate::decision::PolicyType;
use crate::document::{PrincipalPattern, Statement};
use crate::evaluate::principal::{Grant, grant};
use crate::evaluate::scan::resource_fits;
use crate::parse_error::quoted;
use crate::pattern::Extent;
use crate::resource::{ArnParts, ResourcePattern};

use super::aim::{Aim, Target};
use super::known::Known;

/// Something that is not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Need<'a> {
    /// The condition must be met.
    Condition(&'a Condition),
    /// The resource must be one that the statement speaks of.
    Resource(&'a Statement),
    /// The session must be one of these, by ARN, or none of them.
    Session {
        /// The ARNs.
        arns: Vec<&'a str>,
        /// None of them.
        negated: bool,
    },
}

/// Whether a statement's resource was found to fit already.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Fit {
    /// It does.
    Sure,
    /// That is to be looked at.
    Open,
}

/// Who asks for what, as far as it is known.
pub(super) struct Asker<'a> {
    pub(super) aim: &'a Aim<'a>,
    pub(super) principal: &'a Principal,
    pub(super) bounded: bool,
    pub(super) known: &'a Known,
}

impl Need<'_> {
    /// Whether it is met by a request: its keys, its principal and its resource.
    pub fn is_met(&self, probe: &Probe<'_>, principal: &Principal, resource: &str) -> bool {
        match self {
            Self::Condition(condition) => condition.is_met(probe),
            Self::Resource(statement) => resource_fits(statement, ArnParts::split(resource).as_ref(), probe),
            Self::Session { arns, negated } => {
                let is_one = match principal {
                    Principal::RoleSession { session_arn, .. } => arns.contains(&session_arn.as_str()),
                    _ => false,
                };
                is_one != *negated
            }
        }
    }
}

/// What remains of a statement's conditions; none when one of them cannot be met.
pub(super) fn remaining<'s>(statement: &'s Statement, known: &Known) -> Option<Vec<Need<'s>>> {
    let mut needs = Vec::new();
    for condition in statement.conditions() {
        if !condition.asks_only(|key| known.knows(key)) {
            needs.push(Need::Condition(condition));
        } else if !condition.is_met(&Probe::quiet(known.context())) {
            return None;
        }
    }
    Some(needs)
}

impl fmt::Display for Need<'_> {
    /// `IpAddress aws:SourceIp 10.0.0.0/8`: operator, key and values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, texts: &mut dyn Iterator<Item = &str>| {
            for (index, text) in texts.enumerate() {
                write!(f, "{}{}", if index == 0 { "" } else { " | " }, quoted(text))?;
            }
            Ok(())
        };
        match self {
            Self::Condition(condition) => {
                write!(f, "{} {} ", condition.operator(), condition.key())?;
                list(f, &mut condition.values())
            }
            Self::Resource(statement) => {
                f.write_str(if statement.is_not_resource() { "NotResource " } else { "Resource " })?;
                list(f, &mut statement.resources().iter().map(ResourcePattern::as_str))
            }
            Self::Session { arns, negated } => {
                f.write_str(if *negated { "the session is not " } else { "the session is " })?;
                list(f, &mut arns.iter().copied())
            }
        }
    }
}

impl Asker<'_> {
    /// What `statement` needs beside its principal; none when it cannot apply.
    pub(super) fn needs<'s>(&self, statement: &'s Statement, fit: Fit) -> Option<Vec<Need<'s>>> {
        let mut needs = Vec::new();
        if fit == Fit::Open {
            match self.resource(statement) {
                Extent::None => return None,
                Extent::Some => needs.push(Need::Resource(statement)),
                Extent::All => {}
            }
        }
        needs.extend(remaining(statement, self.known)?);
        Some(needs)
    }

    /// How many of the resources asked about a statement speaks of.
    fn resource(&self, statement: &Statement) -> Extent {
        let Some(clause) = statement.resource_clause() else { return Extent::All };
        let probe = Probe::quiet(self.known.context());
        let is_known = |pattern: &ResourcePattern| {
            pattern.variables().all(|variable| self.known.knows(variable.key_name()))
        };
        if clause.negated {
            return match self.aim.target {
                Target::One(resource) if clause.patterns.iter().all(is_known) => {
                    let fits = resource_fits(statement, ArnParts::split(resource).as_ref(), &probe);
                    if fits { Extent::All } else { Extent::None }
                }
                Target::One(_) => Extent::Some,
                Target::All(_) => self.all_but(&clause.patterns, &probe),
            };
        }
        let mut found = Extent::None;
        for pattern in &clause.patterns {
            let extent = match is_known(pattern) {
                true => self.aim.target.extent(pattern, &probe),
                false if self.aim.target.can_fit(pattern, &probe) => Extent::Some,
                false => Extent::None,
            };
            match extent {
                Extent::All => return Extent::All,
                Extent::Some => found = Extent::Some,
                Extent::None => {}
            }
        }
        found
    }

    /// `NotResource` over many resources. Variables make it `Some`: what they do to a deny and an allow differs.
    fn all_but(&self, patterns: &[ResourcePattern], probe: &Probe<'_>) -> Extent {
        if patterns.iter().any(|pattern| pattern.variables().next().is_some()) {
            return Extent::Some;
        }
        let mut rest = Extent::All;
        for pattern in patterns {
            match self.aim.target.extent(pattern, probe) {
                Extent::All => return Extent::None,
                Extent::Some => rest = Extent::Some,
                Extent::None => {}
            }
        }
        rest
    }

    /// How closely `statement` names the principal, and what of a session's name that depends on.
    pub(super) fn grants<'s>(
        &self,
        statement: &'s Statement,
        policy_type: PolicyType,
    ) -> Vec<(Grant, Option<Need<'s>>)> {
        let base = grant(statement, policy_type, self.principal, self.bounded);
        let named = self.named_sessions(statement);
        if named.is_empty() {
            return base.map(|grant| (grant, None)).into_iter().collect();
        }
        let mut found = Vec::new();
        let mut barred = Vec::new();
        for name in named {
            match self.session(name).and_then(|it| grant(statement, policy_type, &it, self.bounded)) {
                None => barred.push(name),
                closer if closer > base => {
                    let need = Need::Session { arns: vec![name], negated: false };
                    found.extend(closer.map(|grant| (grant, Some(need))));
                }
                Some(_) => {}
            }
        }
        let unless = (!barred.is_empty()).then_some(Need::Session { arns: barred, negated: true });
        found.extend(base.map(|grant| (grant, unless)));
        found
    }

    /// The sessions of this role that a statement names.
    fn named_sessions<'s>(&self, statement: &'s Statement) -> Vec<&'s str> {
        let Some(beginning) = self.principal.sessions_begin_with() else { return Vec::new() };
        let mut named: Vec<&str> = Vec::new();
        for (pattern, _) in statement.principals() {
            if let PrincipalPattern::Aws(name) = pattern
                && name.starts_with(beginning)
                && !named.contains(&name.as_str())
            {
                named.push(name);
            }
        }
        named
    }

    /// The session of this role that has this ARN.
    fn session(&self, arn: &str) -> Option<Principal> {
        let Principal::RoleSession { role_arn, role_id, account, .. } = self.principal else { return None };
        Some(Principal::RoleSession {
            role_arn: role_arn.clone(),
            role_id: role_id.clone(),
            session_name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            session_arn: arn.parse().ok()?,
            account: *account,
        })
    }
}
