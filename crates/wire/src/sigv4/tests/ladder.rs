//! Each rung of AWS's ladder of errors: status, code and exact text, in the order a request meets them.

use super::*;

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice\
     %2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature=\
     e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d";

fn in_header(authorization: &str) -> Request {
    let headers = [
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        ("authorization", authorization),
    ];
    Request::new("GET", "/", &headers, "")
}

fn with(name: &str, value: &str) -> Request {
    let mut request = in_header(AUTHORIZATION);
    request.set(name, value);
    request
}

fn in_query(query: &str) -> Request {
    Request::new("GET", &format!("/?{query}"), &[("host", "example.amazonaws.com")], "")
}

fn told(result: Result<Presented, SigV4Error>) -> String {
    match result {
        Ok(_) => "passes".into(),
        Err(error) => format!("{} {}: {}", error.status().as_u16(), error.code(), error.message()),
    }
}

fn check(request: &Request) -> String {
    told(request.check(at("2015-08-30T12:36:00Z"), "service", (KEY_ID, SECRET), Dialect::Aws))
}

#[test]
fn the_two_good_ones_pass() {
    assert_eq!(check(&in_header(AUTHORIZATION)), "passes");
    assert_eq!(check(&in_query(PRESIGNED)), "passes");
}

#[test]
fn absent_is_not_failed() {
    for other in ["Bearer ey", "Basic dTpw", "", "Negotiate x"] {
        assert!(matches!(parse(&in_header(other).head()), Ok(Presence::NotRequested)), "{other}");
    }
    let unsigned = Request::new("GET", "/?%zz", &[("host", "a")], "");
    assert_eq!(check(&unsigned), "403 MissingAuthenticationToken: Request is missing Authentication Token");
}

#[test]
fn unreadable() {
    let header = |text: &str| check(&in_header(text));
    let mut request = in_header(AUTHORIZATION);
    request.query = "a=%4".into();
    assert_eq!(check(&request), "400 MalformedQueryString: Incomplete trailing escape % sequence");
    request.query = "a=%zz".into();
    assert_eq!(check(&request), "400 MalformedQueryString: Illegal hex characters in escape (%) pattern");

    for algorithm in ["AWS", "AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA512", "aws4-hmac-sha256"] {
        let expected = format!("400 IncompleteSignature: Unsupported AWS 'algorithm': '{algorithm}'.");
        assert_eq!(header(&format!("{algorithm} x:y")), expected);
    }
    for query in ["AWSAccessKeyId=a&Signature=b", "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256"] {
        assert!(check(&in_query(query)).starts_with("400 IncompleteSignature: Unsupported AWS 'algorithm'"));
    }
    assert_eq!(
        header("AWS4-HMAC-SHA256 FooBar"),
        "400 IncompleteSignature: Invalid key=value pair (missing equal-sign) in Authorization header (hashed with \
         SHA-256 and encoded with Base64): '/tTIH/RdeprHMqzRXPr3cfLkkLmY1JQhPD/TjcwUuFs='."
    );
}

#[test]
fn both_locations_or_one_part_twice() {
    let both = "403 SignatureDoesNotMatch: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as \
                HTTP header.";
    for authorization in [AUTHORIZATION, "Bearer ey"] {
        let mut request = in_query(PRESIGNED);
        request.set("authorization", authorization);
        assert_eq!(check(&request), both);
    }
    // Also under another spelling, or with only a part of it.
    for query in ["X%2DAmz-Algorithm=a", "X-Amz-Signature=b"] {
        let mut request = in_header(AUTHORIZATION);
        request.query = query.into();
        assert_eq!(check(&request), both);
    }
    let once =
        |what: &str| format!("400 IncompleteSignature: {what} must appear exactly once, as printable ASCII.");
    assert_eq!(check(&in_header(&format!("{AUTHORIZATION}, Signature=00"))), once("Signature"));
    assert_eq!(check(&in_query(&format!("{PRESIGNED}&X-Amz-Date=20150830T123600Z"))), once("X-Amz-Date"));
    let mut two = in_header(AUTHORIZATION);
    two.headers.append("authorization", "Bearer ey".parse().unwrap());
    assert_eq!(check(&two), once("authorization"));
    let mut two = in_query(&format!("{PRESIGNED}&X-Amz-Security-Token=a"));
    two.set("x-amz-security-token", "b");
    assert_eq!(check(&two), once("X-Amz-Security-Token"));
}

#[test]
fn each_missing_part() {
    let mut bare = in_header("AWS4-HMAC-SHA256 ");
    bare.headers.remove("x-amz-date");
    assert_eq!(
        check(&bare),
        "400 IncompleteSignature: Authorization header requires 'Credential' parameter. Authorization header requires \
         'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires \
         existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"
    );
    assert_eq!(
        check(&in_header("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host")),
        "400 IncompleteSignature: Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256"
    );
    assert_eq!(
        check(&in_query("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a")),
        "400 IncompleteSignature: AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string \
         parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. \
         Re-examine the query-string parameters."
    );
    assert_eq!(
        check(&in_query(&PRESIGNED.replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""))),
        "400 IncompleteSignature: AWS query-string parameters must include 'X-Amz-Algorithm'. Re-examine the \
         query-string parameters."
    );
}

#[test]
fn ill_formed_parts() {
    assert_eq!(
        check(&in_header(&AUTHORIZATION.replace("/aws4_request", ""))),
        "400 IncompleteSignature: Credential must have exactly 5 slash-delimited elements, e.g. \
         keyid/date/region/service/term, got 'AKIDEXAMPLE/20150830/us-east-1/service'"
    );
    for list in
        ["x-amz-date;host", "host;host;x-amz-date", "Host;x-amz-date", "host;;x-amz-date", "host;x-amz-date;"]
    {
        let expected = format!(
            "400 IncompleteSignature: SignedHeaders must be an ascending list of lower-case header names, got '{list}'"
        );
        assert_eq!(check(&in_header(&AUTHORIZATION.replace("host;x-amz-date", list))), expected);
    }
    assert_eq!(
        check(&in_header(&AUTHORIZATION.replace("host;x-amz-date", "x-amz-date"))),
        "403 SignatureDoesNotMatch: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    );
    assert_eq!(
        check(&with("x-amz-target", "a.b")),
        "403 SignatureDoesNotMatch: 'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."
    );
    assert_eq!(check(&with("x-amzn-trace-id", "Root=1")), "passes");
    assert_eq!(
        check(&with("x-amz-date", "2015-08-30")),
        "400 IncompleteSignature: Date must be in ISO-8601 'basic format'. Got '2015-08-30'. See \
         http://en.wikipedia.org/wiki/ISO_8601"
    );
    let mut date = in_header(AUTHORIZATION);
    date.headers.remove("x-amz-date");
    date.set("date", "20150830T123600Z");
    assert_eq!(
        check(&date),
        "403 SignatureDoesNotMatch: 'date' must be a 'SignedHeader' in the AWS Authorization."
    );
    let week = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
                than 604800 seconds";
    for (seconds, text) in [
        ("604801", week),
        ("99999999999", week),
        ("0", "X-Amz-Expires must be positive"),
        ("-1", "X-Amz-Expires should be a number"),
        ("", "X-Amz-Expires should be a number"),
    ] {
        let query = PRESIGNED.replace("Expires=3600", &format!("Expires={seconds}"));
        assert_eq!(check(&in_query(&query)), format!("400 AuthorizationQueryParametersError: {text}"));
    }
}

#[test]
fn payload_modes() {
    let streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    assert_eq!(
        check(&with("x-amz-content-sha256", streaming)),
        format!(
            "400 InvalidRequest: The payload mode '{streaming}' is not supported. Sign the SHA-256 of the whole body."
        )
    );
    assert_eq!(
        check(&with("x-amz-content-sha256", "E3B0")),
        "400 InvalidRequest: Malformed X-Amz-Content-Sha256 header value"
    );
    let credentials = Credentials { access_key_id: KEY_ID, secret_access_key: SECRET, session_token: None };
    let scope = Scope { date: "20150830".into(), region: "r".into(), service: "service".into() };
    let now = at("2015-08-30T12:36:00Z");
    let signed = |body: BodyHash| {
        let mut request = Request::new("PUT", "/", &[("host", "a")], "x");
        request.headers.extend(sign(&request.head(), body, &credentials, &scope, now).unwrap());
        request
    };
    let verify = |request: &Request, body: BodyHash| {
        let key = SigningKey::for_scope(SECRET, &scope);
        request.presented().and_then(|p| p.verify(&request.head(), body, &key, Dialect::Aws).map(|()| p))
    };
    let (hashed, unsigned) = (signed(BodyHash::of(b"x")), signed(BodyHash::Unsigned));
    assert_eq!(told(verify(&hashed, BodyHash::Declared)), "passes");
    assert_eq!(told(verify(&hashed, BodyHash::of(b"x"))), "passes");
    assert_eq!(told(verify(&unsigned, BodyHash::Unsigned)), "passes");
    assert_eq!(
        told(verify(&hashed, BodyHash::of(b"y"))),
        "400 XAmzContentSHA256Mismatch: The provided 'x-amz-content-sha256' header does not match what was computed."
    );
    let uncovered = "400 InvalidRequest: The request signature must cover the body. Sign its SHA-256 in \
                     x-amz-content-sha256.";
    for body in [BodyHash::of(b"x"), BodyHash::Declared] {
        assert_eq!(told(verify(&unsigned, body)), uncovered);
    }
    assert_eq!(told(verify(&hashed, BodyHash::Unsigned)), uncovered);
    assert_eq!(told(verify(&in_header(AUTHORIZATION), BodyHash::Declared)), uncovered);
}

#[test]
fn time() {
    let check = |request: &Request, now: &str| {
        told(request.check(at(now), "service", (KEY_ID, SECRET), Dialect::Aws))
    };
    let header = in_header(AUTHORIZATION);
    for now in ["2015-08-30T12:21:00Z", "2015-08-30T12:51:00Z"] {
        assert_eq!(check(&header, now), "passes");
    }
    assert_eq!(
        check(&header, "2015-08-30T12:51:01Z"),
        "403 SignatureDoesNotMatch: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T125101Z - 15 min.)"
    );
    assert_eq!(
        check(&header, "2015-08-30T12:20:59Z"),
        "403 SignatureDoesNotMatch: Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z \
         (20150830T122059Z + 15 min.)"
    );
    let url = in_query(PRESIGNED);
    for now in ["2015-08-30T12:21:00Z", "2015-08-30T13:36:00Z"] {
        assert_eq!(check(&url, now), "passes");
    }
    assert_eq!(
        check(&url, "2015-08-30T13:36:01Z"),
        "403 SignatureDoesNotMatch: Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z \
         (20150830T133601Z - 3600 sec.)"
    );
}

#[test]
fn scope() {
    let presented =
        in_header(&AUTHORIZATION.replace("20150830/us-east-1/service/aws4_request", "20150831/r/s/aws5"));
    let presented = presented.presented().unwrap();
    let refused = presented.check_scope(&["iam", "sts"], RegionRule::OneOf(&["us-east-1"])).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code()), (403, "SignatureDoesNotMatch"));
    assert_eq!(
        refused.message(),
        "Credential should be scoped to a valid region, not 'r'. Credential should be scoped to correct service: 'iam' \
         or 'sts'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. Date in Credential \
         scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != '20150830', from \
         '20150830T123600Z'."
    );
    // A caller that skips the check still can't verify such a scope.
    let key = SigningKey::for_scope(SECRET, &presented.scope);
    let request = in_header(AUTHORIZATION);
    let result = presented.verify(&request.head(), BodyHash::of(b""), &key, Dialect::Aws);
    assert!(matches!(result, Err(SigV4Error::WrongScope(_))));
}

#[test]
fn keys_tokens_and_the_signature() {
    let request = in_header(AUTHORIZATION);
    let check = |pair| told(request.check(at("2015-08-30T12:36:00Z"), "service", pair, Dialect::Aws));
    assert_eq!(
        check(("AKIDOTHER", SECRET)),
        "403 InvalidClientTokenId: The security token included in the request is invalid."
    );
    assert_eq!(
        check((KEY_ID, "another")),
        "403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. \
         Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    );
    assert_eq!(
        told(Err(SigV4Error::ExpiredToken)),
        "403 ExpiredToken: The security token included in the request is expired"
    );
}

#[test]
fn nothing_secret_is_printed() {
    let mut request = with("x-amz-security-token", "secret-token");
    request.set("authorization", &AUTHORIZATION.replace("x-amz-date", "x-amz-date;x-amz-security-token"));
    let text = format!("{:?}", request.presented().unwrap());
    assert!(
        text.contains("AKIDEXAMPLE") && !text.contains("secret-token") && !text.contains("5fa00fa3"),
        "{text}"
    );
}
