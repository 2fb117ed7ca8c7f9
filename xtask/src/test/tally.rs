//! Counting tests from what their runners print.

use std::fmt;

/// How many tests passed and did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// A runner ended badly with no failed test to show for it: it did not compile, or could not start.
    broken: bool,
}

impl Tally {
    /// Takes the runner's exit status into account.
    pub(super) fn ended(mut self, success: bool) -> Self {
        self.broken |= !success && self.failed == 0;
        self.broken |= self.passed + self.failed == 0;
        self
    }

    /// Adds another runner's count.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.broken |= other.broken;
    }

    /// What a part that came out so is called.
    pub(super) fn verdict(&self) -> String {
        if self.is_good() { "ok".to_owned() } else { format!("FAILED ({self})") }
    }

    /// Whether every test ran and passed.
    pub(super) fn is_good(&self) -> bool {
        self.failed == 0 && self.skipped == 0 && !self.broken
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped (a skipped test counts as a failure)", self.skipped)?;
        }
        if self.broken { write!(f, "; a runner broke off") } else { Ok(()) }
    }
}

/// Adds up cargo's lines: `test result: ok. 12 passed; 0 failed; 1 ignored; ...`.
pub(super) fn of_cargo(text: &str) -> Tally {
    let mut tally = Tally::default();
    for line in text.lines().filter_map(|line| line.trim().strip_prefix("test result: ")) {
        let counts = line.split_once(". ").map_or(line, |(_, counts)| counts);
        tally.add(count(counts.split(';')));
    }
    tally
}

/// Reads pytest's closing line: `== 1 failed, 12 passed, 2 errors in 3.21s ==`.
pub(super) fn of_pytest(text: &str) -> Tally {
    let closing = text.lines().rev().find_map(|line| {
        let (counts, time) = line.trim_matches(['=', ' ']).split_once(" in ")?;
        time.starts_with(|first: char| first.is_ascii_digit()).then_some(counts)
    });
    count(closing.unwrap_or_default().split(','))
}

/// Reads items like `12 passed`.
fn count<'a>(items: impl Iterator<Item = &'a str>) -> Tally {
    let mut tally = Tally::default();
    for item in items {
        let Some((number, word)) = item.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match word {
            "passed" => tally.passed += number,
            "failed" | "error" | "errors" => tally.failed += number,
            "ignored" | "skipped" | "xfailed" => tally.skipped += number,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_lines_add_up() {
        let text = "running 3 tests\ntest result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; in 0.1s\n";
        let tally = of_cargo(text);
        assert_eq!(tally, Tally { passed: 4, failed: 2, skipped: 1, broken: false });
        assert!(!tally.ended(false).broken);
    }

    #[test]
    fn pytest_closing_line() {
        for (line, passed, failed, skipped) in [
            ("===== 12 passed in 3.21s =====", 12, 0, 0),
            ("== 1 failed, 12 passed, 2 errors, 1 warning in 61.0s (0:01:01) ==", 12, 3, 0),
            ("3 passed, 1 skipped in 0.12s", 3, 0, 1),
            ("no tests ran in 0.01s", 0, 0, 0),
        ] {
            let tally = of_pytest(&format!("words in between\n{line}\n"));
            assert_eq!((tally.passed, tally.failed, tally.skipped), (passed, failed, skipped), "{line}");
        }
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert!(!Tally::default().ended(true).is_good());
        assert!(!of_cargo("error: could not compile").ended(false).is_good());
        let fine = Tally { passed: 1, ..Tally::default() };
        assert!(fine.ended(true).is_good());
        assert!(!fine.ended(false).is_good());
        assert_eq!(fine.ended(true).verdict(), "ok");
        assert_eq!(fine.ended(false).verdict(), "FAILED (1 passed, 0 failed; a runner broke off)");
        let failed = Tally { failed: 2, ..fine };
        assert_eq!(failed.ended(false).verdict(), "FAILED (1 passed, 2 failed)");
    }
}
