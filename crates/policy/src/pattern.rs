//! Texts with `*`, `?` and `${variables}`: what actions, resources and string conditions are matched with.
//!
//! A pattern is parsed once into pieces; matching walks them with one remembered `*`.
//! INVARIANT: matching takes at most O(n²) steps for a text of n bytes, whatever the pattern: runs of wildcards
//! are put in normal form and a pattern that needs more bytes than the text has is refused at once.
//! INVARIANT: a substituted value is literal; a `*` in it matches only a `*`.
//! IAM User Guide, "Policy variables", "Specifying special characters", "Specifying default values".

mod extent;
#[cfg(test)]
mod tests;
mod variable;

use std::borrow::Cow;

use crate::context::Probe;
pub(crate) use extent::Extent;
pub use variable::{Variable, VariableError};

/// What is special in a pattern's text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Syntax {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${...}` is a variable (only under version 2012-10-17).
    pub variables: bool,
    /// Letters match in either case; the text to match must be folded with [`fold`].
    pub fold: bool,
}

/// A compiled pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    pieces: Box<[Piece]>,
    fold: bool,
    variables: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(Box<str>),
    One,
    Any,
    Variable(Variable),
}

/// Whether a text matched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Match {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// A variable has no single value in this request, so nothing can match.
    Unresolved,
}

/// What comes after a pattern's literal beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rest {
    /// Nothing: the text ends.
    End,
    /// Whatever the text goes on with.
    Anything,
    /// Something that the pattern must be asked about.
    Pattern,
}

/// The form in which texts are compared when case does not matter.
pub fn fold(text: &str) -> Cow<'_, str> {
    if is_folded(text) { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// As [`fold()`], into a buffer when the text is ASCII and fits.
pub(crate) fn fold_into<'a>(text: &'a str, buffer: &'a mut [u8; 128]) -> Cow<'a, str> {
    if is_folded(text) {
        return Cow::Borrowed(text);
    }
    let room = if text.is_ascii() { buffer.get_mut(..text.len()) } else { None };
    let Some(room) = room else { return fold(text) };
    room.copy_from_slice(text.as_bytes());
    room.make_ascii_lowercase();
    std::str::from_utf8(room).map_or_else(|_| fold(text), Cow::Borrowed)
}

fn is_folded(text: &str) -> bool {
    // Not cut short: without a branch for each byte it is quicker.
    !text.bytes().fold(false, |other, b| other | !b.is_ascii() | b.is_ascii_uppercase())
}

impl Pattern {
    /// Compiles `text`.
    ///
    /// # Errors
    /// When variables are read and a `${` is not one.
    pub fn parse(text: &str, syntax: Syntax) -> Result<Self, VariableError> {
        let mut builder = Builder { syntax, pieces: Vec::new(), text: String::new() };
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if syntax.variables
                && let Some(inside) = rest.strip_prefix("${")
            {
                let (expression, after) = variable::split(inside)?;
                builder.expression(expression)?;
                rest = after;
                continue;
            }
            match c {
                '*' if syntax.wildcards => builder.piece(Piece::Any),
                '?' if syntax.wildcards => builder.piece(Piece::One),
                c => builder.text.push(c),
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        builder.flush();
        let pieces = normal_form(builder.pieces);
        let variables = pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)));
        Ok(Self { pieces: pieces.into(), fold: syntax.fold, variables })
    }

    /// Whether the whole of `text` matches; under `fold`, `text` must have gone through [`fold()`].
    pub fn matches(&self, text: &str, probe: &Probe<'_>) -> Match {
        let matched = match &*self.pieces {
            [] => text.is_empty(),
            [Piece::Any] => true,
            [Piece::Text(only)] => &**only == text,
            [Piece::Text(prefix), Piece::Any] => text.starts_with(&**prefix),
            pieces => {
                if self.variables && !self.is_resolved(text, probe) {
                    return Match::Unresolved;
                }
                Substitution { probe, fold: self.fold }.run(pieces, text)
            }
        };
        if matched { Match::Yes } else { Match::No }
    }

    /// Whether each variable has a value. Not cut short at the first without: every missing key must be noted, unless
    /// `text` begins otherwise and so cannot match whatever the values are.
    fn is_resolved(&self, text: &str, probe: &Probe<'_>) -> bool {
        let quiet;
        let probe = if probe.takes_notes() && !text.starts_with(self.beginning().0) {
            quiet = probe.without_notes();
            &quiet
        } else {
            probe
        };
        self.variables().fold(true, |all, variable| variable.value(probe).is_some() & all)
    }

    /// Whether a value of the request decides what this matches.
    pub fn has_variables(&self) -> bool {
        self.variables
    }

    /// What every match begins with, and what comes after it.
    pub(crate) fn beginning(&self) -> (&str, Rest) {
        match &*self.pieces {
            [] => ("", Rest::End),
            [Piece::Any] => ("", Rest::Anything),
            [Piece::Text(all)] => (all, Rest::End),
            [Piece::Text(prefix), Piece::Any] => (prefix, Rest::Anything),
            [Piece::Text(prefix), ..] => (prefix, Rest::Pattern),
            _ => ("", Rest::Pattern),
        }
    }

    /// The variables in it, in order.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            _ => None,
        })
    }

    /// Whether it is nothing but one variable.
    pub(crate) fn is_one_variable(&self) -> bool {
        matches!(&*self.pieces, [Piece::Variable(_)])
    }
}

struct Builder {
    syntax: Syntax,
    pieces: Vec<Piece>,
    text: String,
}

impl Builder {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            let text = if self.syntax.fold { fold(&text).into() } else { text.into() };
            self.pieces.push(Piece::Text(text));
        }
    }

    fn piece(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    /// `${*}`, `${?}` and `${$}` are the characters themselves; anything else is a variable.
    fn expression(&mut self, expression: &str) -> Result<(), VariableError> {
        if let "*" | "?" | "$" = expression {
            self.text.push_str(expression);
        } else {
            let variable = Variable::parse(expression)?;
            self.piece(Piece::Variable(variable));
        }
        Ok(())
    }
}

/// `?*`, `*?`, `**` mean the same in any order: all the `?` first, then at most one `*`.
fn normal_form(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out = Vec::with_capacity(pieces.len());
    let mut any = false;
    for piece in pieces {
        match piece {
            Piece::Any => any = true,
            Piece::One => out.push(Piece::One),
            other => {
                if std::mem::take(&mut any) {
                    out.push(Piece::Any);
                }
                out.push(other);
            }
        }
    }
    if any {
        out.push(Piece::Any);
    }
    out
}

/// Where variables get their values from, as literal text.
struct Substitution<'v> {
    probe: &'v Probe<'v>,
    fold: bool,
}

impl Substitution<'_> {
    /// How many bytes `variable` stands for.
    fn len(&self, variable: &Variable) -> usize {
        let value = variable.value(self.probe).unwrap_or_default();
        if self.fold && !value.is_ascii() { fold(value).len() } else { value.len() }
    }

    /// What is left of `text` after the value of `variable`; under `fold`, `text` is folded and the value is not.
    fn strip<'t>(&self, variable: &Variable, text: &'t str) -> Option<&'t str> {
        let value = variable.value(self.probe)?;
        if !self.fold {
            return text.strip_prefix(value);
        }
        if !value.is_ascii() {
            return text.strip_prefix(&*fold(value));
        }
        let (head, rest) = text.split_at_checked(value.len())?;
        head.eq_ignore_ascii_case(value).then_some(rest)
    }

    fn run(&self, pieces: &[Piece], text: &str) -> bool {
        let needed: usize = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.len(),
                Piece::One => 1,
                Piece::Any => 0,
                Piece::Variable(variable) => self.len(variable),
            })
            .sum();
        if needed > text.len() {
            return false;
        }
        let mut rest = text;
        let mut pieces = pieces;
        // The pieces after the last `*`, and where they were last tried.
        let mut retry: Option<(&[Piece], &str)> = None;
        loop {
            let advanced = match pieces.split_first() {
                None if rest.is_empty() => return true,
                None => None,
                Some((Piece::Any, [])) => return true,
                Some((Piece::Any, after)) => {
                    retry = Some((after, rest));
                    Some((after, rest))
                }
                Some((Piece::One, after)) => without_first(rest).map(|left| (after, left)),
                Some((Piece::Text(literal), after)) => {
                    rest.strip_prefix(&**literal).map(|left| (after, left))
                }
                Some((Piece::Variable(variable), after)) => {
                    self.strip(variable, rest).map(|left| (after, left))
                }
            };
            if let Some(next) = advanced {
                (pieces, rest) = next;
                continue;
            }
            let Some((after, tried)) = retry else { return false };
            let Some(left) = without_first(tried) else { return false };
            retry = Some((after, left));
            (pieces, rest) = (after, left);
        }
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}
