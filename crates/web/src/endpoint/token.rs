//! The token endpoint: RFC 6749 section 3.2, with the grants of sections 4.1, 4.4 and 6 and of RFC 8628.

use garita_app::oauth::{Grant, GrantedTokens, OAuthCode};
use garita_model::Secret;
use http::HeaderValue;
use http::StatusCode;
use http::header::PRAGMA;
use serde_json::{Value, json};

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
    let reply = Reply::json(StatusCode::OK, &told(&given));
    let reply = reply.with(PRAGMA, Some(HeaderValue::from_static("no-cache")));
    Ok(Answer::of(reply).made(json!({ "clientId": client.client().id.as_str() })))
}

fn told(given: &GrantedTokens) -> Value {
    let mut told = json!({
        "access_token": given.access.expose(),
        "token_type": "Bearer",
        "expires_in": given.life,
        "scope": given.scopes.join(" "),
    });
    if let Some(members) = told.as_object_mut() {
        members.extend(given.id.iter().map(|token| ("id_token".to_owned(), token.expose().as_str().into())));
        members.extend(
            given.refresh.iter().map(|token| ("refresh_token".to_owned(), token.expose().as_str().into())),
        );
    }
    told
}
