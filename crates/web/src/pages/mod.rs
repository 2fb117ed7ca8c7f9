//! The pages, as values: each function says what stands on one page, and [`Page::html`] writes it.
//!
//! Every page is one column with a heading; most are one form. Templates are in `templates/`: `base.html` is what all
//! share, `form.html` what forms share, `field.html` a labelled input. INVARIANT: templates escape whatever they are
//! given, and hold no script, style or address of another site.

mod account;
mod console;
mod device;
mod field;
mod message;
mod passkey;
mod password;
mod security;
mod sign_in;
#[cfg(test)]
mod tests;

use askama::Template;

pub(crate) use account::{Authenticator, SetUp, SignUp, authenticator, confirm, sign_up};
pub(crate) use console::{Console, Front, console_home, console_password, console_sign_in, front};
pub(crate) use device::{Asking, consent, device_code, device_consent};
pub(crate) use field::{Field, Kind};
pub(crate) use message::{Wrong, device_connected, device_denied, error, sign_out, signed_out};
pub(crate) use passkey::{Prompt, Way, add_passkey, passkey, recovery_code};
pub(crate) use password::{
    PasswordRules, console_lack, forgot, lack, new_password, password_refused, reset, typed_twice,
};
pub(crate) use security::{Security, ShownPasskey, account_out, codes, security};
pub(crate) use sign_in::{Outside, Ways, code, sign_in};

use crate::asset::Assets;
use crate::words::Words;

/// What surrounds every page.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// In which language.
    pub(crate) words: Words,
    /// Whose page it is: the pool's name.
    pub(crate) place: String,
}

impl Frame {
    fn mark(&self) -> &'static str {
        garita_page::MARK
    }
    fn stylesheet(&self) -> &'static str {
        &Assets::get().stylesheet.path
    }
    fn icon(&self) -> &'static str {
        &Assets::get().icon.path
    }
    fn passkey_script(&self) -> &'static str {
        &Assets::get().passkey.path
    }
}

/// What went wrong with what was sent; with the field it is about, if it is about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: Option<&'static str>,
    pub(crate) text: String,
}

impl Problem {
    /// About the whole form.
    pub(crate) fn form(text: String) -> Self {
        Self { field: None, text }
    }
    /// About one field.
    pub(crate) fn field(field: &'static str, text: String) -> Self {
        Self { field: Some(field), text }
    }
}

/// A way to another page.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    before: Option<String>,
    text: String,
    href: String,
}

impl Link {
    fn new(words: Words, key: &str, href: String) -> Self {
        Self { before: None, text: words.say(key), href }
    }
    fn after(words: Words, before: &str, key: &str, href: String) -> Self {
        Self { before: Some(words.say(before)), ..Self::new(words, key, href) }
    }
}

/// Where a form goes and what it carries along.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The pool's folder of pages: `/eu-west-1_Ab3dE5gH9`.
    pub folder: String,
    /// The sealed state between pages.
    pub sealed: String,
}

impl Flow {
    fn action(&self, page: &str) -> String {
        format!("{}/{page}", self.folder)
    }
    /// Where another page of the flow is.
    pub(crate) fn link(&self, page: &str) -> String {
        // The sealed state is base64url: nothing in it needs escaping.
        format!("{}/{page}?flow={}", self.folder, self.sealed)
    }
}

/// A written page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The text.
    pub(crate) html: String,
    /// Whether it needs the script for passkeys.
    pub(crate) script: bool,
}

impl Page {
    fn of(template: &impl Template) -> garita_model::Result<Self> {
        let html = template
            .render()
            .map_err(|e| garita_model::Error::internal(format!("a page cannot be written: {e}")))?;
        Ok(Self { html, script: false })
    }
    /// The same, with the script for passkeys.
    fn with_script(self) -> Self {
        Self { script: true, ..self }
    }
}

/// What forms share.
#[derive(Debug, Clone)]
struct Form {
    frame: Frame,
    title: String,
    lead: Vec<String>,
    problems: Vec<Problem>,
    notice: Option<String>,
    method: &'static str,
    action: String,
    flow: String,
    fields: Vec<Field>,
    submit: String,
    links: Vec<Link>,
    /// What is said below it.
    notes: Vec<String>,
    /// Ways that are as good as the form.
    others: Vec<Link>,
    /// Whether those are the only ones.
    hidden: bool,
    /// A passkey in its place.
    prompt: Option<Prompt>,
}

impl Form {
    fn new(frame: &Frame, flow: &Flow, page: &str, title: &str, submit: &str) -> Self {
        let words = frame.words;
        Self {
            title: words.say(title),
            submit: words.say(submit),
            frame: frame.clone(),
            lead: Vec::new(),
            problems: Vec::new(),
            notice: None,
            method: "post",
            action: flow.action(page),
            flow: flow.sealed.clone(),
            fields: Vec::new(),
            links: Vec::new(),
            notes: Vec::new(),
            others: Vec::new(),
            hidden: false,
            prompt: None,
        }
    }

    /// Puts problems at the head of the form and at their fields; without any, the first empty field has the focus, or the
    /// first of all when a link has filled them in.
    fn told(mut self, problems: &[Problem]) -> Self {
        self.problems = problems.to_vec();
        for field in &mut self.fields {
            let own = problems.iter().find(|problem| problem.field == Some(field.id));
            field.problem = own.map(|problem| problem.text.clone());
        }
        let empty = self.fields.iter().position(|field| field.value.is_empty());
        if problems.is_empty()
            && let Some(first) = self.fields.get_mut(empty.unwrap_or_default())
        {
            first.focus = true;
        }
        self
    }

    fn page(&self) -> garita_model::Result<Page> {
        let page = FormPage { frame: &self.frame, title: &self.title, failed: self.failed(), form: self };
        let page = Page::of(&page)?;
        Ok(if self.prompt.is_some() { page.with_script() } else { page })
    }
    fn failed(&self) -> bool {
        !self.problems.is_empty()
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage<'a> {
    frame: &'a Frame,
    title: &'a str,
    failed: bool,
    form: &'a Form,
}
