//! Session tags and the source identity: what a session is given, and what a chain of sessions passes on.

use garita_model::tag::{self, Tag};
use garita_model::{Error, Result};

use super::AssumeRole;
use crate::context::RequestContext;

/// Whether a session may be given these tags, in the words of STS.
pub(super) fn check_tags(tags: &[Tag]) -> Result<()> {
    tag::check_all(tags).map_err(|error| match error {
        Error::Invalid { message, .. } => Error::InvalidParameter(message),
        other => other,
    })
}

/// The tags of the new session: those asked for, and what the calling session passes on.
pub(super) fn session_tags(cx: &RequestContext, ask: &AssumeRole) -> Result<Vec<Tag>> {
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    check_tags(&ask.tags)?;
    if ask.transitive.iter().any(|key| !ask.tags.iter().any(|t| same(&t.key, key))) {
        return Err(Error::InvalidParameter(
            "The specified transitive tag key must be included in the requested tags.".to_owned(),
        ));
    }
    let Some(state) = &cx.caller().session else { return Ok(ask.tags.clone()) };
    let inherited = &state.session.transitive;
    if ask.tags.iter().any(|t| inherited.iter().any(|key| same(key, &t.key))) {
        return Err(Error::InvalidParameter(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."
                .to_owned(),
        ));
    }
    let passed = state.session.tags.iter().filter(|t| inherited.iter().any(|key| same(key, &t.key)));
    let tags: Vec<Tag> = passed.chain(&ask.tags).cloned().collect();
    tag::check_all(&tags)?;
    Ok(tags)
}

pub(super) fn transitive_keys(cx: &RequestContext, ask: &AssumeRole) -> Vec<String> {
    let inherited = cx.caller().session.iter().flat_map(|s| s.session.transitive.iter());
    inherited.chain(&ask.transitive).cloned().collect()
}

/// A source identity, once set, stays for the whole chain.
pub(super) fn source_identity(cx: &RequestContext, ask: &AssumeRole) -> Result<Option<String>> {
    let held = cx.caller().session.as_ref().and_then(|s| s.session.source_identity.clone());
    match (held, &ask.source_identity) {
        (Some(held), Some(asked)) if held != *asked => {
            Err(Error::denied("the source identity of a session cannot be changed by a chained session"))
        }
        (Some(held), _) => Ok(Some(held)),
        (None, asked) => Ok(asked.clone()),
    }
}
