//! A labelled input: its label, hint and problem are tied to it for those who do not see them.
//!
//! What a field is for decides everything a browser needs to know of it: type, keyboard, completion, length.

use askama::Template;
use askama::filters::HtmlSafe;

use super::Frame;

/// What a field is for. Names of `autocomplete` are those of HTML, section "Autofill".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The name somebody signs in with; a passkey may be offered with it.
    Username,
    /// An e-mail address.
    Address,
    /// The password there is.
    Password,
    /// A password to be.
    NewPassword,
    /// A code of six digits.
    Digits,
    /// A code of letters and digits that is typed off.
    Typed,
    /// Anything else.
    Text,
}

impl Kind {
    fn input_type(self) -> &'static str {
        match self {
            Self::Username | Self::Digits | Self::Typed | Self::Text => "text",
            Self::Address => "email",
            Self::Password | Self::NewPassword => "password",
        }
    }
    fn autocomplete(self) -> &'static str {
        match self {
            Self::Username => "username webauthn",
            Self::Address => "email",
            Self::Password => "current-password",
            Self::NewPassword => "new-password",
            Self::Digits => "one-time-code",
            Self::Typed | Self::Text => "off",
        }
    }
    fn longest(self) -> u32 {
        match self {
            Self::Username => 128,
            Self::Password | Self::NewPassword => 256,
            Self::Digits | Self::Typed => 64,
            Self::Address | Self::Text => 2_048,
        }
    }
    fn is_digits(self) -> bool {
        self == Self::Digits
    }
    /// Whether what is typed must stay as it is.
    fn is_verbatim(self) -> bool {
        self != Self::Text
    }
}

/// A field of a form. Its id is its name in what is sent.
#[derive(Debug, Clone, Template)]
#[template(path = "field.html")]
pub(crate) struct Field {
    pub(super) id: &'static str,
    label: String,
    kind: Kind,
    pub(super) value: String,
    pub(super) hint: Option<String>,
    pub(super) problem: Option<String>,
    pub(super) focus: bool,
    optional: bool,
}

/// The template escapes what it is given.
impl HtmlSafe for Field {}

impl Field {
    pub(super) fn new(frame: &Frame, id: &'static str, label: &str, kind: Kind) -> Self {
        let label = frame.words.say(label);
        Self {
            id,
            label,
            kind,
            value: String::new(),
            hint: None,
            problem: None,
            focus: false,
            optional: false,
        }
    }
    pub(super) fn holding(self, value: &str) -> Self {
        Self { value: value.to_owned(), ..self }
    }
    pub(super) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
    pub(super) fn hinting(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The ids of what is said about it.
    fn described_by(&self) -> Option<String> {
        let id = self.id;
        let hint = self.hint.as_ref().map(|_| format!("{id}-hint"));
        let problem = self.problem.as_ref().map(|_| format!("{id}-problem"));
        let both: Vec<String> = hint.into_iter().chain(problem).collect();
        (!both.is_empty()).then(|| both.join(" "))
    }
}
