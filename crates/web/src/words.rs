//! What the pages say: the catalogues in `locales/`, by the machinery that all doors share.
//!
//! INVARIANT: every message a template or a page names is in every catalogue (a test holds them together).

use std::sync::LazyLock;

pub(crate) use garita_page::words::{Catalogues, Given, Language, Words};

const ENGLISH: &str = include_str!("../locales/en.ftl");
const SPANISH: &str = include_str!("../locales/es.ftl");

static CATALOGUES: LazyLock<Catalogues> = LazyLock::new(|| Catalogues::new(ENGLISH, SPANISH));

/// The words of a language.
pub(crate) fn in_language(language: Language) -> Words {
    Words::new(&CATALOGUES, language)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(garita_page::words::faults(ENGLISH, SPANISH, &text), Vec::<String>::new());
    }

    #[test]
    fn the_hint_of_a_password_is_one_sentence() {
        let hint = |length, classes| {
            let given = [("length", Given::Number(length)), ("classes", Given::Text(classes))];
            in_language(Language::English).with("password-hint", &given)
        };
        assert_eq!(hint(8, "none"), "At least 8 characters.");
        assert_eq!(hint(1, "a digit"), "At least one character, with a digit.");
    }
}
