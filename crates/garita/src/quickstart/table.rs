//! The demonstration's rows, as they come: who tried what, what was expected, what came of it.

use std::io::IsTerminal as _;

use serde::Deserialize;

use crate::config::environment;

const WHO: usize = 29;
const TRIED: usize = 42;
const OUTCOME: usize = 9;

/// One thing tried.
#[derive(Deserialize)]
struct Row {
    who: String,
    tried: String,
    expected: String,
    got: String,
    detail: String,
    as_expected: bool,
}

/// A table that grows on standard output.
pub(super) struct Table {
    colour: bool,
    rows: usize,
    unexpected: usize,
}

impl Table {
    /// Prints the head.
    pub(super) fn begin() -> Self {
        let colour = std::io::stdout().is_terminal() && environment("NO_COLOR").is_none();
        println!("\n   {:WHO$} {:TRIED$} {:OUTCOME$}GOT", "WHO", "TRIED", "EXPECTED");
        Self { colour, rows: 0, unexpected: 0 }
    }

    /// Prints a row from its JSON line.
    pub(super) fn line(&mut self, line: &str) {
        match serde_json::from_str::<Row>(line) {
            Ok(row) => {
                self.rows += 1;
                self.unexpected += usize::from(!row.as_expected);
                println!("{}", render(&row, self.colour));
            }
            Err(_) => println!("   {line}"),
        }
    }

    /// Prints the sum, and says whether every row came out as expected.
    pub(super) fn end(self) -> bool {
        let Self { rows, unexpected, .. } = self;
        println!("\n{rows} things tried, {} as expected, {unexpected} not.", rows - unexpected);
        rows > 0 && unexpected == 0
    }
}

/// A row: one line, and a second one for the text of a refusal.
fn render(row: &Row, colour: bool) -> String {
    let (on, off, dim) = match (colour, row.as_expected) {
        (false, _) => ("", "", ""),
        (true, true) => ("\x1b[32m", "\x1b[0m", "\x1b[2m"),
        (true, false) => ("\x1b[31m", "\x1b[0m", "\x1b[2m"),
    };
    let mark = if row.as_expected { "ok" } else { "!!" };
    let Row { who, tried, expected, got, detail, .. } = row;
    let line = format!("{on}{mark}{off} {who:WHO$} {tried:TRIED$} {expected:OUTCOME$}{on}{got}{off}");
    if detail.is_empty() {
        line
    } else if got == "allowed" {
        format!("{line}  {dim}{detail}{off}")
    } else {
        format!("{line}\n     {dim}{detail}{off}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = r#"{"who": "bruno", "tried": "start a run", "expected": "refused", "got": "refused",
        "detail": "User: x is not authorized", "as_expected": true}"#;

    #[test]
    fn a_refusal_shows_its_text_on_a_line_of_its_own() {
        let text = render(&serde_json::from_str(REFUSED).unwrap(), false);
        let (first, second) = text.split_once('\n').unwrap();
        assert!(first.starts_with("ok bruno ") && first.ends_with(" refused  refused"), "{first}");
        assert_eq!(second.trim(), "User: x is not authorized");
    }

    #[test]
    fn only_a_table_whose_every_row_is_as_expected_is_good() {
        let mut table = Table::begin();
        assert!(!Table::begin().end(), "nothing was tried");
        table.line(REFUSED);
        table.line("a line that is no row");
        assert_eq!((table.rows, table.unexpected), (1, 0));
        table.line(&REFUSED.replace("true", "false"));
        assert!(!table.end());
    }
}
