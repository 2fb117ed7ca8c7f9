//! Garita as a contestant: a data folder of its own, a user with a policy, and requests signed with that user's key.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use garita_wire::sigv4::{self, BodyHash, RequestHead, Scope};
use http::{HeaderMap, HeaderValue};

use super::process::Server;
use crate::run;

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const REGION: &str = "eu-west-1";
/// What may be done through the gateway in the contest.
pub(super) const READ_POLICY: &str = concat!(
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invoke","#,
    r#""Resource":"arn:aws:execute-api:*:*:*/prod/GET/*"}}"#
);
const ROOT_KEY: &str = "AKIABENCHROOTKEY0001";
const ROOT_SECRET: &str = "bench-root-secret-key-0123456789";

/// How many different requests are signed for a round.
const POOL: usize = 256;

/// An access key.
pub(super) struct Key {
    id: String,
    secret: String,
}

impl Key {
    /// The root user's key of the account that [`initialize`] makes.
    pub(super) fn of_root() -> Self {
        Self { id: ROOT_KEY.to_owned(), secret: ROOT_SECRET.to_owned() }
    }
}

/// A running Garita.
pub(super) struct Garita {
    /// The process.
    pub(super) server: Server,
    /// Where its AWS API listens.
    pub(super) aws: String,
    /// Where its gateway listens; empty when no API is configured.
    pub(super) gateway: String,
}

/// Makes a data folder; with an upstream, its configuration has an API stage in front of it.
pub(super) fn initialize(program: &Path, folder: &Path, upstream: Option<&Path>) -> Result<PathBuf> {
    let (data, secret) = (folder.join("data"), folder.join("root-secret"));
    fs::write(&secret, ROOT_SECRET)?;
    let mut init = Command::new(program);
    init.args(["init", "--account-id", ACCOUNT, "--root-access-key-id", ROOT_KEY, "--data"]).arg(&data);
    run::output(init.arg("--root-secret-key-file").arg(&secret)).context("making the data folder")?;
    let mut config = format!("region = \"{REGION}\"\n");
    config.push_str("[aws]\nlisten = \"127.0.0.1:0\"\n[gateway]\nlisten = \"127.0.0.1:0\"\n");
    if let Some(socket) = upstream {
        let shown = socket.display();
        let api = format!(
            "id = \"bench\"\naccount = \"{ACCOUNT}\"\nstage = \"prod\"\nupstream = \"unix:{shown}\"\n"
        );
        config.push_str("[[api]]\n");
        config.push_str(&api);
    }
    fs::write(data.join("garita.toml"), config)?;
    Ok(data)
}

/// Serves a data folder; returns once the listeners are there.
pub(super) fn serve(program: &Path, data: &Path) -> Result<Garita> {
    let mut command = Command::new(program);
    command.args(["serve", "--data"]).arg(data).env("GARITA_LOG", "warn").stdout(Stdio::piped());
    let mut server = Server::start("garita", &mut command)?;
    let mut lines = BufReader::new(server.stdout()?).lines();
    let with_gateway = fs::read_to_string(data.join("garita.toml"))?.contains("[[api]]");
    let aws = endpoint(&mut lines)?;
    let gateway = if with_gateway { endpoint(&mut lines)? } else { String::new() };
    // What else it prints must have somewhere to go.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(Garita { server, aws, gateway })
}

/// Reads a line like `aws      http://127.0.0.1:4510`.
fn endpoint(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Result<String> {
    let line = lines.next().context("garita ended before it said where it listens")??;
    let (_, address) = line.split_once("http://").with_context(|| format!("no address in `{line}`"))?;
    Ok(address.trim().to_owned())
}

/// Makes a user who may read experiments through the gateway, and returns its key.
pub(super) fn user_with_policy(garita: &Garita) -> Result<Key> {
    let user = ("UserName", "bench");
    iam(garita, "CreateUser", &[user])?;
    iam(garita, "PutUserPolicy", &[user, ("PolicyName", "read"), ("PolicyDocument", READ_POLICY)])?;
    let made = iam(garita, "CreateAccessKey", &[user])?;
    Ok(Key { id: element(&made, "AccessKeyId")?, secret: element(&made, "SecretAccessKey")? })
}

/// Writes a pool of requests for the gateway as `bench/pool.lua` reads it, each with the headers that `prove` adds.
fn write_requests(
    file: &Path,
    garita: &Garita,
    prove: impl Fn(&RequestHead<'_>) -> Result<HeaderMap>,
) -> Result<()> {
    let mut text = String::new();
    for number in 0..POOL {
        let path = "/prod/api/2.0/mlflow/experiments/get";
        let query = format!("experiment_id={number}");
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(&garita.gateway)?);
        let head = RequestHead { method: "GET", path, query: &query, headers: &headers };
        headers.extend(prove(&head)?);
        text.push_str(&format!("GET {path}?{query}"));
        for (name, value) in &headers {
            // wrk adds a Host of its own unless it finds one in this spelling.
            let name = if name == "host" { "Host" } else { name.as_str() };
            text.push_str(&format!("\t{name}: {}", value.to_str()?));
        }
        text.push('\n');
    }
    fs::write(file, text)?;
    Ok(())
}

/// Writes a pool of signed requests.
pub(super) fn write_pool(file: &Path, garita: &Garita, key: &Key) -> Result<()> {
    write_requests(file, garita, |head| sign(head, b"", "execute-api", key))
}

/// Writes a pool of requests with a bearer token.
pub(super) fn write_token_pool(file: &Path, garita: &Garita, token: &str) -> Result<()> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"))?;
    write_requests(file, garita, |_| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value.clone());
        Ok(headers)
    })
}

/// Asks IAM as the root user.
pub(super) fn iam(garita: &Garita, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let mut body = format!("Version=2010-05-08&Action={action}");
    for (name, value) in parameters {
        body.push_str(&format!("&{name}={}", form_encoded(value)));
    }
    call(&garita.aws, "iam", &Key::of_root(), &body)
}

/// Asks Cognito user pools as the root user.
pub(super) fn cognito(
    garita: &Garita,
    operation: &str,
    body: &serde_json::Value,
) -> Result<serde_json::Value> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-amz-json-1.1"));
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    headers.insert("x-amz-target", HeaderValue::from_str(&target)?);
    let answer = post(&garita.aws, "cognito-idp", &Key::of_root(), headers, &body.to_string())?;
    let (_, body) = answer.split_once("\r\n\r\n").context("garita's answer has no body")?;
    Ok(if body.is_empty() { serde_json::Value::Null } else { serde_json::from_str(body)? })
}

/// Asks STS who the caller is: the smallest request that proves the whole way is open.
pub(super) fn who_am_i(garita: &Garita) -> Result<()> {
    call(&garita.aws, "sts", &Key::of_root(), "Action=GetCallerIdentity&Version=2011-06-15").map(drop)
}

/// Sends one AWS Query request on a connection of its own; any status but 200 is an error.
fn call(address: &str, service: &str, key: &Key, body: &str) -> Result<String> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    post(address, service, key, headers, body)
}

fn post(address: &str, service: &str, key: &Key, mut headers: HeaderMap, body: &str) -> Result<String> {
    headers.insert("host", HeaderValue::from_str(address)?);
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    headers.extend(sign(&head, body.as_bytes(), service, key)?);
    let mut request = format!("POST / HTTP/1.1\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in &headers {
        request.push_str(&format!("{name}: {}\r\n", value.to_str()?));
    }
    request.push_str(&format!("\r\n{body}"));
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "garita refused `{body}`: {answer}");
    Ok(answer)
}

#[allow(clippy::disallowed_methods, reason = "signs as a client does, by the clock on the wall")]
fn sign(head: &RequestHead<'_>, body: &[u8], service: &str, key: &Key) -> Result<HeaderMap> {
    let now = jiff::Timestamp::now();
    let scope = Scope {
        date: now.strftime("%Y%m%d").to_string(),
        region: REGION.to_owned(),
        service: service.to_owned(),
    };
    let credentials =
        sigv4::Credentials { access_key_id: &key.id, secret_access_key: &key.secret, session_token: None };
    Ok(sigv4::sign(head, BodyHash::of(body), &credentials, &scope, now)?)
}

fn element(xml: &str, name: &str) -> Result<String> {
    let (_, rest) =
        xml.split_once(&format!("<{name}>")).with_context(|| format!("no {name} in the answer"))?;
    let (value, _) = rest.split_once('<').with_context(|| format!("{name} is not closed"))?;
    Ok(value.to_owned())
}

fn form_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_encoding() {
        assert_eq!(element("<a><Key>x</Key></a>", "Key").unwrap(), "x");
        assert!(element("<a/>", "Key").is_err());
        assert_eq!(form_encoded(r#"{"a":"b c"}"#), "%7B%22a%22%3A%22b%20c%22%7D");
    }
}
