//! Signing in: name and password, then the code of an authenticator app.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::passkey::ways;
use super::{Field, Flow, Form, Frame, Kind, Link, Page, Problem, Prompt, Way};
use crate::words::Words;

/// What else the sign-in page offers.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    /// Whether an e-mail address is taken for a name.
    pub(crate) by_address: bool,
    /// Whether people make their own accounts.
    pub(crate) sign_up: bool,
    /// A passkey in place of name and password.
    pub(crate) passkey: Option<Prompt>,
    /// Whether passwords are taken at all.
    pub(crate) passwords: bool,
}

/// Who else signs people in, and what is to be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside<'a> {
    /// Providers, by name.
    pub(crate) providers: &'a [String],
    /// Something to tell at the head.
    pub(crate) notice: Option<String>,
}

/// Name and password.
pub(crate) fn sign_in(
    frame: &Frame,
    flow: &Flow,
    client: Option<&str>,
    ways: Ways,
    username: &str,
    problems: &[Problem],
    outside: Outside<'_>,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "sign-in", "sign-in-title", "sign-in-submit");
    form.lead = vec![match client {
        Some(client) => words.about("sign-in-lead", "client", client),
        None => words.say("sign-in-lead-none"),
    }];
    let label = if ways.by_address { "field-username-or-address" } else { "field-username" };
    form.fields = vec![
        Field::new(frame, "username", label, Kind::Username).holding(username),
        Field::new(frame, "password", "field-password", Kind::Password),
    ];
    form.prompt = ways.passkey;
    form.notice = outside.notice;
    form.others = outside.providers.iter().map(|name| to_provider(words, flow, name)).collect();
    if !ways.passwords {
        form.fields.clear();
        form.hidden = true;
        return form.told(problems).page();
    }
    form.links = vec![Link::new(words, "link-forgot", flow.link("forgot"))];
    if ways.sign_up {
        form.links.push(Link::after(words, "link-sign-up-before", "link-sign-up", flow.link("sign-up")));
    }
    form.told(problems).page()
}

/// The way to a provider.
fn to_provider(words: Words, flow: &Flow, name: &str) -> Link {
    let named = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let href = format!("{}&name={named}", flow.link("provider"));
    Link { before: None, text: words.about("continue-with", "provider", name), href }
}

/// The six digits of an authenticator app.
pub(crate) fn code(
    frame: &Frame,
    flow: &Flow,
    others: &[Way],
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "code", "code-title", "code-submit");
    form.lead = vec![words.say("code-lead")];
    form.fields = vec![Field::new(frame, "code", "field-code", Kind::Digits)];
    form.links = ways(frame, flow, others);
    form.told(problems).page()
}
