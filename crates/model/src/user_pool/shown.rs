//! Characters that people see: those of which names and addresses are made.
//!
//! INVARIANT: two names that differ are seen to differ, as far as characters without a look go: who calls themselves like
//! an administrator with a zero-width space in it would be taken for one, on pages, in records and by scripts.
//!
//! Unicode Technical Standard 39 section 3.1; the Cognito API reference's `UsernameType`, which leaves out the categories
//! Cc, Cf, Co and Z.

use std::ops::RangeInclusive;

/// Characters of category Cf, those that Unicode calls default ignorable (which letters and marks are among), private
/// ones (Co) and those that are none. In ascending order.
const UNSEEN: [RangeInclusive<u32>; 40] = [
    0x00ad..=0x00ad,
    0x034f..=0x034f,
    0x0600..=0x0605,
    0x061c..=0x061c,
    0x06dd..=0x06dd,
    0x070f..=0x070f,
    0x0890..=0x0891,
    0x08e2..=0x08e2,
    0x115f..=0x1160,
    0x17b4..=0x17b5,
    0x180b..=0x180f,
    0x200b..=0x200f,
    0x202a..=0x202e,
    0x2060..=0x206f,
    0x3164..=0x3164,
    0xe000..=0xf8ff,
    0xfdd0..=0xfdef,
    0xfe00..=0xfe0f,
    0xfeff..=0xfeff,
    0xffa0..=0xffa0,
    0xfff0..=0xfffb,
    0xfffe..=0xffff,
    0x110bd..=0x110bd,
    0x110cd..=0x110cd,
    0x13430..=0x1343f,
    0x1bca0..=0x1bca3,
    0x1d173..=0x1d17a,
    0x1fffe..=0x1ffff,
    0x2fffe..=0x2ffff,
    0x3fffe..=0x3ffff,
    0x4fffe..=0x4ffff,
    0x5fffe..=0x5ffff,
    0x6fffe..=0x6ffff,
    0x7fffe..=0x7ffff,
    0x8fffe..=0x8ffff,
    0x9fffe..=0x9ffff,
    0xafffe..=0xaffff,
    0xbfffe..=0xbffff,
    0xcfffe..=0xcffff,
    // Tags and variation selectors, and all that is private.
    0xdfffe..=0x0010_ffff,
];

/// Whether a character can be seen, and is no white space.
pub fn is_shown(c: char) -> bool {
    let unseen = || UNSEEN.iter().any(|range| range.contains(&u32::from(c)));
    !c.is_whitespace() && !c.is_control() && !unseen()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_is_shown_and_the_rest_is_not() {
        for seen in "aZ9_.-@+ñßЖ中あ한ﷺ😀e\u{301}€🇪".chars() {
            assert!(is_shown(seen), "{}", seen.escape_unicode());
        }
        for unseen in [
            ' ',
            '\0',
            '\n',
            '\u{7f}',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{202e}',
            '\u{2028}',
            '\u{2060}',
            '\u{2066}',
            '\u{3000}',
            '\u{3164}',
            '\u{115f}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{ffa0}',
            '\u{e000}',
            '\u{ffff}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{f0000}',
            '\u{10ffff}',
        ] {
            assert!(!is_shown(unseen), "{}", unseen.escape_unicode());
        }
        let ascending = UNSEEN.windows(2).all(|pair| pair[0].end() < pair[1].start());
        assert!(ascending && UNSEEN.iter().all(|range| range.start() <= range.end()));
    }
}
