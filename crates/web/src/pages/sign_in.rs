//! Signing in: name and password, then the code of an authenticator app.

use super::{Field, Flow, Form, Frame, Kind, Link, Page, Problem};

/// What else the sign-in page offers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ways {
    /// Whether an e-mail address is taken for a name.
    pub(crate) by_address: bool,
    /// Whether people make their own accounts.
    pub(crate) sign_up: bool,
}

/// Name and password.
pub(crate) fn sign_in(
    frame: &Frame,
    flow: &Flow,
    client: Option<&str>,
    ways: Ways,
    username: &str,
    problems: &[Problem],
    notice: Option<String>,
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
    form.notice = notice;
    form.links = vec![Link::new(words, "link-forgot", flow.link("forgot"))];
    if ways.sign_up {
        form.links.push(Link::after(words, "link-sign-up-before", "link-sign-up", flow.link("sign-up")));
    }
    form.told(problems).page()
}

/// The six digits of an authenticator app.
pub(crate) fn code(frame: &Frame, flow: &Flow, problems: &[Problem]) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "code", "code-title", "code-submit");
    form.lead = vec![words.say("code-lead")];
    form.fields = vec![Field::new(frame, "code", "field-code", Kind::Digits)];
    form.links.push(Link::new(words, "link-back", flow.link("sign-in")));
    form.told(problems).page()
}
