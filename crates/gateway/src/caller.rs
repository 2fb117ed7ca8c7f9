//! Who asks: by an AWS signature, or where the stage takes people of user pools, by a bearer token or by the cookie of
//! their browser's session.
//!
//! INVARIANT: a request is of one scheme. One that presents a token is judged by the token alone, and a token that fails
//! ends it; one that presents a signature is judged by that, with or without a cookie; only a request that presents
//! nothing else is judged by its cookie, and one that stands for no session ends it. A body is not read before its sender is known,
//! but for a small one that a signature without a declared hash covers.
//!
//! A page that a browser asks for without credentials is refused like any other request; how its person sees that is up to
//! [`crate::browser`].

use garita_app::{Arrival, Bearer, BearerError, RequestContext, SigV4Scheme, Unproven};
use garita_model::Error;
use garita_wire::bearer::BearerError as Presented;
use garita_wire::sigv4::{self, Dialect, Presence, RequestHead, SigV4Error};
use http::header::AUTHORIZATION;
use http::request;

use crate::admit::RequestShape;
use crate::api::Api;
use crate::browser::cookie::{self, Found};
use crate::browser::place::Place;
use crate::browser::ride;
use crate::gateway::Gateway;
use crate::mlflow::{Row, Verb};
use crate::payload::Intake;
use crate::refusal::{Challenge, Refusal, logged};

/// The services a client may sign for here.
const SERVICES: &[&str] = &["execute-api", "sagemaker-mlflow"];

/// A known caller.
pub(crate) struct Known {
    pub(crate) cx: RequestContext,
    /// Whether a browser's cookie said who it is.
    pub(crate) by_cookie: bool,
}

/// A request without a caller, and what it is answered.
type Refused = Box<(RequestContext, Refusal)>;

impl Gateway {
    /// Finds out who asks. A body whose hash is not declared has to be read first; it is bounded, and read of a
    /// stranger only when it is small.
    pub(crate) async fn authenticate(
        &self,
        arrival: Arrival,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
        api: Option<&Api>,
        row: Option<&'static Row>,
        intake: &mut Intake,
    ) -> Result<Known, Refused> {
        let repeated_keys = row.map_or(&[][..], |row| row.repeats);
        let scheme = SigV4Scheme { services: SERVICES, dialect: Dialect::MlflowSdk { repeated_keys } };
        let (method, path, query) = (shape.verb.as_str(), shape.path, shape.query);
        let head = RequestHead { method, path, query, headers: &parts.headers };
        let arrival = match self.by_token(arrival, &head, api)? {
            Bearer::Authenticated(cx) => {
                intake.is_unsigned();
                return Ok(Known { cx: *cx, by_cookie: false });
            }
            Bearer::NotRequested(arrival) => arrival,
        };
        let arrival = match self.by_cookie(arrival, &head, shape, api, row)? {
            Bearer::Authenticated(cx) => {
                intake.is_unsigned();
                return Ok(Known { cx: *cx, by_cookie: true });
            }
            Bearer::NotRequested(arrival) => arrival,
        };
        let refused = |unproven: Box<Unproven>| {
            let refusal = unknown(&unproven.error, api);
            Box::new((unproven.cx, refusal))
        };
        if intake.is_costly(&parts.headers, row) {
            self.app.recognize(&arrival, &head, scheme).map_err(refused)?;
        }
        let hash = match intake.hash(&parts.headers, row, &self.limits).await {
            Ok(hash) => hash,
            Err(refusal) => return Err(Box::new((self.app.nobody(arrival), refusal))),
        };
        let cx = self.app.authenticate(arrival, &head, hash, scheme).map_err(refused)?;
        Ok(Known { cx, by_cookie: false })
    }

    /// The caller by the session of a browser, on a stage that signs browsers in.
    fn by_cookie(
        &self,
        arrival: Arrival,
        head: &RequestHead<'_>,
        shape: &RequestShape<'_>,
        api: Option<&Api>,
        row: Option<&'static Row>,
    ) -> Result<Bearer, Refused> {
        let Some(api) = api.filter(|api| api.sign_in().is_some()) else {
            return Ok(Bearer::NotRequested(arrival));
        };
        let found = cookie::read(head.headers, &cookie::session(&api.id));
        if found == Found::None || presents_more(head) {
            return Ok(Bearer::NotRequested(arrival));
        }
        let Found::One(cookie) = found else {
            let refusal = Refusal::bad_request("the cookie of the session stands more than once");
            return Err(Box::new((self.app.nobody(arrival), refusal)));
        };
        let known = self.app.authenticate_browser(arrival, &api.id, cookie, &api.user_pools);
        let cx = known.map_err(|refused| Box::new((refused.cx, refusal(&refused.why))))?;
        let place = Place::of(api, shape.authority, cx.arrival().secure);
        let reads = shape.verb == Verb::Get && row.is_none_or(|row| row.reads);
        match ride::check(head.headers, &place, reads) {
            Ok(()) => Ok(Bearer::Authenticated(Box::new(cx))),
            Err(refusal) => Err(Box::new((cx, refusal))),
        }
    }

    /// The caller by a bearer token, on a stage that takes some.
    fn by_token(
        &self,
        arrival: Arrival,
        head: &RequestHead<'_>,
        api: Option<&Api>,
    ) -> Result<Bearer, Refused> {
        let pools = api.map_or(&[][..], |api| &api.user_pools);
        if pools.is_empty() {
            return Ok(Bearer::NotRequested(arrival));
        }
        self.app.authenticate_bearer(arrival, head, pools).map_err(|refused| {
            let refusal = refusal(&refused.why);
            Box::new((refused.cx, refusal))
        })
    }
}

/// Whether a request presents credentials of another kind than a cookie. These decide then, good or not.
fn presents_more(head: &RequestHead<'_>) -> bool {
    head.headers.contains_key(AUTHORIZATION)
        || head.headers.contains_key("x-amz-security-token")
        || !matches!(sigv4::parse(head), Ok(Presence::NotRequested))
}

/// The answer to a request whose signature proved nobody. Where tokens are taken, one without any credentials is told
/// which it may bring.
fn unknown(error: &Error, api: Option<&Api>) -> Refusal {
    let nothing = matches!(error, Error::Unauthenticated(SigV4Error::MissingAuthenticationToken));
    match api {
        Some(api) if nothing && !api.user_pools.is_empty() => Refusal::challenged(
            Challenge::None,
            "sign in: this API takes AWS signatures and bearer tokens of its user pools",
        ),
        _ => logged(error),
    }
}

/// The answer to a token that does not let its bearer in. What a forger could learn from goes to the log and the trail.
pub(crate) fn refusal(why: &BearerError) -> Refusal {
    match why {
        BearerError::Token(_) | BearerError::NotAccepted { .. } => Refusal {
            privately: Some(why.to_string()),
            ..Refusal::challenged(
                Challenge::InvalidToken,
                "the bearer token is not accepted here: sign in again for a new one",
            )
        },
        BearerError::Presented(Presented::Header) => {
            Refusal::challenged(Challenge::InvalidToken, why.to_string())
        }
        BearerError::Presented(Presented::Both) => Refusal::bad_request(why.to_string()),
        BearerError::Ended => Refusal::challenged(
            Challenge::None,
            "the session of this browser has ended: load the page again to sign in",
        ),
        BearerError::NoRole(_) => Refusal::forbidden(why.to_string()),
        BearerError::Refused(error) => logged(error),
    }
}
