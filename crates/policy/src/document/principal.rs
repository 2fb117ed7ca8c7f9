//! The `Principal` element: `*`, or a map from kinds of principals to names.
//!
//! Names are kept as written: whether they exist is for the caller to find out, and which of them a caller
//! answers to is decided in `evaluate::principal`. An ARN here has no wildcards.
//! IAM User Guide, "AWS JSON policy elements: Principal".

use std::fmt;

use crate::arn::{AccountId, Arn};
use crate::json::{Node, Value};
use crate::parse_error::{ParseError, Position, quoted};

/// A principal that a document names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PrincipalPattern {
    /// `"Principal": "*"`
    Any,
    /// `AWS`: an ARN, an account id, a unique id (`AIDA...`, `AROA...`) or `*`, as written.
    Aws(String),
    /// `Federated`: an identity provider's ARN or domain.
    Federated(String),
    /// `Service`: such as `lambda.amazonaws.com`.
    Service(String),
    /// `CanonicalUser`: an object store's id of an account.
    CanonicalUser(String),
}

impl fmt::Display for PrincipalPattern {
    /// As AWS prints it: `"AWS":"arn:..."`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("\"*\""),
            Self::Aws(name) => write!(f, "\"AWS\":\"{name}\""),
            Self::Federated(name) => write!(f, "\"FEDERATED\":\"{name}\""),
            Self::Service(name) => write!(f, "\"SERVICE\":\"{name}\""),
            Self::CanonicalUser(name) => write!(f, "\"CANONICALUSER\":\"{name}\""),
        }
    }
}

impl PrincipalPattern {
    /// Whether it names everyone.
    pub fn is_everyone(&self) -> bool {
        matches!(self, Self::Any) || matches!(self, Self::Aws(name) if name == "*")
    }

    fn is_well_formed(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Aws(name) => is_aws_principal(name),
            Self::Federated(name) | Self::Service(name) | Self::CanonicalUser(name) => {
                !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '?'))
            }
        }
    }
}

fn is_aws_principal(name: &str) -> bool {
    let is_unique_id = || {
        (16..=128).contains(&name.len())
            && name.starts_with('A')
            && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let is_arn = || {
        !name.contains(['*', '?'])
            && name.parse::<Arn>().is_ok_and(|arn| {
                matches!(arn.service(), "iam" | "sts") && arn.account().parse::<AccountId>().is_ok()
            })
    };
    name == "*" || name.parse::<AccountId>().is_ok() || is_arn() || is_unique_id()
}

type Found = Vec<(PrincipalPattern, Position)>;

/// Reads the value of `Principal` or `NotPrincipal`; `element` is its name.
pub(super) fn read(element: &str, node: &Node) -> Result<Found, ParseError> {
    let mut found = Vec::new();
    match &node.value {
        Value::Text(text) if text == "*" => found.push((PrincipalPattern::Any, node.span.start)),
        Value::Object(members) if !members.is_empty() => {
            for member in members {
                let make = match member.name.as_str() {
                    "AWS" => PrincipalPattern::Aws,
                    "Federated" => PrincipalPattern::Federated,
                    "Service" => PrincipalPattern::Service,
                    "CanonicalUser" => PrincipalPattern::CanonicalUser,
                    other => {
                        let message = format!("unknown kind of principal {}", quoted(other));
                        return Err(ParseError::new(member.span.start, message));
                    }
                };
                names(&member.name, &member.value, make, &mut found)?;
            }
        }
        _ => {
            let message = format!(
                "`{element}` must be `*` or an object with `AWS`, `Federated`, `Service` or `CanonicalUser`"
            );
            return Err(ParseError::new(node.span.start, message));
        }
    }
    Ok(found)
}

fn names(
    kind: &str,
    node: &Node,
    make: fn(String) -> PrincipalPattern,
    found: &mut Found,
) -> Result<(), ParseError> {
    for (text, position) in super::reader::texts(kind, node)? {
        let pattern = make(text.to_owned());
        if !pattern.is_well_formed() {
            let message = format!("invalid principal {} under `{kind}`", quoted(text));
            let aws = format!("Invalid principal in policy: {pattern}");
            return Err(ParseError::new(position, message).aws(aws));
        }
        found.push((pattern, position));
    }
    Ok(())
}
