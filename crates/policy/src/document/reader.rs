//! From JSON to a document: the top level, and the shapes that recur.
//!
//! Every member is looked at once by name, so an unknown one cannot pass unseen.

use std::collections::HashSet;

use super::{PolicyDocument, PolicyKind, Version, statement};
use crate::json::{Member, Node, Value};
use crate::parse_error::{ParseError, Position, quoted};

pub(super) fn document(node: &Node, kind: PolicyKind) -> Result<PolicyDocument, ParseError> {
    let Value::Object(members) = &node.value else {
        return Err(wrong_type(node, "a policy", "an object"));
    };
    let mut version = Version::V2008;
    let mut id = None;
    let mut statements = None;
    for member in members {
        match member.name.as_str() {
            "Version" => version = read_version(&member.value)?,
            "Id" => id = Some(text("Id", &member.value)?.into()),
            "Statement" => statements = Some(member),
            _ => return Err(unknown_element(member, "Version, Id, Statement")),
        }
    }
    let Some(member) = statements else {
        return Err(ParseError::new(node.span.start, "the policy has no `Statement`"));
    };
    // The version decides whether `${` is special, and may stand after the statements.
    let nodes = match &member.value.value {
        Value::Object(_) => std::slice::from_ref(&member.value),
        Value::Array(nodes) if !nodes.is_empty() => nodes.as_slice(),
        Value::Array(_) => {
            return Err(ParseError::new(
                member.value.span.start,
                "`Statement` must hold at least one statement",
            ));
        }
        _ => return Err(wrong_type(&member.value, "`Statement`", "an object or an array of objects")),
    };
    let mut sids = HashSet::new();
    let mut statements = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        statements.push(statement::read(index, node, kind, version, &mut sids)?);
    }
    Ok(PolicyDocument { kind, version, id, statements })
}

fn read_version(node: &Node) -> Result<Version, ParseError> {
    match text("Version", node)? {
        "2012-10-17" => Ok(Version::V2012),
        "2008-10-17" => Ok(Version::V2008),
        other => {
            let message = format!("`Version` must be `2012-10-17` or `2008-10-17`, not {}", quoted(other));
            Err(ParseError::new(node.span.start, message))
        }
    }
}

/// The text of an element that must be a string.
pub(super) fn text<'n>(element: &str, node: &'n Node) -> Result<&'n str, ParseError> {
    match &node.value {
        Value::Text(text) => Ok(text),
        _ => Err(wrong_type(node, &format!("`{element}`"), "a string")),
    }
}

/// The texts of an element that must be a string or an array of strings, at least one; and where they stand.
pub(super) fn texts<'n>(element: &str, node: &'n Node) -> Result<Vec<(&'n str, Position)>, ParseError> {
    match &node.value {
        Value::Text(text) => Ok(vec![(text, node.span.start)]),
        Value::Array(items) if items.is_empty() => {
            let message = format!("`{element}` must not be an empty array");
            let aws = match element {
                "Action" | "NotAction" => "Policy statement must contain actions.",
                "Resource" | "NotResource" => "Policy statement must contain resources.",
                _ => "Syntax errors in policy.",
            };
            Err(ParseError::new(node.span.start, message).aws(aws))
        }
        Value::Array(items) => {
            items.iter().map(|item| text(element, item).map(|text| (text, item.span.start))).collect()
        }
        _ => Err(wrong_type(node, &format!("`{element}`"), "a string or an array of strings")),
    }
}

pub(super) fn wrong_type(node: &Node, what: &str, wanted: &str) -> ParseError {
    ParseError::new(node.span.start, format!("{what} must be {wanted}, not {}", node.value.kind()))
}

pub(super) fn unknown_element(member: &Member, known: &str) -> ParseError {
    let message = format!("unknown element {}; known here: {known}", quoted(&member.name));
    ParseError::new(member.span.start, message)
}
