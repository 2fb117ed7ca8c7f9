//! `String*` operators: exact, without regard to case, and with wildcards.
//!
//! Only `StringLike` and `StringNotLike` give `*` and `?` a meaning; all take variables.
//! IAM User Guide, "String condition operators".

use crate::pattern::{Pattern, Syntax};

pub(super) fn exact(text: &str, variables: bool) -> Result<Pattern, String> {
    compile(text, Syntax { variables, ..Syntax::default() })
}

pub(super) fn folded(text: &str, variables: bool) -> Result<Pattern, String> {
    compile(text, Syntax { variables, fold: true, ..Syntax::default() })
}

pub(super) fn like(text: &str, variables: bool) -> Result<Pattern, String> {
    compile(text, Syntax { variables, wildcards: true, ..Syntax::default() })
}

fn compile(text: &str, syntax: Syntax) -> Result<Pattern, String> {
    Pattern::parse(text, syntax).map_err(|error| error.to_string())
}
