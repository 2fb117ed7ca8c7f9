//! No bytes make it panic, and none pass.

use proptest::prelude::*;

use super::*;

fn noisy_authorization() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"AWS4-HMAC-SHA256 ".to_vec()),
        Just(b"Credential=AKIDEXAMPLE/20260101/r/s/aws4_request".to_vec()),
        Just(b"SignedHeaders=host;x-amz-date".to_vec()),
        Just(b"Signature=".to_vec()),
        Just(vec![b'0'; 64]),
        Just(b",".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn noisy_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("X-Amz-Algorithm=AWS4-HMAC-SHA256&".to_owned()),
        Just("X-Amz-Credential=AKIDEXAMPLE/20260101/r/s/aws4_request&".to_owned()),
        Just("X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z&".to_owned()),
        Just(format!("X-Amz-Signature={}&", "0".repeat(64))),
        "X-Amz-Expires=[0-9-]{0,12}&",
        "\\PC{0,6}",
        "[%&=+;a-f0-9]{0,6}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn noise_is_refused(
        method in "\\PC{0,5}",
        path in "/?\\PC{0,20}",
        query in noisy_query(),
        authorization in noisy_authorization(),
        date in prop_oneof![Just("20260101T000000Z".to_owned()), "[0-9TZ]{0,17}", "\\PC{0,9}"],
        host in proptest::collection::vec(any::<u8>(), 0..9),
    ) {
        let mut headers = HeaderMap::new();
        let values = [("authorization", authorization), ("x-amz-date", date.into_bytes()), ("host", host)];
        for (name, value) in values {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.insert(name, value);
            }
        }
        let request = Request { method, path, query, headers, body: Vec::new() };
        let now = at("2026-01-01T00:00:00Z");
        let dialect = Dialect::MlflowSdk { repeated_keys: &["a"] };
        prop_assert!(request.check(now, "s", (KEY_ID, SECRET), dialect).is_err());
    }

    #[test]
    fn normalising_twice_is_normalising_once(path in "(/|\\.|\\.\\.|a|%2e){0,12}") {
        let once = canonical::normalize(&path);
        prop_assert!(path_is_normal(&once));
        prop_assert!(once.starts_with('/'));
    }
}
