//! Out to a provider and home again.
//!
//! The way out is a link: nothing is proved by it. The way home is `/oauth2/idpresponse` of the pool, where the sealed
//! `state` says which errand it was, and of which browser. What goes wrong is told on a page with a way back, never by
//! another redirect: a provider that always says no must not send a browser round in circles.

use std::sync::Arc;

use garita_app::oauth::{Arrived, ErrandFault, Homecoming};
use garita_model::{PoolClient, UserPool};
use http::StatusCode;

use super::{Stage, sign_in};
use crate::Call;
use crate::answer::{Answer, Trouble, with_query};
use crate::cookie;
use crate::flow::{Flow, Goal, Step};
use crate::pages::{Frame, Wrong};
use crate::reply::Reply;
use crate::route::{PageName, provider_at};

/// Leads to the provider that a link names.
pub(super) async fn leave(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let name = stage.call.fields.get("name").ok_or(Trouble::NotFound)?;
    let client = stage.client()?;
    send_to(stage.call, &stage.pool, &client, &stage.flow, name).await
}

/// Sends a browser to a provider.
pub(crate) async fn send_to(
    call: &Call<'_>,
    pool: &UserPool,
    client: &PoolClient,
    flow: &Flow,
    name: &str,
) -> Result<Answer, Trouble> {
    let ask = match &flow.goal {
        Goal::App(ask) => Some(ask),
        Goal::Device(..) | Goal::Account | Goal::Renewed(_) => None,
    };
    let callback = callback(call, pool);
    let begun = call.app().begin_errand(call.cx, pool, client, name, ask, &callback).await;
    let (errand, departure) = match begun {
        Ok(begun) => begun,
        Err(fault) => return Err(told(call, pool, flow, name, fault)),
    };
    let flow = flow.unlinked(Step::Outside(errand));
    let state = flow.seal_errand(call.app(), pool.id.as_str(), call.cx.now())?;
    let mut parameters: Vec<(&str, &str)> =
        departure.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    parameters.push(("state", &state));
    Ok(Answer::of(Reply::see(&with_query(&departure.address, &parameters))))
}

/// Takes a browser that comes back.
pub(crate) async fn come_home(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let pool = pool.and_then(|pool| call.app().oidc_pool(pool)).ok_or(Trouble::NotFound)?;
    let state = call.fields.get("state").ok_or_else(Trouble::expired)?;
    let flow = Flow::open_errand(call.app(), pool.id.as_str(), state, call.headers(), call.cx.now());
    let flow = flow.ok_or_else(Trouble::expired)?;
    let Step::Outside(errand) = flow.step.clone() else { return Err(Trouble::expired()) };
    let frame = Frame { words: call.words_in(flow.language), ..call.frame_of(&pool) };
    let stage = Stage { call, pool: Arc::clone(&pool), flow: flow.at(Step::Start), frame };
    let client = stage.client()?;
    let fields = call.fields;
    let (code, error, issuer) = (fields.get("code"), fields.get("error"), fields.get("iss"));
    let home = Homecoming { code, error, issuer, to_own: provider_at(call.parts.uri.path()) };
    let (callback, former) = (callback(call, &pool), cookie::session(pool.id.as_str()));
    let former = cookie::read(call.headers(), &former);
    match call.app().end_errand(call.cx, &client, &errand, home, &callback, former).await {
        Ok(Arrived::Progress(progress)) => sign_in::go_on(&stage, progress).await,
        Ok(Arrived::Known(link)) => {
            let stage = Stage { flow: stage.flow.linking(link), ..stage };
            stage.on_to(PageName::SignIn, Step::Start)
        }
        Err(fault) => Err(told(call, &pool, &stage.flow, errand.provider(), fault)),
    }
}

/// Where providers send browsers back to that have no address of their own.
fn callback(call: &Call<'_>, pool: &UserPool) -> String {
    format!("{}/oauth2/idpresponse", call.web.issuer(pool))
}

/// A page that tells why nobody was signed in.
fn told(call: &Call<'_>, pool: &UserPool, flow: &Flow, name: &str, fault: ErrandFault) -> Trouble {
    let (status, why, code, text) = match fault {
        ErrandFault::Broken(error) => return Trouble::Broken(error),
        ErrandFault::Unknown => (StatusCode::NOT_FOUND, "provider-unknown", "UnknownProvider", String::new()),
        ErrandFault::Unreachable => {
            (StatusCode::BAD_GATEWAY, "provider-unreachable", "ProviderUnreachable", String::new())
        }
        ErrandFault::Unusable(text) => {
            (StatusCode::BAD_GATEWAY, "provider-unusable", "ProviderUnusable", text)
        }
        ErrandFault::Denied => (StatusCode::FORBIDDEN, "provider-denied", "ProviderDenied", String::new()),
        ErrandFault::Spent => (StatusCode::BAD_REQUEST, "provider-spent", "SpentErrand", String::new()),
        ErrandFault::Disabled => (StatusCode::FORBIDDEN, "provider-disabled", "UserDisabled", String::new()),
        ErrandFault::Taken => (StatusCode::CONFLICT, "provider-taken", "NameTaken", String::new()),
        ErrandFault::Unfit(text) => (StatusCode::BAD_REQUEST, "provider-unfit", "UnfitClaims", text),
    };
    let back = flow.unlinked(Step::Start);
    let back = back.seal(call.app(), pool.id.as_str(), call.cx.now()).ok();
    let back = back.map(|sealed| sealed.link(PageName::SignIn.path()));
    let provider: String = name.chars().take(64).collect();
    let text = format!("nobody was signed in through `{provider}`: {text}");
    Trouble::Page(status, Wrong::Provider { why, provider, back }, code, text)
}
