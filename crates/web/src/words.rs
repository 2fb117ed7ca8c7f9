//! What the pages say, in the reader's language: Fluent catalogues in `locales/`, one message a line.
//!
//! The language is the one the app asked for (`ui_locales`), else the browser's first that there is a catalogue for,
//! else English. INVARIANT: every message a template names is in every catalogue (a test holds them together), and
//! what a message is given is text: the template escapes the whole.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use serde::{Deserialize, Serialize};

/// A language there is a catalogue for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "names of languages")]
pub(crate) enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "es")]
    Spanish,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// Its tag (RFC 5646), for `lang` and for discovery.
    pub(crate) fn tag(self) -> &'static str {
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
    pub(crate) fn of_preferences(tags: &str) -> Option<Self> {
        tags.split(' ').find_map(Self::of_tag)
    }

    /// The one that a browser likes best: `Accept-Language` of RFC 9110 section 12.5.4.
    pub(crate) fn of_header(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for range in header.split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let Some(language) = parts.next().and_then(Self::of_tag) else { continue };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1_000, thousandths);
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
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

type Catalogue = FluentBundle<FluentResource>;

static CATALOGUES: LazyLock<[Catalogue; 2]> = LazyLock::new(|| {
    [
        catalogue(Language::English, include_str!("../locales/en.ftl")),
        catalogue(Language::Spanish, include_str!("../locales/es.ftl")),
    ]
});

fn catalogue(language: Language, source: &str) -> Catalogue {
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
pub(crate) enum Given<'a> {
    Text(&'a str),
    Number(usize),
}

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// The language's tag.
    pub(crate) fn tag(&self) -> &'static str {
        self.0.tag()
    }

    /// A message that is given nothing.
    pub(crate) fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A message about one thing.
    pub(crate) fn about(&self, key: &str, name: &str, text: &str) -> String {
        self.with(key, &[(name, Given::Text(text))])
    }

    /// A message.
    pub(crate) fn with(&self, key: &str, given: &[(&str, Given<'_>)]) -> String {
        let [english, spanish] = &*CATALOGUES;
        let catalogue = match self.0 {
            Language::English => english,
            Language::Spanish => spanish,
        };
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
    pub(crate) fn row(&self, things: &[String], and: &str) -> String {
        match things {
            [] => String::new(),
            [only] => only.clone(),
            [first @ .., last] => format!("{} {} {last}", first.join(", "), self.say(and)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    const SOURCES: [&str; 2] = [include_str!("../locales/en.ftl"), include_str!("../locales/es.ftl")];

    /// Each message with the variables it uses.
    fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut current = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
                current = key.to_owned();
                assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{current} stands twice");
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

    #[test]
    fn catalogues_are_whole_and_alike() {
        for source in SOURCES {
            FluentResource::try_new(source.to_owned()).unwrap();
        }
        assert_eq!(messages(SOURCES[0]), messages(SOURCES[1]));
    }

    /// Every message named in a template or in a page is there, and every message there is named somewhere.
    #[test]
    fn what_is_said_is_in_the_catalogues() {
        let mut text = String::new();
        for folder in ["templates", "src", "src/console", "src/endpoint", "src/page", "src/pages"] {
            for entry in std::fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    text += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        let quoted: BTreeSet<&str> = text.split('"').collect();
        let known = messages(SOURCES[0]);
        for key in known.keys() {
            assert!(quoted.contains(key.as_str()), "`{key}` is never said");
        }
        for call in [".say(\"", ".about(\"", ".with(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(known.contains_key(key), "`{key}` is in no catalogue");
            }
        }
    }

    #[test]
    fn the_browser_and_the_app_choose() {
        for (header, expected) in [
            ("es-ES,es;q=0.9,en;q=0.8", Some(Language::Spanish)),
            ("fr, en;q=0.7, es;q=0.8", Some(Language::Spanish)),
            ("en;q=0, es;q=0.1", Some(Language::Spanish)),
            ("ES", Some(Language::Spanish)),
            ("fr", None),
            ("es;q=x", None),
            ("", None),
        ] {
            assert_eq!(Language::of_header(header), expected, "{header}");
        }
        assert_eq!(Language::of_preferences("fr-CA es-419 en"), Some(Language::Spanish));
        assert_eq!(Language::of_preferences("fr"), None);
    }

    #[test]
    fn messages_take_what_they_are_given() {
        let words = Words(Language::English);
        let hint = |length, classes| {
            words.with(
                "password-hint",
                &[("length", Given::Number(length)), ("classes", Given::Text(classes))],
            )
        };
        assert_eq!(hint(8, "none"), "At least 8 characters.");
        assert_eq!(hint(1, "a digit"), "At least one character, with a digit.");
        let things = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(Words(Language::Spanish).row(&things, "password-class-and"), "a, b y c");
    }
}
