use proptest::prelude::*;

use super::*;

#[test]
fn replies() {
    let list = response(IAM, "ListUsers", "id-1", |result| {
        result.list("Users", ["/a/", "/b/"], |user, path| {
            user.text("Path", path);
            user.timestamp("CreateDate", "2026-01-01T00:00:00.999Z".parse().unwrap());
            user.optional("Nothing", None);
        });
        result.texts("Names", ["x", ""]);
        result.integer("MaxItems", -1);
    });
    insta::assert_snapshot!(list, @r#"<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users><member><Path>/a/</Path><CreateDate>2026-01-01T00:00:00Z</CreateDate></member><member><Path>/b/</Path><CreateDate>2026-01-01T00:00:00Z</CreateDate></member></Users><Names><member>x</member><member></member></Names><MaxItems>-1</MaxItems></ListUsersResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></ListUsersResponse>"#);
    let empty = response(IAM, "ListUsers", "id-2", |result| result.texts("Users", []));
    insta::assert_snapshot!(empty, @r#"<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users/></ListUsersResult><ResponseMetadata><RequestId>id-2</RequestId></ResponseMetadata></ListUsersResponse>"#);
    insta::assert_snapshot!(acknowledgement(STS, "DeleteUser", "id-3"), @r#"<DeleteUserResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><ResponseMetadata><RequestId>id-3</RequestId></ResponseMetadata></DeleteUserResponse>"#);
}

#[test]
fn errors() {
    let sender = error(IAM, http::StatusCode::NOT_FOUND, "NoSuchEntity", "no <user> \u{8}\r", "id-1");
    insta::assert_snapshot!(sender, @r#"<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no &lt;user&gt; �&#xD;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>"#);
    let receiver = error(STS, http::StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "", "id-2");
    assert!(receiver.contains("<Type>Receiver</Type>"));
}

proptest! {
    #[test]
    fn no_text_breaks_out(text in any::<String>()) {
        let mut out = String::new();
        escape(&mut out, &text);
        prop_assert!(!out.contains(['<', '>', '"', '\'', '\r']));
        let is_legal = out.chars().all(|c| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..));
        prop_assert!(is_legal);
        let legal = |c: char| if matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
        let mut back = out;
        for (entity, c) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#xD;", "\r"), ("&amp;", "&")] {
            back = back.replace(entity, c);
        }
        prop_assert_eq!(back, text.chars().map(legal).collect::<String>());
    }
}
