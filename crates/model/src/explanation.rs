//! How a decision is explained: to the caller it refuses, and to the audit trail, from which it is read again.
//!
//! INVARIANT: a caller is told of policies only when [`Ground::disclosed`] says so; else the sentence and the decision's
//! id are all there is. INVARIANT: what a resource is, its tags and its boundary, is told to no caller, since the caller
//! may not have the right to look at it. Every text and list here is bounded, whatever the policies hold.

use std::borrow::Cow;
use std::fmt::Write as _;

use garita_policy::evaluate::explain::{Failing, Near};
use garita_policy::{Context, Decision, MatchedStatement, Outcome, PolicyType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::AccountId;

/// Most statements of one decision that are written down.
const MAX_STATEMENTS: usize = 10;
/// Most missing keys, and most keys of a request, that are written down.
const MAX_KEYS: usize = 40;
/// Most values of one key.
const MAX_VALUES: usize = 10;
/// Most characters of a name: of a policy, of a key.
const MAX_NAME: usize = 256;
/// Most characters of one nearest statement's text.
const MAX_TEXT: usize = 600;

/// What stands behind a refusal by policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The decision.
    pub decision: Decision,
    /// The statements nearest to allowing the request.
    pub nearest: Vec<Near>,
    /// Whether the caller may be told of the policies: they are all of the caller's own account.
    pub disclosed: bool,
}

impl Ground {
    /// What follows the sentence in a reply: the statement that denies or comes nearest, and the decision's id.
    ///
    /// ```text
    /// . Nearest: statement 0 (Read) of arn:…:policy/p, line 1 column 41: `Action` is only `execute-api:Get*`. Decision id: 6f0c…
    /// ```
    pub fn told(&self, id: &str) -> String {
        let mut text = String::from(".");
        if self.disclosed {
            text.push_str(&self.because());
        }
        let _ = write!(text, " Decision id: {id}");
        text
    }

    fn because(&self) -> String {
        let mut text = String::new();
        let named = |m: &MatchedStatement| cut(&format!("{m}, {}", m.start), MAX_NAME).into_owned();
        if self.decision.outcome() == Outcome::ExplicitDeny {
            if let Some(first) = self.decision.matched().first() {
                let _ = write!(text, " Denied by {}{}.", named(first), more(self.decision.matched().len()));
            }
            return text;
        }
        match self.nearest.first() {
            Some(near) => {
                let _ = write!(text, " Nearest: {}{}.", near_text(near, true), more(self.nearest.len()));
            }
            None => {
                let _ = write!(text, " No statement of {} comes near it.", owner(self.decision.decided_by()));
            }
        }
        if let Some(first) = self.decision.matched().first() {
            let _ = write!(text, " By itself {} would allow it.", named(first));
        }
        let missing = told_keys(&self.decision);
        if !missing.is_empty() {
            let quoted: Vec<String> = missing.iter().map(|key| format!("`{key}`")).collect();
            let _ =
                write!(text, " The request lacks the condition keys {}.", cut(&quoted.join(", "), MAX_TEXT));
        }
        text
    }

    /// The same as a structure: the id alone, or the decision with its statements.
    pub fn told_json(&self, id: &str) -> Value {
        if !self.disclosed {
            return json!({ "id": id });
        }
        json!({
            "id": id,
            "decision": self.decision.outcome().to_string(),
            "policyType": policy_type(self.decision.decided_by()),
            "statements": statements(&self.decision),
            "nearest": self.nearest.iter().map(|near| near_text(near, true)).collect::<Vec<_>>(),
            "missingContextKeys": told_keys(&self.decision),
        })
    }
}

/// The statements of a decision, as the trail and the gateway write them.
fn statements(decision: &Decision) -> Vec<StatementRecord<'_>> {
    decision.matched().iter().take(MAX_STATEMENTS).map(statement).collect()
}

fn statement(matched: &MatchedStatement) -> StatementRecord<'_> {
    StatementRecord {
        policy: cut(&matched.policy_id, MAX_NAME),
        sid: matched.sid.as_deref().map(|sid| cut(sid, MAX_NAME)),
        line: matched.start.line,
        column: matched.start.column,
        policy_type: policy_type(matched.policy_type).into(),
    }
}

/// The kind of a policy, as the trail and the gateway write it.
fn policy_type(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::RootUser => "root user",
        other => other.name(),
    }
}

/// Missing keys for the trail.
fn missing_keys(decision: &Decision) -> Vec<String> {
    decision.missing_context_keys().iter().take(MAX_KEYS).map(|key| cut(key, MAX_NAME).into_owned()).collect()
}

/// The condition keys of a request for the trail, each with its values.
fn context(keys: &Context) -> Map<String, Value> {
    let values = |values: &garita_policy::Values| {
        values.iter().take(MAX_VALUES).map(|value| Value::from(cut(value, MAX_NAME))).collect::<Value>()
    };
    keys.iter().take(MAX_KEYS).map(|(key, all)| (cut(key, MAX_NAME).into_owned(), values(all))).collect()
}

/// Whether a key says something about the resource, not about the request.
pub fn tells_of_resource(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains(":resourcetag/") || key == "iam:permissionsboundary"
}

fn told_keys(decision: &Decision) -> Vec<String> {
    missing_keys(decision).into_iter().filter(|key| !tells_of_resource(key)).collect()
}

/// A nearest statement in one line; for a caller, without what its resource has.
fn near_text(near: &Near, for_caller: bool) -> String {
    let mut text = format!("{}, {}: ", near.statement, near.statement.start);
    for (index, failing) in near.failing.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "; " });
        match failing {
            Failing::Condition { operator, key, .. } if for_caller && tells_of_resource(key) => {
                let _ = write!(text, "condition `{operator}` on `{key}` is not met");
            }
            other => {
                let _ = write!(text, "{other}");
            }
        }
    }
    cut(&text, MAX_TEXT).into_owned()
}

fn owner(decided_by: PolicyType) -> String {
    let article = if matches!(decided_by, PolicyType::Identity | PolicyType::RootUser) { "an" } else { "a" };
    format!("{article} {}", decided_by.name())
}

fn more(count: usize) -> String {
    if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() }
}

fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    // A character takes a byte at least.
    let cut = if text.len() > limit { text.char_indices().nth(limit) } else { None };
    match cut {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()).into(),
        None => text.into(),
    }
}

/// A decision as the trail holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord<'a> {
    /// The action asked for.
    pub action: Cow<'a, str>,
    /// The resource it was asked on.
    #[serde(default)]
    pub resource: Cow<'a, str>,
    /// The account that owns the resource, when it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_account: Option<String>,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub decision: Cow<'a, str>,
    /// The kind of policy that settled it.
    #[serde(default)]
    pub policy_type: Cow<'a, str>,
    /// The statements that applied.
    #[serde(default)]
    pub statements: Vec<StatementRecord<'a>>,
    /// Why, in AWS's words, when it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The statements nearest to allowing it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<String>,
    /// The condition keys that statements asked for in vain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_context_keys: Vec<String>,
    /// The condition keys of a refused request.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
}

/// A statement as the trail holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRecord<'a> {
    /// The policy's ARN or inline name.
    pub policy: Cow<'a, str>,
    /// The statement's `Sid`.
    pub sid: Option<Cow<'a, str>>,
    /// Line of its `{`, from 1.
    pub line: u32,
    /// Column of its `{`, from 1.
    pub column: u32,
    /// The kind of policy.
    #[serde(default, rename = "type")]
    pub policy_type: Cow<'a, str>,
}

impl<'a> DecisionRecord<'a> {
    /// What the trail is to hold of a decision on an action and a resource.
    pub fn of(action: &'a str, resource: &'a str, decision: &'a Decision) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            resource_account: None,
            decision: decision.outcome().as_str().into(),
            policy_type: policy_type(decision.decided_by()).into(),
            statements: statements(decision),
            reason: None,
            nearest: Vec::new(),
            missing_context_keys: Vec::new(),
            context: Map::new(),
        }
    }

    /// The same of a refused one, with what explains it: whose the resource is, the statements nearest to allowing it and
    /// the condition keys it was judged by.
    #[must_use]
    pub fn refused(
        self,
        decision: &Decision,
        account: Option<AccountId>,
        nearest: &[Near],
        keys: &Context,
    ) -> Self {
        Self {
            resource_account: account.map(|account| account.to_string()),
            reason: Some(decision.reason()),
            nearest: nearest.iter().map(|near| near_text(near, false)).collect(),
            missing_context_keys: missing_keys(decision),
            context: context(keys),
            ..self
        }
    }
}

impl DecisionRecord<'_> {
    /// Whether it was allowed.
    pub fn is_allowed(&self) -> bool {
        self.decision == Outcome::Allowed.as_str()
    }

    /// Whether a statement denied it.
    pub fn is_explicit_deny(&self) -> bool {
        self.decision == Outcome::ExplicitDeny.as_str()
    }

    /// The decisions of a record, in the order they were made; those that cannot be read are left out.
    pub fn all_of(record: &crate::AuditRecord) -> Vec<Self> {
        let held = record.additional_event_data.get("decisions").and_then(Value::as_array);
        held.into_iter().flatten().filter_map(|one| Self::deserialize(one).ok()).collect()
    }
}
