//! The pages behind forms: what was typed goes to one verb of `app`, and what that answers decides which page follows.
//!
//! A form that is in order leads on with a redirect, so that a page can be loaded again without sending anything twice;
//! one that is not comes back with what is wrong at its head.

mod account;
mod device;
mod password;
mod provider;
mod second_factor;
mod sign_in;
mod sign_up;

use std::sync::Arc;

use garita_model::{PoolClient, UserPool};
use http::StatusCode;

use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::cookie;
use crate::endpoint;
use crate::flow::{Flow, Goal, Step};
use crate::pages::{self, Frame, Page, PasswordRules};
use crate::reply::Reply;
use crate::route::PageName;
use garita_app::oauth::SignedIn;

pub(crate) use provider::{come_home, send_to};

/// A page in its pool and flow.
struct Stage<'a> {
    call: &'a Call<'a>,
    pool: Arc<UserPool>,
    flow: Flow,
    frame: Frame,
}

/// Answers a request for a page, or a form it sent.
pub(crate) async fn answer(call: &Call<'_>, pool: &str, name: PageName) -> Result<Answer, Trouble> {
    let pool = call.app().oidc_pool(pool).ok_or(Trouble::NotFound)?;
    if call.is_post() && !call.web.site.sent(call.headers()) {
        return Err(Trouble::elsewhere());
    }
    if name == PageName::Account {
        return account::show(call, &pool);
    }
    if name == PageName::Device && call.fields.get("flow").is_none() {
        return device::begin(call, &pool);
    }
    let sealed = call.fields.get("flow").ok_or_else(Trouble::expired)?;
    let id = pool.id.as_str();
    let flow =
        Flow::open(call.app(), id, sealed, call.headers(), call.cx.now()).ok_or_else(Trouble::expired)?;
    let frame = Frame { words: call.words_in(flow.language), ..call.frame_of(&pool) };
    let stage = Stage { call, pool, flow, frame };
    if name.is_of_passwords() && stage.client().is_ok_and(|client| !takes_passwords(&client)) {
        return Err(Trouble::NotFound);
    }
    match (name, call.is_post()) {
        (PageName::SignIn, false) => sign_in::show(&stage),
        (PageName::SignIn, true) => sign_in::password(&stage).await,
        (PageName::Code, false) => sign_in::show_code(&stage),
        (PageName::Code, true) => sign_in::code(&stage).await,
        (PageName::Authenticator, false) => sign_in::show_authenticator(&stage),
        (PageName::Authenticator, true) => sign_in::authenticator(&stage).await,
        (PageName::NewPassword, false) => sign_in::show_new_password(&stage),
        (PageName::NewPassword, true) => sign_in::new_password(&stage).await,
        (PageName::Forgot, false) => password::show_forgot(&stage),
        (PageName::Forgot, true) => password::forgot(&stage).await,
        (PageName::Reset, false) => password::show_reset(&stage),
        (PageName::Reset, true) => password::reset(&stage).await,
        (PageName::SignUp, false) => sign_up::show(&stage),
        (PageName::SignUp, true) => sign_up::sign_up(&stage).await,
        (PageName::Confirm, false) => sign_up::show_confirm(&stage),
        (PageName::Confirm, true) => sign_up::confirm(&stage).await,
        (PageName::Resend, _) => sign_up::resend(&stage).await,
        (PageName::Consent, false) => device::show_consent(&stage),
        (PageName::Consent, true) => device::consent(&stage).await,
        (PageName::Device, _) => device::code(&stage),
        (PageName::DeviceConsent, false) => device::show_device_consent(&stage),
        (PageName::DeviceConsent, true) => device::device_consent(&stage).await,
        (PageName::SignOut, _) => endpoint::sign_out(call, &stage.frame, &stage.pool).await,
        (PageName::Provider, _) => provider::leave(&stage).await,
        (PageName::PasskeySignIn, _) => sign_in::passkey(&stage).await,
        (PageName::Passkey, false) => second_factor::show_passkey(&stage),
        (PageName::Passkey, true) => second_factor::passkey(&stage).await,
        (PageName::RecoveryCode, false) => second_factor::show_recovery(&stage),
        (PageName::RecoveryCode, true) => second_factor::recovery(&stage).await,
        (PageName::AnotherWay, _) => second_factor::another_way(&stage).await,
        (
            name @ (PageName::AddPasskey
            | PageName::KeepPasskey
            | PageName::RemovePasskey
            | PageName::SetUpApp
            | PageName::KeepApp
            | PageName::RemoveApp
            | PageName::MakeCodes),
            _,
        ) => account::change(&stage, name).await,
        (PageName::Account, _) => Err(Trouble::NotFound),
    }
}

/// Whether a client signs people in with passwords of the pool.
fn takes_passwords(client: &PoolClient) -> bool {
    client.takes(PoolClient::OWN)
}

/// Who is signed in with the browser that sent a request.
fn signed_in(call: &Call<'_>, pool: &UserPool) -> Option<SignedIn> {
    let cookie = cookie::read(call.headers(), &cookie::session(pool.id.as_str()))?;
    call.app().signed_in(&pool.id, cookie, call.cx.now())
}

impl Stage<'_> {
    /// The app client that somebody signs in for.
    fn client(&self) -> Result<Arc<PoolClient>, Trouble> {
        let id = self.flow.goal.client().ok_or_else(Trouble::expired)?;
        let known = self.call.app().oidc_client(self.call.cx, Some(self.pool.id.as_str()), id.as_str());
        known.map(|(_, client)| client).ok_or_else(Trouble::expired)
    }

    /// The flow as a form carries it.
    fn sealed(&self, step: Step) -> Result<pages::Flow, Trouble> {
        let now = self.call.cx.now();
        Ok(self.flow.at(step).seal(self.call.app(), self.pool.id.as_str(), now)?)
    }

    /// A page, as it is shown first.
    fn shown(&self, page: Page) -> Answer {
        shown(page, self.leads_to())
    }

    /// A page that comes back because of what is wrong with the form.
    fn wrong(&self, page: Page, code: &str, text: &str) -> Answer {
        Answer::of(Reply::page(StatusCode::BAD_REQUEST, page, self.leads_to())).refused(code, text)
    }

    /// Where a form of this flow may lead in the end.
    fn leads_to(&self) -> Option<&str> {
        match &self.flow.goal {
            Goal::App(ask) => Some(&ask.redirect_uri),
            Goal::Device(..) | Goal::Account | Goal::Renewed(_) => None,
        }
    }

    /// Leads on to another page.
    fn on_to(&self, name: PageName, step: Step) -> Result<Answer, Trouble> {
        Ok(Answer::of(Reply::see(&self.sealed(step)?.link(name.path()))))
    }

    /// What the pool asks of passwords.
    fn rules(&self) -> PasswordRules {
        let policy = self.pool.passwords();
        PasswordRules {
            min_length: usize::try_from(policy.min_length).unwrap_or_default(),
            uppercase: policy.uppercase,
            lowercase: policy.lowercase,
            digits: policy.numbers,
            symbols: policy.symbols,
            three: false,
        }
    }
}
