//! Who asks: by an AWS signature, or by a bearer token where the stage takes tokens of user pools.
//!
//! INVARIANT: a request is of one scheme. One that presents a token is judged by the token alone, and a token that fails
//! ends it; only a request without one is looked at for a signature. A body is not read before its sender is known,
//! but for a small one that a signature without a declared hash covers.
//!
//! A page that a browser asks for without credentials is answered like any other request: a door that signs people in
//! has its place in [`unknown`].

use garita_app::{Arrival, Bearer, BearerError, RequestContext, SigV4Scheme, Unproven};
use garita_model::Error;
use garita_wire::bearer::BearerError as Presented;
use garita_wire::sigv4::{Dialect, RequestHead, SigV4Error};
use http::request;

use crate::admit::Admitted;
use crate::api::Api;
use crate::gateway::{Gateway, logged};
use crate::mlflow::Row;
use crate::payload::Intake;
use crate::refusal::{Challenge, Refusal};

/// The services a client may sign for here.
const SERVICES: &[&str] = &["execute-api", "sagemaker-mlflow"];

/// A request without a caller, and what it is answered.
type Refused = Box<(RequestContext, Refusal)>;

impl Gateway {
    /// Finds out who asks. A body whose hash is not declared has to be read first; it is bounded, and read of a
    /// stranger only when it is small.
    pub(crate) async fn authenticate(
        &self,
        arrival: Arrival,
        parts: &request::Parts,
        admitted: &Admitted<'_>,
        api: Option<&Api>,
        row: Option<&'static Row>,
        intake: &mut Intake,
    ) -> Result<RequestContext, Refused> {
        let repeated_keys = row.map_or(&[][..], |row| row.repeats);
        let scheme = SigV4Scheme { services: SERVICES, dialect: Dialect::MlflowSdk { repeated_keys } };
        let (method, path, query) = (admitted.verb.as_str(), admitted.path, admitted.query);
        let head = RequestHead { method, path, query, headers: &parts.headers };
        let arrival = match self.by_token(arrival, &head, api)? {
            Bearer::Authenticated(cx) => {
                intake.is_unsigned();
                return Ok(*cx);
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
        self.app.authenticate(arrival, &head, hash, scheme).map_err(refused)
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
fn refusal(why: &BearerError) -> Refusal {
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
        BearerError::NoRole(_) => Refusal::forbidden(why.to_string()),
        BearerError::Refused(error) => logged(error),
    }
}
