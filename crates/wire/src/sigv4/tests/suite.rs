//! AWS's signing test suite, v4, which the peer signer's package carries; turned round, so that it verifies.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use super::super::canonical::{Form, canonical_request};
use super::super::verify::string_to_sign;
use super::*;

/// One signed request of the suite and what is known of it.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) request: Request,
    pub(super) settings: CanonicalSettings,
    pub(super) now: Timestamp,
    pub(super) secret: &'static str,
    pub(super) key_id: &'static str,
    pub(super) token: Option<String>,
    canonical_request: String,
    string_to_sign: Option<String>,
}

impl Case {
    /// As [`Request::check`], with the case's own settings, key and token.
    pub(super) fn check(&self, request: &Request) -> Result<(), SigV4Error> {
        let presented = request.presented()?;
        presented.check_time(self.now)?;
        presented.check_scope(&["service", "lambda"], RegionRule::OneOf(&["us-east-1", "us-east-2"]))?;
        if presented.access_key_id != self.key_id || presented.session_token != self.token {
            return Err(SigV4Error::InvalidClientTokenId);
        }
        let key = SigningKey::for_scope(self.secret, &presented.scope);
        presented.verify_with(&request.head(), BodyHash::of(&request.body), &key, self.settings)
    }
}

/// Every case, in header form and, where the suite has it, in query form.
pub(super) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let suite = peer_package().join("aws-signing-test-suite").join("v4");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(&suite).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
        .iter()
        .flat_map(|folder| ["header", "query"].into_iter().filter_map(|form| read(folder, form)))
        .collect()
});

fn peer_package() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let peer = packages
        .iter()
        .find(|package| package["name"] == "aws-sigv4")
        .expect("aws-sigv4 is a dev-dependency");
    Path::new(peer["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

fn read(folder: &Path, form: &str) -> Option<Case> {
    let file = |name: &str| std::fs::read_to_string(folder.join(format!("{form}-{name}"))).ok();
    let folder_name = folder.file_name().unwrap().to_str().unwrap();
    let context: serde_json::Value = std::fs::read_to_string(folder.join("context.json"))
        .map_or(serde_json::Value::Null, |text| serde_json::from_str(&text).unwrap());
    let request = read_request(&file("signed-request.txt")?);
    // The two cases without a context were added by the peer, with its own test credentials and times.
    let (key_id, secret, now) = match folder_name {
        "double-encode-path" => ("ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby", at("2015-08-30T12:36:00Z")),
        "double-url-encode" => (KEY_ID, SECRET, at("2021-05-11T15:40:45Z")),
        _ => (KEY_ID, SECRET, at(context["timestamp"].as_str().unwrap())),
    };
    Some(Case {
        name: format!("{folder_name}, {form}"),
        request,
        settings: CanonicalSettings {
            double_encode: true,
            normalize_path: context["normalize"].as_bool().unwrap_or(true),
        },
        now,
        secret,
        key_id,
        token: context["credentials"]["token"].as_str().map(str::to_owned),
        canonical_request: file("canonical-request.txt")?,
        string_to_sign: file("string-to-sign.txt"),
    })
}

fn read_request(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let line = lines.next().unwrap();
    let (method, target) = line.strip_suffix(" HTTP/1.1").unwrap_or(line).split_once(' ').unwrap();
    let mut headers: Vec<(&str, String)> = Vec::new();
    for line in lines {
        if line.starts_with(' ') {
            // A folded line: a server joins it with a space.
            let last = &mut headers.last_mut().unwrap().1;
            *last = format!("{last} {}", line.trim());
        } else {
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name, value.trim().to_owned()));
        }
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Request::new(method, target, &headers, body.get(..length).unwrap())
}

#[test]
fn every_case_verifies() {
    assert!(CASES.len() >= 78, "{} cases", CASES.len());
    for case in CASES.iter() {
        assert_eq!(case.check(&case.request), Ok(()), "{}", case.name);
        if case.settings.normalize_path {
            let dialect = Dialect::Aws;
            let presented = case.request.presented().unwrap();
            let key = SigningKey::for_scope(case.secret, &presented.scope);
            let result =
                presented.verify(&case.request.head(), BodyHash::of(&case.request.body), &key, dialect);
            assert_eq!(result, Ok(()), "{}", case.name);
        }
    }
}

#[test]
fn every_canonical_request_and_string_to_sign_is_the_suites() {
    for case in CASES.iter() {
        let presented = case.request.presented().unwrap();
        let payload = hex::encode(presented.declared_payload_hash().unwrap_or(sha256(&case.request.body)));
        // In `post-sts-header-after` the token joined the query after signing.
        let with_token = !case.name.contains("post-sts-header-after");
        let form = Form::Aws { settings: case.settings, with_token };
        let mut text = canonical_request(&case.request.head(), &presented, form, &payload).unwrap();
        if case.name.starts_with("double-encode-path") {
            // Its canonical request is of another day than its signature.
            text = text.replace("20150830T123600Z", "20210511T154045Z");
        }
        assert_eq!(text, case.canonical_request.trim_end(), "{}", case.name);
        if let Some(expected) = &case.string_to_sign {
            let text = string_to_sign(presented.timestamp, &presented.scope, &text);
            assert_eq!(text, expected.trim_end(), "{}", case.name);
        }
    }
}

#[test]
fn a_header_that_was_signed_can_be_neither_stripped_nor_doubled() {
    for case in CASES.iter() {
        for name in case.request.presented().unwrap().signed_headers {
            let mut stripped = case.request.clone();
            stripped.headers.remove(&name);
            assert!(case.check(&stripped).is_err(), "{} without {name}", case.name);
            let mut doubled = case.request.clone();
            doubled.headers.append(name.parse::<HeaderName>().unwrap(), "x".parse().unwrap());
            assert!(case.check(&doubled).is_err(), "{} with two {name}", case.name);
        }
    }
}
