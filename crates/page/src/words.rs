//! What pages say, in the reader's language: Fluent catalogues, one message a line.
//!
//! The language is the one that was asked for (`ui_locales`), else the browser's first that there is a catalogue for,
//! else English. INVARIANT: every message that a door's templates name is in both its catalogues (its tests hold them
//! together, by [`faults`]), and what a message is given is text: the template escapes the whole.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use serde::{Deserialize, Serialize};

/// A language there is a catalogue for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names of languages")]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "es")]
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Its tag (RFC 5646), for `lang` and for discovery.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The first that fits of a list in order of preference: `ui_locales` of OpenID Connect Core section 3.1.2.1.
    pub fn of_preferences(tags: &str) -> Option<Self> {
        tags.split(' ').find_map(Self::of_tag)
    }

    /// The one that a browser likes best: `Accept-Language` of RFC 9110 section 12.5.4; English if it says none of these.
    pub fn of_header(header: Option<&str>) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for range in header.unwrap_or_default().split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let Some(language) = parts.next().and_then(Self::of_tag) else { continue };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::English, |(_, language)| language)
    }
}

/// A weight of `Accept-Language`; what is none weighs nothing.
fn thousandths(weight: &str) -> u16 {
    weight
        .parse::<f32>()
        .ok()
        .filter(|weight| (0.0..=1.0).contains(weight))
        .map_or(0, |weight| (weight * 1_000.0).round() as u16)
}

type Bundle = FluentBundle<FluentResource>;

/// The messages of a door, in every language.
pub struct Catalogues {
    english: Bundle,
    spanish: Bundle,
}

impl Catalogues {
    /// Reads them. What is no message is passed over; [`faults`] tells of it.
    pub fn new(english: &str, spanish: &str) -> Self {
        Self { english: bundle(Language::English, english), spanish: bundle(Language::Spanish, spanish) }
    }

    fn of(&self, language: Language) -> &Bundle {
        match language {
            Language::English => &self.english,
            Language::Spanish => &self.spanish,
        }
    }
}

impl fmt::Debug for Catalogues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Catalogues")
    }
}

fn bundle(language: Language, source: &str) -> Bundle {
    let tag = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks would be read out by screen readers, and both languages run left to right.
    bundle.set_use_isolating(false);
    let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(source.to_owned());
    bundle.add_resource_overriding(resource);
    bundle
}

/// What a message is given.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// A text.
    Text(&'a str),
    /// A number, which may choose the form of the message.
    Number(usize),
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    language: Language,
    catalogues: &'static Catalogues,
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.language == other.language && std::ptr::eq(self.catalogues, other.catalogues)
    }
}
impl Eq for Words {}

impl Words {
    /// Those of a door's catalogues.
    pub fn new(catalogues: &'static Catalogues, language: Language) -> Self {
        Self { language, catalogues }
    }

    /// The language's tag.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// A message that is given nothing.
    pub fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A message about one thing.
    pub fn about(&self, key: &str, name: &str, text: &str) -> String {
        self.with(key, &[(name, Given::Text(text))])
    }

    /// A message.
    pub fn with(&self, key: &str, given: &[(&str, Given<'_>)]) -> String {
        let catalogue = self.catalogues.of(self.language);
        let Some(pattern) = catalogue.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, given) in given {
            match given {
                Given::Text(text) => args.set(*name, *text),
                Given::Number(number) => args.set(*name, *number),
            }
        }
        Cow::into_owned(catalogue.format_pattern(pattern, Some(&args), &mut Vec::new()))
    }

    /// Things in a row: `a, b and c`, with the language's own word before the last.
    pub fn row(&self, things: &[String], and: &str) -> String {
        match things {
            [] => String::new(),
            [only] => only.clone(),
            [first @ .., last] => format!("{} {} {last}", first.join(", "), self.say(and)),
        }
    }
}

/// Each message of a catalogue with the variables it uses, and what is wrong with the catalogue.
fn messages(source: &str, faults: &mut Vec<String>) -> BTreeMap<String, BTreeSet<String>> {
    if FluentResource::try_new(source.to_owned()).is_err() {
        faults.push("a catalogue holds what is no message".to_owned());
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            key.clone_into(&mut current);
            if found.insert(current.clone(), BTreeSet::new()).is_some() {
                faults.push(format!("`{current}` stands twice"));
            }
        }
        let word = |rest: &str| {
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        };
        let variables = line.split('$').skip(1).map(word);
        if let Some(own) = found.get_mut(&current) {
            own.extend(variables);
        }
    }
    found
}

/// What is wrong with a door's catalogues beside the text of its sources and templates: messages that are only in
/// one, that are given other things in the other, that nobody says, or that are said and are not there.
pub fn faults(english: &str, spanish: &str, said: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (known, other) = (messages(english, &mut faults), messages(spanish, &mut faults));
    for key in known.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
        if known.get(key) != other.get(key) {
            faults.push(format!("`{key}` is not alike in both catalogues"));
        }
    }
    let quoted: BTreeSet<&str> = said.split('"').collect();
    faults.extend(
        known.keys().filter(|key| !quoted.contains(key.as_str())).map(|key| format!("`{key}` is never said")),
    );
    for call in [".say(\"", ".about(\"", ".with(\""] {
        for key in said.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
            if !known.contains_key(key) {
                faults.push(format!("`{key}` is in no catalogue"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    const ENGLISH: &str = "left = { $n ->\n    [one] One is left.\n   *[other] { $n } are left.\n}\nand = and\nhello = Hello, { $name }!\n";
    const SPANISH: &str = "left = { $n ->\n    [one] Queda uno.\n   *[other] Quedan { $n }.\n}\nand = y\nhello = ¡Hola, { $name }!\n";
    static CATALOGUES: LazyLock<Catalogues> = LazyLock::new(|| Catalogues::new(ENGLISH, SPANISH));

    #[test]
    fn messages_take_what_they_are_given() {
        let [english, spanish] = Language::ALL.map(|language| Words::new(&CATALOGUES, language));
        assert_eq!(english.with("left", &[("n", Given::Number(1))]), "One is left.");
        assert_eq!(spanish.with("left", &[("n", Given::Number(7))]), "Quedan 7.");
        assert_eq!(spanish.about("hello", "name", "Ana"), "¡Hola, Ana!");
        let things = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            (spanish.row(&things, "and"), english.row(&things, "and")),
            ("a, b y c".into(), "a, b and c".into())
        );
        assert_eq!((english.tag(), spanish.tag()), ("en", "es"));
    }

    #[test]
    fn the_browser_and_the_app_choose() {
        for (header, expected) in [
            ("es-ES,es;q=0.9,en;q=0.8", Language::Spanish),
            ("fr, en;q=0.7, es;q=0.8", Language::Spanish),
            ("en;q=0, es;q=0.1", Language::Spanish),
            ("ES", Language::Spanish),
            ("en, es", Language::English),
            ("fr", Language::English),
            ("es;q=x", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_header(Some(header)), expected, "{header}");
        }
        assert_eq!(Language::of_header(None), Language::English);
        assert_eq!(Language::of_preferences("fr-CA es-419 en"), Some(Language::Spanish));
        assert_eq!(Language::of_preferences("fr"), None);
    }

    #[test]
    fn faults_of_catalogues_are_told() {
        let said = r#"{{ words.say("and") }} words.about("hello", "name", name); words.with("left", &[])"#;
        assert_eq!(faults(ENGLISH, SPANISH, said), Vec::<String>::new());
        for (english, spanish, said, fault) in [
            ("a = A\n", "", "\"a\"", "`a` is not alike in both catalogues"),
            ("a = A { $x }\n", "a = A\n", "\"a\"", "`a` is not alike in both catalogues"),
            ("a = A\na = B\n", "a = A\n", "\"a\"", "`a` stands twice"),
            ("a = A\n", "a = A\n", "", "`a` is never said"),
            ("a = A\n", "a = A\n", "\"a\" words.say(\"b\")", "`b` is in no catalogue"),
            ("a = { $ }\n", "a = { $ }\n", "\"a\"", "a catalogue holds what is no message"),
        ] {
            assert!(faults(english, spanish, said).contains(&fault.to_owned()), "{fault}");
        }
    }
}
