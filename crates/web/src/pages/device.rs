//! What someone else is allowed: an app by consent, a device by its code (RFC 8628).

use askama::Template;

use super::{Field, Flow, Form, Frame, Kind, Link, Page, Problem};
use crate::words::Given;

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    /// The app's name.
    pub(crate) client: &'a str,
    /// Who is signed in.
    pub(crate) user: &'a str,
    /// The scopes.
    pub(crate) scopes: &'a [String],
}

impl Asking<'_> {
    fn lines(&self, frame: &Frame) -> Vec<String> {
        let words = frame.words;
        let line = |scope: &String| match scope.as_str() {
            "openid" => words.say("scope-openid"),
            "email" => words.say("scope-email"),
            "phone" => words.say("scope-phone"),
            "profile" => words.say("scope-profile"),
            "aws.cognito.signin.user.admin" => words.say("scope-admin"),
            other => words.about("scope-other", "scope", other),
        };
        self.scopes.iter().map(line).collect()
    }
}

/// Asks whether an app may have what it asks for.
pub(crate) fn consent(frame: &Frame, flow: &Flow, asking: Asking<'_>) -> garita_model::Result<Page> {
    let words = frame.words;
    let given = [("client", Given::Text(asking.client)), ("user", Given::Text(asking.user))];
    let mut form = Form::new(frame, flow, "consent", "consent-title", "consent-allow");
    form.title = words.with("consent-title", &given);
    form.lead = vec![words.with("consent-lead", &given)];
    form.links = vec![Link::new(words, "link-other-user", flow.link("sign-in"))];
    asked(&form, asking.lines(frame))
}

/// Takes the code a device shows.
pub(crate) fn device_code(
    frame: &Frame,
    flow: &Flow,
    code: &str,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "device", "device-title", "device-submit");
    // RFC 8628 section 3.3.1: who did not type the code must look whether it is the one of their device.
    let lead = if code.is_empty() { "device-lead" } else { "device-lead-filled" };
    form.lead = vec![words.say(lead)];
    form.fields = vec![Field::new(frame, "user-code", "field-user-code", Kind::Typed).holding(code)];
    form.told(problems).page()
}

/// Asks whether a device may have what it asks for.
pub(crate) fn device_consent(
    frame: &Frame,
    flow: &Flow,
    asking: Asking<'_>,
    code: &str,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "device-consent", "device-ask-title", "consent-allow");
    form.lead = vec![words.with(
        "device-ask-lead",
        &[
            ("client", Given::Text(asking.client)),
            ("user", Given::Text(asking.user)),
            ("code", Given::Text(code)),
        ],
    )];
    asked(&form, asking.lines(frame))
}

fn asked(form: &Form, scopes: Vec<String>) -> garita_model::Result<Page> {
    Page::of(&ConsentPage { frame: &form.frame, title: &form.title, failed: form.failed(), form, scopes })
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: &'a Frame,
    title: &'a str,
    failed: bool,
    form: &'a Form,
    scopes: Vec<String>,
}
