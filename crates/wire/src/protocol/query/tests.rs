use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::protocol::percent_encode;

fn params(form: &str) -> Params {
    Params::parse(form.as_bytes()).unwrap()
}

fn told<T: std::fmt::Debug>(result: Result<T, QueryError>) -> String {
    let error = result.unwrap_err();
    format!("{} {}: {}", error.status().as_u16(), error.code(), error.message())
}

#[test]
fn scalars() {
    let params =
        params("Action=A&Version=V&S=a+b%2B&Empty=&N=-7&Big=9223372036854775808&T=true&F=FALSE&B=yes");
    assert_eq!((params.action(), params.version()), (Some("A"), Some("V")));
    assert_eq!(
        (params.string("S"), params.string("s"), params.string("Empty")),
        (Some("a b+"), None, Some(""))
    );
    assert_eq!((params.integer("N"), params.integer("Absent")), (Ok(Some(-7)), Ok(None)));
    assert_eq!(
        (params.boolean("T"), params.boolean("F"), params.boolean("X")),
        (Ok(Some(true)), Ok(Some(false)), Ok(None))
    );
    for name in ["Big", "S", "Empty"] {
        assert_eq!(
            told(params.integer(name)),
            "400 MalformedInput: STRING_VALUE can not be converted to an Integer"
        );
    }
    assert_eq!(
        told(params.boolean("B")),
        "400 MalformedInput: STRING_VALUE can not be converted to a Boolean"
    );
    assert_eq!(
        told(params.required("UserName")),
        "400 ValidationError: 1 validation error detected: Value null at 'userName' failed to satisfy constraint: \
         Member must not be null"
    );
}

#[test]
fn lists_are_ordered_by_number_and_may_have_gaps() {
    let params = params("K.member.10=c&K.member.2=b&K.member.1=a&Empty=&KX.member.1=no");
    assert_eq!(params.list("K").unwrap(), ["a", "b", "c"]);
    assert!(params.list("Empty").unwrap().is_empty());
    assert!(params.list("Absent").unwrap().is_empty());
}

#[test]
fn lists_that_are_none() {
    let told_list = |form: &str| told(params(form).list("K"));
    for form in ["K.1=a", "K.member=a", "K.member.=a", "K.member.x=a", "K.member.-1=a", "K.entry.1=a"] {
        assert_eq!(told_list(form), "400 MalformedInput: Start of list found where not expected", "{form}");
    }
    for index in ["0", "01", "5001", "99999999999999999999"] {
        let expected = format!("400 MalformedInput: {index} is not a valid index");
        assert_eq!(told_list(&format!("K.member.{index}=a")), expected);
    }
    assert_eq!(params("K.member.5000=a").list("K").unwrap(), ["a"]);
    assert_eq!(
        told_list("K.member.1.Key=a"),
        "400 MalformedInput: Start of structure or map found where not expected."
    );
    assert_eq!(told_list("K=a&K.member.1=b"), "400 MalformedInput: Expected list or null");
}

#[test]
fn structures_nest() {
    let params = params(
        "Tags.member.2.Key=b&Tags.member.1.Key=a&Tags.member.1.Value=1&Entries.member.3.Names.member.1=x\
         &Entries.member.3.Names.member.2=y&Policy.Name=p&Policyholder=q",
    );
    let tags = params.structs("Tags").unwrap();
    assert_eq!(tags.iter().map(|tag| tag.required("Key").unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        told(tags[1].required("Value")),
        "400 ValidationError: 1 validation error detected: Value null at 'tags.2.member.value' failed to satisfy \
         constraint: Member must not be null"
    );
    assert_eq!(params.structs("Entries").unwrap()[0].list("Names").unwrap(), ["x", "y"]);
    assert_eq!(params.structure("Policy").unwrap().string("Name"), Some("p"));
    assert!(params.structure("Absent").is_none());
}

#[test]
fn unknown_parameters_are_told_not_refused() {
    let params =
        params("Action=A&Version=V&UserName=a&Tags.member.1.Key=k&Tags.member.1.Colour=red&Foo.member.1=x");
    assert_eq!(params.unknown(&["UserName", "Tags"]), ["Foo.member.1"]);
    assert_eq!(params.structs("Tags").unwrap()[0].unknown(&["Key", "Value"]), ["Colour"]);
}

#[test]
fn bounds() {
    let many = |n: usize| {
        (0..n).fold(String::new(), |mut form, i| {
            write!(form, "k{i}=&").unwrap();
            form
        })
    };
    assert!(Params::parse(many(MAX_PARAMS).as_bytes()).is_ok());
    let told_form = |form: &[u8]| told(Params::parse(form));
    assert_eq!(
        told_form(many(MAX_PARAMS + 1).as_bytes()),
        "400 MalformedInput: The request has more than 5000 parameters"
    );
    assert!(Params::parse("k".repeat(MAX_KEY_BYTES).as_bytes()).is_ok());
    assert_eq!(
        told_form("k".repeat(MAX_KEY_BYTES + 1).as_bytes()),
        "400 MalformedInput: The request has a parameter whose name is longer than 1024 bytes"
    );
    for twice in ["a=1&a=1", "a=1&%61=2", "a&a="] {
        let expected = "400 MalformedInput: The request has the parameter 'a' more than once";
        assert_eq!(told_form(twice.as_bytes()), expected);
    }
    for malformed in [&b"a=%"[..], b"a=%zz", b"%4=", b"a=\xff", b"a=%ff"] {
        assert!(told_form(malformed).starts_with("400 MalformedInput: "));
    }
}

#[test]
fn values_are_not_printed() {
    let text = format!("{:?}", params("Password=hunter2&UserName=ana"));
    assert_eq!(text, r#"["Password", "UserName"]"#);
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(values in proptest::collection::btree_map("[A-Za-z.]{1,9}", any::<String>(), 0..9)) {
        let form: Vec<String> =
            values.iter().map(|(key, value)| format!("{}={}", percent_encode(key), percent_encode(value))).collect();
        let params = params(&form.join("&"));
        for (key, value) in &values {
            prop_assert_eq!(params.string(key), Some(value.as_str()));
        }
    }

    #[test]
    fn lists_round_trip(items in proptest::collection::btree_map(1_u16..=5_000, any::<String>(), 0..9)) {
        let form: Vec<String> =
            items.iter().rev().map(|(n, item)| format!("K.member.{n}={}", percent_encode(item))).collect();
        let params = params(&form.join("&"));
        let expected: Vec<&str> = items.values().map(String::as_str).collect();
        prop_assert_eq!(params.list("K").unwrap(), expected);
        prop_assert_eq!(params.structs("K").unwrap().len(), items.len());
    }

    #[test]
    fn no_bytes_panic(form in proptest::collection::vec(any::<u8>(), 0..64), shaped in "(K|=|&|\\.|member|[0-9]|%|\\+){0,24}") {
        for form in [form.as_slice(), shaped.as_bytes()] {
            if let Ok(params) = Params::parse(form) {
                let _ = (params.list("K").is_ok(), params.structs("K").is_ok(), params.structure("K").is_some());
                prop_assert!(params.unknown(&[]).len() <= MAX_PARAMS);
            }
        }
    }
}
