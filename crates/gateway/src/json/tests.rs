use super::*;

#[test]
fn hostile_bodies_are_refused() {
    let utf16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for (body, why) in [
        (&b""[..], "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b"\"{}\"", "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (&utf16, "not JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"{\"a\":\"\xff\"}", "not UTF-8"),
        (b"{\"a\":1,\"a\":2}", "twice"),
        (b"{\"a\":1,\"\\u0061\":2}", "twice"),
        (b"{\"x\":{\"a\":1,\"a\":2}}", "twice"),
        (b"{\"a\":\"\\ud800\"}", "not JSON"),
        (b"{\"a\":\"\x01\"}", "not JSON"),
        (b"{\"a\":01}", "not JSON"),
        (b"{\"a\":.5}", "not JSON"),
        (b"{\"a\":1.}", "not JSON"),
        (b"{\"a\":+1}", "not JSON"),
        (b"{\"a\":-1e400}", "not JSON"),
        (b"{\"a\":'b'}", "not JSON"),
        (b"{\"a\":1,}", "not JSON"),
        (b"{,}", "not JSON"),
        (b"{\"a\" 1}", "not JSON"),
        (b"{\"a\":[1,]}", "not JSON"),
        (b"{\"a\":tru}", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"{}x", "not JSON"),
        (b"{", "not JSON"),
        (deep.as_bytes(), "deeper"),
        (b"{\"run_id\":\"a\",\"run_uuid\":\"b\"}", "must be equal"),
        (b"{\"runId\":\"a\",\"run_id\":\"a\"}", "more than once"),
        (b"{\"experiment_id\":\" 5\"}", "decimal"),
        (b"{\"experiment_id\":\"+5\"}", "decimal"),
        (b"{\"experiment_id\":-5}", "decimal"),
        (b"{\"experimentId\":\"\"}", "decimal"),
        (b"{\"experiment_ids\":[\"1\",\"x\"]}", "decimal"),
        (b"{\"experiment_ids\":\"1\"}", "decimal"),
        (br#"{"artifact_location":"file:///etc"}"#, "object store"),
        (br#"{"artifactLocation":"/srv"}"#, "object store"),
        (br#"{"artifact_location":"http://10.0.0.1/x"}"#, "object store"),
        (br#"{"key":"mlflow.artifactLocation","value":"file:///etc"}"#, "object store"),
    ] {
        let error = JsonObject::parse(body).expect_err(&format!("{:?}", String::from_utf8_lossy(body)));
        assert!(error.to_string().contains(why), "{:?}: {error}", String::from_utf8_lossy(body));
    }
}

#[test]
fn written_anew() {
    for (body, sent) in [
        ("{}", "{}"),
        (" {\n\"a\" : [ 1 , -0.50e+7, true,null ] }\r\n", r#"{"a":[1,-0.50e+7,true,null]}"#),
        (r#"{"a":"\u00e9\/\n\ud83d\ude00"}"#, "{\"a\":\"é/\\u000a😀\"}"),
        (r#"{"v":NaN,"w":-Infinity,"x":Infinity}"#, r#"{"v":"NaN","w":"-Infinity","x":"Infinity"}"#),
        (r#"{"run_id":"a","run_uuid":"a"}"#, r#"{"run_id":"a","run_uuid":"a"}"#),
        (r#"{"experiment_ids":["0","12"]}"#, r#"{"experiment_ids":["0","12"]}"#),
        (r#"{"artifact_location":"s3://b/x"}"#, r#"{"artifact_location":"s3://b/x"}"#),
        (r#"{"artifact_location":null}"#, r#"{"artifact_location":null}"#),
        (r#"{"experiment_id":7}"#, r#"{"experiment_id":7}"#),
        (r#"{"step":12345678901234567890123}"#, r#"{"step":12345678901234567890123}"#),
    ] {
        let parsed = JsonObject::parse(body.as_bytes()).unwrap();
        assert_eq!(std::str::from_utf8(parsed.bytes()).unwrap(), sent);
        assert_eq!(JsonObject::parse(parsed.bytes()).unwrap(), parsed, "stable");
    }
}
