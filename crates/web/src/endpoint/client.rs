//! Endpoints for app clients besides the token endpoint: revocation (RFC 7009), introspection (RFC 7662) and device
//! authorization (RFC 8628). How a client says who it is: [`authorization`].

use garita_app::oauth::{ClientCredentials, OAuthCode, OAuthFault};
use garita_model::Secret;
use http::StatusCode;
use serde_json::json;

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::authorization;
use crate::reply::Reply;

/// What a client shows.
pub(super) fn credentials(call: &Call<'_>) -> Result<ClientCredentials, OAuthFault> {
    authorization::credentials(call.headers(), call.fields)
}

/// A parameter that must be there.
pub(super) fn required(call: &Call<'_>, name: &str) -> Result<String, OAuthFault> {
    call.fields.own(name).ok_or_else(|| OAuthCode::InvalidRequest.because(format!("{name} is missing")))
}

/// Ends a refresh token and all that came of it.
pub(super) async fn revoke(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let client = call.app().prove_client(call.cx, pool, &credentials(call)?)?;
    let token = Secret::new(required(call, "token")?);
    call.app().revoke_oidc_token(call.cx, &client, &token).await?;
    Ok(Answer::of(Reply::bare(StatusCode::OK)))
}

/// Tells a client what is true of a token.
pub(super) fn introspect(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let client = call.app().prove_client(call.cx, pool, &credentials(call)?)?;
    let token = Secret::new(required(call, "token")?);
    let told = call.app().introspect_oidc_token(call.cx, &client, &token)?;
    Ok(Answer::of(Reply::json(StatusCode::OK, &told)))
}

/// Gives a device its two codes.
pub(super) async fn device_authorization(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let client = call.app().prove_client(call.cx, pool, &credentials(call)?)?;
    let given = call.app().authorize_device(call.cx, &client, call.fields.get("scope")).await?;
    let page = format!("{}/device", call.web.issuer(client.pool()));
    let shown = &given.shown;
    let told = json!({
        "device_code": given.code.expose(),
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={shown}"),
        "expires_in": given.life.as_secs(),
        "interval": given.interval.as_secs(),
    });
    Ok(Answer::of(Reply::json(StatusCode::OK, &told)))
}
