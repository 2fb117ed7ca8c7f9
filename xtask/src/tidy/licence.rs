//! SPDX licence expressions: whether a list of accepted licences satisfies one.
//!
//! Grammar: SPDX specification, annex "SPDX license expressions"; and the older `MIT/Apache-2.0` of Cargo, where the
//! slash means `OR`.

use anyhow::{Context as _, Result, bail};

/// Whether the accepted licences are enough to use something under this expression.
pub(super) fn satisfied(expression: &str, accepted: &[String]) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { words: spaced.split_whitespace().collect(), accepted };
    words.words.reverse();
    let answer = words.any()?;
    match words.words.last() {
        None => Ok(answer),
        Some(word) => bail!("`{expression}`: `{word}` is not expected there"),
    }
}

/// The words still to be read, the next one last.
struct Words<'a> {
    words: Vec<&'a str>,
    accepted: &'a [String],
}

impl Words<'_> {
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.last().is_some_and(|next| next.eq_ignore_ascii_case(word));
        if is_next {
            self.words.pop();
        }
        is_next
    }

    /// `a OR b`: `AND` binds closer.
    fn any(&mut self) -> Result<bool> {
        let mut answer = self.every()?;
        while self.take("OR") {
            // Not `||`, which would leave the other side unread.
            answer |= self.every()?;
        }
        Ok(answer)
    }

    fn every(&mut self) -> Result<bool> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Result<bool> {
        if self.take("(") {
            let answer = self.any()?;
            return if self.take(")") { Ok(answer) } else { bail!("a parenthesis is not closed") };
        }
        let name = self.words.pop().context("an expression ends too early")?;
        if self.take("WITH") {
            // An exception only adds permissions.
            self.words.pop().context("an exception has no name")?;
        }
        // `+` means "or any later version".
        let plain = name.trim_end_matches('+');
        Ok(self.accepted.iter().any(|accepted| accepted == plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let accepted = ["MIT", "Apache-2.0", "ISC", "MPL-2.0"].map(str::to_owned);
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("MIT AND GPL-3.0-only", false),
            ("MIT/Apache-2.0", true),
            ("MPL-2.0+", true),
            ("Apache-2.0 WITH LLVM-exception OR X", true),
            ("ISC AND (Apache-2.0 OR X) AND MIT", true),
            ("X OR Y AND MIT", false),
            ("(X OR MIT) AND Y", false),
        ] {
            assert_eq!(satisfied(expression, &accepted).unwrap(), expected, "{expression}");
        }
        for malformed in ["", "(MIT", "MIT)", "MIT MIT", "MIT AND", "MIT WITH"] {
            assert!(satisfied(malformed, &accepted).is_err(), "{malformed}");
        }
    }
}
