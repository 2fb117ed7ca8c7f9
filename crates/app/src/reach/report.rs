//! The answers as data: what `--json` prints, and what the control socket carries.
//!
//! Stable for scripts: members may be added, and none changes its meaning.

use garita_policy::Principal;
use garita_policy::decision::MatchedStatement;
use garita_policy::reach::{Alternative, Answer, Need, Never, Requirement};
use serde::{Deserialize, Serialize};

/// What `who-can` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhoCan {
    /// The action asked about.
    pub action: String,
    /// The resource asked about.
    pub resource: String,
    /// The revision of the state that was asked.
    pub revision: u64,
    /// How many root users, users and roles there are.
    pub asked: usize,
    /// Those who may, always or under conditions.
    pub principals: Vec<PrincipalLine>,
}

/// One who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalLine {
    /// Its ARN; for services and web identities, the name that the trust policy has.
    pub principal: String,
    /// What it is.
    pub kind: Kind,
    /// What lets it without any policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When.
    #[serde(flatten)]
    pub conditions: Conditions,
}

/// What somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A root user.
    Root,
    /// A user.
    User,
    /// A role: its sessions.
    Role,
    /// A service.
    Service,
    /// Whoever an identity provider vouches for.
    Federated,
}

/// Whether something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Never.
    Never,
    /// Always.
    Always,
    /// Under conditions.
    When,
}

/// When something may be done: at least one alternative of each requirement holds, and none of `unless`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conditions {
    /// In a word.
    pub answer: Verdict,
    /// Why never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The statements that allow without conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted_by: Vec<StatementLine>,
    /// What must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<RequirementLine>,
    /// What must not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unless: Vec<AlternativeLine>,
}

/// One of the alternatives must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementLine {
    /// The kind of policy that must allow.
    pub policy_type: String,
    /// The alternatives.
    pub any: Vec<AlternativeLine>,
}

/// A statement that applies when all its needs are met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlternativeLine {
    /// What it needs.
    pub needs: Vec<NeedLine>,
    /// The statement.
    pub statement: StatementLine,
}

/// Something that a request may bring or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NeedLine {
    /// As one text.
    pub text: String,
    /// The condition operator; none when it is about the resource or the session's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The condition key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
    /// The policy's ARN or inline name.
    pub policy: String,
    /// How it is attached.
    pub source: String,
    /// The statement's place in its document, from 0.
    pub index: usize,
    /// Its `Sid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The line of its `{`.
    pub line: u32,
    /// The column of its `{`.
    pub column: u32,
}

/// What `what-can` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WhatCan {
    /// The principal asked about.
    pub principal: String,
    /// The revision of the state that was asked.
    pub revision: u64,
    /// The statements that allow, as far as they can take effect.
    pub allows: Vec<GrantLine>,
    /// The statements that deny, as far as they can take effect.
    pub denies: Vec<GrantLine>,
    /// The permissions boundary: what it allows and denies; none when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Vec<GrantLine>>,
    /// Every action that Garita knows.
    pub actions: Vec<ActionLine>,
    /// The roles it may assume, always or under conditions.
    pub roles: Vec<ActionLine>,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrantLine {
    /// `Allow` or `Deny`.
    pub effect: String,
    /// The patterns of `Action`, or of `NotAction`.
    pub actions: Vec<String>,
    /// Whether they are those of `NotAction`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_action: bool,
    /// The patterns of `Resource`, or of `NotResource`.
    pub resources: Vec<String>,
    /// Whether they are those of `NotResource`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_resource: bool,
    /// The conditions that remain.
    pub when: Vec<NeedLine>,
    /// Where it stands.
    pub statement: StatementLine,
}

/// Whether an action may be done on a kind of resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLine {
    /// The action.
    pub action: String,
    /// The resources: all that the pattern stands for.
    pub resource: String,
    /// What lets it without any policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When.
    #[serde(flatten)]
    pub conditions: Conditions,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Kind {
    /// What a principal is.
    pub fn of(principal: &Principal) -> Self {
        match principal {
            Principal::Root { .. } => Self::Root,
            Principal::User { .. } => Self::User,
            Principal::RoleSession { .. } => Self::Role,
            Principal::Service { .. } => Self::Service,
            Principal::FederatedUser { .. } | Principal::WebIdentity { .. } | Principal::Anonymous => {
                Self::Federated
            }
        }
    }
}

impl Conditions {
    /// Without any.
    pub fn always() -> Self {
        let (granted_by, all, unless) = (Vec::new(), Vec::new(), Vec::new());
        Self { answer: Verdict::Always, because: None, granted_by, all, unless }
    }

    /// Never.
    pub fn never(because: impl Into<String>) -> Self {
        Self { answer: Verdict::Never, because: Some(because.into()), ..Self::always() }
    }

    /// Those of an answer.
    pub fn of(answer: &Answer<'_>) -> Self {
        let places = |all: &[Alternative<'_>]| {
            all.iter().map(|one| StatementLine::of(&one.matched())).collect::<Vec<_>>()
        };
        match answer {
            Answer::Never(Never::Denied(deny)) => Self::never(format!("denied by {}", deny.matched())),
            Answer::Never(Never::NotAllowed(policy_type)) => {
                Self::never(format!("no {policy_type} allows it"))
            }
            Answer::Always(granted) => Self { granted_by: places(granted), ..Self::always() },
            Answer::When(formula) => Self {
                answer: Verdict::When,
                because: None,
                granted_by: places(&formula.granted),
                all: formula.all.iter().map(RequirementLine::of).collect(),
                unless: formula.unless.iter().map(AlternativeLine::of).collect(),
            },
        }
    }
}

impl RequirementLine {
    fn of(requirement: &Requirement<'_>) -> Self {
        Self {
            policy_type: requirement.policy_type.to_string(),
            any: requirement.any.iter().map(AlternativeLine::of).collect(),
        }
    }
}

impl AlternativeLine {
    fn of(alternative: &Alternative<'_>) -> Self {
        Self {
            needs: alternative.needs.iter().map(NeedLine::of).collect(),
            statement: StatementLine::of(&alternative.matched()),
        }
    }
}

impl NeedLine {
    /// One need.
    pub fn of(need: &Need<'_>) -> Self {
        let text = need.to_string();
        match need {
            Need::Condition(condition) => Self {
                text,
                operator: Some(condition.operator().to_string()),
                key: Some(condition.key().to_owned()),
                values: condition.values().map(str::to_owned).collect(),
            },
            Need::Resource(_) | Need::Session { .. } => {
                Self { text, operator: None, key: None, values: Vec::new() }
            }
        }
    }
}

impl StatementLine {
    /// Where a statement stands.
    pub fn of(matched: &MatchedStatement) -> Self {
        Self {
            policy: matched.policy_id.to_string(),
            source: matched.source.to_string(),
            index: matched.index,
            sid: matched.sid.as_deref().map(str::to_owned),
            line: matched.start.line,
            column: matched.start.column,
        }
    }
}

impl GrantLine {
    /// A statement with what remains of its conditions.
    pub fn of(alternative: &Alternative<'_>) -> Self {
        let statement = alternative.statement;
        Self {
            effect: statement.effect().to_string(),
            actions: statement.actions().iter().map(|action| action.as_str().to_owned()).collect(),
            not_action: statement.is_not_action(),
            resources: statement.resources().iter().map(|resource| resource.as_str().to_owned()).collect(),
            not_resource: statement.is_not_resource(),
            when: alternative.needs.iter().map(NeedLine::of).collect(),
            statement: StatementLine::of(&alternative.matched()),
        }
    }
}
