//! Endpoints for app clients besides the token endpoint: revocation (RFC 7009), introspection (RFC 7662) and device
//! authorization (RFC 8628). And how a client says who it is: RFC 6749 section 2.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_app::oauth::{ClientCredentials, OAuthCode, OAuthFault};
use garita_model::Secret;
use garita_wire::form;
use http::StatusCode;
use http::header::AUTHORIZATION;
use serde_json::json;

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::reply::Reply;

/// What a client shows: in the header or in the form, never in both.
pub(super) fn credentials(call: &Call<'_>) -> Result<ClientCredentials, OAuthFault> {
    let (id, secret) = (call.fields.own("client_id"), call.fields.own("client_secret").map(Secret::new));
    let mut headers = call.headers().get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        let id = id.ok_or_else(|| OAuthCode::InvalidClient.because("client_id is missing"))?;
        return Ok(ClientCredentials { id, secret });
    };
    let malformed = || OAuthCode::InvalidClient.because("the Authorization header is no well-formed `Basic`");
    if headers.next().is_some() {
        return Err(malformed());
    }
    let shown = header.to_str().ok().and_then(basic).ok_or_else(malformed)?;
    if secret.is_some() {
        return Err(OAuthCode::InvalidRequest
            .because("the client's secret is in the header and in the form: send one"));
    }
    if id.is_some_and(|id| id != shown.id) {
        return Err(OAuthCode::InvalidRequest.because("client_id is not that of the Authorization header"));
    }
    Ok(shown)
}

/// `Basic` with both halves encoded as in a form: RFC 6749 section 2.3.1.
fn basic(header: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |half: &str| String::from_utf8(form::decode(half).ok()?).ok();
    let secret = decoded(secret)?;
    Some(ClientCredentials { id: decoded(id)?, secret: (!secret.is_empty()).then(|| Secret::new(secret)) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_read_as_the_rfc_writes_it() {
        let shown = basic(&format!("Basic {}", STANDARD.encode("a%3Ab:p%25+q"))).unwrap();
        assert_eq!((shown.id.as_str(), shown.secret.unwrap().expose().as_str()), ("a:b", "p% q"));
        assert!(basic(&format!("basic {}", STANDARD.encode("a:"))).unwrap().secret.is_none());
        for bad in ["Bearer x", "Basic", "Basic !", &format!("Basic {}", STANDARD.encode("nocolon"))] {
            assert!(basic(bad).is_none(), "{bad}");
        }
    }
}
