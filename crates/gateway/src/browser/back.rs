//! Back from the sign-in pages: a code becomes a session, and the browser goes where it wanted to.
//!
//! INVARIANT: a code is looked at only with a state that was sealed for this very browser, and every session has a new
//! cookie: one that the browser brought is never taken over, and what it stood for is ended.

use garita_app::RequestContext;
use garita_app::oauth::OAuthCode;
use garita_app::oauth::stage::CodeBack;
use garita_model::Secret;
use http::StatusCode;

use super::cookie::{self, Found};
use super::target::Target;
use super::{Replied, Visit, go, leave, page};
use crate::gateway::Gateway;
use crate::query::Query;
use crate::refusal::Refusal;

/// Most characters shown of what the sign-in pages say.
const MAX_TOLD: usize = 400;

impl Gateway {
    /// Ends a sign-in.
    pub(super) async fn back(&self, cx: &RequestContext, visit: &Visit<'_>) -> Replied {
        let query = Query::parse(visit.shape.query, &[]);
        let query = query.map_err(|error| Refusal::bad_request(error.to_string()))?;
        let elsewhere = || {
            Refusal::bad_request(
                "this sign-in has run out, or was begun in another browser: open the page you wanted again",
            )
        };
        let state = query.get("state").ok_or_else(elsewhere)?;
        let (wanted, verifier) = self.wanted(cx, visit, state).ok_or_else(elsewhere)?;
        if let Some(error) = query.get("error") {
            let told = query.get("error_description").unwrap_or(error);
            let told: String = told.chars().take(MAX_TOLD).collect();
            return Err(Refusal::forbidden(format!("nobody was signed in: {told}")));
        }
        let place = self.app.sign_in_place(visit.pool, &go::callback(visit));
        let place = place.map_err(|why| Refusal::shape(StatusCode::INTERNAL_SERVER_ERROR, why))?;
        // RFC 9207 section 2.4.
        if query.get("iss") != Some(place.issuer.as_str()) {
            return Err(Refusal::bad_request("the code does not come from the user pool of this stage"));
        }
        let code = query.get("code").ok_or_else(elsewhere)?;
        let name = cookie::session(&visit.stage.api.id);
        let former = match cookie::read(visit.headers(), &name) {
            Found::One(former) => Some(former),
            Found::None | Found::Several => None,
        };
        let code =
            CodeBack { code: Secret::new(code.to_owned()), redirect_uri: go::callback(visit), verifier };
        let opened = self.app.open_stage_session(cx, &visit.stage.api.id, visit.pool, code, former).await;
        let cookie = opened.map_err(|fault| match fault.code {
            OAuthCode::ServerError | OAuthCode::TemporarilyUnavailable => {
                Refusal::shape(StatusCode::SERVICE_UNAVAILABLE, fault.text)
            }
            _ => Refusal {
                privately: Some(fault.to_string()),
                ..Refusal::bad_request(
                    "this sign-in was used before or has run out: open the page you wanted again",
                )
            },
        })?;
        let target = Target::parse(&wanted.target).unwrap_or_default().at(&wanted.fragment);
        let response = self.lead(cx, &target.behind(visit.place.root())).await?;
        let response = page::with_cookie(response, cookie::set(&name, cookie.expose()));
        Ok(page::with_cookie(response, leave::mark(&visit.place)))
    }
}
