//! Where somebody wanted to go: a path behind the stage, with a query and a fragment.
//!
//! It comes from the browser, so it is parsed, and written anew behind the stage's own root. INVARIANT: what
//! [`Target::behind`] writes begins with that root and a single slash, and holds no character that could end the header
//! or make another host of it, whatever was parsed.

use std::fmt::Write as _;

use crate::path::CanonicalPath;

/// Most bytes of a path, query or fragment that are carried along.
const MAX: usize = 4096;

/// A place behind a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    path: String,
    query: String,
    fragment: String,
}

impl Target {
    /// Reads `/path?query`; none when it is no path, or one that no route could have.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        if query.len() > MAX {
            return None;
        }
        let path = CanonicalPath::parse(path).ok()?.encoded();
        Some(Self { path, query: cleaned(query), fragment: String::new() })
    }

    /// The same with a fragment.
    #[must_use]
    pub fn at(mut self, fragment: &str) -> Self {
        self.fragment = if fragment.len() > MAX { String::new() } else { cleaned(fragment) };
        self
    }

    /// The same with less: without its fragment, then without its query, then nothing of it.
    #[must_use]
    pub fn shorter(mut self) -> Self {
        if !self.fragment.is_empty() {
            self.fragment.clear();
        } else if self.query.is_empty() {
            self.path = "/".to_owned();
        } else {
            self.query.clear();
        }
        self
    }

    /// Behind the root of a stage, which has no slash at its end.
    pub fn behind(&self, root: &str) -> String {
        let mut location = format!("{root}{}", if self.path.is_empty() { "/" } else { &self.path });
        for (mark, part) in [('?', &self.query), ('#', &self.fragment)] {
            if !part.is_empty() {
                location.push(mark);
                location.push_str(part);
            }
        }
        location
    }
}

/// What may stand in a query or a fragment (RFC 3986 sections 3.4 and 3.5), and what browsers let stand there; all else is
/// percent-encoded.
fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%[]{}|^".contains(&byte) {
            clean.push(char::from(byte));
        } else {
            // INVARIANT: writing to a `String` cannot fail.
            let _ = write!(clean, "%{byte:02X}");
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_behind_their_stage() {
        for (text, fragment, location) in [
            ("/", "", "/prod/"),
            ("/", "/experiments/1/runs/ab?x=[\"a\"]", "/prod/#/experiments/1/runs/ab?x=[%22a%22]"),
            ("/get-artifact?path=a%2Fb&run_id=c", "", "/prod/get-artifact?path=a%2Fb&run_id=c"),
            ("/a b", "", ""),
            ("//evil.example", "", ""),
            ("/\\evil.example", "", ""),
            ("/%2f%2fevil.example", "", ""),
            ("/%5cevil.example", "", ""),
            ("/..//evil.example", "", ""),
            ("https://evil.example", "", ""),
            ("evil.example", "", ""),
            ("", "", ""),
            ("/?\r\nSet-Cookie: a=b", "\r\n<x>", "/prod/?%0D%0ASet-Cookie:%20a=b#%0D%0A%3Cx%3E"),
            ("/@evil.example", "", "/prod/%40evil.example"),
            ("/x#y", "", ""),
        ] {
            let found = Target::parse(text).map(|target| target.at(fragment).behind("/prod"));
            assert_eq!(found.unwrap_or_default(), location, "{text}");
        }
        assert_eq!(Target::parse("/").unwrap().behind(""), "/");
    }

    #[test]
    fn whatever_is_wanted_is_behind_the_stage_and_is_wanted_again_as_it_was() {
        let mut seed = 7_u64;
        let mut draw = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % most
        };
        let letters: Vec<char> = "//..%2f5cC?#\\@:;ab \r\n\"<>&=é\u{0}".chars().collect();
        let mut text = |length: u64| -> String {
            let length = draw(length);
            (0..length)
                .filter_map(|_| letters.get(usize::try_from(draw(letters.len() as u64)).unwrap()))
                .collect()
        };
        let mut parsed = 0;
        for _ in 0..200_000 {
            let (wanted, fragment) = (format!("/{}", text(8)), text(8));
            let Some(target) = Target::parse(&wanted).map(|target| target.at(&fragment)) else { continue };
            parsed += 1;
            let location = target.behind("/prod");
            let behind = location.strip_prefix("/prod/").unwrap();
            assert!(!behind.starts_with(['/', '\\']), "{location}");
            assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
            let whole = target.behind("");
            let (path, fragment) = whole.split_once('#').unwrap_or((&whole, ""));
            assert_eq!(Target::parse(path).unwrap().at(fragment), target, "{location}");
        }
        assert!(parsed > 10_000, "{parsed}");
    }

    #[test]
    fn what_is_too_long_loses_its_end() {
        let target = Target::parse("/a?b").unwrap().at("c");
        assert_eq!(target.behind("/prod"), "/prod/a?b#c");
        let target = target.shorter();
        assert_eq!(target.behind("/prod"), "/prod/a?b");
        let target = target.shorter();
        assert_eq!(target.behind("/prod"), "/prod/a");
        assert_eq!(target.shorter().behind("/prod"), "/prod/");
        assert!(Target::parse(&format!("/?{}", "x".repeat(5000))).is_none());
    }
}
