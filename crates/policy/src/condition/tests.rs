//! Every operator family against a missing key, one value, several values and values of the wrong type; plain,
//! with `IfExists`, `ForAllValues` and `ForAnyValue`.

use super::{Condition, Operator};
use crate::context::{Context, Probe};

/// `-` is a missing key, `=v` a single value, `v,w` several.
fn context(values: &str) -> Context {
    let mut context = Context::new();
    context.set("aws:username", "ana");
    context.set("aws:PrincipalArn", "arn:aws:iam::111122223333:user/ana");
    context.set("wild", "*");
    context.set_many("many", ["ana".to_owned()]);
    if let Some(value) = values.strip_prefix('=') {
        context.set("Key", value);
    } else if values != "-" {
        context.set_many("Key", values.split(',').filter(|v| !v.is_empty()).map(str::to_owned));
    }
    context
}

fn met(operator: &str, operands: &[&str], values: &str) -> bool {
    let operator: Operator = operator.parse().unwrap();
    let condition = Condition::new(operator, "kEY", operands, true).unwrap();
    condition.is_met(&Probe::new(&context(values)))
}

/// Rows of (operator, operands, request's values, whether it is met).
fn check(rows: &[(&str, &[&str], &str, bool)]) {
    for (operator, operands, values, wanted) in rows {
        assert_eq!(met(operator, operands, values), *wanted, "{operator} {operands:?} on {values:?}");
    }
}

/// For an operator with a matching, another and an ill-typed value: the whole table of forms.
/// Columns: missing, matching, other, ill-typed, matching+matching, matching+other, other+other, empty set.
fn check_forms(operator: &str, operand: &str, matching: &str, other: &str, ill: &str) {
    let negated = operator.parse::<Operator>().unwrap().is_negated();
    // A text is never ill-typed to a string operator; it is only another text.
    let requests = [
        "-".to_owned(),
        format!("={matching}"),
        format!("={other}"),
        format!("={ill}"),
        format!("{matching},{matching}"),
        format!("{matching},{other}"),
        format!("{other},{ill}"),
        String::new(),
    ];
    let forms = if negated {
        [
            (operator.to_owned(), "y-yy---y"),
            (format!("{operator}IfExists"), "y-yy---y"),
            (format!("ForAllValues:{operator}"), "y-yy--yy"),
            (format!("ForAnyValue:{operator}"), "--yy-yy-"),
            (format!("ForAllValues:{operator}IfExists"), "y-yy--yy"),
            (format!("ForAnyValue:{operator}IfExists"), "y-yy-yyy"),
        ]
    } else {
        [
            (operator.to_owned(), "-y------"),
            (format!("{operator}IfExists"), "yy-----y"),
            (format!("ForAllValues:{operator}"), "yy--y--y"),
            (format!("ForAnyValue:{operator}"), "-y--yy--"),
            (format!("ForAllValues:{operator}IfExists"), "yy--y--y"),
            (format!("ForAnyValue:{operator}IfExists"), "yy--yy-y"),
        ]
    };
    for (form, wanted) in forms {
        let found: String =
            requests.iter().map(|request| if met(&form, &[operand], request) { 'y' } else { '-' }).collect();
        assert_eq!(found, wanted, "{form} {operand:?} on {requests:?}");
    }
}

#[test]
fn every_operator_in_every_form() {
    let arn = "arn:aws:iam::111122223333:user/ana";
    let other_arn = "arn:aws:iam::111122223333:user/bo";
    for (operator, operand, matching, other, ill) in [
        ("StringEquals", "a", "a", "b", "A"),
        ("StringNotEquals", "a", "a", "b", "A"),
        ("StringEqualsIgnoreCase", "aÉ", "Aé", "b", "x"),
        ("StringNotEqualsIgnoreCase", "aÉ", "Aé", "b", "x"),
        ("StringLike", "a*", "ab", "b", "Ab"),
        ("StringNotLike", "a*", "ab", "b", "Ab"),
        ("NumericEquals", "10", "10.0", "11", "ten"),
        ("NumericNotEquals", "10", "10.0", "11", "ten"),
        ("NumericLessThan", "10", "9.99", "10", "ten"),
        ("NumericLessThanEquals", "10", "10", "10.01", "ten"),
        ("NumericGreaterThan", "10", "10.01", "10", "ten"),
        ("NumericGreaterThanEquals", "10", "10", "-11", "ten"),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", "2026-01-02", "soon"),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "1767225600", "2026-01-02", "soon"),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59.9Z", "2026", "soon"),
        ("DateLessThanEquals", "2026-01-01", "2026", "2026-01-01T00:00:01Z", "soon"),
        ("DateGreaterThan", "1767225600", "2026-01-01T00:00:01Z", "2026-01-01T00:00Z", "soon"),
        ("DateGreaterThanEquals", "2026", "2026-01-01T01:00+01:00", "1767225599", "soon"),
        ("Bool", "true", "TRUE", "false", "yes"),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", "QmluYXJ6", "?"),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", "203.0.114.9", "here"),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", "203.0.114.9", "here"),
        ("ArnEquals", "arn:aws:iam::*:user/a*", arn, other_arn, "ana"),
        ("ArnLike", "arn:aws:iam::*:user/a*", arn, other_arn, "ana"),
        ("ArnNotEquals", "arn:aws:iam::*:user/a*", arn, other_arn, "ana"),
        ("ArnNotLike", "arn:aws:iam::*:user/a*", arn, other_arn, "ana"),
    ] {
        check_forms(operator, operand, matching, other, ill);
    }
}

#[test]
fn all_operators_are_in_the_table_above_or_null() {
    assert_eq!(Operator::names().count(), 27);
    for name in Operator::names().filter(|name| *name != "Null") {
        for form in [name.to_owned(), format!("ForAnyValue:{name}IfExists"), format!("ForAllValues:{name}")] {
            assert_eq!(form.parse::<Operator>().unwrap().to_string(), form);
        }
    }
}

#[test]
fn values_are_joined_by_or_and_by_nor() {
    check(&[
        ("StringEquals", &["a", "b"], "=b", true),
        ("StringEquals", &["a", "b"], "=c", false),
        ("StringNotEquals", &["a", "b"], "=b", false),
        ("StringNotEquals", &["a", "b"], "=c", true),
        ("ForAllValues:StringEquals", &["a", "b"], "a,b", true),
        ("ForAllValues:StringEquals", &["a", "b"], "a,b,c", false),
        ("ForAllValues:StringNotEquals", &["a", "b"], "c,d", true),
        ("ForAllValues:StringNotEquals", &["a", "b"], "c,a", false),
        ("ForAnyValue:StringEquals", &["a", "b"], "c,b", true),
        ("ForAnyValue:StringNotEquals", &["a", "b"], "a,c", true),
        ("ForAnyValue:StringNotEquals", &["a", "b"], "a,b", false),
        ("NotIpAddress", &["10.0.0.0/8", "192.168.0.0/16"], "=192.168.1.1", false),
        ("NumericNotEquals", &["1", "2"], "=3", true),
    ]);
}

#[test]
fn null_asks_whether_the_key_is_there() {
    check(&[
        ("Null", &["true"], "-", true),
        ("Null", &["true"], "=", false),
        ("Null", &["true"], "=x", false),
        ("Null", &["true"], "", true),
        ("Null", &["TRUE"], "x,y", false),
        ("Null", &["false"], "-", false),
        ("Null", &["false"], "x,y", true),
        ("Null", &["true", "false"], "-", true),
        ("Null", &["true", "false"], "=x", true),
    ]);
}

#[test]
fn an_empty_text_is_a_value_but_to_sets_an_empty_set() {
    check(&[
        ("StringEquals", &[""], "=", true),
        ("StringLike", &["*"], "=", true),
        ("ForAllValues:StringEquals", &["a"], "=", true),
        ("ForAnyValue:StringLike", &["*"], "=", false),
    ]);
}

#[test]
fn strings_take_variables_and_their_values_are_literal() {
    check(&[
        ("StringEquals", &["${aws:username}"], "=ana", true),
        ("StringEquals", &["${missing}"], "=${missing}", false),
        ("StringEquals", &["${missing}", "ana"], "=ana", true),
        ("StringNotEquals", &["${missing}"], "=ana", true),
        ("StringEquals", &["${missing, 'ana'}"], "=ana", true),
        ("StringEquals", &["${many}"], "=ana", false),
        ("StringLike", &["${wild}"], "=ana", false),
        ("StringLike", &["${wild}"], "=*", true),
        ("StringLike", &["${aws:username}-*"], "=ana-1", true),
        ("StringLike", &["a${*}"], "=ab", false),
        ("StringLike", &["a:*:c"], "=a:b:b:c", true),
        ("StringEquals", &["a*"], "=ab", false),
        ("StringEqualsIgnoreCase", &["${aws:username}"], "=ANA", true),
    ]);
    let literal =
        Condition::new("StringEquals".parse().unwrap(), "key", &["${aws:username}"], false).unwrap();
    assert!(!literal.is_met(&Probe::new(&context("=ana"))));
    assert!(literal.is_met(&Probe::new(&context("=${aws:username}"))));
}

#[test]
fn numbers_are_exact() {
    check(&[
        ("NumericEquals", &["100000000000000000001"], "=100000000000000000000", false),
        ("NumericLessThan", &["100000000000000000001"], "=100000000000000000000", true),
        ("NumericEquals", &["1e2"], "=100", true),
        ("NumericEquals", &["12.5e-1"], "=1.25", true),
        ("NumericEquals", &["125e-4"], "=0.0125", true),
        ("NumericEquals", &["1.25e3"], "=1250", true),
        ("NumericEquals", &["0"], "=-0.0", true),
        ("NumericEquals", &["+7"], "=007", true),
        ("NumericLessThan", &["-1"], "=-1.5", true),
        ("NumericLessThan", &["-1"], "=-0.5", false),
        ("NumericLessThan", &["0.1"], "=0.09", true),
        ("NumericLessThan", &["10"], "=9", true),
        ("NumericGreaterThan", &["0.5"], "=0.51", true),
        ("NumericEquals", &["1"], "=1.", false),
        ("NumericEquals", &["1"], "= 1", false),
        ("NumericEquals", &["1"], "=0x1", false),
        ("NumericEquals", &["1"], "=1e", false),
        ("NumericEquals", &["1"], "=1e999", false),
        ("NumericLessThan", &["1"], "=", false),
    ]);
}

#[test]
fn dates_are_iso_8601_or_epoch_seconds_on_one_scale() {
    check(&[
        ("DateEquals", &["1893456000"], "=2030-01-01T00:00:00Z", true),
        ("DateGreaterThan", &["1893456000"], "=2024-01-01T00:00:00Z", false),
        ("DateEquals", &["2030-01-01T01:00:00+01:00"], "=1893456000", true),
        ("DateEquals", &["2030-01-01T00:00:00"], "=1893456000", true),
        ("DateEquals", &["2030"], "=2030-01", true),
        ("DateEquals", &["2030-01-01T00:00:00.000Z"], "=2030-01-01T00:00Z", true),
        ("DateEquals", &["2030"], "=2030-1-1", false),
        ("DateEquals", &["2030"], "=20300101", false),
        ("DateEquals", &["2030"], "=2030-01-01 00:00:00Z", false),
        ("DateEquals", &["2030"], "=2030-01-01T00", false),
        ("DateEquals", &["2030"], "=2030T00:00Z", false),
        ("DateLessThan", &["2030"], "=2029-02-30", false),
        ("DateLessThan", &["2030"], "=2029-02-28T24:01Z", false),
        ("DateLessThan", &["2030"], "=99999999999999999999", false),
        ("DateLessThan", &["2030"], "=-5", false),
    ]);
}

#[test]
fn addresses_of_both_families() {
    check(&[
        ("IpAddress", &["203.0.113.7"], "=203.0.113.7", true),
        ("IpAddress", &["203.0.113.7"], "=203.0.113.8", false),
        ("IpAddress", &["203.0.113.7/24"], "=203.0.113.8", true),
        ("IpAddress", &["0.0.0.0/0"], "=2001:db8::1", false),
        ("IpAddress", &["2001:DB8:1234:5678::/64"], "=2001:db8:1234:5678:9:a:b:c", true),
        ("IpAddress", &["2001:db8::/32"], "=203.0.113.7", false),
        ("IpAddress", &["203.0.113.0/24"], "=::ffff:203.0.113.7", true),
        ("NotIpAddress", &["203.0.113.0/24"], "=::ffff:203.0.113.7", false),
        ("IpAddress", &["203.0.113.0/24"], "=203.0.113.7/32", false),
        ("IpAddress", &["203.0.113.0/24"], "=203.0.113.07", false),
    ]);
}

#[test]
fn arns_are_compared_part_by_part() {
    check(&[
        (
            "ArnLike",
            &["arn:aws:logs:*:log-group:x"],
            "=arn:aws:logs:eu-west-1:111122223333:log-group:x",
            false,
        ),
        (
            "ArnLike",
            &["arn:aws:logs:*:*:log-group:*"],
            "=arn:aws:logs:eu-west-1:111122223333:log-group:x:y",
            true,
        ),
        ("ArnLike", &["*"], "=arn:aws:s3:::b", true),
        ("ArnLike", &["arn:aws:s3*"], "=arn:aws:s3:::b", true),
        ("ArnLike", &["arn:aws:s3"], "=arn:aws:s3:::b", false),
        ("ArnNotLike", &["arn:aws:s3"], "=arn:aws:s3:::b", true),
        ("ArnLike", &["arn:*:iam::*:role/*"], "=arn:aws-cn:iam::111122223333:role/a/b", true),
        ("ArnLike", &["arn:aws:iam::*:ROLE/*"], "=arn:aws:iam::111122223333:role/a", false),
        ("ArnEquals", &["${aws:PrincipalArn}"], "=arn:aws:iam::111122223333:user/ana", true),
        ("ArnEquals", &["arn:aws:iam::*:user/${aws:username}"], "=arn:aws:iam::111122223333:user/ana", true),
        ("ArnEquals", &["arn:aws:iam::*:user/${missing}"], "=arn:aws:iam::111122223333:user/ana", false),
        ("ArnNotEquals", &["arn:aws:iam::*:user/${missing}"], "=arn:aws:iam::111122223333:user/ana", true),
        ("ArnEquals", &["arn:aws:iam::*:user/${wild}"], "=arn:aws:iam::111122223333:user/ana", false),
    ]);
}

#[test]
fn flags_may_be_variables() {
    let mut context = context("=TRUE");
    context.set("wanted", "true");
    let condition = Condition::new("Bool".parse().unwrap(), "key", &["${wanted}"], true).unwrap();
    assert!(condition.is_met(&Probe::new(&context)));
    context.set("wanted", "other");
    context.set("key", "other");
    assert!(!condition.is_met(&Probe::new(&context)));
}

#[test]
fn missing_keys_and_variables_are_noted_once() {
    let context = context("=x");
    let probe = Probe::new(&context);
    let operator: Operator = "StringEquals".parse().unwrap();
    for (key, value) in [("b:Second", "x"), ("B:SECOND", "x"), ("key", "${a:First}"), ("key", "${c, 'd'}")] {
        Condition::new(operator, key, &[value], true).unwrap().is_met(&probe);
    }
    assert_eq!(probe.into_missing(), ["a:First", "b:Second"]);
}

#[test]
fn the_limits_of_numbers_and_dates() {
    let digits = |count: usize| format!("={}", "1".repeat(count));
    let (most, more) = (digits(128), digits(129));
    let (padded, too_long) = (format!("={:0>40}", 1_795_255_200), format!("={:0>41}", 1_795_255_200));
    check(&[
        ("NumericGreaterThan", &["0"], &most, true),
        ("NumericGreaterThan", &["0"], &more, false),
        ("NumericEquals", &["-1e3"], "=-1000", true),
        ("NumericEquals", &["-1e3"], "=1000", false),
        ("NumericEquals", &["-0e3"], "=0", true),
        ("NumericEquals", &["-5e-1"], "=-0.5", true),
        ("DateEquals", &["1795255200"], &padded, true),
        ("DateEquals", &["1795255200"], &too_long, false),
        ("DateEquals", &["2026-11-21T10:00:00Z"], "=2026-11-21T11:00:00+01:00", true),
        // No offsets with seconds in the W3C's profile.
        ("DateEquals", &["2026-11-21T10:00:00Z"], "=2026-11-21T11:00:00+01:00:00", false),
    ]);
    let number = |text| super::number::Decimal::read(text).unwrap();
    assert!(number("1") < number("2") && number("-1") > number("-2"));
}

#[test]
fn operators_tell_what_they_are() {
    for (name, negated, if_exists) in [
        ("StringEquals", false, false),
        ("StringNotLikeIfExists", true, true),
        ("ForAnyValue:NumericLessThanIfExists", false, true),
        ("ForAllValues:ArnNotEquals", true, false),
    ] {
        let operator: Operator = name.parse().unwrap();
        assert_eq!((operator.is_negated(), operator.if_exists()), (negated, if_exists), "{name}");
        assert_eq!(operator.to_string(), name);
    }
}

#[test]
fn a_value_that_several_operands_fit_is_met_once() {
    check(&[
        ("StringLike", &["an*", "*a"], "=ana", true),
        ("StringNotLike", &["an*", "*a"], "=ana", false),
        ("IpAddress", &["10.0.0.0/8", "10.1.0.0/16"], "=10.1.2.3", true),
        ("NumericEquals", &["1", "1.0"], "=1", true),
        ("DateEquals", &["2026-01-01T00:00:00Z", "1767225600"], "=1767225600", true),
        ("Bool", &["true", "${many}", "true"], "=true", true),
        (
            "ArnLike",
            &["arn:aws:iam::*:user/*", "arn:aws:iam::*:user/a*"],
            "=arn:aws:iam::111122223333:user/ana",
            true,
        ),
    ]);
}
