//! Passwords: forgotten, set anew with a code, chosen in place of an administrator's.

use garita_model::user_pool::{PoolFault, Weakness};
use garita_model::{PasswordFault, Secret};

use super::{Field, Flow, Form, Frame, Kind, Link, Page, Problem};
use crate::fields::Fields;
use crate::words::{Given, Words};

/// What the pool asks of passwords.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "the pool's own switches")]
pub(crate) struct PasswordRules {
    pub(crate) min_length: usize,
    pub(crate) uppercase: bool,
    pub(crate) lowercase: bool,
    pub(crate) digits: bool,
    pub(crate) symbols: bool,
    /// Three of the four classes, whichever.
    pub(crate) three: bool,
}

impl PasswordRules {
    /// The rules in a sentence.
    fn hint(self, frame: &Frame) -> String {
        let words = frame.words;
        let classes: Vec<String> = [
            (self.uppercase, words.say("password-class-upper")),
            (self.lowercase, words.say("password-class-lower")),
            (self.digits, words.say("password-class-digit")),
            (self.symbols, words.say("password-class-symbol")),
        ]
        .into_iter()
        .filter_map(|(asked, name)| asked.then_some(name))
        .collect();
        let row = words.row(&classes, "password-class-and");
        let three = if self.three { words.say("password-class-three") } else { "none".to_owned() };
        let row = if row.is_empty() { &three } else { &row };
        words.with(
            "password-hint",
            &[("length", Given::Number(self.min_length)), ("classes", Given::Text(row))],
        )
    }

    /// The two fields of a new password.
    pub(super) fn fields(self, frame: &Frame) -> [Field; 2] {
        let new = |id, label| Field::new(frame, id, label, Kind::NewPassword);
        [
            new("new-password", "field-new-password").hinting(self.hint(frame)),
            new("new-password-again", "field-new-password-again"),
        ]
    }
}

/// A new password, typed twice alike.
pub(crate) fn typed_twice(fields: &Fields, words: Words) -> Result<Secret<String>, Problem> {
    let password = fields.own("new-password").unwrap_or_default();
    if password.is_empty() || fields.get("new-password-again") != Some(&password) {
        return Err(Problem::field("new-password-again", words.say("password-differs")));
    }
    Ok(Secret::new(password))
}

/// Why a new password was refused.
pub(crate) fn password_refused(words: Words, reason: &str) -> Problem {
    Problem::field("new-password", words.about("password-refused", "reason", reason))
}

/// What a new password of an IAM user lacks, in the words of the page.
pub(crate) fn console_lack(words: Words, fault: PasswordFault) -> String {
    let key = match fault {
        PasswordFault::TooShort(least) => return too_short(words, least),
        PasswordFault::TooLong => return too_long(words, 128),
        PasswordFault::NotLatin => "password-lack-latin",
        PasswordFault::NoSymbol => "password-lack-symbol",
        PasswordFault::NoNumber => "password-lack-digit",
        PasswordFault::NoUppercase => "password-lack-upper",
        PasswordFault::NoLowercase => "password-lack-lower",
        PasswordFault::FewClasses => "password-lack-classes",
        PasswordFault::Reused => "password-lack-former",
        PasswordFault::Unchanged => "password-lack-unchanged",
    };
    words.say(key)
}

fn too_short(words: Words, least: u32) -> String {
    let least = usize::try_from(least).unwrap_or(usize::MAX);
    words.with("password-lack-short", &[("least", Given::Number(least))])
}

fn too_long(words: Words, most: usize) -> String {
    words.with("password-lack-long", &[("most", Given::Number(most))])
}

/// What a new password of a pool's user lacks, in the words of the page.
pub(crate) fn lack(words: Words, fault: PoolFault) -> String {
    let key = match fault {
        PoolFault::InvalidPassword(Weakness::TooShort(least)) => return too_short(words, least),
        PoolFault::InvalidPassword(Weakness::TooLong) => return too_long(words, 256),
        PoolFault::InvalidPassword(Weakness::OuterSpace) => "password-lack-space",
        PoolFault::InvalidPassword(Weakness::NoLowercase) => "password-lack-lower",
        PoolFault::InvalidPassword(Weakness::NoUppercase) => "password-lack-upper",
        PoolFault::InvalidPassword(Weakness::NoNumber) => "password-lack-digit",
        PoolFault::InvalidPassword(Weakness::NoSymbol) => "password-lack-symbol",
        PoolFault::InvalidPassword(Weakness::Common) => "password-lack-common",
        PoolFault::InvalidPassword(Weakness::Personal) => "password-lack-personal",
        PoolFault::InvalidPassword(Weakness::Guessable) => "password-lack-guessable",
        PoolFault::PasswordHistory => "password-lack-former",
        _ => "password-lack-other",
    };
    words.say(key)
}

/// Asks for a code to be sent.
pub(crate) fn forgot(
    frame: &Frame,
    flow: &Flow,
    username: &str,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "forgot", "forgot-title", "forgot-submit");
    form.lead = vec![words.say("forgot-lead")];
    form.fields = vec![Field::new(frame, "username", "field-username", Kind::Username).holding(username)];
    form.links = vec![Link::new(words, "link-back", flow.link("sign-in"))];
    form.told(problems).page()
}

/// Takes the code and the new password.
pub(crate) fn reset(
    frame: &Frame,
    flow: &Flow,
    rules: PasswordRules,
    code: &str,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "reset", "reset-title", "reset-submit");
    form.lead = vec![words.say("reset-lead")];
    form.fields = vec![Field::new(frame, "code", "field-code", Kind::Digits).holding(code)];
    form.fields.extend(rules.fields(frame));
    form.links = vec![
        Link::new(words, "link-another-code", flow.link("forgot")),
        Link::new(words, "link-back", flow.link("sign-in")),
    ];
    form.told(problems).page()
}

/// Takes a password in place of one that cannot be kept; `lead` says why.
pub(crate) fn new_password(
    frame: &Frame,
    flow: &Flow,
    rules: PasswordRules,
    lead: &str,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "new-password", "new-password-title", "new-password-submit");
    form.lead = vec![words.say(lead)];
    form.fields = rules.fields(frame).into();
    form.links = vec![Link::new(words, "link-back", flow.link("sign-in"))];
    form.told(problems).page()
}
