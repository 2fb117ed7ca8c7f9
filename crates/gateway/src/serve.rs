//! What a known caller asks of MLflow: the route, the judgement, the forwarding.
//!
//! INVARIANT: what is sent to an upstream was judged on the ARN of its route, and is built from what was judged; the two
//! halves of its audit record stand around it.

use garita_app::authorize::Question;
use garita_app::{Arrival, Event, Outcome, Permit, RequestContext};
use http::{Response, StatusCode, request};
use hyper::body::Incoming;
use serde_json::json;

use crate::admit::RequestShape;
use crate::api::Api;
use crate::body::{Body, Verdict, Watch};
use crate::browser;
use crate::caller::Known;
use crate::forward::forward;
use crate::gateway::{Answered, Gateway, Stage};
use crate::headers::{self, Said};
use crate::mlflow::{self, Answer, Exposure, Row, Verb};
use crate::path::CanonicalPath;
use crate::payload::Intake;
use crate::query::Query;
use crate::refusal::{Refusal, logged};
use crate::stage_policy::StagePolicy;
use crate::upstream::Outgoing;

/// The longest ARN that is judged; AWS's own limit for a method ARN.
const MAX_ARN: usize = 1600;

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
    /// Answers what is asked of MLflow.
    pub(crate) async fn ask<'r>(
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
                let method = routed.row.verb.method();
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
            Err(refusal) => refusal.outcome(),
        };
        self.app.finish(ticket, cx, &outcome).await.map_err(|error| logged(&error))?;
        result
    }

    /// Why an upload was stopped on its way, if it was.
    fn stopped(&self, watch: Option<&Watch>) -> Option<Refusal> {
        match watch?.verdict() {
            Verdict::Good => None,
            Verdict::Mismatch => Some(Refusal::payload_mismatch()),
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
