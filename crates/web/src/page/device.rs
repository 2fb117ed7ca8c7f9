//! The questions to somebody who is signed in: whether an app may, whether a device may.

use garita_app::oauth::{Ask, OAuthCode, SignedIn, WaitingDevice};
use garita_model::user_pool::PoolFault;
use garita_model::{Error, Reason, UserPool};
use serde_json::json;

use super::{Stage, signed_in};
use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::endpoint::{Goer, lead_on, to_app};
use crate::flow::{Goal, Step};
use crate::pages::{self, Asking, Problem};
use crate::route::PageName;

/// Asks whether an app may.
pub(super) fn show_consent(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let (ask, who) = asked(stage)?;
    let client = stage.client()?;
    let asking = Asking { client: &client.name, user: who.name(), scopes: &ask.scopes };
    Ok(stage.shown(pages::consent(&stage.frame, &stage.sealed(Step::Consent)?, asking)?))
}

/// Takes the answer to that.
pub(super) async fn consent(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let (ask, who) = asked(stage)?;
    if stage.call.fields.get("answer") == Some("allow") {
        let client = stage.client()?;
        return lead_on(stage.call, &Goer { pool: &stage.pool, client: &client, who: &who }, ask).await;
    }
    let fault = OAuthCode::AccessDenied.because("the person at the browser said no");
    Err(to_app(stage.call, &stage.pool, ask, fault))
}

/// What is asked of whom. INVARIANT: only after a sign-in that is as the app asked for (`prompt=login`, `max_age`): the flow
/// of another page does not lead here.
fn asked<'a>(stage: &'a Stage<'_>) -> Result<(&'a Ask, SignedIn), Trouble> {
    let who = signed_in(stage.call, &stage.pool).ok_or_else(Trouble::expired)?;
    match (&stage.flow.goal, &stage.flow.step) {
        (Goal::App(ask), Step::Consent) => Ok((ask, who)),
        _ => Err(Trouble::expired()),
    }
}

/// Asks for the code a device shows; a link may bring it along, but does not send it.
pub(super) fn begin(call: &Call<'_>, pool: &UserPool) -> Result<Answer, Trouble> {
    if call.is_post() {
        return Err(Trouble::expired());
    }
    let (flow, browser) = call.begin(pool.id.as_str())?;
    let code: String = call.fields.get("user_code").unwrap_or_default().chars().take(32).collect();
    let answer = shown(pages::device_code(&call.frame_of(pool), &flow, &code, &[])?, None);
    Ok(answer.cookie(browser.cookie()))
}

/// Takes that code.
pub(super) fn code(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let typed = stage.call.fields.get("user-code").unwrap_or_default();
    let device = match stage.call.app().typed_device(stage.call.cx, &stage.pool, typed) {
        Ok(Some(device)) => device,
        Ok(None) => {
            return wrong_code(stage, typed, "device-wrong", "UnknownUserCode", "no device shows that code");
        }
        Err(Error::Rejected { reason: Reason::UserPool(fault @ PoolFault::LimitExceeded), .. }) => {
            return wrong_code(
                stage,
                typed,
                "device-too-often",
                fault.code(),
                "too many wrong codes were typed",
            );
        }
        Err(error) => return Err(error.into()),
    };
    let goal = Goal::Device(device.client.clone(), device.shown.clone());
    let there = signed_in(stage.call, &stage.pool).is_some();
    let next = if there { PageName::DeviceConsent } else { PageName::SignIn };
    let flow = stage.flow.towards(goal);
    Stage { call: stage.call, pool: stage.pool.clone(), flow, frame: stage.frame.clone() }
        .on_to(next, Step::Start)
}

fn wrong_code(stage: &Stage<'_>, typed: &str, says: &str, code: &str, why: &str) -> Result<Answer, Trouble> {
    let problem = Problem::field("user-code", stage.frame.words.say(says));
    let page = pages::device_code(&stage.frame, &stage.sealed(Step::Start)?, typed, &[problem])?;
    Ok(stage.wrong(page, code, why))
}

/// Asks whether a device may.
pub(super) fn show_device_consent(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let (device, who) = waiting(stage)?;
    let client = stage.client()?;
    let asking = Asking { client: &client.name, user: who.name(), scopes: &device.scopes };
    let page = pages::device_consent(&stage.frame, &stage.sealed(Step::Start)?, asking, &device.shown)?;
    Ok(stage.shown(page))
}

/// Takes the answer to that.
pub(super) async fn device_consent(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let (device, who) = waiting(stage)?;
    let allowed = stage.call.fields.get("answer") == Some("allow");
    let made = json!({ "clientId": device.client.as_str(), "allowed": allowed });
    stage.call.app().decide_device(stage.call.cx, device, &who, allowed).await?;
    let page =
        if allowed { pages::device_connected(&stage.frame)? } else { pages::device_denied(&stage.frame)? };
    Ok(stage.shown(page).made(made))
}

fn waiting(stage: &Stage<'_>) -> Result<(WaitingDevice, SignedIn), Trouble> {
    let who = signed_in(stage.call, &stage.pool).ok_or_else(Trouble::expired)?;
    let Goal::Device(_, code) = &stage.flow.goal else { return Err(Trouble::expired()) };
    let device = stage.call.app().waiting_device(stage.call.cx, &stage.pool, code)?;
    device.map(|device| (device, who)).ok_or_else(Trouble::expired)
}
