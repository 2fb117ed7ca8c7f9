//! Passkeys, and the other ways to a second factor.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{Field, Flow, Form, Frame, Kind, Link, Page, Problem};

/// A form that asks the browser for a passkey. Without a script it is not shown.
#[derive(Debug, Clone, Template)]
#[template(path = "prompt.html")]
pub(crate) struct Prompt {
    action: String,
    flow: String,
    ceremony: &'static str,
    options: String,
    field: Option<Field>,
    failed: String,
    submit: String,
    main: bool,
}

/// The template escapes what it is given.
impl HtmlSafe for Prompt {}

impl Prompt {
    /// One that signs with a passkey, in place of something else on the page.
    pub(crate) fn beside(frame: &Frame, flow: &Flow, page: &str, options: &str) -> Self {
        Self {
            action: flow.action(page),
            flow: flow.sealed.clone(),
            ceremony: "get",
            options: options.to_owned(),
            field: None,
            failed: frame.words.say("passkey-failed"),
            submit: frame.words.say("passkey-submit"),
            main: false,
        }
    }
}

/// Another way to a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The authenticator app.
    App,
    /// A passkey.
    Passkey,
    /// A recovery code.
    Recovery,
}

impl Way {
    /// The word in a link.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Passkey => "passkey",
            Self::Recovery => "recovery",
        }
    }
    fn text(self) -> &'static str {
        match self {
            Self::App => "link-use-app",
            Self::Passkey => "link-use-passkey",
            Self::Recovery => "link-use-recovery",
        }
    }
}

/// Links to other ways, then back.
pub(super) fn ways(frame: &Frame, flow: &Flow, others: &[Way]) -> Vec<Link> {
    let words = frame.words;
    let link =
        |way: &Way| Link::new(words, way.text(), format!("{}&way={}", flow.link("another-way"), way.word()));
    others.iter().map(link).chain([Link::new(words, "link-back", flow.link("sign-in"))]).collect()
}

#[derive(Template)]
#[template(path = "passkey.html")]
struct PasskeyPage<'a> {
    frame: &'a Frame,
    title: String,
    failed: bool,
    lead: String,
    problem: Option<&'a str>,
    prompt: Prompt,
    links: Vec<Link>,
}

/// A passkey as the second factor.
pub(crate) fn passkey(
    frame: &Frame,
    flow: &Flow,
    options: &str,
    others: &[Way],
    problem: Option<&str>,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let page = PasskeyPage {
        frame,
        title: words.say("passkey-title"),
        failed: problem.is_some(),
        lead: words.say("passkey-lead"),
        problem,
        prompt: Prompt { main: true, ..Prompt::beside(frame, flow, "passkey", options) },
        links: ways(frame, flow, others),
    };
    Page::of(&page).map(Page::with_script)
}

/// Makes a passkey.
pub(crate) fn add_passkey(
    frame: &Frame,
    flow: &Flow,
    options: &str,
    problem: Option<&str>,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let name = Field::new(frame, "name", "field-passkey-name", Kind::Text).optional();
    let page = PasskeyPage {
        frame,
        title: words.say("add-passkey-title"),
        failed: problem.is_some(),
        lead: words.say("add-passkey-lead"),
        problem,
        prompt: Prompt {
            ceremony: "create",
            field: Some(name.hinting(words.say("field-passkey-name-hint"))),
            submit: words.say("add-passkey-submit"),
            main: true,
            ..Prompt::beside(frame, flow, "keep-passkey", options)
        },
        links: vec![Link::new(words, "link-account", flow.action("account"))],
    };
    Page::of(&page).map(Page::with_script)
}

/// A recovery code in place of the second factor.
pub(crate) fn recovery_code(
    frame: &Frame,
    flow: &Flow,
    others: &[Way],
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "recovery-code", "recovery-title", "code-submit");
    form.lead = vec![words.say("recovery-lead")];
    form.fields = vec![Field::new(frame, "recovery-code", "field-recovery-code", Kind::Typed)];
    form.links = ways(frame, flow, others);
    form.told(problems).page()
}
