//! Whatever a peer signs, this verifies; whatever this signs, it verifies too, and as the peer would have signed it.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as PeerCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign as peer_sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_767_225_600;

#[derive(Clone, Debug)]
struct Plan {
    request: Request,
    service: &'static str,
    token: Option<String>,
    declares_payload: bool,
    in_query: bool,
}

fn text(max: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..max).prop_map(|chars| chars.into_iter().collect())
}

fn plans() -> impl Strategy<Value = Plan> {
    let segments = proptest::collection::vec(prop_oneof![text(5), Just(".".into()), Just("..".into())], 0..5);
    let path = segments.prop_map(|segments| {
        segments.iter().fold("/".to_owned(), |path, segment| {
            format!("{path}{}/", crate::protocol::percent_encode(segment))
        })
    });
    let query = proptest::collection::vec((text(4), text(6)), 0..5).prop_map(|pairs| {
        let encode = crate::protocol::percent_encode;
        let pairs = pairs.iter().filter(|(key, _)| !key.is_empty());
        pairs.map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect::<Vec<_>>().join("&")
    });
    let names = prop_oneof![Just("x-amz-target"), Just("content-type"), Just("my-header"), Just("range")];
    let headers = proptest::collection::vec((names, "[ !-~]{0,12}"), 0..4);
    let service = prop_oneof![Just("iam"), Just("execute-api"), Just("s3")];
    let method = prop_oneof![Just("GET"), Just("POST"), Just("PUT"), Just("DELETE")];
    let token = proptest::option::of("[A-Za-z0-9+/=]{1,40}");
    (path, query, headers, service, method, token, "\\PC{0,20}", any::<(bool, bool)>()).prop_map(
        |(path, query, headers, service, method, token, body, (declares_payload, in_query))| {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.trim())).collect();
            let mut request = Request::new(method, &format!("{path}?{query}"), &headers, &body);
            request.set("host", "garita.example:8443");
            Plan { request, service, token, declares_payload, in_query }
        },
    )
}

/// The request as the peer signs it.
fn signed_by_peer(plan: &Plan) -> Request {
    let identity: Identity = PeerCredentials::new(KEY_ID, SECRET, plan.token.clone(), None, "test").into();
    let mut settings = SigningSettings::default();
    if plan.service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if plan.declares_payload && !plan.in_query {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    if plan.in_query {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(60));
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name(plan.service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW as u64))
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let request = &plan.request;
    let uri = format!("https://garita.example:8443{}?{}", request.path, request.query);
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let signable =
        SignableRequest::new(&request.method, uri, headers, SignableBody::Bytes(&request.body)).unwrap();
    let (instructions, _) = peer_sign(signable, &params).unwrap().into_parts();
    let mut signed = request.clone();
    for (name, value) in instructions.headers() {
        signed.set(name, value);
    }
    for (name, value) in instructions.params() {
        let separator = if signed.query.is_empty() { "" } else { "&" };
        signed.query.push_str(&format!("{separator}{name}={}", crate::protocol::percent_encode(value)));
    }
    signed
}

/// The request as this crate signs it.
fn signed_here(plan: &Plan) -> Request {
    let now = Timestamp::from_second(NOW).unwrap();
    let scope = Scope { date: "20260101".into(), region: "eu-west-1".into(), service: plan.service.into() };
    let token = plan.token.as_deref();
    let credentials = Credentials { access_key_id: KEY_ID, secret_access_key: SECRET, session_token: token };
    let mut signed = plan.request.clone();
    let body = BodyHash::of(&signed.body);
    if plan.in_query {
        signed.query = presign(&plan.request.head(), body, &credentials, &scope, now, 60).unwrap();
    } else {
        signed.headers.extend(sign(&plan.request.head(), body, &credentials, &scope, now).unwrap());
    }
    signed
}

proptest! {
    #[test]
    fn what_a_peer_signs_verifies(plan in plans()) {
        let signed = signed_by_peer(&plan);
        let now = Timestamp::from_second(NOW + 30).unwrap();
        let presented = signed.check(now, plan.service, (KEY_ID, SECRET), Dialect::Aws);
        let presented = presented.map_err(|error| TestCaseError::fail(format!("{error} {signed:?}")))?;
        prop_assert_eq!(presented.session_token, plan.token);
        prop_assert_eq!(presented.expires, plan.in_query.then_some(60));
        prop_assert!(signed.check(now, plan.service, (KEY_ID, "another"), Dialect::Aws).is_err());
    }

    #[test]
    fn what_is_signed_here_verifies_and_is_what_the_peer_signs(plan in plans()) {
        let plan = Plan { declares_payload: true, ..plan };
        let signed = signed_here(&plan);
        let now = Timestamp::from_second(NOW).unwrap();
        let presented = signed.check(now, plan.service, (KEY_ID, SECRET), Dialect::Aws).unwrap();
        prop_assert_eq!(presented.signature, signed_by_peer(&plan).presented().unwrap().signature);
    }
}

#[test]
fn what_cannot_be_signed_is_said() {
    let credentials = Credentials { access_key_id: KEY_ID, secret_access_key: SECRET, session_token: None };
    let scope = Scope { date: "20260101".into(), region: "eu-west-1".into(), service: "iam".into() };
    let now = at("2026-01-01T00:00:00Z");
    let presign = |request: &Request, body, seconds| {
        presign(&request.head(), body, &credentials, &scope, now, seconds).map(|_| ())
    };
    let good = Request::new("GET", "/", &[("host", "a")], "");
    let body = BodyHash::of(b"");
    assert_eq!(presign(&good, body, 604_800), Ok(()));
    assert_eq!(presign(&good, body, 604_801), Err(SignError::Lifetime));
    assert_eq!(presign(&good, body, 0), Err(SignError::Lifetime));
    assert_eq!(presign(&good, BodyHash::Declared, 60), Err(SignError::Request));
    assert_eq!(presign(&Request::new("GET", "/", &[], ""), body, 60), Err(SignError::Request));
    assert_eq!(
        presign(&Request::new("GET", "/?%zz", &[("host", "a")], ""), body, 60),
        Err(SignError::Request)
    );
}
