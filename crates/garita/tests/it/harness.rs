//! A Garita of a test's own: data folder, process, and a client that signs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use garita_wire::sigv4::{BodyHash, Credentials, RequestHead, Scope, sign};

pub(crate) const ROOT_KEY: &str = "AKIATESTROOTKEY00001";
pub(crate) const ROOT_SECRET: &str = "test-root-secret-key-0123456789abcdef";
pub(crate) const ACCOUNT: &str = "111122223333";

/// A folder that goes away with its owner.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("garita-it-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The built program with its arguments, its environment cleared of what would change it.
pub(crate) fn garita(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_garita"));
    command
        .args(arguments)
        .env_remove("GARITA_DATA")
        .env_remove("GARITA_MASTER_KEY")
        .env("GARITA_LOG", "warn");
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    garita(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Creates a data folder whose first account's root key is known, served on free ports.
pub(crate) fn init(data: &Path) {
    let folder = data.to_str().unwrap();
    let mut init =
        garita(&["init", "--data", folder, "--account-id", ACCOUNT, "--root-access-key-id", ROOT_KEY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    init.stdin.take().unwrap().write_all(ROOT_SECRET.as_bytes()).unwrap();
    let output = init.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let config = "[aws]\nlisten = \"127.0.0.1:0\"\n[gateway]\nlisten = \"127.0.0.1:0\"\n";
    std::fs::write(data.join("garita.toml"), config).unwrap();
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = garita(&["serve", "--data", data.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server says where it listens").unwrap();
        let address = line.split("http://").nth(1).unwrap().trim().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a service manager does, and waits.
    pub(crate) fn terminate(mut self) -> std::process::ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    pub(crate) fn root(&self) -> Client {
        Client { address: self.address.clone(), key: ROOT_KEY.to_owned(), secret: ROOT_SECRET.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// The text of the first element of that name.
    pub(crate) fn element(&self, name: &str) -> Option<&str> {
        self.body.split(&format!("<{name}>")).nth(1)?.split(&format!("</{name}>")).next()
    }
}

/// Signs and sends Query requests, one connection each.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) key: String,
    pub(crate) secret: String,
}

impl Client {
    /// Calls an IAM action; parameters must need no encoding.
    pub(crate) fn iam(&self, action: &str, parameters: &str) -> std::io::Result<Answer> {
        self.call("iam", &format!("Action={action}&Version=2010-05-08{parameters}"))
    }

    pub(crate) fn call(&self, service: &str, body: &str) -> std::io::Result<Answer> {
        let mut headers = http::HeaderMap::new();
        headers.insert("host", self.address.parse().unwrap());
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let now = jiff::Timestamp::now();
        let scope = Scope {
            date: now.strftime("%Y%m%d").to_string(),
            region: "eu-west-1".to_owned(),
            service: service.to_owned(),
        };
        let credentials =
            Credentials { access_key_id: &self.key, secret_access_key: &self.secret, session_token: None };
        let signed = sign(&head, BodyHash::of(body.as_bytes()), &credentials, &scope, now).unwrap();
        headers.extend(signed);
        let mut request = String::from("POST / HTTP/1.1\r\n");
        for (name, value) in &headers {
            request.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
        request.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()));
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(request.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let broken = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let status = text.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(broken)?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
        let length =
            head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if length.is_some_and(|length: usize| length != body.len()) {
            return Err(broken());
        }
        Ok(Answer { status, body: body.to_owned() })
    }

    /// The names of all users.
    pub(crate) fn users(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut marker = String::new();
        loop {
            let answer = self.iam("ListUsers", &format!("&MaxItems=1000{marker}")).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            names.extend(
                answer.body.split("<UserName>").skip(1).map(|s| s.split('<').next().unwrap().to_owned()),
            );
            match answer.element("Marker") {
                Some(next) => marker = format!("&Marker={}", next.replace('+', "%2B").replace('=', "%3D")),
                None => return names,
            }
        }
    }
}
