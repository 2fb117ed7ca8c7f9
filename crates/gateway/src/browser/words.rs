//! What the gateway's own pages say: the catalogues in `locales/`, by the machinery that all doors share.
//!
//! The reason of a refusal is said as the API says it, in English, and marked as such for screen readers: people search
//! for these words, and show them to those who write policies.

use std::sync::LazyLock;

use garita_page::words::{Catalogues, Language, Words};
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

const ENGLISH: &str = include_str!("../../locales/en.ftl");
const SPANISH: &str = include_str!("../../locales/es.ftl");

static CATALOGUES: LazyLock<Catalogues> = LazyLock::new(|| Catalogues::new(ENGLISH, SPANISH));

/// The words of the language that a browser likes best.
pub(super) fn of(headers: &HeaderMap) -> Words {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    in_language(Language::of_header(header))
}

/// The words of a language.
pub(super) fn in_language(language: Language) -> Words {
    Words::new(&CATALOGUES, language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_in_the_catalogues() {
        let mut text = String::new();
        for folder in ["templates", "src/browser"] {
            for entry in std::fs::read_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap() {
                text += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
            }
        }
        assert_eq!(garita_page::words::faults(ENGLISH, SPANISH, &text), Vec::<String>::new());
    }
}
