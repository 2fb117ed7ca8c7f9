//! What a new password must be.
//!
//! Two ways to ask for it: NIST SP 800-63B-4 section 3.1.1 (long, not easily guessed, no rules about kinds of
//! characters), which is Garita's own; and Cognito's (so many characters of so many kinds), for pools that were set up
//! that way. How well a password can be guessed is estimated by zxcvbn: its lists of common passwords, names and words,
//! keyboard walks, repetitions and dates stand for the blocklist, with the words that are about the user on top.

use garita_model::user_pool::Weakness;
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Score, zxcvbn};

/// Most characters: Cognito's, and four times what NIST asks to be possible.
pub const MOST: usize = 256;
/// Fewest characters where a password is the only factor.
pub const LEAST_ALONE: u32 = 15;
/// Fewest characters where a second factor is always asked for.
pub const LEAST_WITH_MFA: u32 = 8;
/// How many characters are looked at when guesses are estimated: the rest only makes it better.
const ESTIMATED: usize = 64;
/// What Cognito counts as a symbol; a space too, but not at either end.
const SYMBOLS: &str = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+=";

/// What is asked of a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "Cognito's own switches")]
pub struct Rules {
    /// Fewest characters.
    pub min_length: u32,
    /// At least one upper-case letter.
    pub uppercase: bool,
    /// At least one lower-case letter.
    pub lowercase: bool,
    /// At least one digit.
    pub numbers: bool,
    /// At least one symbol.
    pub symbols: bool,
    /// Whether it must be hard to guess.
    pub hard_to_guess: bool,
}

impl Rules {
    /// NIST's.
    pub fn nist(second_factor: bool) -> Self {
        let min_length = if second_factor { LEAST_WITH_MFA } else { LEAST_ALONE };
        Self {
            min_length,
            uppercase: false,
            lowercase: false,
            numbers: false,
            symbols: false,
            hard_to_guess: true,
        }
    }

    /// Holds a password to the rules; `about` are words that anybody would try first: the user's name and address,
    /// the name of the pool.
    ///
    /// # Errors
    /// The first thing it lacks.
    pub fn check(&self, password: &str, about: &[&str]) -> Result<(), Weakness> {
        let length = password.chars().count();
        if length > MOST {
            return Err(Weakness::TooLong);
        }
        if u32::try_from(length).unwrap_or(u32::MAX) < self.min_length {
            return Err(Weakness::TooShort(self.min_length));
        }
        // Cognito: `^[\S]+.*[\S]+$`.
        if password.starts_with(char::is_whitespace) || password.ends_with(char::is_whitespace) {
            return Err(Weakness::OuterSpace);
        }
        let has = |class: fn(char) -> bool| password.chars().any(class);
        let asked = [
            (self.lowercase, has(|c| c.is_ascii_lowercase()), Weakness::NoLowercase),
            (self.uppercase, has(|c| c.is_ascii_uppercase()), Weakness::NoUppercase),
            (self.numbers, has(|c| c.is_ascii_digit()), Weakness::NoNumber),
            (self.symbols, has(|c| c == ' ' || SYMBOLS.contains(c)), Weakness::NoSymbol),
        ];
        if let Some((.., weakness)) = asked.into_iter().find(|(asked, has, _)| *asked && !has) {
            return Err(weakness);
        }
        if self.hard_to_guess { guess(password, about) } else { Ok(()) }
    }
}

fn guess(password: &str, about: &[&str]) -> Result<(), Weakness> {
    let words: Vec<&str> = about
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()).chain([*text]))
        .filter(|word| word.chars().count() > 2)
        .take(32)
        .collect();
    let looked_at: String = password.chars().take(ESTIMATED).collect();
    let estimate = zxcvbn(&looked_at, &words);
    if estimate.score() >= Score::Three {
        return Ok(());
    }
    let mut about_the_user = false;
    for found in estimate.sequence() {
        if let MatchPattern::Dictionary(pattern) = &found.pattern {
            let own = words.iter().any(|word| word.eq_ignore_ascii_case(&pattern.matched_word));
            about_the_user |= own;
            let whole = found.token.chars().count() == looked_at.chars().count();
            if whole && !own {
                return Err(Weakness::Common);
            }
        }
    }
    Err(if about_the_user { Weakness::Personal } else { Weakness::Guessable })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COGNITO: Rules = Rules {
        min_length: 8,
        uppercase: true,
        lowercase: true,
        numbers: true,
        symbols: true,
        hard_to_guess: false,
    };

    #[test]
    fn cognitos_rules_are_told_in_its_words() {
        for (password, told) in [
            ("Aa1!aaa", "Password did not conform with policy: Password not long enough"),
            ("AAAA1!AA", "Password did not conform with policy: Password must have lowercase characters"),
            ("aaaa1!aa", "Password did not conform with policy: Password must have uppercase characters"),
            ("aaaaA!aa", "Password did not conform with policy: Password must have numeric characters"),
            ("aaaa1Aaa", "Password did not conform with policy: Password must have symbol characters"),
            ("aaaa1Aaaé", "Password did not conform with policy: Password must have symbol characters"),
        ] {
            assert_eq!(COGNITO.check(password, &[]).unwrap_err().to_string(), told, "{password}");
        }
        for password in ["Passw0rd!", "aaaa1A a", "Aa1`aaaa", "contraseña1A,"] {
            assert_eq!(COGNITO.check(password, &[]), Ok(()), "{password}");
        }
        for password in [" Passw0rd!", "Passw0rd!\t"] {
            assert_eq!(COGNITO.check(password, &[]), Err(Weakness::OuterSpace));
        }
        assert_eq!(COGNITO.check(&"Aa1!".repeat(65), &[]), Err(Weakness::TooLong));
        assert_eq!(COGNITO.check(&"Aa1!".repeat(64), &[]), Ok(()));
    }

    #[test]
    fn nists_rules_ask_for_length_and_against_guessing_only() {
        let (alone, with_mfa) = (Rules::nist(false), Rules::nist(true));
        assert_eq!(alone.check("jxqv tblm 4wds", &[]), Err(Weakness::TooShort(15)));
        for good in
            ["mi gata come tres aceitunas", "wrong mule socket paperclip", "ñandú-ombú-quincho-mate 7"]
        {
            assert_eq!(alone.check(good, &["ana"]), Ok(()), "{good}");
        }
        assert_eq!(with_mfa.check("jxqvtblmw", &[]), Ok(()));
        for (password, why) in [
            ("password", Weakness::Common),
            ("iloveyou", Weakness::Common),
            ("P@ssw0rd", Weakness::Common),
            ("drowssap", Weakness::Common),
            ("aaaaaaaaaaaaaaaaaa", Weakness::Guessable),
            ("abcdefghijklmnopqrst", Weakness::Guessable),
            ("qwertyuiopasdfghjkl", Weakness::Guessable),
            ("19901990199019901990", Weakness::Guessable),
            ("passwordpassword", Weakness::Guessable),
        ] {
            assert_eq!(with_mfa.check(password, &[]), Err(why), "{password}");
        }
    }

    #[test]
    fn words_about_the_user_are_no_help() {
        let rules = Rules::nist(true);
        let about = ["anagonzalezq", "ana.gonzalezq@viborita.example", "viborita-team"];
        assert_eq!(rules.check("viborita-team1", &about), Err(Weakness::Personal));
        assert_eq!(rules.check("Gonzalezq2024", &about), Err(Weakness::Personal));
        assert_eq!(rules.check("viborita glue harpsichord 92", &about), Ok(()));
    }

    #[test]
    fn the_longest_password_is_estimated_too() {
        let long: String =
            (0..MOST).filter_map(|n| char::from_digit(u32::try_from(n * n % 36).unwrap(), 36)).collect();
        let _ = Rules::nist(false).check(&long, &[]);
        assert_eq!(Rules::nist(false).check(&"🎺".repeat(20), &[]), Err(Weakness::Guessable));
    }
}
