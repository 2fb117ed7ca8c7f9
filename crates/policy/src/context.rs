//! What is known when a request is decided: who asks, for what, and the condition keys.
//!
//! Key names are compared without regard to case; values are text, whatever their type, and each operator reads
//! them as its own type. A key is either single-valued or multi-valued: a multi-valued one answers only to
//! `ForAllValues` and `ForAnyValue`, and is no variable.
//!
//! A key is found by its id, the hash of its name, which policies carry ready-made. Names and values are shared, so
//! a context that a request adds a few keys to is copied without copying a text.
//! IAM User Guide, "AWS global condition context keys", "Single-valued vs. multivalued context keys".

mod name;
mod principal;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::arn::AccountId;
pub(crate) use name::KeyName;
use name::SharedName;
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

/// The condition keys of one request. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Context {
    /// The id of each entry's key, in the order of the entries.
    ids: Vec<u64>,
    /// In the order of the folded names.
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    key: SharedName,
    values: Arc<Values>,
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
        self.insert(Entry { key: SharedName::of(key), values: Arc::new(values) });
    }

    fn insert(&mut self, entry: Entry) {
        match self.place(entry.key.folded()) {
            Ok(at) => {
                if let Some(known) = self.entries.get_mut(at) {
                    *known = entry;
                }
            }
            Err(at) => {
                self.ids.insert(at, entry.key.id());
                self.entries.insert(at, entry);
            }
        }
    }

    /// Sets every key of `over`, in place of any values it had here.
    pub(crate) fn overlay(&mut self, over: &Self) {
        for entry in &over.entries {
            self.insert(entry.clone());
        }
    }

    fn place(&self, folded: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.key.folded().cmp(folded))
    }

    /// Takes `key` away.
    pub fn remove(&mut self, key: &str) {
        if let Ok(at) = self.place(SharedName::of(key).folded()) {
            self.ids.remove(at);
            self.entries.remove(at);
        }
    }

    /// The values of `key`; a multi-valued key without values counts as absent.
    pub fn get(&self, key: &str) -> Option<&Values> {
        self.find(&KeyName::new(key))
    }

    /// Every key, as it was written, with its values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), &*entry.values))
    }

    fn find(&self, key: &KeyName) -> Option<&Values> {
        let mut numbered = self.ids.iter().zip(&self.entries);
        let (_, entry) =
            numbered.find(|(id, entry)| **id == key.id() && entry.key.folded() == key.folded())?;
        (!entry.values.is_empty()).then_some(&*entry.values)
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

/// A context that remembers which keys it was asked for and did not have.
#[derive(Debug)]
pub struct Probe<'a> {
    context: &'a Context,
    /// None: nobody wants to know.
    missing: Option<RefCell<BTreeMap<Box<str>, Box<str>>>>,
}

impl<'a> Probe<'a> {
    /// Begins with nothing missing.
    pub fn new(context: &'a Context) -> Self {
        Self { context, missing: Some(RefCell::default()) }
    }

    /// Takes no notes, and so no memory.
    pub(crate) fn quiet(context: &'a Context) -> Self {
        Self { context, missing: None }
    }

    /// Whether it takes notes.
    pub(crate) fn takes_notes(&self) -> bool {
        self.missing.is_some()
    }

    /// The same context, asked without taking notes.
    pub(crate) fn without_notes(&self) -> Self {
        Self::quiet(self.context)
    }

    /// The values of a key, noting its absence.
    pub(crate) fn get(&self, key: &KeyName) -> Option<&'a Values> {
        let found = self.find(key);
        if let (None, Some(missing)) = (found, &self.missing) {
            missing.borrow_mut().entry(key.folded().into()).or_insert_with(|| key.as_str().into());
        }
        found
    }

    /// The values of a key that may be absent.
    pub(crate) fn find(&self, key: &KeyName) -> Option<&'a Values> {
        self.context.find(key)
    }

    /// The keys found absent, as first written, in the order of their names.
    pub(crate) fn into_missing(self) -> Vec<String> {
        let missing = self.missing.map(RefCell::into_inner).unwrap_or_default();
        missing.into_values().map(String::from).collect()
    }
}
