//! The endpoints of the OIDC provider: parameters to a verb of `app`, and its answer to the reply the RFCs ask for.

mod authorize;
mod bearer;
mod client;
mod discovery;
mod logout;
mod token;

use http::StatusCode;

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::page;
use crate::pages::Wrong;
use crate::route::{Endpoint, Route};

pub(crate) use authorize::{Goer, lead_on, to_app};
pub(crate) use logout::sign_out;

/// Answers a request to an endpoint. What takes much room is boxed: tokens are asked for far more often.
pub(crate) async fn answer(
    call: &Call<'_>,
    pool: Option<&str>,
    endpoint: Endpoint,
) -> Result<Answer, Trouble> {
    match endpoint {
        Endpoint::Discovery => discovery::configuration(call, pool),
        Endpoint::Keys => discovery::keys(call, pool),
        Endpoint::Authorize => Box::pin(authorize::answer(call, pool)).await,
        Endpoint::Token => token::answer(call, pool).await,
        Endpoint::UserInfo => bearer::user_info(call, pool),
        Endpoint::Revoke => client::revoke(call, pool).await,
        Endpoint::Introspect => client::introspect(call, pool),
        Endpoint::DeviceAuthorization => Box::pin(client::device_authorization(call, pool)).await,
        Endpoint::Logout => logout::answer(call, pool).await,
        Endpoint::IdpResponse => Box::pin(page::come_home(call, pool)).await,
    }
}

/// A request whose fields could not be read, in the form its endpoint answers in.
pub(crate) fn unreceived(route: Route<'_>, status: StatusCode, why: &str) -> Trouble {
    match route {
        Route::Endpoint(
            _,
            Endpoint::Token
            | Endpoint::UserInfo
            | Endpoint::Revoke
            | Endpoint::Introspect
            | Endpoint::DeviceAuthorization,
        ) => garita_app::oauth::OAuthCode::InvalidRequest.because(why).into(),
        _ => Trouble::Page(status, Wrong::AppInEnglish(why.to_owned()), "InvalidRequest", why.to_owned()),
    }
}
