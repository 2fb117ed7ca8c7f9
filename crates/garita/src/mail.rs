//! E-mail as configured: the `[mail]` section, the mailer it makes, and a message to try it with.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use garita_backends::mail::{Encryption, FolderMailer, QueuedMailer, Sender, SmtpMailer, SmtpSettings};
use garita_model::{MailMessage, Mailer, Secret, SystemClock, SystemEntropy};
use serde::Deserialize;

use crate::config::environment;

/// Where e-mail goes: exactly one of `server` and `folder`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailConfig {
    /// Whom messages are from.
    from: String,
    /// `host:port` of an SMTP server.
    server: Option<String>,
    /// How the connection is protected; by the port when absent.
    encryption: Option<EncryptionWord>,
    /// Who Garita is to the server.
    username: Option<String>,
    /// The file with the password; `GARITA_SMTP_PASSWORD` goes before it.
    password_file: Option<PathBuf>,
    /// Certificates to trust in place of the well-known ones.
    ca_file: Option<PathBuf>,
    /// A folder to write messages into, in place of sending them.
    folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EncryptionWord {
    Tls,
    StartTls,
    None,
}

impl MailConfig {
    /// Messages are written into a folder.
    pub(crate) fn into_folder(from: &str, folder: PathBuf) -> Self {
        Self {
            from: from.to_owned(),
            server: None,
            encryption: None,
            username: None,
            password_file: None,
            ca_file: None,
            folder: Some(folder),
        }
    }

    /// Checks what can be checked without looking outside.
    pub(crate) fn check(&self) -> Result<()> {
        self.sender()?;
        match (&self.server, &self.folder) {
            (Some(server), None) => address(server).map(drop),
            (None, Some(_)) => {
                let only_for_servers = self.encryption.is_some()
                    || self.username.is_some()
                    || self.password_file.is_some()
                    || self.ca_file.is_some();
                ensure!(!only_for_servers, "a folder needs no encryption, username, password or certificate");
                Ok(())
            }
            _ => bail!("give a `server` that sends e-mail, or a `folder` to write it into: one of them"),
        }
    }

    /// Where messages go, for people.
    pub(crate) fn goes_to(&self) -> String {
        match (&self.server, &self.folder) {
            (Some(server), _) => format!("{server} as {}", self.from),
            (None, folder) => format!("{} as {}", folder.clone().unwrap_or_default().display(), self.from),
        }
    }

    /// The mailer behind a queue: whoever sends does not wait.
    pub(crate) fn queue(&self) -> Result<Arc<dyn Mailer>> {
        Ok(Arc::new(QueuedMailer::new(self.mailer()?, garita_backends::mail::queue::PLACES)))
    }

    /// The mailer itself, without a queue.
    pub(crate) fn mailer(&self) -> Result<Arc<dyn Mailer>> {
        let (from, entropy) = (self.sender()?, Arc::new(SystemEntropy));
        if let Some(folder) = &self.folder {
            let clock = Arc::new(SystemClock);
            return Ok(Arc::new(
                FolderMailer::new(folder.clone(), &from, clock, entropy).map_err(|e| anyhow!("{e}"))?,
            ));
        }
        let (host, port) = address(self.server.as_deref().unwrap_or_default())?;
        let encryption = match self.encryption {
            Some(EncryptionWord::Tls) => Encryption::Tls,
            Some(EncryptionWord::StartTls) => Encryption::StartTls,
            Some(EncryptionWord::None) => Encryption::None,
            None if port == 465 => Encryption::Tls,
            None => Encryption::StartTls,
        };
        let credentials = match &self.username {
            Some(user) => Some((user.clone(), self.password()?)),
            None => None,
        };
        let ca_file = self.ca_file.clone();
        let settings = SmtpSettings { host, port, encryption, credentials, ca_file, from };
        Ok(Arc::new(SmtpMailer::new(settings, entropy).map_err(|e| anyhow!("{e}"))?))
    }

    fn sender(&self) -> Result<Sender> {
        self.from.parse().map_err(|e| anyhow!("{e}"))
    }

    fn password(&self) -> Result<Secret<String>> {
        if let Some(password) = environment("GARITA_SMTP_PASSWORD") {
            return Ok(Secret::new(password));
        }
        let path = self.password_file.as_ref().context(
            "the mail server's `username` needs a password: set `password_file` or GARITA_SMTP_PASSWORD",
        )?;
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

/// Sends one message, and says whether it was taken.
pub(crate) async fn try_out(config: Option<&MailConfig>, to: &str) -> Result<()> {
    let config = config.context("the configuration has no [mail] section: see garita.sample.toml")?;
    let message = MailMessage {
        to: to.to_owned(),
        subject: "Garita can send e-mail".to_owned(),
        text: "This message was asked for with `garita mail-test`. Nothing needs to be done.\n".to_owned(),
    };
    let sent = config.mailer()?.send(message).await;
    sent.map_err(|error| match error.cause() {
        Some(cause) => anyhow!("{error}: {}", cause.detail()),
        None => anyhow!("{error}"),
    })?;
    println!("taken by {}", config.goes_to());
    Ok(())
}

/// Host and port.
fn address(server: &str) -> Result<(String, u16)> {
    let parts = server.rsplit_once(':').map(|(host, port)| (host.trim_matches(['[', ']']), port.parse()));
    match parts {
        Some((host, Ok(port))) if !host.is_empty() && !host.contains(['/', '@', ' ']) => {
            Ok((host.to_owned(), port))
        }
        _ => bail!("mail server `{server}` must be like `smtp.example.com:587`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_is_wrong_with_mail_is_named() {
        for (mail, says) in [
            ("from = \"a@example.com\"", "one of them"),
            ("from = \"a@example.com\"\nserver = \"x:25\"\nfolder = \"/f\"", "one of them"),
            ("from = \"nobody\"\nfolder = \"/f\"", "`nobody` must be like"),
            (
                "from = \"a@example.com\"\nserver = \"smtp.example.com\"",
                "must be like `smtp.example.com:587`",
            ),
            ("from = \"a@example.com\"\nserver = \"smtp://x:25\"", "must be like"),
            ("from = \"a@example.com\"\nserver = \"x:25\"\nencryption = \"some\"", "unknown variant `some`"),
            ("from = \"a@example.com\"\nfolder = \"/f\"\nusername = \"u\"", "a folder needs no"),
            ("from = \"a@example.com\"\nfolder = \"/f\"\nport = 25", "unknown field `port`"),
        ] {
            let error = format!("{:#}", Config::parse(&format!("[mail]\n{mail}")).unwrap_err());
            assert!(error.contains(says), "{mail}: {error}");
        }
        for mail in
            ["server = \"[::1]:25\"\nencryption = \"none\"", "server = \"x:465\"", "folder = \"mail\""]
        {
            Config::parse(&format!("[mail]\nfrom = \"G <g@example.com>\"\n{mail}")).unwrap();
        }
    }

    #[test]
    fn a_server_elsewhere_is_not_spoken_to_in_the_clear() {
        let text =
            "[mail]\nfrom = \"g@example.com\"\nserver = \"smtp.example.com:25\"\nencryption = \"none\"";
        let error = Config::parse(text).unwrap().mail.unwrap().mailer().err().unwrap();
        assert!(error.to_string().contains("another machine"), "{error}");
    }
}
