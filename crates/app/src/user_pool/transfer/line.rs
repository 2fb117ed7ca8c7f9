//! A line of a file of users: `{"group": {...}}` or `{"user": {...}}`.
//!
//! What is not known is refused, so a misspelt member is not lost in silence. Hashes are read, and their cost bounded,
//! by [`Stored`]. INVARIANT: no error repeats a value of the line.

use std::collections::BTreeMap;

use garita_model::user_pool::{UserStatus, Uuid};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::password::Stored;
use crate::totp;

/// Longest line in bytes: the attributes of a pool at their longest, and room.
pub const MOST_LINE: usize = 256 * 1024;
/// Most former passwords of a user: the most that a pool's history remembers.
const MOST_FORMER: usize = 24;
/// Bytes of an authenticator app's key. RFC 4226 §4 asks for 16 at least; apps with ten are common.
const KEY: std::ops::RangeInclusive<usize> = 10..=128;

/// A line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// A group.
    Group(GroupLine),
    /// A user.
    User(Box<UserLine>),
}

/// A group.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupLine {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The ARN of the role its members may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whose role counts: the lowest wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precedence: Option<u32>,
}

/// A user. No `Debug`: it holds hashes and keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserLine {
    /// The name; an address where people sign up with one.
    pub username: String,
    /// Kept when it is given; else drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<Uuid>,
    /// `CONFIRMED` with a password and `RESET_REQUIRED` without one, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusWord>,
    /// Whether the user may sign in.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// When it was made; now, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Attributes by name, with `custom:` before the pool's own.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// The names of groups that are in the pool or in the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The password's hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// Passwords it had before, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_password_hashes: Vec<String>,
    /// Until when a password is good that an administrator set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_until: Option<Timestamp>,
    /// The authenticator app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_token: Option<TokenLine>,
}

/// An authenticator app.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenLine {
    /// Its key in base32.
    pub secret: String,
    /// Whether its code is asked for.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it is the factor the user prefers.
    #[serde(default)]
    pub preferred: bool,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How far a user has come, as `AdminGetUser` says it. Who signs in elsewhere is not brought along.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the words of the wire")]
pub enum StatusWord {
    Unconfirmed,
    Confirmed,
    ForceChangePassword,
    ResetRequired,
}

impl StatusWord {
    /// The word for a status; none for one that is not brought along.
    pub(super) fn of(status: UserStatus) -> Option<Self> {
        Some(match status {
            UserStatus::Unconfirmed => Self::Unconfirmed,
            UserStatus::Confirmed => Self::Confirmed,
            UserStatus::ForceChangePassword => Self::ForceChangePassword,
            UserStatus::ResetRequired => Self::ResetRequired,
            UserStatus::ExternalProvider => return None,
        })
    }
}

impl From<StatusWord> for UserStatus {
    fn from(word: StatusWord) -> Self {
        match word {
            StatusWord::Unconfirmed => Self::Unconfirmed,
            StatusWord::Confirmed => Self::Confirmed,
            StatusWord::ForceChangePassword => Self::ForceChangePassword,
            StatusWord::ResetRequired => Self::ResetRequired,
        }
    }
}

impl Line {
    /// Reads a line, all that can be known without the pool.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.len() > MOST_LINE {
            return Err(format!("longer than {MOST_LINE} bytes"));
        }
        let mut line: Self = serde_json::from_slice(text).map_err(|error| told(&error))?;
        if let Self::User(user) = &mut line {
            user.check()?;
        }
        Ok(line)
    }
}

impl UserLine {
    /// Holds a user to what needs no pool, and brings the hashes into the form they are stored in.
    fn check(&mut self) -> Result<(), String> {
        for hash in self.password_hash.iter_mut().chain(&mut self.former_password_hashes) {
            *hash = hash.parse::<Stored>().map_err(|error| error.to_string())?.to_string();
        }
        if self.former_password_hashes.len() > MOST_FORMER {
            return Err(format!("a user has at most {MOST_FORMER} former passwords"));
        }
        if let Some(token) = &self.software_token {
            let key = totp::from_base32(&token.secret);
            if !key.is_some_and(|key| KEY.contains(&key.len())) {
                return Err("`software_token.secret` is no key of 10 to 128 bytes in base32".to_owned());
            }
            if token.name.as_ref().is_some_and(|name| name.chars().count() > 131) {
                return Err("`software_token.name` has at most 131 characters".to_owned());
            }
            if token.preferred && !token.enabled {
                return Err(
                    "an authenticator app that is not asked for cannot be the preferred one".to_owned()
                );
            }
        }
        let lacks = self.password_hash.is_none() && self.status == Some(StatusWord::ForceChangePassword);
        if lacks {
            return Err("who must change the password has one: give `password_hash`".to_owned());
        }
        Ok(())
    }

    /// How far the user has come.
    pub(super) fn status(&self) -> UserStatus {
        match (self.status, &self.password_hash) {
            (Some(word), _) => word.into(),
            (None, Some(_)) => UserStatus::Confirmed,
            (None, None) => UserStatus::ResetRequired,
        }
    }
}

/// What is wrong with JSON, without the value that is wrong: it may be a hash or a key.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quotes = |c: char| matches!(c, '"' | '`');
    match text.split_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") && found.contains(quotes) => {
            let kind = found.split(quotes).next().unwrap_or_default().trim_end();
            format!("{kind}, expected {expected}")
        }
        _ => text,
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const BCRYPT: &str = "$2b$04$......................w0JLYdVkhQK93ItsKvcQTjJgRrzf6p2";

    fn fault(text: &str) -> String {
        match Line::parse(text.as_bytes()) {
            Ok(_) => String::new(),
            Err(fault) => fault,
        }
    }

    fn user(text: &str) -> Box<UserLine> {
        match Line::parse(text.as_bytes()) {
            Ok(Line::User(user)) => user,
            Ok(Line::Group(_)) => panic!("a group"),
            Err(fault) => panic!("{fault}"),
        }
    }

    #[test]
    fn a_user_needs_a_name_only() {
        let bare = user(r#"{"user":{"username":"ana"}}"#);
        assert!(bare.enabled && bare.status() == UserStatus::ResetRequired);
        let django = "pbkdf2_sha256$1$c2FsdHNhbHQ$BlP8fe/7cOAlMTyQpbPZsvM64tWtF8sYckVW5yE3+fw=";
        let with = user(&format!(r#"{{"user":{{"username":"ana","password_hash":"{django}"}}}}"#));
        assert!(with.status() == UserStatus::Confirmed);
        let kept = with.password_hash.unwrap();
        assert!(kept.starts_with("$pbkdf2-sha256$i=1"), "kept in the one form: {kept}");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (text, wrong) in [
            (r#"{"user":{"username":"ana","pasword_hash":"x"}}"#, "unknown field `pasword_hash`"),
            (r#"{"user":{}}"#, "missing field `username`"),
            (
                r#"{"user":{"username":"ana","password_hash":"hunter2"}}"#,
                "not a password hash of a known form",
            ),
            (
                r#"{"user":{"username":"ana","enabled":"hunter2"}}"#,
                "invalid type: string, expected a boolean",
            ),
            (
                r#"{"user":{"username":"ana","software_token":"hunter2"}}"#,
                "invalid type: string, expected struct",
            ),
            (
                r#"{"user":{"username":"ana","software_token":{"secret":"hunter2"}}}"#,
                "no key of 10 to 128 bytes",
            ),
            (r#"{"user":{"username":"ana","status":"EXTERNAL_PROVIDER"}}"#, "unknown variant"),
            (r#"{"user":{"username":"ana","status":"FORCE_CHANGE_PASSWORD"}}"#, "give `password_hash`"),
            (r#"{"user":{"username":"a"},"group":{"name":"b"}}"#, "line 1 column"),
            (r#"{"person":{}}"#, "unknown variant `person`, expected `group` or `user`"),
            ("ana", "expected"),
        ] {
            let fault = fault(text);
            assert!(fault.contains(wrong) && !fault.contains("hunter2"), "{text}: {fault}");
        }
        assert!(fault(&" ".repeat(MOST_LINE + 1)).starts_with("longer than"));
        let costly = BCRYPT.replace("$04$", "$16$");
        let text = format!(r#"{{"user":{{"username":"a","password_hash":"{costly}"}}}}"#);
        assert!(fault(&text).contains("costs too much"), "{}", fault(&text));
    }
}
