//! What somebody sees of their own account: passkeys, the authenticator app, recovery codes, and the way out.

use askama::Template;

use super::{Flow, Frame, Page};
use crate::words::Given;

/// How many recovery codes are few.
const FEW: usize = 3;

/// A passkey in the list.
#[derive(Debug, Clone)]
pub(crate) struct ShownPasskey {
    /// Its id.
    pub(crate) id: String,
    /// What it is called.
    pub(crate) name: String,
    /// The day it was made.
    pub(crate) made: String,
}

/// What there is to show.
#[derive(Debug, Clone, Default)]
pub(crate) struct Security {
    /// Who is signed in.
    pub(crate) user: String,
    /// Whether people may have passkeys.
    pub(crate) passkeys_open: bool,
    /// The passkeys.
    pub(crate) passkeys: Vec<ShownPasskey>,
    /// Whether a second factor is asked of who has one.
    pub(crate) factors_asked: bool,
    /// Whether there is an authenticator app.
    pub(crate) has_app: bool,
    /// Whether there is a second factor that recovery codes could stand in for.
    pub(crate) second_factor: bool,
    /// How many recovery codes are left.
    pub(crate) codes: usize,
}

struct Line<'a> {
    id: &'a str,
    name: &'a str,
    about: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: &'a Frame,
    title: String,
    failed: bool,
    flow: &'a Flow,
    user: &'a str,
    notice: Option<String>,
    passkeys_open: bool,
    passkeys: Vec<Line<'a>>,
    factors_asked: bool,
    has_app: bool,
    second_factor: bool,
    codes: String,
    codes_low: bool,
}

/// The account of who is signed in.
pub(crate) fn security(
    frame: &Frame,
    flow: &Flow,
    held: &Security,
    notice: Option<String>,
) -> garita_model::Result<Page> {
    let words = frame.words;
    let line = |passkey: &'_ ShownPasskey| (passkey.name.clone(), passkey.made.clone());
    let lines = held.passkeys.iter().map(|passkey| {
        let (name, made) = line(passkey);
        Line {
            id: &passkey.id,
            name: &passkey.name,
            about: words.about("account-passkey-made", "day", &made),
            remove: words.about("account-passkey-remove", "name", &name),
        }
    });
    Page::of(&AccountPage {
        frame,
        title: words.say("account-title"),
        failed: false,
        flow,
        user: &held.user,
        notice,
        passkeys_open: held.passkeys_open,
        passkeys: lines.collect(),
        factors_asked: held.factors_asked,
        has_app: held.has_app,
        second_factor: held.second_factor,
        codes: words.with("account-codes-left", &[("left", Given::Number(held.codes))]),
        codes_low: held.codes < FEW,
    })
}

/// Tells who is not signed in how to come to their account.
pub(crate) fn account_out(frame: &Frame) -> garita_model::Result<Page> {
    super::message::told(frame, "not-signed-in-title", "account-out-lead")
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage<'a> {
    frame: &'a Frame,
    title: String,
    failed: bool,
    codes: &'a [&'a str],
    back: String,
}

/// Recovery codes, shown once.
pub(crate) fn codes(frame: &Frame, flow: &Flow, codes: &[&str]) -> garita_model::Result<Page> {
    let title = frame.words.say("codes-title");
    Page::of(&CodesPage { frame, title, failed: false, codes, back: flow.action("account") })
}
