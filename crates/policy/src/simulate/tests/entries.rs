//! Context entries: their types, and what is none.

use super::*;

#[test]
fn context_entries_have_twelve_types() {
    let rows = [
        ("string", r#""StringEquals":{"a:key1":"x"}"#, "x"),
        ("numeric", r#""NumericLessThan":{"a:key1":"10"}"#, "9.5"),
        ("boolean", r#""Bool":{"a:key1":"true"}"#, "True"),
        ("ip", r#""IpAddress":{"a:key1":"10.0.0.0/8"}"#, "10.1.2.3"),
        ("binary", r#""BinaryEquals":{"a:key1":"aGk="}"#, "aGk="),
        ("date", r#""DateGreaterThan":{"a:key1":"2026-01-01T00:00:00Z"}"#, "1800000000"),
    ];
    for (kind, condition, value) in rows {
        let policy = |condition: &str| {
            statement(&format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}"#))
        };
        let ask = |condition: &str, entry| {
            said(&Supposition { entries: vec![entry], ..suppose(&[&policy(condition)], "s3:GetObject", &[]) })
        };
        assert_eq!(
            ask(condition, entry("a:key1", kind, &[value])),
            "allowed by PolicyInputList.1[0]",
            "{kind}"
        );
        let any = condition.replacen('"', "\"ForAnyValue:", 1);
        let list = format!("{kind}List");
        assert_eq!(
            ask(&any, entry("a:key1", &list, &[value, value])),
            "allowed by PolicyInputList.1[0]",
            "{list}"
        );
        assert_eq!(
            ask(condition, entry("a:key1", &list, &[value])),
            "implicitDeny",
            "one of a list is no single value"
        );
        assert_eq!(ask(&any, entry("a:key1", &list, &[])), "implicitDeny; missing a:key1");
    }
}

#[test]
fn context_entries_that_are_none() {
    let refused = |entries: &[ContextEntry]| {
        refusal(&Supposition { entries: entries.to_vec(), ..suppose(&[ALL], "s3:GetObject", &[]) })
    };
    let rows = [
        (entry("a:key1", "numeric", &["ten"]), "is of type `numeric`, but `ten` is not a number"),
        (entry("a:key1", "numericList", &["1", ""]), "is of type `numericList`, but `` is not a number"),
        (
            entry("a:key1", "boolean", &["yes"]),
            "is of type `boolean`, but `yes` is neither `true` nor `false`",
        ),
        (entry("a:key1", "ip", &["10.0.0.0/8"]), "is of type `ip`, but `10.0.0.0/8` is not an IP address"),
        (entry("a:key1", "binary", &["?"]), "is of type `binary`, but `?` is not base64"),
        (entry("a:key1", "date", &["today"]), "is of type `date`, but `today` is not a date"),
        (
            entry("a:key1", "string", &[]),
            "is of type `string`, which takes one value, not 0; use `stringList`",
        ),
        (
            entry("a:key1", "date", &["2026", "2027"]),
            "is of type `date`, which takes one value, not 2; use `dateList`",
        ),
    ];
    for (entry, problem) in rows {
        assert_eq!(refused(&[entry]), format!("ContextEntries: `a:key1` {problem}"));
    }
    assert!(
        refused(&[entry("a:key1", "text", &["x"])])
            .contains("has the unknown type `text`; give one of string,")
    );
    assert!(
        refused(&[ContextEntry { kind: None, ..entry("a:key1", "", &[]) }])
            .contains("has no `ContextKeyType`")
    );
    for name in ["", "a:b", "region", ":region", "region:", "aws:\n"] {
        assert!(refused(&[entry(name, "string", &["x"])]).contains("is not a condition key"), "{name}");
    }
    let twice = [entry("a:key1", "string", &["x"]), entry("A:KEY1", "string", &["x"])];
    assert_eq!(refused(&twice), "ContextEntries: `A:KEY1` is given twice");
}
