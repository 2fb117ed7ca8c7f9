//! From text to cases.
//!
//! INVARIANT: every member of a case is looked at by name; what is not in the format is refused with its place.

use std::sync::Arc;

use super::caller::Named;
use super::{Asked, BadPolicy, Case, CaseError, Set};
use crate::arn::{AccountId, Arn};
use crate::context::Context;
use crate::decision::Outcome;
use crate::document::{PolicyDocument, PolicyKind};
use crate::evaluate::{NamedPolicy, PolicySource};
use crate::json::{Member, Node, Value, parse_from};
use crate::parse_error::{ParseError, Position, quoted};

/// Takes a text of cases apart: a JSON list, one JSON object, or JSON lines.
///
/// # Errors
/// When the text is not JSON. A case that is JSON but no case is an error of its own.
pub fn read(text: &str) -> Result<Vec<Result<Case, CaseError>>, ParseError> {
    let begin = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if begin.is_empty() {
        return Ok(Vec::new());
    }
    let skipped = text.len() - begin.len();
    let start = text.get(..skipped).unwrap_or_default().chars().filter(|c| *c != '\u{feff}');
    let start = start.fold(Position::START, Position::after);
    if begin.starts_with('[') {
        let node = parse_from(begin, start)?;
        let Value::Array(nodes) = &node.value else { return Ok(Vec::new()) };
        return Ok(nodes.iter().enumerate().map(|(index, node)| case(index, node)).collect());
    }
    match parse_from(begin, start) {
        Ok(node) => Ok(vec![case(0, &node)]),
        Err(_) => lines(begin, start),
    }
}

fn lines(text: &str, mut position: Position) -> Result<Vec<Result<Case, CaseError>>, ParseError> {
    let mut cases = Vec::new();
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            cases.push(case(cases.len(), &parse_from(line.trim_end(), position)?));
        }
        position = line.chars().fold(position, Position::after);
    }
    Ok(cases)
}

type Fault = (String, Position);

fn case(index: usize, node: &Node) -> Result<Case, CaseError> {
    let name = match member(node, "name").map(|node| &node.value) {
        Some(Value::Text(name)) => name.clone(),
        _ => format!("#{}", index + 1),
    };
    case_of(&name, node).map_err(|(message, position)| CaseError { name: quoted(&name), message, position })
}

fn case_of(name: &str, node: &Node) -> Result<Case, Fault> {
    let (mut request, mut policies, mut expect, mut statement) = (None, None, None, None);
    for Member { name, value, span } in object(node, "a case")? {
        match name.as_str() {
            "name" | "description" => text(value, name).map(drop)?,
            "request" => request = Some(value),
            "policies" => policies = Some(value),
            "expect" => expect = Some(outcome(value)?),
            "statement" => statement = optional(value).map(|node| text(node, name)).transpose()?,
            _ => {
                return Err(unknown(
                    name,
                    "name, request, policies, expect, statement, description",
                    span.start,
                ));
            }
        }
    }
    let missing = |what: &str| (format!("the case has no `{what}`"), node.span.start);
    let policies = match policies.and_then(optional) {
        Some(node) => set(node)?,
        None => Ok(Set::default()),
    };
    let request = request.ok_or_else(|| missing("request"))?;
    Ok(Case {
        name: name.to_owned(),
        position: node.span.start,
        asked: asked(request, policies.as_ref().ok())?,
        policies,
        expect: expect.ok_or_else(|| missing("expect"))?,
        statement: statement.map(str::to_owned),
    })
}

fn asked(node: &Node, set: Option<&Set>) -> Result<Asked, Fault> {
    let (mut who, mut issuer, mut action, mut resource, mut account, mut given) =
        (None, None, None, None, None, Context::new());
    for Member { name, value, span } in object(node, "`request`")? {
        match name.as_str() {
            "principal" => who = Some(value),
            "issuer" => issuer = optional(value).map(|node| text(node, name)).transpose()?,
            "action" => action = Some(text(value, name)?),
            "resource" => resource = Some(text(value, name)?),
            "resourceAccount" => account = optional(value).map(account_id).transpose()?,
            "context" => given = optional(value).map_or(Ok(Context::new()), context)?,
            _ => {
                let known = "principal, action, resource, resourceAccount, context, issuer";
                return Err(unknown(name, known, span.start));
            }
        }
    }
    let missing = |what: &str| (format!("the request has no `{what}`"), node.span.start);
    let who = who.ok_or_else(|| missing("principal"))?;
    let named = Named { text: text(who, "principal")?, issuer, given: &given };
    let principal = named.principal(set).map_err(|message| (message, who.span.start))?;
    let resource = resource.unwrap_or("*");
    let in_arn = || resource.parse::<Arn>().ok()?.account().parse().ok();
    let resource_account = account.or_else(in_arn);
    Ok(Asked {
        who: named.text.to_owned(),
        action: action.ok_or_else(|| missing("action"))?.to_owned(),
        resource: resource.to_owned(),
        context: named.keys(&principal, resource_account),
        resource_account,
        principal,
    })
}

fn context(node: &Node) -> Result<Context, Fault> {
    let mut context = Context::new();
    for Member { name, value, .. } in object(node, "`context`")? {
        match &value.value {
            Value::Array(items) => {
                let values = items.iter().map(|item| scalar(name, item)).collect::<Result<Vec<_>, _>>()?;
                context.set_many(name, values);
            }
            _ => context.set(name, scalar(name, value)?),
        }
    }
    Ok(context)
}

fn scalar(key: &str, node: &Node) -> Result<String, Fault> {
    match &node.value {
        Value::Text(text) | Value::Number(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        other => {
            let kind = other.kind();
            Err((
                format!(
                    "a value of context key {} must be a string, a number or a boolean, not {kind}",
                    quoted(key)
                ),
                node.span.start,
            ))
        }
    }
}

/// The policies; the inner error is that of a policy that is none.
fn set(node: &Node) -> Result<Result<Set, BadPolicy>, Fault> {
    let mut set = Set::default();
    let mut bad = None;
    let mut note = |parsed: Result<NamedPolicy, BadPolicy>| {
        parsed.map_err(|error| bad = bad.take().or(Some(error))).ok()
    };
    for Member { name, value, span } in object(node, "`policies`")? {
        let known = KINDS.iter().find(|(known, ..)| *known == name);
        let Some((_, kind, source)) = known.copied() else {
            return Err(unknown(name, &KINDS.map(|(known, ..)| known).join(", "), span.start));
        };
        let Some(value) = optional(value) else { continue };
        let mut policy = |which: String, node: &Node| note(policy(which, node, kind, source));
        let mut list = |which: &str, nodes: &[Node]| -> Vec<NamedPolicy> {
            let numbered = nodes.iter().enumerate();
            numbered.filter_map(|(index, node)| policy(format!("{which}[{index}]"), node)).collect()
        };
        match kind {
            PolicyKind::Identity => set.identity = list(name, one_or_more(value)),
            PolicyKind::Session => set.session = Some(list(name, one_or_more(value))),
            PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
                let mut levels = Vec::new();
                for (index, level) in
                    array(value, name, "levels from the root to the account")?.iter().enumerate()
                {
                    levels.push(list(
                        &format!("{name}[{index}]"),
                        array(level, name, "the policies of one level")?,
                    ));
                }
                *(if kind == PolicyKind::ServiceControl { &mut set.scp } else { &mut set.rcp }) =
                    Some(levels);
            }
            PolicyKind::Boundary => set.boundary = policy(name.clone(), value),
            PolicyKind::Resource => set.resource = policy(name.clone(), value),
            PolicyKind::Trust => set.trust = policy(name.clone(), value),
            PolicyKind::Endpoint => set.endpoint = policy(name.clone(), value),
        }
    }
    Ok(match bad {
        None => Ok(set),
        Some(error) => Err(error),
    })
}

const KINDS: [(&str, PolicyKind, PolicySource); 8] = [
    ("identity", PolicyKind::Identity, PolicySource::None),
    ("boundary", PolicyKind::Boundary, PolicySource::Boundary),
    ("session", PolicyKind::Session, PolicySource::Session),
    ("resource", PolicyKind::Resource, PolicySource::Resource),
    ("scp", PolicyKind::ServiceControl, PolicySource::ServiceControl),
    ("rcp", PolicyKind::ResourceControl, PolicySource::ResourceControl),
    ("endpoint", PolicyKind::Endpoint, PolicySource::Endpoint),
    ("trust", PolicyKind::Trust, PolicySource::Trust),
];

fn policy(
    which: String,
    node: &Node,
    kind: PolicyKind,
    source: PolicySource,
) -> Result<NamedPolicy, BadPolicy> {
    let parsed = match &node.value {
        Value::Text(text) => PolicyDocument::parse(text, kind),
        _ => PolicyDocument::from_node(node, kind),
    };
    match parsed {
        Ok(document) => Ok(NamedPolicy::new(which, source, Arc::new(document))),
        Err(error) => Err(BadPolicy { which, error }),
    }
}

/// A list, or one policy in place of a list of one.
fn one_or_more(node: &Node) -> &[Node] {
    match &node.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(node),
    }
}

fn array<'n>(node: &'n Node, name: &str, what: &str) -> Result<&'n [Node], Fault> {
    match &node.value {
        Value::Array(items) => Ok(items),
        other => Err((format!("`{name}` holds {what} as arrays, not {}", other.kind()), node.span.start)),
    }
}

fn outcome(node: &Node) -> Result<Outcome, Fault> {
    let outcomes = [Outcome::Allowed, Outcome::ExplicitDeny, Outcome::ImplicitDeny];
    let wanted = text(node, "expect")?;
    let found = outcomes.into_iter().find(|outcome| outcome.to_string() == wanted);
    found.ok_or_else(|| {
        let message =
            format!("`expect` must be `allowed`, `explicitDeny` or `implicitDeny`, not {}", quoted(wanted));
        (message, node.span.start)
    })
}

fn account_id(node: &Node) -> Result<AccountId, Fault> {
    text(node, "resourceAccount")?.parse().map_err(|error| (format!("{error}"), node.span.start))
}

fn optional(node: &Node) -> Option<&Node> {
    Some(node).filter(|node| node.value != Value::Null)
}

fn text<'n>(node: &'n Node, name: &str) -> Result<&'n str, Fault> {
    match &node.value {
        Value::Text(text) => Ok(text),
        other => Err((format!("`{name}` must be a string, not {}", other.kind()), node.span.start)),
    }
}

fn object<'n>(node: &'n Node, what: &str) -> Result<&'n [Member], Fault> {
    match &node.value {
        Value::Object(members) => Ok(members),
        other => Err((format!("{what} must be an object, not {}", other.kind()), node.span.start)),
    }
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Object(members) = &node.value else { return None };
    members.iter().find(|member| member.name == name).map(|member| &member.value)
}

fn unknown(name: &str, known: &str, position: Position) -> Fault {
    (format!("unknown field {}; known here: {known}", quoted(name)), position)
}
