//! One line of a `Condition` block: an operator, a key and the values it is compared with.
//!
//! Values are read into their operator's type when the document is parsed, so a number that is no number is an
//! error there and not a statement that quietly never applies. The request's values are text and may be of the
//! wrong type: such a value equals nothing and is in no order or network.
//!
//! The rules, of the IAM User Guide's "Condition operators" and "Single-valued vs. multivalued context keys":
//! - operators and keys are joined by AND, values by OR; a negated operator is true when no value matches;
//! - a missing key makes a positive operator false and a negated one true; with `IfExists` both are true;
//! - `ForAllValues` is true, `ForAnyValue` false, when the key is missing or empty;
//! - a multi-valued key without a set operator never matches.

mod address;
mod arn;
mod binary;
mod boolean;
mod date;
mod number;
mod operator;
mod program;
mod string;
#[cfg(test)]
mod tests;

use crate::context::{KeyName, Probe, Values};
use crate::pattern::{Match, Pattern, Variable};
use address::Network;
use arn::ArnPattern;
use binary::Bytes;
use boolean::Flag;
use date::Instant;
use number::Decimal;
use operator::{Family, Mode, Order};
pub use operator::{Operator, SetOperator};
pub(crate) use program::{Program, Programs};

/// One comparison of a statement's `Condition`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    operator: Operator,
    key: KeyName,
    /// The values as written, for people.
    written: Box<[Box<str>]>,
    operands: Operands,
}

/// What the key's values are compared with, in the operator's own type.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Operands {
    Texts(Vec<Pattern>),
    FoldedTexts(Vec<Pattern>),
    Numbers(Order, Vec<Decimal<'static>>),
    Dates(Order, Vec<Instant>),
    Flags(Vec<Flag>),
    Bytes(Vec<Bytes>),
    Networks(Vec<Network>),
    Arns(Vec<ArnPattern>),
    Absent(Vec<bool>),
}

/// A value that its operator cannot take: which one of the list, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BadOperand {
    pub(crate) index: usize,
    pub(crate) problem: String,
}

impl Condition {
    /// Reads the values of one key; `variables` says whether `${...}` is special in this document.
    pub(crate) fn new(
        operator: Operator,
        key: &str,
        values: &[&str],
        variables: bool,
    ) -> Result<Self, BadOperand> {
        let operands = match operator.family() {
            Family::StringEquals => Operands::Texts(each(values, |v| string::exact(v, variables))?),
            Family::StringFolded => Operands::FoldedTexts(each(values, |v| string::folded(v, variables))?),
            Family::StringLike => Operands::Texts(each(values, |v| string::like(v, variables))?),
            Family::Numeric(order) => Operands::Numbers(order, each(values, Decimal::operand)?),
            Family::Date(order) => Operands::Dates(order, each(values, Instant::operand)?),
            Family::Bool => Operands::Flags(each(values, |v| Flag::operand(v, variables))?),
            Family::Binary => Operands::Bytes(each(values, Bytes::operand)?),
            Family::Address => Operands::Networks(each(values, Network::operand)?),
            Family::Arn => Operands::Arns(each(values, |v| ArnPattern::operand(v, variables))?),
            Family::Null => Operands::Absent(each(values, boolean::literal)?),
        };
        let written = values.iter().map(|value| Box::from(*value)).collect();
        Ok(Self { operator, key: KeyName::new(key), written, operands })
    }

    /// Its operator.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The key it asks for, as written.
    pub fn key(&self) -> &str {
        self.key.as_str()
    }

    /// The values it compares with, as written.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(|value| &**value)
    }

    /// Whether nothing but keys of which `knows` is true has a say in it.
    pub(crate) fn asks_only(&self, knows: impl Fn(&KeyName) -> bool) -> bool {
        knows(&self.key) && self.variables().into_iter().all(|variable| knows(variable.key_name()))
    }

    /// The variables in its values.
    pub fn variables(&self) -> Vec<&Variable> {
        match &self.operands {
            Operands::Texts(patterns) | Operands::FoldedTexts(patterns) => {
                patterns.iter().flat_map(Pattern::variables).collect()
            }
            Operands::Flags(flags) => flags.iter().flat_map(Flag::variables).collect(),
            Operands::Arns(patterns) => patterns.iter().flat_map(ArnPattern::variables).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the condition is met; keys it asks for in vain are noted in `probe`.
    pub fn is_met(&self, probe: &Probe<'_>) -> bool {
        let found = probe.get(&self.key);
        if let Operands::Absent(wanted) = &self.operands {
            return wanted.contains(&found.is_none());
        }
        self.operator.mode().holds(found, |value| self.operands.match_any(value, probe))
    }
}

impl Mode {
    /// Whether the operator is true of a key's values; `matches` says whether one matches what the policy lists.
    fn holds(self, found: Option<&Values>, matches: impl Fn(&str) -> bool) -> bool {
        let holds = |value: &str| matches(value) != self.negated;
        match (self.set, found) {
            (SetOperator::None, Some(Values::One(value))) => holds(value),
            (SetOperator::None, Some(Values::Many(_))) => false,
            (SetOperator::ForAllValues, Some(values)) => is_empty_text(values) || values.iter().all(holds),
            (SetOperator::ForAnyValue, Some(values)) => !is_empty_text(values) && values.iter().any(holds),
            (_, None) if self.if_exists => true,
            (SetOperator::None, None) => self.negated,
            (SetOperator::ForAllValues, None) => true,
            (SetOperator::ForAnyValue, None) => false,
        }
    }
}

/// To a set operator, a single empty text is an empty set.
fn is_empty_text(values: &Values) -> bool {
    matches!(values, Values::One(text) if text.is_empty())
}

fn each<T>(values: &[&str], read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, BadOperand> {
    let numbered = values.iter().enumerate();
    numbered.map(|(index, value)| read(value).map_err(|problem| BadOperand { index, problem })).collect()
}

impl Operands {
    /// Whether `value` matches one of them. All are tried: each may note a missing variable.
    fn match_any(&self, value: &str, probe: &Probe<'_>) -> bool {
        match self {
            Self::Texts(patterns) => any(patterns, |p| p.matches(value, probe) == Match::Yes),
            Self::FoldedTexts(patterns) => {
                let value = crate::pattern::fold(value);
                any(patterns, |p| p.matches(&value, probe) == Match::Yes)
            }
            Self::Numbers(order, numbers) => {
                Decimal::read(value).is_some_and(|value| any(numbers, |n| order.accepts(value.cmp(n))))
            }
            Self::Dates(order, dates) => {
                Instant::read(value).is_some_and(|value| any(dates, |d| order.accepts(value.cmp(d))))
            }
            Self::Flags(flags) => any(flags, |flag| flag.matches(value, probe)),
            Self::Bytes(all) => {
                Bytes::decoded(value, |value| all.iter().any(|bytes| bytes.as_slice() == value))
            }
            Self::Networks(networks) => any(networks, |network| network.contains(value)),
            Self::Arns(patterns) => any(patterns, |p| p.matches(value, probe)),
            Self::Absent(_) => false,
        }
    }
}

fn any<T>(items: &[T], test: impl Fn(&T) -> bool) -> bool {
    items.iter().fold(false, |met, item| test(item) | met)
}
