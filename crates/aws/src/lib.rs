//! Door: the AWS wire API. Request to verb to reply; no rules here.
//!
//! One endpoint serves all services; [`AwsApi::handle`] is the life of a request, in order:
//!
//! 1. arrive: the request gets its id and its time;
//! 2. [`receive`]: method, path, body within bounds; a pool's key set is answered at once ([`well_known`]), and a browser
//!    that asks what scripts may ([`cors`]);
//! 3. [`operations`]: which row of the operations table is meant, by credential scope, target, action and version;
//! 4. authenticate: SigV4, in the header or in the query; an operation that proves its caller in its own way needs none;
//! 5. [`event`]: what the audit trail calls the request, without secrets;
//! 6. [`services`]: the row's function reads the parameters, calls one verb of `app` and writes the reply;
//! 7. audit: the record is on disk before the reply leaves, or the reply is an error;
//! 8. [`reply`]: XML or JSON, with the request's id.
//!
//! INVARIANT: what is wanted is made out before the caller is known, but nothing is told about it before the caller
//! has proved who they are; an operation without a row, and a parameter a row does not list, is refused by name.

mod call;
mod cors;
mod errors;
mod event;
mod json;
pub mod operations;
mod receive;
mod reply;
mod services;
mod well_known;

use std::sync::Arc;

use bytes::Bytes;
use garita_app::{App, Arrival, Event, RequestContext, SigV4Scheme, Unproven};
use garita_wire::peer::Peer;
use garita_wire::sigv4::{self, BodyHash, Dialect, Presence, RequestHead};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::call::{Answer, Call};
use crate::errors::Refusal;
use crate::json::{JsonCall, JsonRow};
use crate::operations::Wanted;
use crate::receive::Received;
use crate::reply::Style;

/// What a signature must be for.
const SCHEME: SigV4Scheme = SigV4Scheme { services: &["iam", "sts", "cognito-idp"], dialect: Dialect::Aws };

/// The AWS API of one application.
pub struct AwsApi {
    app: Arc<App>,
}

impl AwsApi {
    /// The API in front of `app`.
    pub fn new(app: Arc<App>) -> Arc<Self> {
        Arc::new(Self { app })
    }

    /// Answers one request that came from `peer`.
    pub async fn handle(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        let style = Style::of(request.headers());
        let user_agent = request.headers().get(http::header::USER_AGENT).and_then(|v| v.to_str().ok());
        let arrival = match self.app.arrive(peer.address, peer.secure, user_agent) {
            Ok(arrival) => arrival,
            Err(error) => {
                let told = errors::told(&error.into(), style, "-");
                return reply::refused(style, &told, &Event::unknown(), "-");
            }
        };
        if let Some(asked) = well_known::asked(&request) {
            return well_known::answer(&self.app, arrival, &asked, style).await;
        }
        if cors::is_preflight(&request) {
            return cors::answer(&self.app, arrival, style).await;
        }
        let known = |head: &RequestHead<'_>| match self.app.recognize(&arrival, head, SCHEME) {
            Ok(()) => Ok(()),
            Err(unproven) => Err(unproven.error.into()),
        };
        let received = match receive::whole(request, known).await {
            Ok(received) => received,
            Err(refusal) => return self.audited(&self.app.nobody(arrival), style, Err(refusal)).await,
        };
        let (api, noted) = (Arc::clone(self), arrival.clone());
        let answered = garita_app::to_the_end(async move {
            let wanted = operations::wanted(&received);
            let is_open = operations::are_open(&wanted);
            let (cx, answer) = api.serve(arrival, &received, wanted).await;
            let mut response = api.audited(&cx, style, answer).await;
            if is_open {
                cors::open(response.headers_mut());
            }
            response
        });
        match answered.await {
            Ok(response) => response,
            Err(error) => self.audited(&self.app.nobody(noted), style, Err(error.into())).await,
        }
    }

    /// Finds out by whom something is wanted, and does it.
    async fn serve(
        &self,
        arrival: Arrival,
        received: &Received,
        wanted: Result<Wanted, Refusal>,
    ) -> (RequestContext, Result<Answer, Refusal>) {
        let cx = match self.caller(arrival, received, &wanted) {
            Ok(cx) => cx,
            Err(unproven) => {
                let Unproven { cx, error } = *unproven;
                return (cx.for_event(event::attempt(&wanted)), Err(error.into()));
            }
        };
        match wanted {
            Ok(Wanted::Query(row, params)) => {
                let cx = cx.for_event(event::of(row, &params));
                let answer = match row.check(&params) {
                    Ok(()) => (row.run)(Call { app: &self.app, cx: &cx, params: &params }).await,
                    Err(refusal) => Err(refusal),
                };
                (cx, answer)
            }
            Ok(Wanted::Json(row)) => self.serve_json(cx, row, &received.body).await,
            Err(refusal) => (cx.for_event(event::unserved(&refusal)), Err(refusal)),
        }
    }

    /// Reads a JSON body and serves its operation.
    async fn serve_json(
        &self,
        cx: RequestContext,
        row: &'static JsonRow,
        body: &[u8],
    ) -> (RequestContext, Result<Answer, Refusal>) {
        match json::parse(body) {
            Ok(body) => {
                let cx = cx.for_event(event::of_json(row, &body));
                let call = JsonCall { app: &self.app, cx: &cx, body };
                let answer = (row.run)(call).await;
                (cx, answer)
            }
            Err(refusal) => (cx.for_event(event::of_json(row, &serde_json::Value::Null)), Err(refusal)),
        }
    }

    /// Who asks. An operation that needs no signature is served without one, and refused by name without one when it is
    /// not here; a signature that is there is checked all the same.
    fn caller(
        &self,
        arrival: Arrival,
        received: &Received,
        wanted: &Result<Wanted, Refusal>,
    ) -> Result<RequestContext, Box<Unproven>> {
        if operations::are_open(wanted)
            && matches!(sigv4::parse(&received.head()), Ok(Presence::NotRequested))
        {
            return Ok(self.app.nobody(arrival));
        }
        self.app.authenticate(arrival, &received.head(), BodyHash::of(&received.body), SCHEME)
    }

    /// Puts the record on disk, then makes the reply.
    async fn audited(
        &self,
        cx: &RequestContext,
        style: Style,
        answer: Result<Answer, Refusal>,
    ) -> Response<Full<Bytes>> {
        let id = cx.request_id().as_str();
        let (response, outcome) = match answer {
            Ok(answer) => reply::done(answer, cx.event(), id),
            Err(refusal) => {
                let encoded = refusal.is_by_policy().then(|| self.app.authorization_message(cx)).flatten();
                let told = errors::told(&refusal, style, id).explained(&refusal, id, encoded.as_deref());
                (reply::refused(style, &told, cx.event(), id), told.outcome())
            }
        };
        match self.app.audit(cx, &outcome).await {
            Ok(()) => response,
            Err(error) => reply::refused(style, &errors::told(&error.into(), style, id), cx.event(), id),
        }
    }
}
