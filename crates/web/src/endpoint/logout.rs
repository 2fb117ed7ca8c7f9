//! The end of a browser's session: OpenID Connect RP-Initiated Logout 1.0, and Cognito's `/logout`.
//!
//! An app that names itself and an address it has registered gets the browser back at once; otherwise the person is
//! asked, because any site can send a browser here.

use garita_app::oauth::{Location, SignOut};
use garita_model::UserPool;
use http::StatusCode;

use crate::Call;
use crate::answer::{Answer, Trouble, shown, with_query};
use crate::cookie;
use crate::fields::Fields;
use crate::pages::{self, Frame, Wrong};
use crate::reply::Reply;

/// Parameters that say nothing of a sign-in.
const OF_SIGN_OUT: [&str; 3] = ["id_token_hint", "logout_uri", "post_logout_redirect_uri"];

/// Signs a browser out, or asks whether it should be.
pub(super) async fn answer(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let fields = call.fields;
    let asked = SignOut {
        client: fields.get("client_id"),
        id_token: fields.get("id_token_hint"),
        leads_to: fields.get("post_logout_redirect_uri").or_else(|| fields.get("logout_uri")),
        signs_in_again: fields.get("response_type").is_some(),
        redirect_uri: fields.get("redirect_uri"),
    };
    let way = call.app().sign_out_way(call.cx, pool, &asked).map_err(|fault| {
        let text = fault.text.clone();
        Trouble::Page(StatusCode::BAD_REQUEST, Wrong::AppInEnglish(text.clone()), fault.code.as_str(), text)
    })?;
    let frame = call.frame_of(&way.pool);
    let name = cookie::session(way.pool.id.as_str());
    if let Some(location) = way.location {
        let location = match &location {
            Location::App(uri) => {
                let state = fields.get("state").map(|state| ("state", state));
                with_query(uri, &state.into_iter().collect::<Vec<_>>())
            }
            Location::SignIn(uri) => with_query(uri, &asked_again(fields)),
        };
        end(call, &way.pool).await?;
        return Ok(Answer::of(Reply::see(&location).cookie(cookie::clear(&name))));
    }
    let held = cookie::read(call.headers(), &name);
    match held.and_then(|cookie| call.app().signed_in(&way.pool.id, cookie, call.cx.now())) {
        Some(who) => {
            let (flow, browser) = call.begin(way.pool.id.as_str())?;
            let answer = shown(pages::sign_out(&frame, &flow, who.name())?, None);
            Ok(answer.cookie(browser.cookie()))
        }
        None => {
            let answer = shown(pages::signed_out(&frame)?, None);
            Ok(answer.cookie(cookie::clear(&name)))
        }
    }
}

/// What an app asks for that has somebody sign in again: all that it says, but for what is about the sign-out.
fn asked_again(fields: &Fields) -> Vec<(&str, &str)> {
    // Names are written as they are, so none may hold what parts them.
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let asked = fields.names().filter(|name| plain(name) && !OF_SIGN_OUT.contains(name));
    asked.filter_map(|name| Some((name, fields.get(name)?))).collect()
}

/// Signs a browser out whose person said so.
pub(crate) async fn sign_out(call: &Call<'_>, frame: &Frame, pool: &UserPool) -> Result<Answer, Trouble> {
    end(call, pool).await?;
    let answer = shown(pages::signed_out(frame)?, None);
    let clear = cookie::clear(&cookie::session(pool.id.as_str()));
    Ok(answer.cookie(clear))
}

async fn end(call: &Call<'_>, pool: &UserPool) -> Result<(), Trouble> {
    if let Some(cookie) = cookie::read(call.headers(), &cookie::session(pool.id.as_str())) {
        call.app().sign_browser_out(call.cx, pool, cookie).await?;
    }
    Ok(())
}
