use proptest::prelude::*;

use super::{Match, Pattern, Rest, Syntax, fold, fold_into};
use crate::context::{Context, Probe};

const GLOB: Syntax = Syntax { wildcards: true, variables: false, fold: false };
const FULL: Syntax = Syntax { wildcards: true, variables: true, fold: false };
const EXACT: Syntax = Syntax { wildcards: false, variables: true, fold: false };

fn context() -> Context {
    let mut context = Context::new();
    context.set("aws:username", "ana");
    context.set("aws:PrincipalTag/team", "a*");
    context.set("empty", "");
    context.set_many("aws:TagKeys", ["one".to_owned()]);
    context
}

fn matches(pattern: &str, syntax: Syntax, text: &str) -> Match {
    Pattern::parse(pattern, syntax).unwrap().matches(text, &Probe::new(&context()))
}

#[test]
fn wildcards() {
    for (pattern, text, wanted) in [
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
        ("*", "a\nb", true),
        ("?", "", false),
        ("?", "ñ", true),
        ("??", "ñ", false),
        ("a*", "a", true),
        ("a*c", "abcbc", true),
        ("a*c", "abcb", false),
        ("*b*", "abc", true),
        ("a?c", "abc", true),
        ("*?*?", "a", false),
        ("*?*?", "ab", true),
        ("a*b*c*d", "axxbxxcxxd", true),
        ("a*b*c*d", "axxcxxbxxd", false),
        ("A*", "abc", false),
    ] {
        assert_eq!(matches(pattern, GLOB, text) == Match::Yes, wanted, "{pattern:?} {text:?}");
    }
}

#[test]
fn variables() {
    use Match::{No, Unresolved, Yes};
    for (pattern, syntax, text, wanted) in [
        ("${aws:username}/*", FULL, "ana/x", Yes),
        ("${AWS:UserName}/*", FULL, "ana/x", Yes),
        ("${aws:username}/*", GLOB, "ana/x", No),
        ("${aws:username}/*", GLOB, "${aws:username}/x", Yes),
        ("${aws:PrincipalTag/team}", FULL, "abc", No),
        ("${aws:PrincipalTag/team}", FULL, "a*", Yes),
        ("${nothing}", FULL, "", Unresolved),
        ("${aws:TagKeys}", FULL, "one", Unresolved),
        ("${aws:TagKeys, 'one'}", FULL, "one", Unresolved),
        ("${nothing, 'no, {one}'}!", FULL, "no, {one}!", Yes),
        ("${nothing,''}", FULL, "", Yes),
        ("${aws:username, 'bo'}", FULL, "ana", Yes),
        ("a${empty}b", FULL, "ab", Yes),
        ("${*}${?}${$}", FULL, "*?$", Yes),
        ("${*}", FULL, "x", No),
        ("a*", EXACT, "a*", Yes),
        ("a*", EXACT, "ab", No),
        ("a?", EXACT, "ab", No),
        ("$a{", FULL, "$a{", Yes),
    ] {
        assert_eq!(matches(pattern, syntax, text), wanted, "{pattern:?} {text:?}");
    }
}

#[test]
fn folding_covers_pattern_and_value() {
    let syntax = Syntax { fold: true, ..EXACT };
    let mut context = context();
    context.set("name", "ÉVA");
    let pattern = Pattern::parse("Hello ${name}", syntax).unwrap();
    assert_eq!(pattern.matches(&fold("hELLO éva"), &Probe::new(&context)), Match::Yes);
}

#[test]
fn broken_variables_are_refused() {
    for (pattern, wanted) in [
        ("a${b", "variable `${b` has no closing brace"),
        ("${}", "variable `${}` names no key"),
        ("${,'a'}", "variable `${,'a'}` names no key"),
        ("${ a}", "variable `${ a}` is not a condition key"),
        ("${a${b}}", "variable `${a${b}` is not a condition key"),
        ("${a, b}", "variable `${a, b}` has a default without single quotes"),
        ("${a, 'b}", "variable `${a, 'b}` has no closing brace"),
    ] {
        assert_eq!(Pattern::parse(pattern, FULL).unwrap_err().to_string(), wanted);
    }
}

#[test]
fn hostile_patterns_are_bounded() {
    let text = "a".repeat(2048);
    for pattern in ["*".repeat(6144), "*a".repeat(3072), "*?".repeat(3072), "*a?".repeat(680) + "b"] {
        let wanted = pattern.replace(['*'], "").len() <= text.len() && !pattern.ends_with('b');
        assert_eq!(matches(&pattern, GLOB, &text) == Match::Yes, wanted, "{pattern:.4}");
    }
}

/// The definition, without cleverness.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| naive(rest, &text[at..])),
        Some(('?', rest)) => text.split_first().is_some_and(|(_, text)| naive(rest, text)),
        Some((c, rest)) => text.split_first().is_some_and(|(first, text)| first == c && naive(rest, text)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn agrees_with_the_definition(pattern in "[abñ*?]{0,9}", text in "[abñ]{0,10}") {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let wanted = naive(&letters(&pattern), &letters(&text));
        prop_assert_eq!(matches(&pattern, GLOB, &text) == Match::Yes, wanted);
    }

    #[test]
    fn never_panics(pattern in any::<String>(), text in any::<String>()) {
        if let Ok(pattern) = Pattern::parse(&pattern, FULL) {
            pattern.matches(&text, &Probe::new(&context()));
        }
    }
}

#[test]
fn folding_is_of_letters_of_any_alphabet() {
    for (text, folded) in
        [("", ""), ("abc-1", "abc-1"), ("GetObject", "getobject"), ("ÑÚ", "ñú"), ("ñÚa", "ñúa")]
    {
        assert_eq!(fold(text), folded);
        assert_eq!(fold_into(text, &mut [0; 128]), folded);
    }
    let long = "A".repeat(129);
    assert_eq!(fold_into(&long, &mut [0; 128]), "a".repeat(129));
}

#[test]
fn what_a_pattern_begins_with() {
    let syntax = Syntax { wildcards: true, variables: true, fold: false };
    for (text, literal, rest) in [
        ("", "", Rest::End),
        ("*", "", Rest::Anything),
        ("models", "models", Rest::End),
        ("models/*", "models/", Rest::Anything),
        ("models/**", "models/", Rest::Anything),
        ("models/*/x", "models/", Rest::Pattern),
        ("models/?", "models/", Rest::Pattern),
        ("models/${k}", "models/", Rest::Pattern),
        ("${k}/models", "", Rest::Pattern),
        ("*x", "", Rest::Pattern),
        ("a${*}", "a*", Rest::End),
    ] {
        assert_eq!(Pattern::parse(text, syntax).unwrap().beginning(), (literal, rest), "{text}");
    }
}
