//! E-mails into a folder, for trying things out: whoever may read the folder reads the codes.
//!
//! A file each, readable as it is, for the owner only; the oldest go when there are many.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use garita_model::{Clock, Entropy, Error, MailMessage, Mailer, RequestId, Result};

use super::compose::{Sender, check};

/// How many messages are kept.
const KEPT: usize = 1_000;

/// A mailer that writes files.
pub struct FolderMailer {
    folder: PathBuf,
    from: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl FolderMailer {
    /// A mailer for a folder, which is made if it is not there.
    ///
    /// # Errors
    /// `Invalid` when the folder cannot be made.
    pub fn new(
        folder: PathBuf,
        from: &Sender,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|e| Error::invalid("folder", format!("`{}` cannot be made: {e}", folder.display())))?;
        Ok(Self { folder, from: from.to_string(), clock, entropy })
    }

    fn prepare(&self, message: &MailMessage) -> Result<(String, String)> {
        check(message)?;
        let (now, id) = (self.clock.now(), RequestId::draw(self.entropy.as_ref())?);
        // Names sort by time.
        let name = format!("{}-{id}.eml", now.strftime("%Y%m%dT%H%M%S%.6f"));
        let mut text = String::new();
        let MailMessage { to, subject, text: body } = message;
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
        // RFC 6532: headers may be UTF-8, so that people can read the file.
        let _ = write!(
            text,
            "From: {}\nTo: {to}\nSubject: {subject}\nDate: {date}\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n",
            self.from
        );
        Ok((name, text))
    }
}

impl Mailer for FolderMailer {
    fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        Box::pin(async move {
            let (name, text) = self.prepare(&message)?;
            let folder = self.folder.clone();
            let work = move || {
                write(&folder, &name, &text)?;
                forget_oldest(&folder)
            };
            let done = tokio::task::spawn_blocking(work).await;
            let failed = |what: String| Error::unavailable("the e-mail cannot be written now", what);
            done.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
        })
    }
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}"));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&unfinished, folder.join(name))
}

fn forget_oldest(folder: &Path) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "eml") {
            names.push(path);
        }
    }
    names.sort();
    let spare = names.len().saturating_sub(KEPT);
    names.iter().take(spare).try_for_each(std::fs::remove_file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use garita_model::{SystemClock, SystemEntropy};

    use super::*;

    #[tokio::test]
    async fn messages_can_be_read_by_the_owner_only() {
        let folder = std::env::temp_dir().join(format!("garita-mail-{}", std::process::id()));
        let from = "Garita <no-reply@example.com>".parse().unwrap();
        let mailer =
            FolderMailer::new(folder.clone(), &from, Arc::new(SystemClock), Arc::new(SystemEntropy)).unwrap();
        for n in 0..3 {
            let text = format!("Código: {n}");
            let message =
                MailMessage { to: "ana@example.com".to_owned(), subject: "Tu código".to_owned(), text };
            mailer.send(message).await.unwrap();
        }
        let evil = "ana@example.com\nBcc: bob@example.com".to_owned();
        let message = MailMessage { to: evil, subject: String::new(), text: String::new() };
        assert!(mailer.send(message).await.is_err());
        let mut files: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 3);
        for (n, file) in files.iter().enumerate() {
            let text = std::fs::read_to_string(file).unwrap();
            assert!(text.starts_with(
                "From: Garita <no-reply@example.com>\nTo: ana@example.com\nSubject: Tu código\n"
            ));
            assert!(text.ends_with(&format!("\n\nCódigo: {n}\n")), "{text}");
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
