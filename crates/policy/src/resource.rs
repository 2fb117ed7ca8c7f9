//! The `Resource` element: ARN patterns, matched part by part.
//!
//! A pattern is `*` or an ARN cut at its first five colons; each part has its own `*` and `?`, and only the last
//! one, the resource itself, reaches across `:` and `/` and takes variables. Matching minds case.
//! INVARIANT: a part's wildcard never matches beyond its part: `arn:aws:logs:*:log-group:x` names no account.
//! IAM User Guide, "IAM JSON policy elements: Resource", "Policy variables" (where they may stand).

use crate::context::Probe;
use crate::parse_error::quoted;
use crate::pattern::{Match, Pattern, Syntax, Variable};

/// The text of an ARN, cut at its first five colons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArnParts<'a>([&'a str; 6]);

impl<'a> ArnParts<'a> {
    /// Cuts `text`; `None` when it is not an ARN.
    pub fn split(text: &'a str) -> Option<Self> {
        let mut parts = [""; 6];
        let (mut found, mut start) = (0, 0);
        for (at, byte) in text.bytes().enumerate() {
            if byte == b':' {
                *parts.get_mut(found)? = text.get(start..at)?;
                (found, start) = (found + 1, at + 1);
                if found == 5 {
                    break;
                }
            }
        }
        *parts.get_mut(5).filter(|_| found == 5)? = text.get(start..)?;
        (parts[0] == "arn").then_some(Self(parts))
    }

    /// One of the six parts, from 0.
    pub(crate) fn part(&self, index: usize) -> &'a str {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// Partition, service, region and account.
    pub(crate) fn head(&self) -> [&'a str; 4] {
        let [_, partition, service, region, account, _] = self.0;
        [partition, service, region, account]
    }

    /// The last part: the resource itself.
    pub(crate) fn resource(&self) -> &'a str {
        self.part(5)
    }
}

/// A compiled value of `Resource` or `NotResource`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourcePattern {
    text: Box<str>,
    form: Form,
}

/// What a pattern covers, for those who index it.
pub(crate) enum Covers<'a> {
    Everything,
    Nothing,
    Parts([&'a Pattern; 6]),
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Form {
    Everything,
    Parts(Vec<Pattern>),
    Nothing,
}

/// A resource that is not a pattern: Garita's text for it and AWS's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BadResource {
    pub(crate) message: String,
    pub(crate) aws: String,
}

impl ResourcePattern {
    /// Compiles `text`. With fewer than six parts it is filled up with `*` when `pad` is set, and otherwise only
    /// when it ends in `*`; else it matches nothing.
    pub(crate) fn parse(text: &str, variables: bool, pad: bool) -> Result<Self, BadResource> {
        if text == "*" {
            return Ok(Self { text: text.into(), form: Form::Everything });
        }
        let mut parts = split_pattern(text, variables);
        check_shape(text, &parts)?;
        if parts.len() < 6 {
            if !pad && parts.last().is_none_or(|last| !last.ends_with('*')) {
                return Ok(Self { text: text.into(), form: Form::Nothing });
            }
            parts.resize(6, "*");
        }
        let compile = |(index, part): (usize, &str)| {
            let syntax = Syntax { wildcards: true, variables: variables && index == 5, fold: false };
            Pattern::parse(part, syntax)
        };
        let patterns = parts.into_iter().enumerate().map(compile).collect::<Result<Vec<_>, _>>();
        match patterns {
            Ok(patterns) => Ok(Self { text: text.into(), form: Form::Parts(patterns) }),
            Err(error) => Err(BadResource {
                message: error.to_string(),
                aws: "The policy failed legacy parsing".to_owned(),
            }),
        }
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it covers.
    pub(crate) fn covers(&self) -> Covers<'_> {
        match &self.form {
            Form::Everything => Covers::Everything,
            Form::Nothing => Covers::Nothing,
            Form::Parts(patterns) => match patterns.as_slice() {
                [a, b, c, d, e, f] => Covers::Parts([a, b, c, d, e, f]),
                _ => Covers::Nothing,
            },
        }
    }

    /// The text before its fifth colon; all of it when it has fewer. Nothing in there is a variable.
    pub(crate) fn head(&self) -> &str {
        let fifth = self.text.match_indices(':').nth(4);
        fifth.and_then(|(at, _)| self.text.get(..at)).unwrap_or(&self.text)
    }

    /// Whether it covers `resource`; `arn` is the same text, cut. A request without a resource (`*`) is covered
    /// by `*` alone.
    pub(crate) fn matches(&self, arn: Option<&ArnParts<'_>>, probe: &Probe<'_>) -> Match {
        match (&self.form, arn) {
            (Form::Everything, _) => Match::Yes,
            (Form::Parts(patterns), Some(arn)) => match_parts(patterns, arn, probe),
            (Form::Parts(_), None) | (Form::Nothing, _) => Match::No,
        }
    }

    /// How many parts of `arn` fit, from the first on, and the text of the part that does not.
    pub(crate) fn fit(&self, arn: &ArnParts<'_>, probe: &Probe<'_>) -> (usize, Option<&str>) {
        let Form::Parts(patterns) = &self.form else { return (0, None) };
        let fits = |(pattern, part): (&Pattern, &str)| pattern.matches(part, probe) == Match::Yes;
        let fitting = patterns.iter().zip(arn.0).take_while(|pair| fits(*pair)).count();
        let texts = split_pattern(&self.text, self.variables().next().is_some());
        (fitting, texts.get(fitting).copied())
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let patterns = match &self.form {
            Form::Parts(patterns) => patterns.as_slice(),
            Form::Everything | Form::Nothing => &[],
        };
        patterns.iter().flat_map(Pattern::variables)
    }
}

/// Matches each part with its own pattern.
pub(crate) fn match_parts(patterns: &[Pattern], arn: &ArnParts<'_>, probe: &Probe<'_>) -> Match {
    let mut result = Match::Yes;
    for (pattern, part) in patterns.iter().zip(arn.0) {
        match pattern.matches(part, probe) {
            Match::Yes => {}
            Match::No => return Match::No,
            Match::Unresolved => result = Match::Unresolved,
        }
    }
    result
}

/// Cuts a pattern at its first five colons, those inside `${...}` apart.
pub(crate) fn split_pattern(text: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(6);
    let mut start = 0;
    let mut in_variable = false;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if variables && before == '$' => in_variable = true,
            '}' => in_variable = false,
            ':' if !in_variable && parts.len() < 5 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    parts.extend(text.get(start..));
    parts
}

const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// What AWS checks when a policy is stored: `arn:`, a known partition, a service spelt out.
fn check_shape(text: &str, parts: &[&str]) -> Result<(), BadResource> {
    let wild = |part: &str| part.contains(['*', '?']);
    let part = |index: usize| parts.get(index).copied();
    if part(0) != Some("arn") || parts.len() < 2 {
        return Err(BadResource {
            message: format!("resource {} is neither an ARN nor `*`", quoted(text)),
            aws: format!("Resource {text} must be in ARN format or \"*\"."),
        });
    }
    let partition = part(1).unwrap_or_default();
    if !PARTITIONS.contains(&partition) && !wild(partition) {
        let rest = |index: usize| part(index).unwrap_or("*");
        return Err(BadResource {
            message: format!("partition {} of resource {} is unknown", quoted(partition), quoted(text)),
            aws: format!(
                "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{}:{}:{}:{}\".",
                rest(2),
                rest(3),
                rest(4),
                rest(5)
            ),
        });
    }
    if part(2).is_none_or(|service| service.is_empty() || wild(service)) {
        return Err(BadResource {
            message: format!("resource {} must spell out its service", quoted(text)),
            aws: "Resource vendor must be fully qualified and cannot contain regexes.".to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_in_variables_do_not_cut() {
        for (text, variables, wanted) in [
            ("arn:aws:s3:::a:b", true, "arn|aws|s3|||a:b"),
            ("arn:aws:s3:${x:y}:2:models", true, "arn|aws|s3|${x:y}|2|models"),
            ("arn:aws:s3:${x:y}:2:models", false, "arn|aws|s3|${x|y}|2:models"),
            ("arn:aws:s3:{x:y}:2", true, "arn|aws|s3|{x|y}|2"),
            ("arn:aws:s3:::${a:b}:c", true, "arn|aws|s3|||${a:b}:c"),
        ] {
            assert_eq!(split_pattern(text, variables).join("|"), wanted, "{text}");
        }
    }
}
