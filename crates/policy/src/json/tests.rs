use proptest::prelude::*;

use super::{MAX_DEPTH, MAX_LEN, Value, parse};

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn says_what_is_wrong_and_where() {
    for (text, wanted) in [
        ("", "invalid JSON: the text ends where a value is wanted at line 1 column 1"),
        ("{", "invalid JSON: the text ends where a quoted key is wanted at line 1 column 2"),
        ("{\"a\":1,}", "invalid JSON: `}` where a quoted key is wanted at line 1 column 8"),
        ("[1,]", "invalid JSON: `]` where a value is wanted at line 1 column 4"),
        ("[1 2]", "invalid JSON: `2` where `,` or `]` is wanted at line 1 column 4"),
        ("{\"a\" 1}", "invalid JSON: `1` where `:` is wanted at line 1 column 6"),
        ("{a:1}", "invalid JSON: `a` where a quoted key is wanted at line 1 column 2"),
        ("tru", "invalid JSON: the text ends where `true` is wanted at line 1 column 4"),
        ("01", "invalid JSON: `1` where the end of the text is wanted at line 1 column 2"),
        ("-", "invalid JSON: the text ends where a digit is wanted at line 1 column 2"),
        ("1.", "invalid JSON: the text ends where a digit is wanted at line 1 column 3"),
        ("1e+", "invalid JSON: the text ends where a digit is wanted at line 1 column 4"),
        ("\"a\nb\"", "invalid JSON: control character in a string at line 1 column 3"),
        ("\"a", "invalid JSON: the text ends inside a string at line 1 column 3"),
        ("\"\\x\"", "invalid JSON: `x` where an escape is wanted at line 1 column 3"),
        ("\"\\u12g4\"", "invalid JSON: `g` where a hexadecimal digit is wanted at line 1 column 6"),
        ("\"\\ud800\"", "invalid JSON: half a surrogate pair at line 1 column 2"),
        ("\"\\ud800\\u0041\"", "invalid JSON: half a surrogate pair at line 1 column 2"),
        ("\"\\ud800\\ue000\"", "invalid JSON: half a surrogate pair at line 1 column 2"),
        ("\"\\udc00\\ud800\"", "invalid JSON: half a surrogate pair at line 1 column 2"),
        ("\u{feff}{}", "invalid JSON: `\u{feff}` where a value is wanted at line 1 column 1"),
        ("{\"ñ\":1,\n  \"ñ\":2}", "duplicate key `ñ` at line 2 column 3"),
        ("{\"a\":1,\"\\u0061\":2}", "duplicate key `a` at line 1 column 8"),
        ("'a'", "invalid JSON: `'` where a value is wanted at line 1 column 1"),
    ] {
        assert_eq!(error(text), wanted, "{text:?}");
    }
}

#[test]
fn columns_count_characters_and_offsets_bytes() {
    let node = parse(" [\"ñü\", 7]").unwrap();
    let Value::Array(items) = node.value else { panic!("not an array") };
    assert_eq!((items[1].span.start.column, items[1].span.start.offset), (9, 10));
    assert_eq!((items[1].span.end.column, node.span.end.column), (10, 11));
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(error(&nested(MAX_DEPTH + 1)), "nested deeper than 64 at line 1 column 66");
    assert_eq!(error(&"[".repeat(MAX_LEN)), "nested deeper than 64 at line 1 column 66");
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(parse(&objects(MAX_DEPTH)).is_ok());
    assert_eq!(error(&objects(MAX_DEPTH + 1)), "nested deeper than 64 at line 1 column 326");
    assert!(error(&" ".repeat(MAX_LEN + 1)).starts_with("text is longer than"));
}

#[test]
fn numbers_keep_their_digits_and_escapes_are_resolved() {
    let text = "[-0.10e+2,\"\\u00e9\\ud83d\\ude00\\/\\n\"]";
    assert_eq!(parse(text).unwrap().to_string(), "[-0.10e+2,\"é😀/\\u000a\"]");
}

#[test]
fn texts_are_printed_with_as_few_escapes_as_can_be() {
    let text = Value::Text("a b\u{1f}\u{20}\u{7f}\"\\/ñ".to_owned());
    assert_eq!(text.to_string(), "\"a b\\u001f \u{7f}\\\"\\\\/ñ\"");
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>()) {
        drop(parse(&text));
    }

    #[test]
    fn never_panics_on_json_like_text(text in "[\\[\\]{},:\"\\\\u0-9a-f.e+ \n-]{0,40}") {
        drop(parse(&text));
    }

    #[test]
    fn agrees_with_another_reader(text in "[\\[\\]{},:\"0-9a-c.e -]{0,12}") {
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match parse(&text) {
            // The other reader refuses numbers beyond its range, and we refuse duplicate keys.
            Ok(_) => prop_assert!(other.is_ok() || text.contains('e')),
            Err(error) => prop_assert!(other.is_err() || error.message().starts_with("duplicate")),
        }
    }

    #[test]
    fn what_is_printed_reads_back(text in any::<String>(), flag in any::<bool>(), number in any::<i64>()) {
        let printed = format!(
            "{{{}:[{flag},null,{number},{{}}]}}",
            Value::Text(text),
        );
        prop_assert_eq!(parse(&printed).unwrap().to_string(), printed);
    }
}

#[test]
fn each_escape_stands_for_its_character() {
    let Value::Text(text) = parse(r#""\b\f\n\r\t\"\\\/""#).unwrap().value else { panic!("not a text") };
    assert_eq!(text, "\u{8}\u{c}\n\r\t\"\\/");
}
