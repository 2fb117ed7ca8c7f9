//! The console's pages: IAM users sign in at `/{account}`, by the account's number or alias, and find their way there from
//! `/`; who is signed in is told at `/console`; brokers come to `/federation`.
//!
//! The pages are those of user pools: server-made, without scripts, their state sealed into the form ([`Flow`]) and
//! bound to the browser. INVARIANT: an account that is not there has the same page, in the same words.

mod federation;
mod front;
mod home;
mod sign_in;

use http::StatusCode;

use garita_app::console::Entrance;
use garita_model::PasswordPolicy;

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::cookie;
use crate::flow::{Flow, Step};
use crate::pages::{self, Frame, Page, PasswordRules};
use crate::reply::Reply;
use crate::route::ConsolePage;

/// Answers a request for a page of the console, or a form it sent.
pub(crate) async fn answer(call: &Call<'_>, place: &str, page: ConsolePage) -> Result<Answer, Trouble> {
    if page == ConsolePage::Federation {
        return federation::answer(call).await;
    }
    if call.is_post() && !call.web.site.sent(call.headers()) {
        return Err(Trouble::elsewhere());
    }
    match (page, call.is_post()) {
        (ConsolePage::Front, _) => front::show(call),
        (ConsolePage::SignIn, false) => sign_in::show(call, place),
        (ConsolePage::SignIn, true) => sign_in::password(&Desk::open(call, place)?).await,
        (ConsolePage::Code, false) => sign_in::show_code(&Desk::open(call, place)?),
        (ConsolePage::Code, true) => sign_in::code(&Desk::open(call, place)?).await,
        (ConsolePage::NewPassword, false) => sign_in::show_new_password(&Desk::open(call, place)?),
        (ConsolePage::NewPassword, true) => sign_in::new_password(&Desk::open(call, place)?).await,
        (ConsolePage::Home, _) => home::show(call).await,
        (ConsolePage::Password, false) => home::show_password(call),
        (ConsolePage::Password, true) => home::password(&Desk::open(call, place)?).await,
        (ConsolePage::SignOut, _) => home::sign_out(&Desk::open(call, place)?).await,
        (ConsolePage::Federation, _) => Err(Trouble::NotFound),
    }
}

/// What surrounds every page of the console.
fn frame(call: &Call<'_>) -> Frame {
    crate::frame(call.words)
}

/// The cookie of who is signed in.
fn held_cookie<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    cookie::read(call.headers(), cookie::CONSOLE)
}

/// Where somebody is led who is signed in.
fn home_url(call: &Call<'_>) -> String {
    format!("{}/console", call.web.site.url())
}

/// What an account asks of passwords: what it has set, or AWS's default.
fn rules(policy: Option<&PasswordPolicy>) -> PasswordRules {
    let Some(policy) = policy else {
        return PasswordRules { min_length: 8, three: true, ..PasswordRules::default() };
    };
    PasswordRules {
        min_length: usize::try_from(policy.min_length).unwrap_or_default(),
        uppercase: policy.uppercase,
        lowercase: policy.lowercase,
        digits: policy.numbers,
        symbols: policy.symbols,
        three: false,
    }
}

/// A form that was sent, or a page in the middle of a sign-in.
struct Desk<'a> {
    call: &'a Call<'a>,
    /// The account as the path names it, or the folder of who is signed in.
    place: &'a str,
    flow: Flow,
    frame: Frame,
}

impl<'a> Desk<'a> {
    fn open(call: &'a Call<'_>, place: &'a str) -> Result<Self, Trouble> {
        let sealed = call.fields.get("flow").ok_or_else(Trouble::expired)?;
        let flow = Flow::open(call.app(), place, sealed, call.headers(), call.cx.now());
        Ok(Self { call, place, flow: flow.ok_or_else(Trouble::expired)?, frame: frame(call) })
    }

    /// The flow as a form carries it.
    fn sealed(&self, step: Step) -> Result<pages::Flow, Trouble> {
        Ok(self.flow.at(step).seal(self.call.app(), self.place, self.call.cx.now())?)
    }

    /// Leads on to the next page.
    fn on_to(&self, page: ConsolePage, step: Step) -> Result<Answer, Trouble> {
        Ok(Answer::of(Reply::see(&self.sealed(step)?.link(page.path()))))
    }

    /// The browser that signs in.
    fn entrance(&self) -> Entrance {
        Entrance { leads_to: home_url(self.call), former: held_cookie(self.call).map(str::to_owned) }
    }
}

/// A page that comes back because of what is wrong with the form.
fn wrong(page: Page, code: &str) -> Answer {
    Answer::of(Reply::page(StatusCode::BAD_REQUEST, page, None)).refused(code, "the form was refused")
}
