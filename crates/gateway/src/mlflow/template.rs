//! Path templates: `{}` is one segment, `{*}` one or more, `@{}` and `{}:word` one segment with fixed ends.
//!
//! INVARIANT: matching works on decoded segments of a canonical path, so that no spelling of a path can match
//! another template than the path that is forwarded.

use super::Row;

/// How a path fits a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<'p> {
    /// What the parameters stand for, in order; a `{*}` holds all its segments.
    pub parameters: Vec<&'p [String]>,
    /// One digit per template segment, the more literal the smaller: the smallest is the best fit.
    pub weight: Vec<u8>,
}

/// Words that stand behind a parameter in guarded routes.
const RESERVED: &[&str] = &["versions", "aliases", "tags", "endpoints"];

/// Fits `path` to the row's template.
pub(super) fn matches<'p>(row: &Row, path: &'p [String]) -> Option<Match<'p>> {
    let template: Vec<&str> = if row.path.is_empty() { Vec::new() } else { row.path.split('/').collect() };
    let mut found = Match { parameters: Vec::new(), weight: Vec::with_capacity(template.len()) };
    fit(row.guarded, &template, path, &mut found).then_some(found)
}

fn fit<'p>(guarded: bool, template: &[&str], path: &'p [String], found: &mut Match<'p>) -> bool {
    let Some((head, rest)) = template.split_first() else { return path.is_empty() };
    if *head == "{*}" {
        return fit_tail(guarded, rest, path, found);
    }
    let Some((segment, behind)) = path.split_first() else { return false };
    let Some(weight) = segment_weight(guarded, head, segment) else { return false };
    let (parameters, weights) = (found.parameters.len(), found.weight.len());
    found.weight.push(weight);
    if weight > 0 {
        found.parameters.push(path.get(..1).unwrap_or_default());
    }
    if fit(guarded, rest, behind, found) {
        return true;
    }
    found.parameters.truncate(parameters);
    found.weight.truncate(weights);
    false
}

fn fit_tail<'p>(guarded: bool, rest: &[&str], path: &'p [String], found: &mut Match<'p>) -> bool {
    let (parameters, weights) = (found.parameters.len(), found.weight.len());
    for taken in 1..=path.len().saturating_sub(rest.len()) {
        let Some((tail, behind)) = path.split_at_checked(taken) else { return false };
        if guarded && tail.iter().any(|segment| is_reserved(segment)) {
            return false;
        }
        found.parameters.push(tail);
        found.weight.push(3);
        if fit(guarded, rest, behind, found) {
            return true;
        }
        found.parameters.truncate(parameters);
        found.weight.truncate(weights);
    }
    false
}

/// 0 for a literal, 1 for a parameter with a fixed end, 2 for a plain one; `None` when it does not fit.
fn segment_weight(guarded: bool, template: &str, segment: &str) -> Option<u8> {
    let Some((before, after)) = template.split_once("{}") else { return (template == segment).then_some(0) };
    let value = segment.strip_prefix(before)?.strip_suffix(after)?;
    let plain = before.is_empty() && after.is_empty();
    if value.is_empty() || (guarded && (is_reserved(value) || value.starts_with('@'))) {
        return None;
    }
    Some(if plain { 2 } else { 1 })
}

fn is_reserved(segment: &str) -> bool {
    RESERVED.contains(&segment)
}
