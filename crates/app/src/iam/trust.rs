//! Trust policies: principals by ARN on the wire, by unique id in the store.
//!
//! A user or role that a trust policy names is stored as its unique id, so one that is made anew under the same name
//! is not trusted, and one that gets another name still is. What is shown has the ARNs of now; the id of a principal
//! that is gone stays visible, as AWS shows it. Account ids become the ARN of the account; sessions, services,
//! identity providers and `*` stay as they are written.
//!
//! INVARIANT: only principals that are there get into the store. Conditions are not touched: `aws:PrincipalArn` in
//! one compares names.
//! IAM User Guide, "AWS JSON policy elements: Principal".

use garita_model::{AccountId, Arn, Error, Result, SessionName};
use garita_policy::{PolicyDocument, PolicyKind, PrincipalPattern};
use garita_store::Snapshot;

use super::document;
use super::entity::Entity;

/// Checks a trust policy and puts unique ids in the place of ARNs.
pub(super) fn resolve(state: &Snapshot, text: &str) -> Result<String> {
    document::check_trust_size(text)?;
    let parsed = document::parse(text, PolicyKind::Trust)?;
    edit(text, &parsed, |name| match stored(state, name) {
        Some(Stored::AsWritten) => Ok(None),
        Some(Stored::As(id)) => Ok(Some(id)),
        None => {
            let principal = PrincipalPattern::Aws(name.to_owned());
            Err(Error::MalformedPolicy(format!("Invalid principal in policy: {principal}")))
        }
    })
}

/// A stored trust policy as it is shown: with ARNs in the place of the unique ids of what is there.
pub(super) fn shown(state: &Snapshot, stored: &str) -> String {
    if !(stored.contains("AIDA") || stored.contains("AROA")) {
        return stored.to_owned();
    }
    let current = |id: &str| Ok(state.principal_by_unique_id(id).map(|found| Entity::from(found).arn()));
    let edited = document::parse(stored, PolicyKind::Trust).and_then(|parsed| edit(stored, &parsed, current));
    // What is stored was parsed when it was put.
    edited.unwrap_or_else(|_| stored.to_owned())
}

/// How an existing principal is stored.
enum Stored {
    AsWritten,
    As(String),
}

/// None for a principal that is not there.
fn stored(state: &Snapshot, name: &str) -> Option<Stored> {
    if name == "*" {
        return Some(Stored::AsWritten);
    }
    if let Ok(account) = name.parse::<AccountId>() {
        state.account(account)?;
        return Some(Stored::As(format!("arn:aws:iam::{account}:root")));
    }
    let Ok(arn) = name.parse::<Arn>() else {
        return state.principal_by_unique_id(name).map(|_| Stored::AsWritten);
    };
    let account: AccountId = arn.account().parse().ok()?;
    state.account(account)?;
    if arn.partition() != "aws" || !arn.region().is_empty() {
        return None;
    }
    let (kind, rest) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    let entity = match (arn.service(), kind) {
        ("iam", "root") if rest.is_empty() => return Some(Stored::AsWritten),
        ("iam", "user") => Entity::User(state.user(account, last(rest))?.clone()),
        ("iam", "role") => Entity::Role(state.role(account, last(rest))?.clone()),
        ("sts", "assumed-role") => {
            let (role, session) = rest.split_once('/')?;
            state.role(account, role)?;
            return session.parse::<SessionName>().is_ok().then_some(Stored::AsWritten);
        }
        _ => return None,
    };
    (entity.arn() == name).then(|| Stored::As(entity.id().to_string()))
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Replaces what `replace` answers for the names under `AWS`, and leaves every other character as it is.
fn edit(
    text: &str,
    parsed: &PolicyDocument,
    replace: impl Fn(&str) -> Result<Option<String>>,
) -> Result<String> {
    let mut names: Vec<(usize, &str)> = Vec::new();
    for (pattern, position) in parsed.principals() {
        if let PrincipalPattern::Aws(name) = pattern {
            names.push((position.offset, name));
        }
    }
    names.sort_unstable();
    let (mut edited, mut copied) = (String::with_capacity(text.len()), 0);
    for (start, name) in names {
        if let Some(new) = replace(name)? {
            let misplaced = || Error::internal("a principal does not stand where the parser found it");
            edited.push_str(text.get(copied..start).ok_or_else(misplaced)?);
            copied =
                start + literal_length(text.get(start..).ok_or_else(misplaced)?).ok_or_else(misplaced)?;
            edited.push_str(&format!("\"{new}\""));
        }
    }
    edited.push_str(text.get(copied..).unwrap_or_default());
    Ok(edited)
}

/// Bytes of the JSON string literal that `text` begins with, with both quotes.
fn literal_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let mut bytes = text.bytes().enumerate();
    bytes.next().filter(|(_, byte)| *byte == b'"')?;
    let end = bytes.find(|(_, byte)| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    end.map(|(at, _)| at + 1)
}
