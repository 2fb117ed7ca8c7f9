//! The names of the condition operators and what they stand for.
//!
//! `[ForAllValues:|ForAnyValue:]Name[IfExists]`; names are exact, as AWS takes them. `Null` asks whether a key is
//! there at all, so it takes neither prefix nor suffix.
//! IAM User Guide, "IAM JSON policy elements: Condition operators".

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A condition operator with its set prefix and its suffix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator {
    name: &'static str,
    family: Family,
    negated: bool,
    set: SetOperator,
    if_exists: bool,
}

/// What an operator makes of a key that is missing, or has several values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Mode {
    pub(super) set: SetOperator,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
}

/// How a multi-valued key is taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SetOperator {
    /// Not at all: the key has one value.
    None,
    /// Every value of the request must satisfy the operator.
    ForAllValues,
    /// At least one value must.
    ForAnyValue,
}

/// The type that values are read as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Family {
    StringEquals,
    StringFolded,
    StringLike,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Address,
    Arn,
    Null,
}

/// An ordering operator: how the request's value stands to the policy's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(super) fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// Name, what it compares, whether it is true when nothing matches.
const OPERATORS: [(&str, Family, bool); 27] = [
    ("StringEquals", Family::StringEquals, false),
    ("StringNotEquals", Family::StringEquals, true),
    ("StringEqualsIgnoreCase", Family::StringFolded, false),
    ("StringNotEqualsIgnoreCase", Family::StringFolded, true),
    ("StringLike", Family::StringLike, false),
    ("StringNotLike", Family::StringLike, true),
    ("NumericEquals", Family::Numeric(Order::Equal), false),
    ("NumericNotEquals", Family::Numeric(Order::Equal), true),
    ("NumericLessThan", Family::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Family::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Family::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Family::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Family::Date(Order::Equal), false),
    ("DateNotEquals", Family::Date(Order::Equal), true),
    ("DateLessThan", Family::Date(Order::Less), false),
    ("DateLessThanEquals", Family::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Family::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Family::Date(Order::GreaterOrEqual), false),
    ("Bool", Family::Bool, false),
    ("BinaryEquals", Family::Binary, false),
    ("IpAddress", Family::Address, false),
    ("NotIpAddress", Family::Address, true),
    ("ArnEquals", Family::Arn, false),
    ("ArnLike", Family::Arn, false),
    ("ArnNotEquals", Family::Arn, true),
    ("ArnNotLike", Family::Arn, true),
    ("Null", Family::Null, false),
];

/// A name that is no condition operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperatorError {
    /// No operator is called so.
    #[error("unknown condition operator")]
    Unknown,
    /// `Null` with a set prefix or with `IfExists`.
    #[error("`Null` takes neither `ForAllValues:`, `ForAnyValue:` nor `IfExists`")]
    DecoratedNull,
}

impl Operator {
    /// How it takes multi-valued keys.
    pub fn set(self) -> SetOperator {
        self.set
    }

    /// Whether it is true when the key is missing.
    pub fn if_exists(self) -> bool {
        self.if_exists
    }

    /// Whether it is true when no value matches, as `StringNotEquals` is.
    pub fn is_negated(self) -> bool {
        self.negated
    }

    pub(super) fn mode(self) -> Mode {
        Mode { set: self.set, negated: self.negated, if_exists: self.if_exists }
    }

    pub(super) fn family(self) -> Family {
        self.family
    }

    /// Every operator's name, without prefix and suffix.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OPERATORS.iter().map(|(name, ..)| *name)
    }
}

impl FromStr for Operator {
    type Err = OperatorError;

    fn from_str(text: &str) -> Result<Self, OperatorError> {
        let (set, rest) = if let Some(rest) = text.strip_prefix("ForAllValues:") {
            (SetOperator::ForAllValues, rest)
        } else if let Some(rest) = text.strip_prefix("ForAnyValue:") {
            (SetOperator::ForAnyValue, rest)
        } else {
            (SetOperator::None, text)
        };
        let (wanted, if_exists) = match rest.strip_suffix("IfExists") {
            Some(wanted) => (wanted, true),
            None => (rest, false),
        };
        let row = OPERATORS.iter().find(|(name, ..)| *name == wanted);
        let (name, family, negated) = *row.ok_or(OperatorError::Unknown)?;
        if family == Family::Null && (if_exists || set != SetOperator::None) {
            return Err(OperatorError::DecoratedNull);
        }
        Ok(Self { name, family, negated, set, if_exists })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.set {
            SetOperator::None => "",
            SetOperator::ForAllValues => "ForAllValues:",
            SetOperator::ForAnyValue => "ForAnyValue:",
        })?;
        f.write_str(self.name)?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}
