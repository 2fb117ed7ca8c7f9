//! The door: a request comes in, is given a shape and a stage, and goes to what answers it: a URL for a transfer, a page of
//! the gateway's own, or MLflow ([`crate::serve`]).
//!
//! The order of what a request meets is the order of [`Gateway::answer`]. INVARIANT: every reply has one audit
//! record, on disk before it.

use std::net::SocketAddr;
use std::sync::Arc;

use garita_app::{App, Arrival, RequestContext};
use garita_model::Error;
use garita_wire::peer::Peer;
use http::{Request, Response, StatusCode, header, request};
use hyper::body::Incoming;

use crate::admit::admit;
use crate::api::{self, Api};
use crate::body::{Body, full};
use crate::browser::{self, Visit};
use crate::limits::Limits;
use crate::path::CanonicalPath;
use crate::refusal::{Refusal, logged};
use crate::transfer::Transfers;
use crate::upstream::Upstream;

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
        match self.app.audit(&cx, &refusal.outcome()).await {
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
        if found.is_none()
            && let Some(answered) = self.front(&arrival, parts, &shape, &path).await
        {
            return answered;
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
}
