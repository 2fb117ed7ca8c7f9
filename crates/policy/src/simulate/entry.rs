//! `ContextEntries`: condition keys with typed values.
//!
//! The engine reads every value as text of the operator's type. A value that is not of the type it is said to have
//! would quietly match nothing, so it is refused here.
//! IAM API reference, `ContextEntry`.

use std::net::IpAddr;

use super::input::BadInput;
use crate::condition::Condition;
use crate::context::Context;
use crate::parse_error::quoted;

/// A condition key of the client's, as sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextEntry {
    /// The key, such as `aws:SourceIp`.
    pub name: String,
    /// The type of its values, such as `ipList`.
    pub kind: Option<String>,
    /// The values.
    pub values: Vec<String>,
}

/// The types a value may have: their name, that of their lists, and the operator that reads them.
const TYPES: [(&str, &str, Option<&str>); 6] = [
    ("string", "stringList", None),
    ("numeric", "numericList", Some("NumericEquals")),
    ("boolean", "booleanList", Some("Bool")),
    ("ip", "ipList", None),
    ("binary", "binaryList", Some("BinaryEquals")),
    ("date", "dateList", Some("DateEquals")),
];

/// Reads the entries.
pub(super) fn read(entries: &[ContextEntry]) -> Result<Context, BadInput> {
    let mut context = Context::new();
    for entry in entries {
        check_name(&entry.name)?;
        let known = context.iter().any(|(name, _)| name.eq_ignore_ascii_case(&entry.name));
        if known {
            return Err(BadInput::new("ContextEntries", &entry.name, "is given twice"));
        }
        put(&mut context, entry)?;
    }
    Ok(context)
}

fn check_name(name: &str) -> Result<(), BadInput> {
    let is_name = name.split_once(':').is_some_and(|(prefix, key)| !prefix.is_empty() && !key.is_empty());
    if is_name && (5..=256).contains(&name.chars().count()) && !name.contains(char::is_control) {
        return Ok(());
    }
    let problem = "is not a condition key with its prefix, such as `aws:SourceIp`";
    Err(BadInput::new("ContextEntries", name, problem))
}

fn put(context: &mut Context, entry: &ContextEntry) -> Result<(), BadInput> {
    let ContextEntry { name, kind, values } = entry;
    let bad = |problem: String| BadInput::new("ContextEntries", name, &problem);
    let Some(kind) = kind.as_deref() else {
        return Err(bad(format!("has no `ContextKeyType`; give one of {}", names())));
    };
    let found = TYPES.iter().find(|(one, list, _)| *one == kind || *list == kind);
    let Some((one, list, operator)) = found else {
        return Err(bad(format!("has the unknown type {}; give one of {}", quoted(kind), names())));
    };
    for value in values {
        check(one, *operator, value).map_err(|problem| bad(format!("is of type `{kind}`, but {problem}")))?;
    }
    match (kind == *list, values.as_slice()) {
        (true, values) => context.set_many(name, values.iter().cloned()),
        (false, [value]) => context.set(name, value.clone()),
        (false, _) => {
            let count = values.len();
            return Err(bad(format!(
                "is of type `{kind}`, which takes one value, not {count}; use `{list}`"
            )));
        }
    }
    Ok(())
}

/// Checks a value; the error says what it is not.
fn check(kind: &str, operator: Option<&str>, value: &str) -> Result<(), String> {
    if kind == "ip" {
        let address = value.parse::<IpAddr>();
        return address.map(drop).map_err(|_| format!("{} is not an IP address", quoted(value)));
    }
    let Some(operator) = operator else { return Ok(()) };
    let operator = operator.parse().map_err(|error| format!("{error}"))?;
    Condition::new(operator, "", &[value], false).map(drop).map_err(|bad| bad.problem)
}

fn names() -> String {
    TYPES.map(|(one, list, _)| format!("{one}, {list}")).join(", ")
}
