//! Attributes of users: what a pool knows of people, and the rules for it.
//!
//! Standard attributes are those of OpenID Connect Core §5.1, as Cognito has them; a pool adds its own under
//! `custom:`. A user's attributes stand in one allocation: there are many users.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap as _};

use crate::error::{Error, Result};
use crate::user_pool::fault::PoolFault;

/// Longest value, in bytes: Cognito's `AttributeValueType`.
pub const MAX_VALUE: usize = 2048;
/// Most attributes that a pool adds.
pub const MAX_CUSTOM: usize = 50;

/// The standard attributes, with their type; all texts of up to 2,048 characters, but for these.
pub const STANDARD: [(&str, AttributeType); 20] = [
    ("sub", AttributeType::String),
    ("name", AttributeType::String),
    ("given_name", AttributeType::String),
    ("family_name", AttributeType::String),
    ("middle_name", AttributeType::String),
    ("nickname", AttributeType::String),
    ("preferred_username", AttributeType::String),
    ("profile", AttributeType::String),
    ("picture", AttributeType::String),
    ("website", AttributeType::String),
    ("email", AttributeType::String),
    ("email_verified", AttributeType::Boolean),
    ("gender", AttributeType::String),
    ("birthdate", AttributeType::String),
    ("zoneinfo", AttributeType::String),
    ("locale", AttributeType::String),
    ("phone_number", AttributeType::String),
    ("phone_number_verified", AttributeType::Boolean),
    ("address", AttributeType::String),
    ("updated_at", AttributeType::Number),
];

/// What an attribute's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeType {
    /// A text.
    String,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A moment.
    DateTime,
}

/// An attribute in a pool's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeSpec {
    /// Its name, with `custom:` if the pool added it.
    pub name: String,
    /// What it holds.
    pub kind: AttributeType,
    /// Whether it may be changed once it is set.
    pub mutable: bool,
    /// Whether every user must have it.
    pub required: bool,
    /// Whether only administrators see it.
    #[serde(default)]
    pub developer_only: bool,
    /// The least length of a text, or the least number.
    #[serde(default)]
    pub least: Option<i64>,
    /// The greatest length of a text, or the greatest number.
    #[serde(default)]
    pub most: Option<i64>,
}

impl AttributeSpec {
    /// A standard attribute as a pool has it that says nothing else.
    pub fn standard(name: &str) -> Option<Self> {
        let (name, kind) = STANDARD.iter().find(|(known, _)| *known == name)?;
        let (least, most) = match (*name, kind) {
            ("sub", _) => (Some(1), Some(2048)),
            ("birthdate", _) => (Some(10), Some(10)),
            ("updated_at", _) => (Some(0), None),
            (_, AttributeType::String) => (Some(0), Some(2048)),
            _ => (None, None),
        };
        let fixed = *name == "sub";
        Some(Self {
            name: (*name).to_owned(),
            kind: *kind,
            mutable: !fixed,
            required: fixed,
            developer_only: false,
            least,
            most,
        })
    }

    /// Holds a value to the attribute's type and bounds.
    ///
    /// # Errors
    /// `InvalidParameter`, naming the attribute and not the value.
    pub fn check(&self, value: &str) -> Result<()> {
        let wrong = |what: &str| {
            let name = &self.name;
            Err(PoolFault::InvalidParameter
                .because(format!("Attributes did not conform to the schema: {name}: {what}")))
        };
        if value.len() > MAX_VALUE || value.chars().any(char::is_control) {
            return wrong("The value has more than 2048 bytes or holds control characters.");
        }
        let within = |size: i64| {
            self.least.is_none_or(|least| size >= least) && self.most.is_none_or(|most| size <= most)
        };
        match self.kind {
            AttributeType::String => match i64::try_from(value.chars().count()) {
                Ok(length) if within(length) => Ok(()),
                _ => wrong("String must be within its length constraints."),
            },
            AttributeType::Number => match value.parse() {
                Ok(number) if within(number) => Ok(()),
                _ => wrong("Number must be a whole number within its constraints."),
            },
            AttributeType::Boolean if matches!(value, "true" | "false") => Ok(()),
            AttributeType::Boolean => wrong("Boolean must be true or false."),
            AttributeType::DateTime if value.parse::<jiff::Timestamp>().is_ok() => Ok(()),
            AttributeType::DateTime => wrong("DateTime must be a moment such as 2026-01-01T00:00:00Z."),
        }
    }
}

/// A user's attributes, in the order they were set. `sub` is not among them: it is the user's id.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Attributes(Box<str>);

/// Stands after each name and each value; no value may hold it.
const END: char = '\0';

impl Attributes {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut texts = self.0.split_terminator(END);
        std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
    }
    /// The value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(held, _)| *held == name).map(|(_, value)| value)
    }
    /// Whether an attribute is `true`.
    pub fn is(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
    /// With an attribute in place of what it was.
    ///
    /// # Errors
    /// `InvalidParameter` for a value that cannot be kept: values come here through [`AttributeSpec::check`].
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        if name.contains(END) || value.contains(END) {
            return Err(malformed());
        }
        let mut found = false;
        let mut all = String::with_capacity(self.0.len() + name.len() + value.len() + 2);
        for (held, old) in self.iter() {
            let same = held == name;
            found |= same;
            push(&mut all, held, if same { value } else { old });
        }
        if !found {
            push(&mut all, name, value);
        }
        self.0 = all.into_boxed_str();
        Ok(())
    }
    /// Without an attribute.
    pub fn remove(&mut self, name: &str) {
        let mut all = String::with_capacity(self.0.len());
        for (held, value) in self.iter().filter(|(held, _)| *held != name) {
            push(&mut all, held, value);
        }
        self.0 = all.into_boxed_str();
    }
}

fn push(all: &mut String, name: &str, value: &str) {
    all.push_str(name);
    all.push(END);
    all.push_str(value);
    all.push(END);
}

fn malformed() -> Error {
    PoolFault::InvalidParameter.because("an attribute cannot hold a NUL character")
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Attributes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map of attributes")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut all = Attributes::default();
                while let Some((name, value)) = map.next_entry::<String, String>()? {
                    all.set(&name, &value).map_err(serde::de::Error::custom)?;
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_set_read_and_removed() {
        let mut all = Attributes::default();
        for (name, value) in [("email", "a@example.com"), ("name", ""), ("email", "b@example.com")] {
            all.set(name, value).unwrap();
        }
        assert_eq!(all.iter().collect::<Vec<_>>(), [("email", "b@example.com"), ("name", "")]);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"{"email":"b@example.com","name":""}"#);
        assert!(serde_json::from_str::<Attributes>(&text).unwrap() == all);
        all.remove("email");
        assert_eq!((all.get("email"), all.get("name")), (None, Some("")));
        assert!(all.set("name", "a\0email_verified\0true").is_err());
        assert!(!all.is("email_verified"));
    }

    #[test]
    fn values_are_held_to_type_and_bounds() {
        let spec = |name| AttributeSpec::standard(name).unwrap();
        for (name, value, good) in [
            ("birthdate", "1990-01-01", true),
            ("birthdate", "1990", false),
            ("email_verified", "true", true),
            ("email_verified", "yes", false),
            ("updated_at", "17", true),
            ("updated_at", "-1", false),
            ("updated_at", "1.5", false),
            ("name", "Ana\u{1}", false),
        ] {
            assert_eq!(spec(name).check(value).is_ok(), good, "{name} {value}");
        }
        assert!(spec("name").check(&"a".repeat(2049)).is_err());
        assert!(AttributeSpec::standard("custom:x").is_none());
    }
}
