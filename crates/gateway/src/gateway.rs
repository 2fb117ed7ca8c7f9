//! The door: a request comes in, is given a shape, a stage, a route, a caller and a judgement, and is forwarded.
//!
//! The order of what a request meets is the order of [`Gateway::answer`]. INVARIANT: every reply has one audit
//! record, on disk before it; what is forwarded is built from what was judged and from nothing else.

use std::net::SocketAddr;
use std::sync::Arc;

use garita_app::authorize::Question;
use garita_app::{App, Arrival, Event, Outcome, Permit, RequestContext};
use garita_model::Error;
use garita_wire::peer::Peer;
use garita_wire::sigv4::BodyHash;
use http::{Method, Request, Response, StatusCode, header, request};
use hyper::body::Incoming;
use serde_json::json;

use crate::admit::{RequestShape, admit};
use crate::api::{self, Api};
use crate::body::{Body, Verdict, Watch, full};
use crate::browser::{self, Visit};
use crate::caller::Known;
use crate::forward::forward;
use crate::headers::{self, Said};
use crate::limits::Limits;
use crate::mlflow::{self, Answer, Exposure, Row, Verb};
use crate::path::CanonicalPath;
use crate::payload::Intake;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::stage_policy::StagePolicy;
use crate::transfer::Transfers;
use crate::upstream::{Outgoing, Payload, Upstream};

/// The longest ARN that is judged; AWS's own limit for a method ARN.
const MAX_ARN: usize = 1600;

/// An API and the way to what is behind it.
pub(crate) struct Stage {
    pub(crate) api: Api,
    pub(crate) upstream: Arc<Upstream>,
}

/// The data path in front of MLflow: one for each listener.
pub struct Gateway {
    pub(crate) app: Arc<App>,
    pub(crate) stages: Vec<Stage>,
    /// The address that was bound. Its port stands in the URLs for transfers when a client's Host header has none.
    pub(crate) listening: SocketAddr,
    pub(crate) limits: Limits,
    pub(crate) transfers: Transfers,
}

/// A reply, or a refusal with the request it is for.
pub(crate) type Answered = Result<Response<Body>, Box<(RequestContext, Refusal)>>;

/// A request that has a stage, a route and a known caller.
pub(crate) struct Routed<'r> {
    pub(crate) cx: RequestContext,
    pub(crate) stage: &'r Stage,
    pub(crate) row: &'static Row,
    pub(crate) path: CanonicalPath,
    pub(crate) query: Query,
    pub(crate) parts: &'r request::Parts,
    pub(crate) shape: &'r RequestShape<'r>,
    /// Whether a browser's cookie said who asks.
    pub(crate) by_cookie: bool,
}

impl Routed<'_> {
    /// What MLflow is asked: the path and the query, written anew.
    pub(crate) fn target(&self) -> String {
        let mut target = self.path.encoded();
        if !self.query.is_empty() {
            target.push('?');
            target.push_str(&self.query.encoded());
        }
        target
    }
}

impl Gateway {
    /// Makes the gateway of one listener, with the usual limits.
    ///
    /// # Errors
    /// As [`Gateway::with_limits`].
    pub fn new(app: Arc<App>, apis: Vec<Api>, listening: SocketAddr) -> Result<Arc<Self>, Error> {
        Self::with_limits(app, apis, listening, Limits::default())
    }

    /// Makes the gateway of one listener. Uploads that an earlier process left unfinished are removed.
    ///
    /// # Errors
    /// `Internal` when the folder for uploads cannot be made, or no key for their URLs.
    pub fn with_limits(
        app: Arc<App>,
        apis: Vec<Api>,
        listening: SocketAddr,
        limits: Limits,
    ) -> Result<Arc<Self>, Error> {
        let name = apis.first().map_or("none", |api| api.id.as_str());
        let transfers = Transfers::open(&app, name, limits)?;
        let stages = apis
            .into_iter()
            .map(|api| Stage { upstream: Upstream::new(api.upstream.clone()), api })
            .collect();
        Ok(Arc::new(Self { app, stages, listening, limits, transfers }))
    }

    /// Removes uploads and downloads that were not ended in time. To be called about once a minute.
    pub async fn sweep(&self) {
        match self.app.arrive(self.listening.ip(), false, None) {
            Ok(arrival) => self.transfers.sweep(arrival.now).await,
            Err(error) => tracing::warn!(%error, "transfers could not be swept"),
        }
    }

    /// Answers one request.
    pub async fn handle(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let arrival = match self.app.arrive(peer.address, peer.secure, agent) {
            Ok(arrival) => arrival,
            Err(error) => {
                tracing::error!(%error, "a request could not be given an id");
                let mut response = Response::new(full("{\"message\":\"internal error\"}"));
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                return response;
            }
        };
        let request_id = arrival.request_id.clone();
        let refused = match self.answer(arrival, &parts, body).await {
            Ok(response) => return response,
            Err(refused) => refused,
        };
        let (cx, refusal) = *refused;
        let why = refusal.privately.as_ref().unwrap_or(&refusal.message);
        tracing::info!(%request_id, status = refusal.status.as_u16(), why, "refused");
        match self.app.audit(&cx, &outcome_of(&refusal)).await {
            Ok(()) => refusal.into_response(&request_id),
            Err(error) => logged(&error).into_response(&request_id),
        }
    }

    async fn answer(&self, arrival: Arrival, parts: &request::Parts, body: Incoming) -> Answered {
        let nobody = |arrival: Arrival, refusal| Err(Box::new((self.app.nobody(arrival), refusal)));
        let shape = match admit(parts) {
            Ok(shape) => shape,
            Err(error) => return nobody(arrival, Refusal::shape(error.status(), error.to_string())),
        };
        let path = match CanonicalPath::parse(shape.path) {
            Ok(path) => path,
            Err(error) => return nobody(arrival, Refusal::bad_request(error.to_string())),
        };
        let found = path.split_first().and_then(|(first, rest)| {
            api::find(&self.stages, |stage| &stage.api, shape.authority, first).map(|stage| (stage, rest))
        });
        if let Some((stage, rest)) = &found
            && rest.segments().first().is_some_and(|first| first == "-")
        {
            let answered = self.redeem(arrival, stage, rest, parts, &shape, body).await;
            return answered.map(|mut response| {
                browser::reply::confine(response.headers_mut());
                response
            });
        }
        let visit =
            found.as_ref().and_then(|(stage, rest)| Visit::of(stage, rest, parts, &shape, arrival.secure));
        let shown = |answered: Answered| match &visit {
            Some(visit) => answered.map_err(|refused| {
                let (cx, refusal) = *refused;
                Box::new((cx, visit.shown(refusal)))
            }),
            None => answered,
        };
        if let Some(visit) = &visit {
            if visit.is_own() {
                return shown(self.own_page(arrival, visit).await);
            }
            if let Some(location) = visit.missing_slash() {
                let cx = self.app.nobody(arrival);
                return self.lead(&cx, &location).await.map_err(|refusal| Box::new((cx, refusal)));
            }
        }
        let routed = found.as_ref().map(|(stage, rest)| (*stage, rest.clone()));
        shown(self.ask(arrival, parts, &shape, &path, routed, body).await)
    }

    /// Answers what is asked of MLflow.
    async fn ask<'r>(
        &'r self,
        arrival: Arrival,
        parts: &'r request::Parts,
        shape: &'r RequestShape<'r>,
        path: &CanonicalPath,
        found: Option<(&'r Stage, CanonicalPath)>,
        body: Incoming,
    ) -> Answered {
        let row = found.as_ref().and_then(|(_, rest)| route(shape.verb, rest));
        let mut intake = Intake::new(shape, body);
        let api = found.as_ref().map(|(stage, _)| &stage.api);
        let known = self.authenticate(arrival, parts, shape, api, row, &mut intake).await?;
        let Known { cx, by_cookie } = known;
        let (Some((stage, path)), Some(row)) = (found, row) else {
            let refusal = no_route(shape, path);
            return Err(Box::new((cx, refusal)));
        };
        let cx = cx.for_event(event(&stage.api, row, &path));
        match Query::parse(shape.query, row.repeats) {
            Ok(query) => {
                let routed = Routed { cx, stage, row, path, query, parts, shape, by_cookie };
                let cx = routed.cx.clone();
                let mut response =
                    self.serve(routed, intake).await.map_err(|refusal| Box::new((cx, refusal)))?;
                if by_cookie {
                    browser::reply::mark(response.headers_mut(), row);
                }
                Ok(response)
            }
            Err(error) => Err(Box::new((cx, Refusal::bad_request(error.to_string())))),
        }
    }

    /// Serves a request of a known caller on a known route.
    async fn serve(&self, routed: Routed<'_>, intake: Intake) -> Result<Response<Body>, Refusal> {
        if let Exposure::Refused(why) = routed.row.exposure {
            let (verb, path) = (routed.row.verb, routed.row.judged_path());
            return Err(Refusal::forbidden(format!("`{verb} {path}` is never served: {why}")));
        }
        if let Exposure::Own(own) = routed.row.exposure {
            return self.about_caller(own, &routed).await;
        }
        let arn = routed.stage.api.invoke_arn(routed.row.verb, &routed.path);
        let permit = self.permit(&routed.cx, &routed.stage.api, &arn)?;
        let intake = intake.accept(&routed, &self.limits).await?;
        match routed.row.exposure {
            Exposure::Answered(Answer::ServerInfo) => self.server_info(&permit, &routed).await,
            Exposure::Answered(Answer::UploadCreate) => self.upload_create(&routed, intake).await,
            Exposure::Answered(Answer::UploadComplete) => self.upload_complete(&routed, intake).await,
            Exposure::Answered(Answer::UploadAbort) => self.upload_abort(&routed, intake).await,
            Exposure::Answered(Answer::PresignedDownload) => self.download_create(&routed).await,
            Exposure::Forward | Exposure::Refused(_) | Exposure::Own(_) => {
                if let (true, Some(registry)) = (routed.by_cookie, routed.row.tells_rights) {
                    return self.with_allowed_actions(registry, &permit, &routed).await;
                }
                let target = routed.target();
                let mut headers = self.headers(&routed.cx, routed.stage, &routed.parts.headers);
                headers.extend(intake.headers);
                let method = method_of(routed.row.verb);
                let (payload, reads) = (intake.payload, routed.row.reads);
                let outgoing = Outgoing { method, target, headers, payload, reads };
                self.send(&permit, &routed.cx, routed.stage, outgoing, intake.watch.as_ref()).await
            }
        }
    }

    /// Judges a request on an ARN.
    pub(crate) fn permit(&self, cx: &RequestContext, api: &Api, arn: &str) -> Result<Permit, Refusal> {
        if arn.len() > MAX_ARN {
            let message = format!("the path is too long: its ARN is longer than {MAX_ARN} bytes");
            return Err(Refusal::shape(StatusCode::URI_TOO_LONG, message));
        }
        let question = Question::new("execute-api:Invoke", arn, api.account);
        let policy = api.policy.as_ref().map(StagePolicy::index);
        self.app.authorize_at(cx, &question, policy).map_err(|error| logged(&error))
    }

    /// The headers of a request to an upstream, on behalf of the caller in `cx`.
    pub(crate) fn headers(
        &self,
        cx: &RequestContext,
        stage: &Stage,
        given: &http::HeaderMap,
    ) -> http::HeaderMap {
        let principal = cx.caller().principal.arn_text();
        let arrival = cx.arrival();
        headers::to_upstream(
            given,
            &Said {
                host: stage.upstream.host(),
                principal: &principal,
                request_id: cx.request_id().as_str(),
                peer: arrival.source_ip,
                secure: arrival.secure,
            },
        )
    }

    /// Forwards, between the two halves of the audit record.
    pub(crate) async fn send(
        &self,
        permit: &Permit,
        cx: &RequestContext,
        stage: &Stage,
        outgoing: Outgoing,
        watch: Option<&Watch>,
    ) -> Result<Response<Body>, Refusal> {
        let ticket = self.app.begin(cx).await.map_err(|error| logged(&error))?;
        let result = forward(permit, cx, &stage.upstream, outgoing).await;
        let result = result.map_err(|refusal| self.stopped(watch).unwrap_or(refusal));
        let outcome = match &result {
            Ok(response) => Outcome::ok(response.status().as_u16()),
            Err(refusal) => outcome_of(refusal),
        };
        self.app.finish(ticket, cx, &outcome).await.map_err(|error| logged(&error))?;
        result
    }

    /// Why an upload was stopped on its way, if it was.
    fn stopped(&self, watch: Option<&Watch>) -> Option<Refusal> {
        match watch?.verdict() {
            Verdict::Good => None,
            Verdict::Mismatch => Some(mismatch()),
            Verdict::TooLarge => Some(Refusal::too_large(self.limits.artifact)),
            Verdict::Broken => Some(Refusal::bad_request("the request body broke off")),
        }
    }
}

/// The row of a method and a path behind its stage.
fn route(verb: Verb, path: &CanonicalPath) -> Option<&'static Row> {
    let (row, _) = mlflow::find(verb, path.segments())?;
    // Only an artifact's name may hold characters that other software gives a meaning.
    (path.is_plain() || row.path.starts_with("2.0/mlflow-artifacts/")).then_some(row)
}

fn no_route(shape: &RequestShape<'_>, path: &CanonicalPath) -> Refusal {
    let path: String = path.encoded().chars().take(200).collect();
    let verb = shape.verb;
    Refusal::no_route(format!("no route `{verb} {path}`: check the stage, the path and the method"))
}

fn event(api: &Api, row: &Row, path: &CanonicalPath) -> Event {
    Event {
        source: "execute-api.amazonaws.com",
        name: row.action.to_owned(),
        parameters: json!({
            "apiId": api.id,
            "stage": api.stage,
            "httpMethod": row.verb.as_str(),
            "resourcePath": row.judged_path(),
            "path": path.encoded(),
        }),
        read_only: row.reads,
        management: false,
    }
}

pub(crate) fn method_of(verb: Verb) -> Method {
    match verb {
        Verb::Get => Method::GET,
        Verb::Post => Method::POST,
        Verb::Put => Method::PUT,
        Verb::Patch => Method::PATCH,
        Verb::Delete => Method::DELETE,
    }
}

pub(crate) fn outcome_of(refusal: &Refusal) -> Outcome {
    let message = refusal.privately.as_ref().unwrap_or(&refusal.message);
    Outcome::error(refusal.status.as_u16(), refusal.kind, message.clone())
}

/// The refusal for an error of `app`; its inner cause is logged here, once.
pub(crate) fn logged(error: &Error) -> Refusal {
    if let Some(cause) = error.cause() {
        tracing::error!(cause = cause.detail(), "{}", cause.public());
    }
    Refusal::from(error)
}

/// The body is not the one that was signed.
pub(crate) fn mismatch() -> Refusal {
    Refusal::from(&Error::Unauthenticated(garita_wire::sigv4::SigV4Error::PayloadMismatch))
}

/// Used by [`Intake`]: a body that is empty, whatever the client declared.
pub(crate) fn empty_hash() -> BodyHash {
    BodyHash::of(b"")
}

/// A small JSON reply of our own.
pub(crate) fn json_reply(cx: &RequestContext, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(full(value.to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    if let Ok(id) = http::HeaderValue::from_str(cx.request_id().as_str()) {
        headers.insert(crate::refusal::REQUEST_ID, id);
    }
    response
}

/// An outgoing request without a body.
pub(crate) fn bare(method: Method, target: String, headers: http::HeaderMap) -> Outgoing {
    let reads = method == Method::GET;
    Outgoing { method, target, headers, payload: Payload::None, reads }
}
