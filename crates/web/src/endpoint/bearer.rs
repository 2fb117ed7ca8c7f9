//! The endpoint that takes an access token: OpenID Connect Core section 5.3, RFC 6750.

use garita_app::oauth::OAuthCode;
use garita_model::Secret;
use http::StatusCode;
use http::header::AUTHORIZATION;

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::reply::Reply;

/// Tells an app about the user it acts for.
pub(super) fn user_info(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let token = token(call).ok_or_else(|| {
        Trouble::Bearer(
            OAuthCode::InvalidToken.because("send the access token in the header `Authorization: Bearer`"),
        )
    })?;
    let told = call.app().oidc_user_info(call.cx, pool, &token).map_err(Trouble::Bearer)?;
    Ok(Answer::of(Reply::json(StatusCode::OK, &told)))
}

/// The token in the header; those in forms and queries are not read (RFC 9700 section 4.3.2).
fn token(call: &Call<'_>) -> Option<Secret<String>> {
    let mut headers = call.headers().get_all(AUTHORIZATION).iter();
    let (header, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim().to_owned()))
}
