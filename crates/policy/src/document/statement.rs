//! From JSON to one statement, under the rules of its kind.
//!
//! Elements come in any order; pairs such as `Action` and `NotAction` exclude each other.

use std::collections::HashSet;

use super::action::ActionPattern;
use super::reader::{text, texts, unknown_element, wrong_type};
use super::rules::Element;
use super::{Clause, Effect, PolicyKind, PrincipalPattern, Statement, Version, principal};
use crate::condition::{Condition, Operator};
use crate::json::{Member, Node, Value};
use crate::parse_error::{ParseError, Position, quoted};
use crate::resource::ResourcePattern;

const KNOWN: &str =
    "Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition";

/// The members of a statement, by element.
#[derive(Default)]
struct Elements<'n> {
    sid: Option<&'n Node>,
    effect: Option<&'n Node>,
    principal: Option<&'n Member>,
    action: Option<&'n Member>,
    resource: Option<&'n Member>,
    condition: Option<&'n Node>,
}

impl<'n> Elements<'n> {
    fn sort(members: &'n [Member]) -> Result<Self, ParseError> {
        let mut elements = Self::default();
        for member in members {
            match member.name.as_str() {
                "Sid" => elements.sid = Some(&member.value),
                "Effect" => elements.effect = Some(&member.value),
                "Condition" => elements.condition = Some(&member.value),
                "Principal" | "NotPrincipal" => only(&mut elements.principal, member)?,
                "Action" | "NotAction" => only(&mut elements.action, member)?,
                "Resource" | "NotResource" => only(&mut elements.resource, member)?,
                _ => return Err(unknown_element(member, KNOWN)),
            }
        }
        Ok(elements)
    }
}

/// Fills a slot that `X` and `NotX` share.
fn only<'n>(slot: &mut Option<&'n Member>, member: &'n Member) -> Result<(), ParseError> {
    if let Some(other) = slot.replace(member) {
        let message = format!("a statement takes `{}` or `{}`, not both", other.name, member.name);
        return Err(ParseError::new(member.span.start, message));
    }
    Ok(())
}

/// Reads one statement; `sids` are those of the statements before it.
pub(super) fn read<'n>(
    index: usize,
    node: &'n Node,
    kind: PolicyKind,
    version: Version,
    sids: &mut HashSet<&'n str>,
) -> Result<Statement, ParseError> {
    let Value::Object(members) = &node.value else {
        return Err(wrong_type(node, "a statement", "an object"));
    };
    let elements = Elements::sort(members)?;
    let start = node.span.start;
    let variables = version == Version::V2012;
    Ok(Statement {
        index,
        span: node.span,
        sid: read_sid(elements.sid, kind, sids)?,
        effect: read_effect(elements.effect, start)?,
        principals: read_principals(elements.principal, start, kind)?,
        actions: read_actions(elements.action, start, kind)?,
        resources: read_resources(elements.resource, start, kind, variables)?,
        conditions: elements.condition.map_or(Ok(Vec::new()), |node| read_conditions(node, variables))?,
    })
}

fn read_sid<'n>(
    node: Option<&'n Node>,
    kind: PolicyKind,
    sids: &mut HashSet<&'n str>,
) -> Result<Option<Box<str>>, ParseError> {
    let Some(node) = node else { return Ok(None) };
    let sid = text("Sid", node)?;
    if kind.plain_sid() && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
        let message = format!("`Sid` {} must consist of letters and digits", quoted(sid));
        let aws = "Statement IDs (SID) must be alpha-numeric. \
                   Check that your input satisfies the regular expression [0-9A-Za-z]*";
        return Err(ParseError::new(node.span.start, message).aws(aws));
    }
    if sid.is_empty() {
        return Ok(None);
    }
    if !sids.insert(sid) {
        let message = format!("`Sid` {} is used twice", quoted(sid));
        let aws = "Statement IDs (SID) in a single policy must be unique.";
        return Err(ParseError::new(node.span.start, message).aws(aws));
    }
    Ok(Some(sid.into()))
}

fn read_effect(node: Option<&Node>, start: Position) -> Result<Effect, ParseError> {
    let Some(node) = node else {
        return Err(ParseError::new(start, "the statement has no `Effect`"));
    };
    match text("Effect", node)? {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => {
            let message = format!("`Effect` must be `Allow` or `Deny`, not {}", quoted(other));
            Err(ParseError::new(node.span.start, message))
        }
    }
}

type Principals = Clause<(PrincipalPattern, Position)>;

fn read_principals(
    member: Option<&Member>,
    start: Position,
    kind: PolicyKind,
) -> Result<Option<Principals>, ParseError> {
    let Some(member) = member else {
        return match kind.principal() {
            Element::Required => {
                let message =
                    format!("the statement has no `Principal`, which {} needs", kind.with_article());
                Err(ParseError::new(start, message).aws("Missing required field Principal"))
            }
            Element::Optional | Element::Refused => Ok(None),
        };
    };
    let negated = member.name == "NotPrincipal";
    if kind.principal() == Element::Refused {
        let message = format!(
            "{} takes no `{}`: it applies to what it is attached to",
            kind.with_article(),
            member.name
        );
        return Err(ParseError::new(member.span.start, message)
            .aws("Policy document should not specify a principal."));
    }
    if negated && !kind.takes_not_principal() {
        let message = format!("{} takes no `NotPrincipal`", kind.with_article());
        return Err(ParseError::new(member.span.start, message).aws("Has prohibited field NotPrincipal"));
    }
    let patterns = principal::read(&member.name, &member.value)?;
    if kind == PolicyKind::ResourceControl
        && patterns.iter().any(|(pattern, _)| *pattern != PrincipalPattern::Any)
    {
        let message = "the `Principal` of a resource control policy must be `*`";
        return Err(ParseError::new(member.value.span.start, message));
    }
    Ok(Some(Clause { negated, patterns }))
}

fn read_actions(
    member: Option<&Member>,
    start: Position,
    kind: PolicyKind,
) -> Result<Clause<ActionPattern>, ParseError> {
    let Some(member) = member else {
        let error = ParseError::new(start, "the statement has neither `Action` nor `NotAction`");
        return Err(error.aws("Policy statement must contain actions."));
    };
    let negated = member.name == "NotAction";
    if negated && !kind.takes_not_action() {
        let message = format!("{} takes no `NotAction`", kind.with_article());
        return Err(ParseError::new(member.span.start, message).aws("Has prohibited field NotAction"));
    }
    let mut patterns = Vec::new();
    for (text, position) in texts(&member.name, &member.value)? {
        let pattern =
            ActionPattern::parse(text).map_err(|bad| ParseError::new(position, bad.message).aws(bad.aws))?;
        if kind == PolicyKind::Trust && !pattern.is_for_trust() {
            let message = format!("a role trust policy takes no action {}", quoted(text));
            let aws = "AssumeRole policy may only specify STS AssumeRole actions.";
            return Err(ParseError::new(position, message).aws(aws));
        }
        patterns.push(pattern);
    }
    Ok(Clause { negated, patterns })
}

fn read_resources(
    member: Option<&Member>,
    start: Position,
    kind: PolicyKind,
    variables: bool,
) -> Result<Option<Clause<ResourcePattern>>, ParseError> {
    let Some(member) = member else {
        return match kind.resource() {
            Element::Required => {
                let error = ParseError::new(start, "the statement has neither `Resource` nor `NotResource`");
                Err(error.aws("Policy statement must contain resources."))
            }
            Element::Optional | Element::Refused => Ok(None),
        };
    };
    if kind.resource() == Element::Refused {
        let message = format!("{} takes no `{}`: its resource is the role", kind.with_article(), member.name);
        let aws = format!("Has prohibited field {}", member.name);
        return Err(ParseError::new(member.span.start, message).aws(aws));
    }
    let mut patterns = Vec::new();
    for (text, position) in texts(&member.name, &member.value)? {
        let pattern = ResourcePattern::parse(text, variables, kind.pads_resources())
            .map_err(|bad| ParseError::new(position, bad.message).aws(bad.aws))?;
        patterns.push(pattern);
    }
    Ok(Some(Clause { negated: member.name == "NotResource", patterns }))
}

fn read_conditions(node: &Node, variables: bool) -> Result<Vec<Condition>, ParseError> {
    let Value::Object(operators) = &node.value else {
        return Err(wrong_type(node, "`Condition`", "an object"));
    };
    let mut conditions = Vec::new();
    for member in operators {
        let operator: Operator = member.name.parse().map_err(|error| {
            ParseError::new(member.span.start, format!("{error} in {}", quoted(&member.name)))
        })?;
        let Value::Object(keys) = &member.value.value else {
            return Err(wrong_type(&member.value, &format!("`{operator}`"), "an object of condition keys"));
        };
        for key in keys {
            conditions.push(read_condition(operator, key, variables)?);
        }
    }
    Ok(conditions)
}

fn read_condition(operator: Operator, member: &Member, variables: bool) -> Result<Condition, ParseError> {
    if member.name.is_empty() || member.name.contains(char::is_control) {
        let message = format!("{} is not a condition key", quoted(&member.name));
        return Err(ParseError::new(member.span.start, message));
    }
    let nodes = match &member.value.value {
        Value::Array(items) if items.is_empty() => {
            let message = format!("condition key {} has no values", quoted(&member.name));
            return Err(ParseError::new(member.value.span.start, message));
        }
        Value::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(&member.value),
    };
    let values = nodes.iter().map(|node| scalar(&member.name, node)).collect::<Result<Vec<_>, _>>()?;
    Condition::new(operator, &member.name, &values, variables).map_err(|bad| {
        let position = nodes.get(bad.index).map_or(member.span.start, |node| node.span.start);
        let message = format!("{} under `{operator}`", bad.problem);
        ParseError::new(position, message).aws("The policy failed legacy parsing")
    })
}

/// Numbers and booleans may stand unquoted.
fn scalar<'n>(key: &str, node: &'n Node) -> Result<&'n str, ParseError> {
    match &node.value {
        Value::Text(text) | Value::Number(text) => Ok(text),
        Value::Bool(true) => Ok("true"),
        Value::Bool(false) => Ok("false"),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let what = format!("a value of condition key {}", quoted(key));
            Err(wrong_type(node, &what, "a string, a number or a boolean"))
        }
    }
}
