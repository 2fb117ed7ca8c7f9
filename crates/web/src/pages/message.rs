//! Pages that tell something: signed out, connected, gone wrong. An error says whose it is and what to do next.

use askama::Template;

use super::{Flow, Frame, Link, Page};

/// A button of its own.
struct Button {
    action: String,
    flow: String,
    text: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: &'a Frame,
    title: String,
    failed: bool,
    lines: Vec<String>,
    /// Said in English after the first line, whatever the language of the page.
    quoted: Option<&'a str>,
    button: Option<Button>,
    link: Option<Link>,
    trace: Option<&'a str>,
}

impl<'a> MessagePage<'a> {
    fn new(frame: &'a Frame, title: &str, lines: Vec<String>) -> Self {
        let title = frame.words.say(title);
        Self { frame, title, failed: false, lines, quoted: None, button: None, link: None, trace: None }
    }
}

/// Asks before a sign-out that another site may have begun.
pub(crate) fn sign_out(frame: &Frame, flow: &Flow, user: &str) -> garita_model::Result<Page> {
    let lines = vec![frame.words.about("sign-out-lead", "user", user)];
    let page = MessagePage::new(frame, "sign-out-title", lines);
    Page::of(&MessagePage { button: Some(way_out(frame, flow)), ..page })
}

fn way_out(frame: &Frame, flow: &Flow) -> Button {
    let text = frame.words.say("sign-out-submit");
    Button { action: flow.action("sign-out"), flow: flow.sealed.clone(), text }
}

/// Signed out.
pub(crate) fn signed_out(frame: &Frame) -> garita_model::Result<Page> {
    let lines = vec![frame.words.say("signed-out-lead")];
    Page::of(&MessagePage::new(frame, "signed-out-title", lines))
}

/// A page that tells one thing.
pub(super) fn told(frame: &Frame, title: &str, lead: &str) -> garita_model::Result<Page> {
    Page::of(&MessagePage::new(frame, title, vec![frame.words.say(lead)]))
}

/// A device has what it asked for.
pub(crate) fn device_connected(frame: &Frame) -> garita_model::Result<Page> {
    let lines = vec![frame.words.say("device-done-lead")];
    Page::of(&MessagePage::new(frame, "device-done-title", lines))
}

/// A device does not have what it asked for.
pub(crate) fn device_denied(frame: &Frame) -> garita_model::Result<Page> {
    let lines = vec![frame.words.say("device-denied-lead")];
    Page::of(&MessagePage::new(frame, "device-denied-title", lines))
}

/// What a page about an error tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The app asked for something that cannot be; the text is for its makers.
    App(String),
    /// The same, in the words that programs are told in: English.
    AppInEnglish(String),
    /// The form is too old, or of another browser.
    Expired,
    /// The form came from elsewhere.
    Elsewhere,
    /// Nothing is here.
    NotFound,
    /// Not now.
    Busy,
    /// Somebody else is signed in at the console with this browser.
    Another(String),
    /// A broker's token that signs nobody in.
    Token,
    /// A provider did not sign somebody in: why, which, and the way back.
    Provider {
        /// The message that says why.
        why: &'static str,
        /// The provider.
        provider: String,
        /// The sign-in page.
        back: Option<String>,
    },
}

/// Something went wrong.
pub(crate) fn error(frame: &Frame, wrong: &Wrong, trace: &str) -> garita_model::Result<Page> {
    let words = frame.words;
    let (title, lines) = match wrong {
        Wrong::App(reason) => {
            ("error-title", vec![words.say("error-app-lead"), reason.clone(), words.say("error-app-help")])
        }
        Wrong::AppInEnglish(_) => {
            ("error-title", vec![words.say("error-app-lead"), words.say("error-app-help")])
        }
        Wrong::Expired => {
            ("error-expired-title", vec![words.say("error-expired-lead"), words.say("error-expired-help")])
        }
        Wrong::Elsewhere => {
            ("error-title", vec![words.say("error-cookie-lead"), words.say("error-expired-help")])
        }
        Wrong::NotFound => ("error-not-found-title", vec![words.say("error-not-found-lead")]),
        Wrong::Busy => ("error-busy-title", vec![words.say("error-busy-lead")]),
        Wrong::Another(who) => (
            "console-another-title",
            vec![words.about("console-another-lead", "user", who), words.say("console-another-help")],
        ),
        Wrong::Token => {
            ("error-expired-title", vec![words.say("console-token-lead"), words.say("console-token-help")])
        }
        Wrong::Provider { why, provider, .. } => {
            ("provider-title", vec![words.about(why, "provider", provider), words.say("provider-help")])
        }
    };
    let link = match wrong {
        Wrong::Provider { back: Some(back), .. } => Some(Link::new(words, "link-back", back.clone())),
        Wrong::Another(_) => Some(Link::new(words, "link-console", "/console".to_owned())),
        _ => None,
    };
    let quoted = if let Wrong::AppInEnglish(reason) = wrong { Some(reason.as_str()) } else { None };
    Page::of(&MessagePage { trace: Some(trace), link, quoted, ..MessagePage::new(frame, title, lines) })
}
