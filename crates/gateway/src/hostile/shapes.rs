//! The table of hostile requests: each with the status it gets and the exact bytes, if any, that reach the upstream.
//!
//! Every request is signed by someone who may do anything, so that only its shape can be what it is refused for.

use super::{Bench, OK, body_of};

const READ: &str = "/prod/api/2.0/mlflow/runs/get?run_id=a";
const SEARCH: &str = "/prod/api/2.0/mlflow/runs/search";
const BODY: &str = r#"{"max_results":1}"#;

/// What the upstream gets for a read, whatever else the client said.
fn read_sent(bench: &Bench) -> String {
    sent(bench, "GET /api/2.0/mlflow/runs/get?run_id=a HTTP/1.1", "", "")
}

fn sent(bench: &Bench, line: &str, more: &str, body: &str) -> String {
    let host = &bench.gateway.stages[0].upstream.host();
    format!(
        "{line}\r\nhost: {host}\r\nvia: 1.1 garita\r\nx-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n\
         x-garita-principal: arn:aws:iam::111122223333:root\r\nx-amzn-requestid: *\r\n{more}\r\n{body}"
    )
}

fn search_sent(bench: &Bench, body: &str) -> String {
    let more = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    sent(bench, "POST /api/2.0/mlflow/runs/search HTTP/1.1", &more, body)
}

/// The request's id is another each time.
fn without_id(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let Some((before, rest)) = text.split_once("x-amzn-requestid: ") else { return text };
    let (_, after) = rest.split_once("\r\n").unwrap();
    format!("{before}x-amzn-requestid: *\r\n{after}")
}

struct Case {
    name: &'static str,
    raw: Vec<u8>,
    status: u16,
    upstream: Option<String>,
}

struct Table<'b> {
    bench: &'b Bench,
    cases: Vec<Case>,
}

impl Table<'_> {
    /// A read with more header lines.
    fn read(&mut self, name: &'static str, more: &str, status: u16) {
        self.target(name, READ, more, status);
    }
    /// A GET of another target.
    fn target(&mut self, name: &'static str, target: &str, more: &str, status: u16) {
        let raw = self.bench.signed("GET", target, more, b"");
        self.raw(name, raw, status);
    }
    /// A search with other framing headers, and with a body that stands as it is.
    fn framed(&mut self, name: &'static str, framing: &str, body: &str, status: u16) {
        let more = format!("Content-Type: application/json\r\n{framing}");
        let mut raw = self.bench.signed("POST", SEARCH, &more, BODY.as_bytes());
        raw.truncate(raw.len() - BODY.len());
        raw.extend_from_slice(body.as_bytes());
        self.raw(name, raw, status);
    }
    /// A search with another body.
    fn body(&mut self, name: &'static str, body: &[u8], status: u16) {
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        let raw = self.bench.signed("POST", SEARCH, &more, body);
        self.raw(name, raw, status);
    }
    /// A read whose bytes are changed after signing.
    fn edited(&mut self, name: &'static str, from: &str, to: &str, status: u16) {
        let raw = String::from_utf8(self.bench.signed("GET", READ, "", b"")).unwrap();
        assert!(raw.contains(from), "{name}");
        self.raw(name, raw.replacen(from, to, 1).into_bytes(), status);
    }
    fn raw(&mut self, name: &'static str, raw: Vec<u8>, status: u16) {
        self.cases.push(Case { name, raw, status, upstream: None });
    }
    /// The last case passes, and this is what the upstream gets.
    fn passes(&mut self, upstream: String) {
        self.cases.last_mut().unwrap().upstream = Some(upstream);
    }
}

fn messages(table: &mut Table<'_>) {
    table.edited("HTTP/0.9", " HTTP/1.1\r\n", "\r\n", 400);
    table.edited("HTTP/1.9", "HTTP/1.1", "HTTP/1.9", 400);
    table.edited("HTTP/2.0", "HTTP/1.1", "HTTP/2.0", 400);
    table.edited("a space in the target", "runs/get", "runs/ get", 400);
    table.edited("two spaces before the version", " HTTP/1.1", "  HTTP/1.1", 400);
    table.edited("a space before the colon", "Host: h", "Host : h", 400);
    table.edited("an obsolete fold", "Host: h\r\n", "Host: h\r\nX-A: b\r\n c\r\n", 400);
    table.edited("a bare CR in a value", "Host: h\r\n", "Host: h\r\nX-A: b\rc\r\n", 400);
    table.edited("a NUL in a value", "Host: h\r\n", "Host: h\r\nX-A: b\0c\r\n", 400);
    table.edited("a NUL in a name", "Host: h\r\n", "Host: h\r\nX-\0A: b\r\n", 400);
    table.edited("a header line without a colon", "Host: h\r\n", "Host: h\r\nX-A\r\n", 400);
    table.edited("bytes beyond ASCII in a value", "Host: h\r\n", "Host: h\r\nX-A: \u{e9}\r\n", 400);
    let many: String = (0..120).map(|n| format!("X-{n}: 1\r\n")).collect();
    table.read("more than a hundred headers", &many, 431);
    table.read("64 KiB of one header", &format!("X-A: {}\r\n", "a".repeat(64 * 1024)), 431);
    table.read("20 KiB of one header", &format!("X-A: {}\r\n", "a".repeat(20 * 1024)), 431);
    // Harmless, because nothing of it is passed on: the request is written anew.
    table.edited("a bare LF after a header", "Host: h\r\n", "Host: h\r\nX-A: b\n", 200);
    table.passes(read_sent(table.bench));
}

fn hosts_and_targets(table: &mut Table<'_>) {
    table.edited("no Host", "Host: h\r\n", "", 400);
    table.edited("an empty Host", "Host: h", "Host:", 400);
    table.edited("two equal Hosts", "Host: h\r\n", "Host: h\r\nHost: h\r\n", 400);
    table.edited("two Hosts", "Host: h\r\n", "Host: h\r\nHost: evil\r\n", 400);
    table.edited("a Host with a path and query", "Host: h", "Host: h/x?y=", 400);
    table.edited("a Host with user information", "Host: h", "Host: u@h", 400);
    table.edited("a list of Hosts", "Host: h", "Host: h, evil", 400);
    table.edited("absolute form of another authority", "GET /", "GET http://evil/", 400);
    table.edited("absolute form with user information", "GET /", "GET http://u@h/", 400);
    table.edited("absolute form of a file", "GET /", "GET file://h/", 400);
    table.edited("absolute form with the Host's authority", "GET /", "GET http://h/", 200);
    table.passes(read_sent(table.bench));
    table.edited("a target without a slash", READ, "a", 400);
    table.edited("a target that is a star", READ, "*", 400);
    // The fragment never was part of what is judged, and does not travel.
    table.edited("a fragment", READ, &format!("{READ}#frag"), 200);
    table.passes(read_sent(table.bench));
    table.edited("CONNECT", &format!("GET {READ}"), "CONNECT evil:22", 400);
}

fn methods(table: &mut Table<'_>) {
    for (name, method) in [
        ("a lower-case method", "get"),
        ("a mixed-case method", "Get"),
        ("HEAD", "HEAD"),
        ("OPTIONS", "OPTIONS"),
        ("TRACE", "TRACE"),
        ("an unknown method", "PURGE"),
    ] {
        let raw = table.bench.signed(method, READ, "", b"");
        table.raw(name, raw, 400);
    }
    let raw = table.bench.signed("DELETE", "/prod/api/2.0/mlflow/runs/get", "", b"");
    table.raw("a method the route does not have", raw, 403);
    table.read("an overridden method", "X-HTTP-Method-Override: DELETE\r\n", 400);
}

fn framings(table: &mut Table<'_>) {
    let (body, chunks) = (BODY, "11\r\n{\"max_results\":1}\r\n0\r\n\r\n");
    let length = format!("Content-Length: {}\r\n", BODY.len());
    table.framed("two lengths that differ", &format!("{length}Content-Length: 3\r\n"), body, 400);
    table.framed("a list of lengths", "Content-Length: 17, 17\r\n", body, 400);
    table.framed("a signed length", "Content-Length: +17\r\n", body, 400);
    table.framed("a hexadecimal length", "Content-Length: 0x11\r\n", body, 400);
    table.framed("an unknown coding", "Transfer-Encoding: xchunked\r\n", chunks, 400);
    table.framed("the identity coding", "Transfer-Encoding: identity\r\n", body, 400);
    table.framed("gzip, then chunked", "Transfer-Encoding: gzip, chunked\r\n", chunks, 400);
    table.framed("chunked twice", "Transfer-Encoding: chunked, chunked\r\n", chunks, 400);
    table.framed("two codings", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks, 400);
    table.framed(
        "a coding with an underscore",
        &format!("{length}Transfer_Encoding: chunked\r\n"),
        body,
        400,
    );
    let chunked = "Transfer-Encoding: chunked\r\n";
    table.framed("a chunk size that overflows", chunked, "fffffffffffffffff\r\n", 400);
    table.framed("a chunk size with 0x", chunked, "0x11\r\n{\"max_results\":1}\r\n0\r\n\r\n", 400);
    table.framed("a chunk size with a sign", chunked, "+11\r\n{\"max_results\":1}\r\n0\r\n\r\n", 400);
    table.framed("chunk lines that end in LF", chunked, "11\n{\"max_results\":1}\n0\n\n", 400);
    table.framed("a chunk longer than it says", chunked, "10\r\n{\"max_results\":1}\r\n0\r\n\r\n", 400);
    table.framed("chunks", chunked, chunks, 200);
    table.passes(search_sent(table.bench, BODY));
    let trailers = "11\r\n{\"max_results\":1}\r\n0\r\nx-garita-principal: root\r\n\r\n";
    table.framed("trailers", chunked, trailers, 200);
    table.passes(search_sent(table.bench, BODY));
    table.framed("announced trailers", &format!("{chunked}Trailer: x-user\r\n"), trailers, 400);
    table.framed("an expectation", &format!("{length}Expect: 200-ok\r\n"), body, 417);
    table.framed("a compressed body", &format!("{length}Content-Encoding: gzip\r\n"), body, 415);
    let raw = table.bench.signed("GET", READ, "Content-Length: 2\r\n", b"{}");
    table.raw("a GET with a body", raw, 400);
    let mut raw = table.bench.signed("GET", READ, "Transfer-Encoding: chunked\r\n", b"{}");
    raw.truncate(raw.len() - 2);
    raw.extend_from_slice(b"2\r\n{}\r\n0\r\n\r\n");
    table.raw("a GET with chunks", raw, 400);
    let old = table.bench.signed("POST", SEARCH, "Content-Type: application/json\r\n", BODY.as_bytes());
    let old = String::from_utf8(old).unwrap().replacen(
        "HTTP/1.1\r\n",
        "HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
        1,
    );
    table.raw("chunks in HTTP/1.0", old.replace(BODY, chunks).into_bytes(), 400);
}

fn headers(table: &mut Table<'_>) {
    table.read("an underscore in a name", "X_User: root\r\n", 400);
    table.read("a header that stands twice", "X-User: a\r\nX-User: b\r\n", 400);
    table.read("two content types", "Content-Type: a/b\r\nContent-Type: c/d\r\n", 400);
    table.read("a header named in Connection", "Connection: close, X-Garita-Principal\r\n", 400);
    table.read("an upgrade to h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", 400);
    table.read("HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n", 400);
    table.read("an upgrade to a WebSocket", "Upgrade: websocket\r\n", 400);
    table.read("a workspace that is not signed", "X-MLFLOW-WORKSPACE: other\r\n", 400);
    let lies = "X-Garita-Principal: root\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\nVia: 1.1 x\r\n\
                X-Forwarded-Host: evil\r\nRemote-User: root\r\nCookie: a=b\r\nProxy-Authorization: x\r\n";
    table.read("lies about who asks", lies, 200);
    table.passes(read_sent(table.bench));
}

fn paths(table: &mut Table<'_>) {
    for (name, target) in [
        ("raw UTF-8", "/prod/api/2.0/mlflow/runs/g\u{e9}t"),
        ("an encoded NUL", "/prod/api/2.0/mlflow/runs/get%00"),
        ("an encoded line end", "/prod/api/2.0/mlflow/runs/get%0d%0aX:1"),
        ("a broken escape", "/prod/api/2.0/mlflow/runs/get%zz"),
        ("a backslash", "/prod/api/2.0\\mlflow/runs/get"),
        ("an encoded backslash", "/prod/api/2.0%5cmlflow/runs/get"),
        ("two slashes first", "//prod/api/2.0/mlflow/runs/get"),
        ("two slashes behind the stage", "/prod//api/2.0/mlflow/runs/get"),
        ("two slashes in an artifact's name", "/prod/api/2.0/mlflow-artifacts/artifacts/1//a"),
        ("a dot segment", "/prod/./api/2.0/mlflow/runs/get"),
        ("two dots", "/prod/static-files/../api/2.0/mlflow/runs/get"),
        ("two encoded dots", "/prod/static-files/%2e%2e/api/2.0/mlflow/runs/get"),
        ("an encoded dot in an artifact's name", "/prod/api/2.0/mlflow-artifacts/artifacts/%2e/1/a"),
        ("a dot encoded twice", "/prod/api/2.0/mlflow-artifacts/artifacts/%252e/1/a"),
        ("an encoded slash", "/prod/api/2.0/mlflow%2fruns/get"),
        ("an encoded slash in an artifact's name", "/prod/api/2.0/mlflow-artifacts/artifacts/1%2Fa"),
        ("a path parameter", "/prod/api/2.0/mlflow/runs/get;x"),
        ("a slash at the end", "/prod/api/2.0/mlflow/runs/get/"),
    ] {
        table.target(name, target, "", 400);
    }
    for (name, target) in [
        ("upper case", "/prod/API/2.0/mlflow/runs/get"),
        ("a stage in upper case", "/PROD/api/2.0/mlflow/runs/get"),
        ("no stage", "/api/2.0/mlflow/runs/get"),
        ("the old preview path", "/prod/api/2.0/preview/mlflow/runs/get"),
        ("an encoded path parameter", "/prod/api/2.0/mlflow/runs/get%3Bx"),
        ("the assistant", "/prod/ajax-api/3.0/mlflow/assistant/sessions/a/stream"),
        ("GraphQL by GET", "/prod/graphql?query=a"),
    ] {
        table.target(name, target, "", 403);
    }
    table.target("an encoded letter", "/prod/%61pi/2.0/mlflow/runs/%67et?r%75n_id=a", "", 200);
    table.passes(read_sent(table.bench));
    for (name, query) in [
        ("a query key twice", "run_id=a&run_id=b"),
        ("a query key in two spellings", "run_id=a&runId=b"),
        ("two names for one run", "run_id=a&run_uuid=b"),
        ("a signature in the query", "run_id=a&X-Amz-Date=b"),
    ] {
        let target = format!("/prod/api/2.0/mlflow/runs/get?{query}");
        table.target(name, &target, "", 400);
    }
}

fn bodies(table: &mut Table<'_>) {
    let utf16: Vec<u8> = BODY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    table.body("JSON in a string", br#""{\"max_results\":1}""#, 400);
    table.body("UTF-16", &utf16, 400);
    table.body("a byte order mark", b"\xef\xbb\xbf{}", 400);
    table.body("a name twice", br#"{"max_results":1,"max_results":2}"#, 400);
    table.body("a name in two spellings", br#"{"max_results":1,"maxResults":2}"#, 400);
    table.body("an experiment id as int() takes it", br#"{"experiment_ids":[" 5"]}"#, 400);
    table.body("a list", b"[]", 400);
    table.body("nothing", b"", 400);
    table.body("NaN", br#"{ "a" : NaN }"#, 200);
    table.passes(search_sent(table.bench, r#"{"a":"NaN"}"#));
    let large = format!("{{\"a\":\"{}\"}}", "a".repeat(2 * 1024 * 1024));
    table.body("more than 2 MiB", large.as_bytes(), 413);
}

#[tokio::test]
async fn hostile_shapes_are_refused_and_nothing_of_them_is_passed_on() {
    let bench = Bench::new(OK).await;
    let mut table = Table { bench: &bench, cases: Vec::new() };
    for fill in [messages, hosts_and_targets, methods, framings, headers, paths, bodies] {
        fill(&mut table);
    }
    assert!(table.cases.len() >= 62);
    let mut wrong = Vec::new();
    for Case { name, raw, status, upstream } in table.cases {
        let (got, reply) = bench.send(&raw).await;
        let reached: Vec<String> = bench.got().iter().map(|bytes| without_id(bytes)).collect();
        let expected: Vec<String> = upstream.into_iter().collect();
        if got != status || reached != expected {
            wrong.push(format!(
                "{name}: {got} instead of {status}, upstream {reached:?}: {}",
                body_of(&reply)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_length_beside_chunks_never_reaches_the_upstream() {
    let bench = Bench::new(OK).await;
    let more = "Content-Type: application/json\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n";
    let mut raw = bench.signed("POST", SEARCH, more, BODY.as_bytes());
    raw.truncate(raw.len() - BODY.len());
    raw.extend_from_slice(b"11\r\n{\"max_results\":1}\r\n0\r\n\r\n");
    let (status, _) = bench.send(&raw).await;
    let reached: Vec<String> = bench.got().iter().map(|bytes| without_id(bytes)).collect();
    match status {
        400 => assert!(reached.is_empty()),
        // The library drops the length, as RFC 9112 §6.3 lets it; what goes on has one framing, of our own.
        200 => assert_eq!(reached, [search_sent(&bench, BODY)]),
        other => panic!("{other}"),
    }
}
