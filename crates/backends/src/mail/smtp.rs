//! Handing messages to an SMTP server (RFC 5321), with TLS and a password where it asks for them.
//!
//! INVARIANT: without TLS only a server on this machine is spoken to, and never with a password: codes that let people
//! in do not cross a network in the clear. STARTTLS is required where it is configured, not tried.

use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use garita_model::{Entropy, Error, MailMessage, Mailer, Result, Secret};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::compose::Sender;

/// How long one command to the server may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a message may take in all.
const MOST: Duration = Duration::from_secs(60);

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (port 465).
    Tls,
    /// After `STARTTLS` (port 587), which must be there.
    StartTls,
    /// Not at all: for a server on this machine only.
    None,
}

/// Which server, and how.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// Who Garita is to it, if it asks.
    pub credentials: Option<(String, Secret<String>)>,
    /// Certificates to trust in place of the well-known ones, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Whom messages are from.
    pub from: Sender,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpSettings({}:{}, {:?})", self.host, self.port, self.encryption)
    }
}

/// A mailer that speaks SMTP: a connection for each message.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Sender,
    entropy: Arc<dyn Entropy>,
}

impl SmtpMailer {
    /// A mailer for a server; it is not spoken to yet.
    ///
    /// # Errors
    /// `Invalid` for settings that would send in the clear, or a certificate file that cannot be read.
    pub fn new(settings: SmtpSettings, entropy: Arc<dyn Entropy>) -> Result<Self> {
        let SmtpSettings { host, port, encryption, credentials, ca_file, from } = settings;
        let tls = match encryption {
            Encryption::Tls => Tls::Wrapper(tls(&host, ca_file)?),
            Encryption::StartTls => Tls::Required(tls(&host, ca_file)?),
            Encryption::None if !is_here(&host) => {
                let message = format!("`{host}` is another machine: use `tls` or `starttls`");
                return Err(Error::invalid("encryption", message));
            }
            Encryption::None if credentials.is_some() => {
                let message = "a password would be sent in the clear: use `tls` or `starttls`";
                return Err(Error::invalid("encryption", message));
            }
            Encryption::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(from.domain().to_owned()));
        if let Some((user, password)) = credentials {
            builder = builder.credentials(Credentials::new(user, password.expose().clone()));
        }
        Ok(Self { transport: builder.build(), from, entropy })
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        Box::pin(async move {
            let written = self.from.write(&message, self.entropy.as_ref())?;
            match tokio::time::timeout(MOST, self.transport.send(written)).await {
                Ok(sent) => sent.map(drop).map_err(|error| failed(&error)),
                Err(_) => Err(not_now(SLOW.to_owned())),
            }
        })
    }
}

const SLOW: &str = "the mail server did not answer in time";

fn not_now(why: String) -> Error {
    Error::unavailable("the e-mail cannot be sent now; try again later", why)
}

/// RFC 5321 section 4.2.1: what is refused for good is not sent again. A server that does not let Garita sign in (RFC 4954
/// section 6: 530, 534, 535, 538) refuses no message by it.
fn failed(error: &lettre::transport::smtp::Error) -> Error {
    let why = reason(error);
    match error.status().map(u16::from) {
        Some(530..=539) | None => not_now(why),
        Some(_) if error.is_permanent() => Error::invalid("", format!("{why}: it does not take this e-mail")),
        Some(_) => not_now(why),
    }
}

/// Why a server did not take a message. What a server says may repeat what it was told, so of that only the number;
/// what this side found out, such as about a certificate, in full.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("the mail server answered {code}");
    }
    if error.is_timeout() {
        return SLOW.to_owned();
    }
    if error.is_client() {
        return "the mail server does not offer what is configured: STARTTLS, or a way to sign in".to_owned();
    }
    if error.is_response() {
        return "the mail server does not speak SMTP".to_owned();
    }
    let why = error.source().map(|why| format!(": {why}")).unwrap_or_default();
    format!("no connection to the mail server{why}")
}

fn tls(host: &str, ca_file: Option<PathBuf>) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let unreadable =
            |what: String| Error::invalid("ca_file", format!("`{}` cannot be read: {what}", path.display()));
        let pem = std::fs::read(&path).map_err(|e| unreadable(e.to_string()))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|_| unreadable("no certificate in it".to_owned()))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|_| Error::invalid("server", format!("no TLS with `{host}` is possible")))
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use garita_model::SystemEntropy;

    use super::*;

    fn refused(host: &str, encryption: Encryption, password: bool, ca_file: Option<&str>) -> Option<String> {
        let settings = SmtpSettings {
            host: host.to_owned(),
            port: 25,
            encryption,
            credentials: password.then(|| ("u".to_owned(), Secret::new("p".to_owned()))),
            ca_file: ca_file.map(PathBuf::from),
            from: "a@example.com".parse().unwrap(),
        };
        SmtpMailer::new(settings, Arc::new(SystemEntropy)).err().map(|e| e.to_string())
    }

    #[tokio::test]
    async fn nothing_is_sent_in_the_clear() {
        let told = refused("mail.example.com", Encryption::None, false, None).unwrap();
        assert!(told.contains("another machine"), "{told}");
        assert!(refused("10.0.0.1", Encryption::None, false, None).is_some());
        assert!(refused("127.0.0.1.example.com", Encryption::None, false, None).is_some());
        let told = refused("127.0.0.1", Encryption::None, true, None).unwrap();
        assert!(told.contains("in the clear"), "{told}");
        for host in ["127.0.0.1", "::1", "localhost"] {
            assert_eq!(refused(host, Encryption::None, false, None), None);
        }
        assert_eq!(refused("mail.example.com", Encryption::StartTls, true, None), None);
        assert!(refused("mail.example.com", Encryption::Tls, true, Some("/nowhere.pem")).is_some());
    }
}
