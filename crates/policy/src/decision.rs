//! What was decided, by which policies, and why.
//!
//! A decision is the same object in the log, the audit record, the simulator's answer and the error text: it
//! keeps the statements that settled it, the verdict of every kind of policy, and the condition keys that
//! statements asked for in vain.
//! IAM User Guide, "Troubleshoot access denied error messages" (the wording), "Policy evaluation logic".

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::document::Statement;
use crate::evaluate::{NamedPolicy, PolicySource};
use crate::parse_error::Position;

/// The answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Some policy allows it, and none that must agree holds it back.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing denies it, but something that must allow it does not.
    ImplicitDeny,
}

impl Outcome {
    /// `allowed`, `explicitDeny` or `implicitDeny`, as the simulator prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of policy that have a say in a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum PolicyType {
    /// Resource control policies of the resource's organization.
    ResourceControl,
    /// Service control policies of the principal's organization.
    ServiceControl,
    /// The endpoint's policy.
    Endpoint,
    /// The policy of the resource.
    Resource,
    /// The trust policy of the role to assume.
    Trust,
    /// Policies of the user and its groups, or of the role.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The policies given with the session.
    Session,
    /// No policy: the root user is allowed by default.
    RootUser,
}

impl PolicyType {
    /// Its name in messages, such as `identity-based policy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResourceControl => "resource control policy",
            Self::ServiceControl => "service control policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "role trust policy",
            Self::Identity | Self::RootUser => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }

    /// The name with its article, as AWS writes it after `with an explicit deny in`.
    fn with_article(self) -> String {
        let article = match self {
            Self::Identity | Self::RootUser => "an",
            Self::Trust => "the",
            _ => "a",
        };
        format!("{article} {}", self.name())
    }
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A statement that applied to the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatchedStatement {
    /// The policy's ARN, or its inline name.
    pub policy_id: Arc<str>,
    /// Where the policy is attached.
    pub source: PolicySource,
    /// As what it had its say.
    pub policy_type: PolicyType,
    /// The statement's `Sid`.
    pub sid: Option<Box<str>>,
    /// The statement's place in its document, from 0.
    pub index: usize,
    /// The statement's `{`. AWS's simulator reports the column just after it.
    pub start: Position,
    /// Just after the statement's `}`, as AWS's simulator reports it.
    pub end: Position,
}

impl MatchedStatement {
    pub(crate) fn new(policy: &NamedPolicy, policy_type: PolicyType, statement: &Statement) -> Self {
        let span = statement.span();
        Self {
            policy_id: policy.shared_id(),
            source: policy.source(),
            policy_type,
            sid: statement.sid().map(Into::into),
            index: statement.index(),
            start: span.start,
            end: span.end,
        }
    }
}

impl fmt::Display for MatchedStatement {
    /// `statement 0 (ReadOnly) of arn:...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement {}", self.index)?;
        if let Some(sid) = &self.sid {
            write!(f, " ({sid})")?;
        }
        write!(f, " of {}", self.policy_id)
    }
}

/// What was decided and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    pub(crate) outcome: Outcome,
    pub(crate) decided_by: PolicyType,
    pub(crate) action: Box<str>,
    pub(crate) matched: Vec<MatchedStatement>,
    pub(crate) verdicts: Vec<(PolicyType, Outcome)>,
    pub(crate) missing: Vec<String>,
}

impl Decision {
    /// The answer.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether the answer is yes.
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The kind of policy that settled it: the one that denies, that fails to allow, or that grants.
    pub fn decided_by(&self) -> PolicyType {
        self.decided_by
    }

    /// The statements that applied: every denying one if any denies, else every allowing one, of whichever policy.
    /// After an implicit deny these are what others would have allowed.
    pub fn matched(&self) -> &[MatchedStatement] {
        &self.matched
    }

    /// What one kind of policy says by itself; `None` when the request involved no such policy.
    pub fn verdict(&self, policy_type: PolicyType) -> Option<Outcome> {
        self.verdicts.iter().find(|(known, _)| *known == policy_type).map(|(_, outcome)| *outcome)
    }

    /// The condition keys and variables that statements for this action and resource asked for and the context
    /// lacked, as first written, in the order of their names.
    pub fn missing_context_keys(&self) -> &[String] {
        &self.missing
    }

    /// Why, in AWS's words: `because no identity-based policy allows the s3:GetObject action`.
    pub fn reason(&self) -> String {
        let Self { action, decided_by, .. } = self;
        match self.outcome {
            Outcome::Allowed if *decided_by == PolicyType::RootUser => {
                "because the root user is allowed by default".to_owned()
            }
            Outcome::Allowed => format!("because {} allows the {action} action", decided_by.with_article()),
            Outcome::ExplicitDeny => format!("with an explicit deny in {}", decided_by.with_article()),
            Outcome::ImplicitDeny => format!("because no {} allows the {action} action", decided_by.name()),
        }
    }
}

/// The message of an `AccessDenied` error.
///
/// ```text
/// User: arn:aws:iam::111122223333:user/ana is not authorized to perform: s3:GetObject on resource:
/// arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action
/// ```
pub fn denial_message(principal: &str, action: &str, resource: &str, decision: &Decision) -> String {
    let reason = decision.reason();
    format!("User: {principal} is not authorized to perform: {action} on resource: {resource} {reason}")
}
