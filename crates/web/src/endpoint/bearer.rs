//! The endpoint that takes an access token: OpenID Connect Core section 5.3, RFC 6750.

use garita_app::oauth::OAuthCode;
use http::StatusCode;
use http::header::AUTHORIZATION;

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::authorization::bearer;
use crate::reply::Reply;

/// Tells an app about the user it acts for.
pub(super) fn user_info(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let unsent =
        || OAuthCode::InvalidToken.because("send the access token in the header `Authorization: Bearer`");
    if !call.headers().contains_key(AUTHORIZATION) {
        return Err(Trouble::NoBearer(unsent()));
    }
    let token = bearer(call.headers()).ok_or_else(|| Trouble::Bearer(unsent()))?;
    let told = call.app().oidc_user_info(call.cx, pool, &token).map_err(Trouble::Bearer)?;
    Ok(Answer::of(Reply::json(StatusCode::OK, &told)))
}
