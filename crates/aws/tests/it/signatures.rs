//! Credentials that do not hold, each in AWS's words.

use garita_testkit::TestCredentials;
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::door::{Door, form, show};

#[tokio::test]
async fn credentials_that_do_not_hold() {
    let door = Door::open().await;
    let root = door.garita.root.clone();
    let identity = form("2011-06-15", &[("Action", "GetCallerIdentity")]);
    let sent = async |who: &TestCredentials| door.call(who, "sts", &identity).await;
    let other_secret = TestCredentials { secret: "another".to_owned(), ..root.clone() };
    assert_snapshot!(sent(&other_secret).await, @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
    let other_key = TestCredentials { key: "AKIANOBODYHASTHISKEY".to_owned(), ..root.clone() };
    assert_snapshot!(sent(&other_key).await, @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    let odd_token = TestCredentials { token: Some("not-a-token".to_owned()), ..root.clone() };
    assert_snapshot!(sent(&odd_token).await, @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    let mut unsigned = door.signed(&root, "sts", &[], &identity);
    unsigned.headers_mut().remove("authorization");
    assert_snapshot!(show(door.send(unsigned).await).await, @"403 MissingAuthenticationToken: Request is missing Authentication Token");
    let mut torn = door.signed(&root, "sts", &[], &identity);
    torn.headers_mut().insert("authorization", "AWS4-HMAC-SHA256 Credential=a".parse().unwrap());
    assert_snapshot!(show(door.send(torn).await).await, @"400 IncompleteSignature: Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256");
    let mut changed = door.signed(&root, "sts", &[], &identity);
    *changed.body_mut() = form("2011-06-15", &[("Action", "GetSessionToken")]).into();
    changed.headers_mut().remove("content-length");
    assert_snapshot!(show(door.send(changed).await).await, @"400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed.");
    let late = door.signed(&root, "sts", &[], &identity);
    door.garita.clock.advance(SignedDuration::from_mins(16));
    assert_snapshot!(show(door.send(late).await).await, @"403 SignatureDoesNotMatch: Signature expired: 20260301T120000Z is now earlier than 20260301T120100Z (20260301T121600Z - 15 min.)");
}
