//! One call of an operation: its parameters, read as what the verbs take; and its answer.
//!
//! INVARIANT: a parameter that is there is either read as its type or refused in AWS's words; it never counts as absent.

use std::str::FromStr;
use std::sync::Arc;

use garita_app::iam::PageRequest;
use garita_app::{App, RequestContext};
use garita_model::{Error, Tag};
use garita_wire::protocol::query::Params;
use garita_wire::protocol::xml::XmlWriter;
use serde_json::Value;

use crate::call::constraint::Constraint;
use crate::errors::Refusal;

pub(crate) mod constraint;

/// Most items of one page; IAM API reference, "Common parameters".
const MAX_ITEMS: u32 = 1_000;

/// What a service function gets.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The verbs.
    pub(crate) app: &'a Arc<App>,
    /// Who, when, from where.
    pub(crate) cx: &'a RequestContext,
    /// What with.
    pub(crate) params: &'a Params,
}

/// What a service function gives.
pub(crate) struct Answer {
    /// What the caller gets.
    pub(crate) body: Body,
    /// What was made, for the audit record, without secrets. A change has told it already.
    pub(crate) made: Value,
}

/// What a caller gets.
pub(crate) enum Body {
    /// AWS Query: a result of nothing.
    Empty,
    /// AWS Query: writes the members of the result.
    Xml(Fill),
    /// AWS JSON: the result.
    Json(Value),
}

/// Writes the members of a result.
pub(crate) type Fill = Box<dyn FnOnce(&mut XmlWriter) + Send>;

impl Answer {
    /// Done, and nothing to tell.
    pub(crate) fn done() -> Self {
        Self { body: Body::Empty, made: Value::Null }
    }
    /// Done, with this result.
    pub(crate) fn result(fill: impl FnOnce(&mut XmlWriter) + Send + 'static) -> Self {
        Self { body: Body::Xml(Box::new(fill)), made: Value::Null }
    }
    /// With what was made.
    pub(crate) fn made(self, made: Value) -> Self {
        Self { made, ..self }
    }
}

impl Call<'_> {
    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<String, Refusal> {
        Ok(self.params.required(name)?.to_owned())
    }

    /// A text that may be there.
    pub(crate) fn optional_text(&self, name: &str) -> Option<String> {
        self.params.string(name).map(str::to_owned)
    }

    /// A value that must be there.
    pub(crate) fn parsed<T: FromStr<Err = Error>>(&self, name: &str) -> Result<T, Refusal> {
        Ok(self.params.required(name)?.parse()?)
    }

    /// A value that may be there.
    pub(crate) fn optional<T: FromStr<Err = Error>>(&self, name: &str) -> Result<Option<T>, Refusal> {
        Ok(self.params.string(name).map(str::parse).transpose()?)
    }

    /// A number within bounds that may be there.
    pub(crate) fn number(&self, name: &'static str, least: u32, most: u32) -> Result<Option<u32>, Refusal> {
        let Some(number) = self.params.integer(name)? else { return Ok(None) };
        let (least, most) = (i64::from(least), i64::from(most));
        let broken = |constraint| self.broken(name, &number.to_string(), constraint);
        match u32::try_from(number) {
            _ if number < least => Err(broken(Constraint::AtLeast(least))),
            Ok(fits) if number <= most => Ok(Some(fits)),
            _ => Err(broken(Constraint::AtMost(most))),
        }
    }

    /// One of a set of words, or nothing.
    pub(crate) fn one_of<T: Copy>(
        &self,
        name: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(given) = self.params.string(name) else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let set = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                Err(self.broken(name, given, Constraint::OneOf(&set)))
            }
        }
    }

    /// `Tags`.
    pub(crate) fn tags(&self) -> Result<Vec<Tag>, Refusal> {
        let tags = self.params.structs("Tags")?;
        tags.iter().map(|tag| Ok(Tag::new(tag.required("Key")?, tag.required("Value")?)?)).collect()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        Ok(self.params.list(name)?.into_iter().map(str::to_owned).collect())
    }

    /// A list that must be there, in AWS's words when it is not.
    pub(crate) fn must_have_items(&self, name: &str) -> Result<(), Refusal> {
        let given = self.params.string(name).is_some() || self.params.structure(name).is_some();
        if given { Ok(()) } else { self.params.required(name).map(drop).map_err(Refusal::from) }
    }

    /// `Marker` and `MaxItems`.
    pub(crate) fn page(&self) -> Result<PageRequest, Refusal> {
        Ok(PageRequest {
            marker: self.optional_text("Marker"),
            max_items: self.number("MaxItems", 1, MAX_ITEMS)?,
        })
    }

    /// Holds a text to a length and to an alphabet.
    pub(crate) fn fits(
        &self,
        name: &'static str,
        length: std::ops::RangeInclusive<usize>,
        alphabet: constraint::Alphabet,
    ) -> Result<Option<String>, Refusal> {
        let Some(text) = self.params.string(name) else { return Ok(None) };
        match Constraint::of_text(text, length, alphabet) {
            None => Ok(Some(text.to_owned())),
            Some(constraint) => Err(self.broken(name, text, constraint)),
        }
    }

    /// A broken constraint in AWS's words. STS repeats the value, IAM does not.
    fn broken(&self, name: &'static str, value: &str, constraint: Constraint<'_>) -> Refusal {
        let shown = self.cx.event().source.starts_with("sts.").then_some(value);
        constraint.broken(name, shown).into()
    }
}

/// `UserName` as AWS's messages and CloudTrail write it: `userName`.
pub(crate) fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
