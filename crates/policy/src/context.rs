//! What is known when a request is decided: who asks, for what, and the condition keys.
//!
//! Key names are compared without regard to case; values are text, whatever their type, and each operator reads
//! them as its own type. A key is either single-valued or multi-valued: a multi-valued one answers only to
//! `ForAllValues` and `ForAnyValue`, and is no variable.
//! IAM User Guide, "AWS global condition context keys", "Single-valued vs. multivalued context keys".

mod principal;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::arn::AccountId;
use crate::pattern::fold;
pub use principal::Principal;

/// The value or values of a condition key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Values {
    /// A single-valued key.
    One(String),
    /// A multi-valued key, even when it holds one value.
    Many(Vec<String>),
}

impl Values {
    /// The values, one after another.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Many(values) if values.is_empty())
    }
}

/// The condition keys of one request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Context {
    entries: BTreeMap<String, (String, Values)>,
}

impl Context {
    /// A context without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `key` a single value, in place of any it had.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.put(key, Values::One(value.into()));
    }

    /// Makes `key` multi-valued, in place of any values it had; no values is the same as no key.
    pub fn set_many(&mut self, key: &str, values: impl IntoIterator<Item = String>) {
        self.put(key, Values::Many(values.into_iter().collect()));
    }

    fn put(&mut self, key: &str, values: Values) {
        self.entries.insert(fold(key).into_owned(), (key.to_owned(), values));
    }

    /// Takes `key` away.
    pub fn remove(&mut self, key: &str) {
        self.entries.remove(&*fold(key));
    }

    /// The values of `key`; a multi-valued key without values counts as absent.
    pub fn get(&self, key: &str) -> Option<&Values> {
        self.get_folded(&fold(key))
    }

    /// Every key, as it was written, with its values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.entries.values().map(|(key, values)| (key.as_str(), values))
    }

    fn get_folded(&self, key: &str) -> Option<&Values> {
        self.entries.get(key).map(|(_, values)| values).filter(|values| !values.is_empty())
    }
}

/// A question to decide.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The action, such as `execute-api:Invoke`; case does not matter.
    pub action: &'a str,
    /// The resource's ARN, or `*` for an action that has none.
    pub resource: &'a str,
    /// The account that owns the resource; `None` when it is the principal's own.
    pub resource_account: Option<AccountId>,
    /// The condition keys.
    pub context: &'a Context,
}

/// The name of a condition key, as written and as compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyName {
    written: Box<str>,
    folded: Box<str>,
}

impl KeyName {
    pub(crate) fn new(written: &str) -> Self {
        Self { written: written.into(), folded: fold(written).into() }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }
}

/// A context that remembers which keys it was asked for and did not have.
#[derive(Debug)]
pub struct Probe<'a> {
    context: &'a Context,
    missing: RefCell<BTreeMap<Box<str>, Box<str>>>,
}

impl<'a> Probe<'a> {
    /// Begins with nothing missing.
    pub fn new(context: &'a Context) -> Self {
        Self { context, missing: RefCell::default() }
    }

    /// The values of a key, noting its absence.
    pub(crate) fn get(&self, key: &KeyName) -> Option<&'a Values> {
        let found = self.find(key);
        if found.is_none() {
            let mut missing = self.missing.borrow_mut();
            missing.entry(key.folded.clone()).or_insert_with(|| key.written.clone());
        }
        found
    }

    /// The values of a key that may be absent.
    pub(crate) fn find(&self, key: &KeyName) -> Option<&'a Values> {
        self.context.get_folded(&key.folded)
    }

    /// The keys found absent, as first written, in the order of their names.
    pub(crate) fn into_missing(self) -> Vec<String> {
        self.missing.into_inner().into_values().map(String::from).collect()
    }
}
