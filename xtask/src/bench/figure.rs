//! A measured figure, with the bar it has to pass, as a table for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What a figure must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bar {
    /// At least this much.
    AtLeast(f64),
    /// At most this much.
    AtMost(f64),
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    bar: Option<Bar>,
}

impl Figure {
    /// A figure without a bar.
    pub(super) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, bar: None }
    }

    /// Sets its bar.
    pub(super) fn bar(self, bar: Bar) -> Self {
        Self { bar: Some(bar), ..self }
    }

    /// Whether it passes its bar; none without one.
    fn ok(&self) -> Option<bool> {
        self.bar.map(|bar| match bar {
            Bar::AtLeast(least) => self.value >= least,
            Bar::AtMost(most) => self.value <= most,
        })
    }

    fn bar_text(&self) -> Option<String> {
        self.bar.map(|bar| match bar {
            Bar::AtLeast(least) => format!(">={least:?}"),
            Bar::AtMost(most) => format!("<={most:?}"),
        })
    }
}

/// A line for each figure.
pub(super) fn table(figures: &[Figure]) -> String {
    let width = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    let mut text = format!("\n{:width$}  {:>12}  {:6}  {:>8}  ok\n", "figure", "value", "unit", "bar");
    for figure in figures {
        let bar = figure.bar_text().unwrap_or_default();
        let ok = figure.ok().map_or("", |ok| if ok { "yes" } else { "NO" });
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:width$}  {:>12}  {:6}  {bar:>8}  {ok}",
            figure.name,
            rounded(figure.value),
            figure.unit
        );
    }
    text
}

/// Three places for what is small, none for what is large.
fn rounded(value: f64) -> String {
    if value.abs() >= 1000.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// All figures as a list.
pub(super) fn json(figures: &[Figure]) -> Value {
    let line = |figure: &Figure| {
        json!({
            "figure": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "bar": figure.bar_text(),
            "ok": figure.ok(),
        })
    };
    figures.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_json_and_as_a_table() {
        let figures = [
            Figure::new("gateway.ratio", 1.25, "x").bar(Bar::AtLeast(1.0)),
            Figure::new("gateway.p99", 12.0, "ms").bar(Bar::AtMost(10.0)),
            Figure::new("gateway.rate", 20_123.4, "req/s"),
        ];
        let expected = json!([
            {"figure": "gateway.ratio", "value": 1.25, "unit": "x", "bar": ">=1.0", "ok": true},
            {"figure": "gateway.p99", "value": 12.0, "unit": "ms", "bar": "<=10.0", "ok": false},
            {"figure": "gateway.rate", "value": 20_123.4, "unit": "req/s", "bar": null, "ok": null},
        ]);
        assert_eq!(json(&figures), expected);
        let table = table(&figures);
        assert!(table.contains("1.250") && table.contains(">=1.0  yes"), "{table}");
        assert!(table.contains("<=10.0  NO") && table.contains("20123"), "{table}");
    }
}
