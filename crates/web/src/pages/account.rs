//! An account of one's own: sign-up, its confirmation, and setting up an authenticator app.

use askama::Template;
use qrcode::{Color, QrCode};

use super::{Field, Flow, Form, Frame, Kind, Link, Page, PasswordRules, Problem};

/// What sign-up asks for besides a password.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignUp {
    /// Whether the address is the name.
    pub(crate) by_address: bool,
    /// Whether an address is asked for besides the name.
    pub(crate) address: bool,
    /// What was typed before.
    pub(crate) username: String,
    /// What was typed before.
    pub(crate) email: String,
}

/// Makes an account.
pub(crate) fn sign_up(
    frame: &Frame,
    flow: &Flow,
    asked: &SignUp,
    rules: PasswordRules,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "sign-up", "sign-up-title", "sign-up-submit");
    if !asked.by_address {
        form.fields
            .push(Field::new(frame, "username", "field-username", Kind::Username).holding(&asked.username));
    }
    if asked.by_address || asked.address {
        form.fields.push(Field::new(frame, "email", "field-address", Kind::Address).holding(&asked.email));
    }
    form.fields.extend(rules.fields(frame));
    form.links = vec![Link::after(words, "link-have-account-before", "link-back", flow.link("sign-in"))];
    form.told(problems).page()
}

/// Takes the code that was sent at sign-up.
pub(crate) fn confirm(
    frame: &Frame,
    flow: &Flow,
    problems: &[Problem],
    notice: Option<String>,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let mut form = Form::new(frame, flow, "confirm", "confirm-title", "confirm-submit");
    // What is wrong with the whole form is that no code was sent.
    if problems.iter().all(|problem| problem.field.is_some()) {
        form.lead = vec![words.say("confirm-lead")];
    }
    form.fields = vec![Field::new(frame, "code", "field-code", Kind::Digits)];
    form.notice = notice;
    form.links = vec![
        Link::new(words, "link-another-code", flow.link("resend")),
        Link::new(words, "link-back", flow.link("sign-in")),
    ];
    form.told(problems).page()
}

/// An authenticator app to be.
#[derive(Clone)]
pub(crate) struct Authenticator {
    /// The key, in base32.
    pub(crate) key: String,
    /// The same as an `otpauth:` URI, for the picture.
    pub(crate) uri: String,
}

impl Authenticator {
    /// The key as apps read it off the picture: the `otpauth` scheme of authenticator apps.
    pub(crate) fn of(place: &str, username: &str, key: &str) -> Self {
        let text = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let (place, username) = (text(place), text(username));
        Self {
            uri: format!("otpauth://totp/{place}:{username}?secret={key}&issuer={place}"),
            key: key.to_owned(),
        }
    }
}

/// On which way an authenticator app is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetUp {
    /// While signing in, because the pool asks for one.
    SigningIn,
    /// From the account of who is signed in.
    Account,
}

/// Shows the key and takes the first code.
pub(crate) fn authenticator(
    frame: &Frame,
    flow: &Flow,
    on: SetUp,
    made: &Authenticator,
    problems: &[Problem],
) -> garita_model::Result<Page> {
    let words = frame.words;
    let (page, lead, back) = match on {
        SetUp::SigningIn => {
            let back = Link::new(words, "link-back", flow.link("sign-in"));
            ("authenticator", words.say("authenticator-lead"), back)
        }
        SetUp::Account => {
            let back = Link::new(words, "link-account", flow.action("account"));
            ("keep-app", words.say("account-app-scan"), back)
        }
    };
    let mut form = Form::new(frame, flow, page, "authenticator-title", "authenticator-submit");
    form.lead = vec![lead];
    form.fields = vec![Field::new(frame, "code", "field-code", Kind::Digits)];
    form.links = vec![back];
    let form = form.told(problems);
    Page::of(&AuthenticatorPage {
        frame,
        title: &form.title,
        failed: form.failed(),
        form: &form,
        picture: Picture::of(&made.uri)?,
        key: grouped(&made.key),
    })
}

/// The key in groups of four, as it is easier to type off.
fn grouped(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// A QR code as the outline of its dark modules.
struct Picture {
    side: usize,
    path: String,
}

impl Picture {
    /// Light modules around the code: QR Code, ISO/IEC 18004, section 5.3.8.
    const QUIET: usize = 4;

    fn of(text: &str) -> garita_model::Result<Self> {
        let code = QrCode::new(text)
            .map_err(|e| garita_model::Error::internal(format!("a QR code cannot be drawn: {e}")))?;
        let width = code.width();
        let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
        let square =
            |at: usize| format!("M{} {}h1v1h-1z", at % width + Self::QUIET, at / width + Self::QUIET);
        Ok(Self { side: width + 2 * Self::QUIET, path: dark.map(|(at, _)| square(at)).collect() })
    }
}

#[derive(Template)]
#[template(path = "authenticator.html")]
struct AuthenticatorPage<'a> {
    frame: &'a Frame,
    title: &'a str,
    failed: bool,
    form: &'a Form,
    picture: Picture,
    key: String,
}
