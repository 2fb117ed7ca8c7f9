//! From a message as the verbs see it to one as RFC 5322 has it.

use std::fmt;
use std::str::FromStr;

use garita_model::{Entropy, Error, MailMessage, RequestId, Result};
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};

/// Longest address: RFC 5321 section 4.5.3.1.3.
const LONGEST_ADDRESS: usize = 254;
/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 256;
/// Longest text, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

/// Whom messages are from: `Garita <no-reply@example.com>`.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl FromStr for Sender {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            || Error::invalid("from", format!("`{text}` must be like `Garita <no-reply@example.com>`"));
        if text.chars().any(char::is_control) {
            return Err(wrong());
        }
        text.parse().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Sender {
    /// The domain of the address.
    pub(super) fn domain(&self) -> &str {
        self.0.email.domain()
    }

    /// Writes a message.
    pub(super) fn write(&self, message: &MailMessage, entropy: &dyn Entropy) -> Result<Message> {
        let to = check(message)?;
        let id = RequestId::draw(entropy)?;
        Message::builder()
            .from(self.0.clone())
            .to(Mailbox::new(None, to))
            .subject(message.subject.as_str())
            .date_now()
            .message_id(Some(format!("<{id}@{}>", self.domain())))
            .raw_header(automatic())
            .header(ContentType::TEXT_PLAIN)
            .body(message.text.clone())
            .map_err(|e| Error::internal(format!("an e-mail cannot be written: {e}")))
    }
}

/// RFC 3834: no out-of-office answers, please.
fn automatic() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}

/// Refuses what could be anything but one message to one person.
pub(super) fn check(message: &MailMessage) -> Result<Address> {
    let MailMessage { to, subject, text } = message;
    let bad = |field, what: &str| Err(Error::invalid(field, what.to_owned()));
    if to.len() > LONGEST_ADDRESS || to.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return bad("to", "the e-mail address is not one");
    }
    if subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return bad("subject", "the subject of an e-mail is one line of at most 256 characters");
    }
    if text.len() > LONGEST_TEXT || text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return bad("text", "the text of an e-mail has at most 65536 bytes and no control characters");
    }
    to.parse().or_else(|_| bad("to", "the e-mail address is not one"))
}

#[cfg(test)]
mod tests {
    use garita_model::SystemEntropy;

    use super::*;

    fn message(to: &str, subject: &str, text: &str) -> MailMessage {
        MailMessage { to: to.to_owned(), subject: subject.to_owned(), text: text.to_owned() }
    }

    fn written(message: &MailMessage) -> Result<String> {
        let sender: Sender = "Garita <no-reply@example.com>".parse().unwrap();
        sender.write(message, &SystemEntropy).map(|m| String::from_utf8(m.formatted()).unwrap())
    }

    #[test]
    fn a_message_is_whole() {
        let text = written(&message("ana@example.com", "Tu código", "Código: 123456\n.\nfin")).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        for line in [
            "From: Garita <no-reply@example.com>",
            "To: ana@example.com",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(head.lines().any(|held| held == line), "{line} in {head}");
        }
        assert!(head.contains("Subject: Tu =?utf-8?"), "{head}");
        assert!(head.contains("\r\nMessage-ID: <") && head.contains("\r\nDate: "), "{head}");
        assert!(body.contains("123456"), "{body}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "lines end as they must");
    }

    #[test]
    fn nothing_becomes_a_header() {
        let evil = "ana@example.com\r\nBcc: everyone@example.com";
        for bad in [
            message(evil, "s", "t"),
            message("ana@example.com\nbob@example.com", "s", "t"),
            message("ana@example.com, bob@example.com", "s", "t"),
            message("Ana <ana@example.com>", "s", "t"),
            message("ana@example.com>\0", "s", "t"),
            message("ana", "s", "t"),
            message("", "s", "t"),
            message(&format!("{}@example.com", "a".repeat(250)), "s", "t"),
            message("ana@example.com", "s\r\nBcc: bob@example.com", "t"),
            message("ana@example.com", "s\nX: y", "t"),
            message("ana@example.com", &"s".repeat(257), "t"),
            message("ana@example.com", "s", "t\0"),
            message("ana@example.com", "s", &"t".repeat(65537)),
        ] {
            assert!(matches!(written(&bad), Err(Error::Invalid { .. })), "{}", bad.to);
        }
        for bad in ["", "no-reply", "a\r\nBcc: b@example.com <c@example.com>", "a <b"] {
            assert!(bad.parse::<Sender>().is_err(), "{bad}");
        }
        let text = written(&message("ana@example.com", "s", "a\r\n\r\nBcc: bob@example.com")).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("bob"), "what stands in the text stays there");
    }
}
