//! The token endpoint: RFC 6749 section 3.2, with the grants of sections 4.1, 4.4 and 6 and of RFC 8628.

use garita_app::oauth::{Grant, GrantedTokens, OAuthCode};
use garita_model::Secret;
use http::HeaderValue;
use http::StatusCode;
use http::header::PRAGMA;
use serde::Serialize;
use serde_json::json;

use super::client::{credentials, required};
use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::reply::Reply;

/// The grant of RFC 8628.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Gives tokens for a grant.
pub(super) async fn answer(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let client = call.app().prove_client(call.cx, pool, &credentials(call)?)?;
    let grant = match required(call, "grant_type")?.as_str() {
        "authorization_code" => Grant::Code {
            code: Secret::new(required(call, "code")?),
            redirect_uri: call.fields.own("redirect_uri"),
            verifier: call.fields.own("code_verifier").map(Secret::new),
        },
        "refresh_token" => Grant::Refresh {
            token: Secret::new(required(call, "refresh_token")?),
            scope: call.fields.own("scope"),
        },
        "client_credentials" => Grant::Client { scope: call.fields.own("scope") },
        DEVICE_CODE => Grant::Device { code: Secret::new(required(call, "device_code")?) },
        other => {
            let text = format!(
                "grant_type `{other}` is none of authorization_code, refresh_token, \
                                client_credentials, {DEVICE_CODE}"
            );
            return Err(OAuthCode::UnsupportedGrantType.because(text).into());
        }
    };
    let given = call.app().grant(call.cx, &client, grant).await?;
    let reply = Reply::json(StatusCode::OK, &Told::of(&given));
    let reply = reply.with(PRAGMA, Some(HeaderValue::from_static("no-cache")));
    Ok(Answer::of(reply).made(json!({ "clientId": client.client().id.as_str() })))
}

/// RFC 6749 section 5.1, and OpenID Connect Core section 3.1.3.3.
#[derive(Serialize)]
struct Told<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u32,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(given: &'a GrantedTokens) -> Self {
        let text = |token: &'a Secret<String>| token.expose().as_str();
        Self {
            access_token: text(&given.access),
            token_type: "Bearer",
            expires_in: given.life,
            scope: given.scopes.join(" "),
            id_token: given.id.as_ref().map(text),
            refresh_token: given.refresh.as_ref().map(text),
        }
    }
}
