//! The console: where IAM users sign in, and who is signed in.

use askama::Template;

use super::{Field, Flow, Form, Frame, Kind, Link, Page, PasswordRules, Problem};
use crate::route::CONSOLE;

/// Name and password of a user of an account.
pub(crate) fn console_sign_in(
    frame: &Frame,
    flow: &Flow,
    account: &str,
    username: &str,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "sign-in", "sign-in-title", "sign-in-submit");
    form.lead = vec![words.about("console-sign-in-lead", "account", account)];
    form.fields = vec![
        Field::new(frame, "username", "field-username", Kind::Username).holding(username),
        Field::new(frame, "password", "field-password", Kind::Password),
    ];
    form.told(problems).page()
}

/// Takes another password of who is signed in.
pub(crate) fn console_password(
    frame: &Frame,
    flow: &Flow,
    rules: PasswordRules,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "password", "console-password-title", "console-password-submit");
    form.lead = vec![words.say("console-password-lead")];
    form.fields = vec![Field::new(frame, "password", "console-field-old", Kind::Password)];
    form.fields.extend(rules.fields(frame));
    form.links = vec![Link::new(words, "link-console", flow.folder.clone())];
    form.told(problems).page()
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    /// Their ARN.
    pub(crate) arn: String,
    /// The account's number.
    pub(crate) account: String,
    /// Whether a second factor was proved.
    pub(crate) mfa: bool,
    /// When the session ends at the latest.
    pub(crate) until: String,
    /// Whether there is a password to change.
    pub(crate) password: bool,
}

#[derive(Template)]
#[template(path = "console.html")]
struct ConsolePage<'a> {
    frame: &'a Frame,
    title: String,
    failed: bool,
    flow: &'a Flow,
    notice: Option<String>,
    facts: [(String, &'a str); 4],
    password: bool,
}

/// Shows who is signed in.
pub(crate) fn console_home(
    frame: &Frame,
    flow: &Flow,
    at: &Console,
    notice: Option<String>,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mfa = if at.mfa { words.say("console-mfa-yes") } else { words.say("console-mfa-no") };
    let facts = [
        (words.say("console-who"), at.arn.as_str()),
        (words.say("console-account"), at.account.as_str()),
        (words.say("console-mfa"), mfa.as_str()),
        (words.say("console-until"), at.until.as_str()),
    ];
    let (title, password) = (words.say("console-title"), at.password);
    Page::of(&ConsolePage { frame, title, failed: false, flow, notice, facts, password })
}

/// What brings somebody to the question for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// The address of Garita without a path.
    Door,
    /// The console, where nobody is signed in.
    SignedOut,
}

/// Asks for the account to sign in to, and says what this is.
pub(crate) fn front(
    frame: &Frame,
    front: Front,
    site: &str,
    typed: &str,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    // It carries nothing along: what it asks for is no secret and changes nothing.
    let flow = Flow { folder: site.to_owned(), sealed: String::new() };
    let title = match front {
        Front::Door => "front-title",
        Front::SignedOut => "not-signed-in-title",
    };
    let mut form = Form { method: "get", ..Form::new(frame, &flow, CONSOLE, title, "front-submit") };
    form.lead = match front {
        Front::Door => vec![words.say("front-lead")],
        Front::SignedOut => vec![words.say("console-out-lead")],
    };
    let hint = words.say("front-account-hint");
    form.fields =
        vec![Field::new(frame, "account", "front-account", Kind::Typed).holding(typed).hinting(hint)];
    form.notes = match front {
        Front::Door => vec![words.say("front-apps"), words.say("front-programs")],
        Front::SignedOut => Vec::new(),
    };
    form.told(problems).page()
}
