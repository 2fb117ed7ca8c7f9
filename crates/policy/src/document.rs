//! A policy document: its text, parsed whole or refused.
//!
//! `Version` (absent means 2008-10-17), `Id`, and one or more statements. What a statement may hold depends on
//! the [`PolicyKind`]: see `rules.rs`. Nothing unknown, repeated or of the wrong type passes.
//! INVARIANT: a `PolicyDocument` exists only for a text that follows the grammar of its kind, and every statement
//! knows where in the text it stands.
//! IAM User Guide, "Grammar of the IAM JSON policy language".

mod action;
mod principal;
mod reader;
mod rules;
mod statement;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::condition::Condition;
use crate::json;
use crate::parse_error::{ParseError, Position, Span};
use crate::pattern::Variable;
use crate::resource::ResourcePattern;
pub use action::ActionPattern;
pub use principal::PrincipalPattern;
pub use rules::PolicyKind;

/// A parsed policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyDocument {
    kind: PolicyKind,
    version: Version,
    id: Option<Box<str>>,
    statements: Vec<Statement>,
}

/// The version of the policy language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// `2008-10-17`: without policy variables.
    V2008,
    /// `2012-10-17`
    V2012,
}

/// What a statement does when it applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// One statement of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    index: usize,
    span: Span,
    sid: Option<Box<str>>,
    effect: Effect,
    principals: Option<Clause<(PrincipalPattern, Position)>>,
    actions: Clause<ActionPattern>,
    resources: Option<Clause<ResourcePattern>>,
    conditions: Vec<Condition>,
}

/// A list of patterns, or all that is not in it (`NotAction`, `NotResource`, `NotPrincipal`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Clause<T> {
    pub(crate) negated: bool,
    pub(crate) patterns: Vec<T>,
}

impl PolicyDocument {
    /// Parses `text` as a policy of `kind`.
    ///
    /// # Errors
    /// When `text` is not JSON or does not follow the grammar of its kind; the error says what and where.
    ///
    /// ```
    /// use garita_policy::{PolicyDocument, PolicyKind};
    ///
    /// let text = "{\"Statement\": {\"Effect\": \"allow\", \"Action\": \"*\", \"Resource\": \"*\"}}";
    /// let error = PolicyDocument::parse(text, PolicyKind::Identity).unwrap_err();
    /// assert_eq!(error.to_string(), "`Effect` must be `Allow` or `Deny`, not `allow` at line 1 column 26");
    /// ```
    pub fn parse(text: &str, kind: PolicyKind) -> Result<Self, ParseError> {
        let node = json::parse(text).map_err(|error| match kind {
            PolicyKind::Trust => error.aws("This policy contains invalid Json"),
            _ => error,
        })?;
        reader::document(&node, kind)
    }

    /// Reads a policy that is part of a larger JSON text: positions are those of the larger one.
    ///
    /// # Errors
    /// When `node` does not follow the grammar of its kind.
    pub fn from_node(node: &json::Node, kind: PolicyKind) -> Result<Self, ParseError> {
        reader::document(node, kind)
    }

    /// What the policy is for.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The version of the language it is written in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Its `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements, in order; at least one.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Every principal it names, in `Principal` or `NotPrincipal`, and where.
    pub fn principals(&self) -> impl Iterator<Item = (&PrincipalPattern, Position)> {
        self.statements.iter().flat_map(Statement::principals)
    }

    /// The condition keys it asks for, in conditions or as variables, as first written, in order of appearance.
    pub fn context_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for key in self.statements.iter().flat_map(Statement::context_keys) {
            if !keys.iter().any(|known| known.eq_ignore_ascii_case(key)) {
                keys.push(key);
            }
        }
        keys
    }
}

impl Statement {
    /// Its place in the document, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// From its `{` to just after its `}`.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Its `Sid`, when it is not empty.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Whether it allows or denies.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The principals it names, in `Principal` or `NotPrincipal`, and where.
    pub fn principals(&self) -> impl Iterator<Item = (&PrincipalPattern, Position)> {
        let patterns = self.principals.as_ref().map_or(&[][..], |clause| clause.patterns.as_slice());
        patterns.iter().map(|(pattern, position)| (pattern, *position))
    }

    /// The patterns of `Action` or `NotAction`.
    pub fn actions(&self) -> &[ActionPattern] {
        &self.actions.patterns
    }

    /// Whether the actions are those of `NotAction`.
    pub fn is_not_action(&self) -> bool {
        self.actions.negated
    }

    /// The patterns of `Resource` or `NotResource`; none when the statement has neither.
    pub fn resources(&self) -> &[ResourcePattern] {
        self.resources.as_ref().map_or(&[], |clause| clause.patterns.as_slice())
    }

    /// Whether the resources are those of `NotResource`.
    pub fn is_not_resource(&self) -> bool {
        self.resources.as_ref().is_some_and(|clause| clause.negated)
    }

    /// The lines of its `Condition`, all of which must be met.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    pub(crate) fn principal_clause(&self) -> Option<&Clause<(PrincipalPattern, Position)>> {
        self.principals.as_ref()
    }

    pub(crate) fn resource_clause(&self) -> Option<&Clause<ResourcePattern>> {
        self.resources.as_ref()
    }

    fn context_keys(&self) -> impl Iterator<Item = &str> {
        let resources = self.resources().iter().flat_map(ResourcePattern::variables).map(Variable::key);
        let conditions = self.conditions.iter().flat_map(|condition| {
            std::iter::once(condition.key()).chain(condition.variables().into_iter().map(Variable::key))
        });
        resources.chain(conditions)
    }
}

/// The size of a policy as quotas count it: white space is free.
pub fn counted_size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}
