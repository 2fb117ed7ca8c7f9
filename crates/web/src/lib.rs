//! Door: browsers and relying parties. The sign-in pages of user pools and their OIDC provider, and those of IAM users;
//! no rules here.
//!
//! The life of a request, in order:
//!
//! 1. arrive: the request gets its id and its time;
//! 2. [`route`]: which file, endpoint or page its path names, and whether that takes its method;
//! 3. [`receive`]: its fields, of the query or of a form, within bounds;
//! 4. a form must come from a page of this [`site`], and from the browser that its [`flow`] was made for;
//! 5. [`endpoint`], [`page`] or [`console`]: one verb of `app`, and what it answers as a reply;
//! 6. audit: the record is on disk before the reply leaves, or the reply is an error;
//! 7. [`reply`]: headers that keep browsers from being misused.
//!
//! INVARIANT: pages work without scripts, hold nothing of other sites, and say the same of users that are there and of
//! those that are not. What is told to an app goes to an address it has registered, or nowhere.

mod answer;
mod asset;
pub mod authorization;
mod console;
mod cookie;
mod cors;
mod endpoint;
pub mod fields;
pub mod flow;
mod page;
mod pages;
mod receive;
mod reply;
mod route;
pub mod site;
mod words;

use std::sync::Arc;

use bytes::Bytes;
use garita_app::{App, Event, RequestContext};
use garita_model::{Error, UserPool};
use garita_wire::browser::{self, Browser};
use garita_wire::peer::Peer;
use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;

use crate::answer::{Answer, Trouble};
use crate::asset::Assets;
use crate::fields::Fields;
use crate::flow::{Flow, Goal, Step};
use crate::pages::Frame;
use crate::receive::{Received, Unreceived};
use crate::reply::Reply;
use crate::route::Route;
pub use crate::site::{BadSite, Site};
use crate::words::{Language, Words};

/// What the audit trail calls this door.
const SOURCE: &str = "cognito-idp.amazonaws.com";

/// The sign-in pages and the OIDC provider of one application.
pub struct Web {
    app: Arc<App>,
    site: Site,
}

/// A request that has been read.
struct Call<'a> {
    web: &'a Web,
    cx: &'a RequestContext,
    parts: &'a Parts,
    fields: &'a Fields,
    /// By what the browser likes best; a flow may know better.
    words: Words,
}

impl Call<'_> {
    fn app(&self) -> &Arc<App> {
        &self.web.app
    }
    fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }
    fn is_post(&self) -> bool {
        self.parts.method == Method::POST
    }

    /// The words of the language that was asked for, else of the one the browser likes best.
    fn words_in(&self, asked: Option<Language>) -> Words {
        asked.map_or(self.words, words::in_language)
    }
    /// What surrounds a page of a pool.
    fn frame_of(&self, pool: &UserPool) -> Frame {
        Frame { words: self.words, place: pool.name.clone() }
    }
    /// A flow that begins with a page of a pool or of the console, and leads to no app; with the browser it is of.
    fn begin(&self, place: &str) -> Result<(pages::Flow, Browser), Error> {
        self.begin_at(place, Step::Start)
    }
    /// The same at a step.
    fn begin_at(&self, place: &str, step: Step) -> Result<(pages::Flow, Browser), Error> {
        let browser = flow::browser_of(self.headers(), self.app().entropy())?;
        let flow = Flow::begin(&browser, Goal::Account, None).at(step);
        Ok((flow.seal(self.app(), place, self.cx.now())?, browser))
    }
}

impl Web {
    /// The door in front of `app`, for browsers that find it at `site`.
    pub fn new(app: Arc<App>, site: Site) -> Arc<Self> {
        Arc::new(Self { app, site })
    }

    /// Answers one request that came from `peer`.
    pub async fn handle(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        let is_open = cors::is_open(Route::of(request.uri().path()));
        let mut response = self.answered(request, peer).await;
        if is_open {
            cors::open(response.headers_mut());
        }
        response
    }

    async fn answered(self: &Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Full<Bytes>> {
        let words = words(request.headers());
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        let arrival = match self.app.arrive(peer.address, peer.secure, user_agent) {
            Ok(arrival) => arrival,
            Err(error) => return Trouble::Broken(error).answer(&frame(words), "-").reply.into_response(),
        };
        let event = event(request.uri().path(), request.method());
        let cx = self.app.nobody(arrival).for_event(event);
        let most = Route::of(request.uri().path()).max_body();
        let received = match receive::whole(request, most).await {
            Ok(received) => received,
            Err((parts, refusal)) => {
                let trouble = unreceived(Route::of(parts.uri.path()), refusal);
                return self.audited(&cx, words, Err(trouble)).await;
            }
        };
        let (web, noted) = (Arc::clone(self), cx.clone());
        let answered = garita_app::to_the_end(async move {
            let answer = web.serve(&cx, &received, words).await;
            web.audited(&cx, words, answer).await
        });
        match answered.await {
            Ok(response) => response,
            Err(error) => self.audited(&noted, words, Err(Trouble::Broken(error))).await,
        }
    }

    async fn serve(&self, cx: &RequestContext, received: &Received, words: Words) -> Result<Answer, Trouble> {
        let Received { parts, fields } = received;
        let route = Route::of(parts.uri.path());
        if let Some(answer) = cors::preflight(route, &parts.method) {
            return Ok(answer);
        }
        if !route.takes(&parts.method) {
            return Err(Trouble::Method);
        }
        if let Some(location) = self.elsewhere(route, parts) {
            return Ok(Answer::of(Reply::see(&location)));
        }
        let call = Call { web: self, cx, parts, fields, words };
        match route {
            Route::Asset(path) => match Assets::at(path) {
                Some(asset) => Ok(Answer::of(Reply::asset(asset))),
                None => Err(Trouble::NotFound),
            },
            Route::Endpoint(pool, endpoint) => endpoint::answer(&call, pool, endpoint).await,
            // Boxed, since every request would take their room: endpoints are asked far more often.
            Route::Page(pool, name) => Box::pin(page::answer(&call, pool, name)).await,
            Route::Console(place, page, _) => Box::pin(console::answer(&call, place, page)).await,
            Route::Nowhere => Err(Trouble::NotFound),
        }
    }

    /// Where a browser is led that asks for a page under another name of this machine.
    fn elsewhere(&self, route: Route<'_>, parts: &Parts) -> Option<String> {
        let page = matches!(route, Route::Page(..) | Route::Console(..)) && parts.method == Method::GET;
        let visit = page && browser::asks_for_page(&parts.method, &parts.headers);
        visit.then(|| self.site.by_its_name(&parts.headers, &parts.uri)).flatten()
    }

    /// Puts the record on disk, then lets the reply go.
    async fn audited(
        &self,
        cx: &RequestContext,
        words: Words,
        answer: Result<Answer, Trouble>,
    ) -> Response<Full<Bytes>> {
        let trace = cx.request_id().as_str();
        let answer = answer.unwrap_or_else(|trouble| trouble.answer(&frame(words), trace));
        let (reply, outcome) = answer.into_parts();
        let reply = match self.app.audit(cx, &outcome).await {
            Ok(()) => reply,
            Err(error) => Trouble::Broken(error).answer(&frame(words), trace).reply,
        };
        reply.into_response()
    }
}

/// The language by the browser.
fn words(headers: &HeaderMap) -> Words {
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    words::in_language(Language::of_header(header))
}

/// What surrounds a page of no pool.
fn frame(words: Words) -> Frame {
    Frame { words, place: "Garita".to_owned() }
}

fn event(path: &str, method: &Method) -> Event {
    let route = Route::of(path);
    let mut parameters = json!({});
    if let (Route::Page(pool, _) | Route::Endpoint(Some(pool), _), Some(members)) =
        (route, parameters.as_object_mut())
    {
        let pool: String = pool.chars().take(64).collect();
        members.insert("userPoolId".to_owned(), pool.into());
    }
    let read_only = method != Method::POST;
    let source = if matches!(route, Route::Console(..)) { garita_app::console::SOURCE } else { SOURCE };
    Event { source, name: route.event(method), parameters, read_only, management: true }
}

fn unreceived(route: Route<'_>, refusal: Unreceived) -> Trouble {
    let (status, why) = match refusal {
        Unreceived::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the form is too large"),
        Unreceived::Broken => (StatusCode::REQUEST_TIMEOUT, "the form did not arrive"),
        Unreceived::NoForm => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body must be application/x-www-form-urlencoded")
        }
        Unreceived::Fields(bad) => (StatusCode::BAD_REQUEST, bad.text()),
    };
    endpoint::unreceived(route, status, why)
}

impl Web {
    /// Whether a path leads anywhere in this door.
    pub fn serves(path: &str) -> bool {
        Route::of(path) != Route::Nowhere
    }

    /// Whether a request to an address that the AWS API has as well is for this door. What programs send to `/` is not;
    /// what people open that is nowhere is, so that they are told as people are.
    pub fn takes<B>(request: &Request<B>) -> bool {
        let (uri, headers) = (request.uri(), request.headers());
        let path = uri.path();
        if path != "/" && Self::serves(path) {
            return true;
        }
        // The API has documents of its own there, which people look at, too.
        let document = path.contains("/.well-known/");
        let bare = uri.query().is_none() && !headers.contains_key(AUTHORIZATION) && !document;
        bare && browser::asks_for_page(request.method(), headers)
    }

    /// Every path of user pools with the methods it takes; `{pool}` stands for a pool's id.
    pub fn paths() -> impl Iterator<Item = (Method, String)> {
        route::all()
    }

    /// Every path of the console with the methods it takes; `{account}` stands for an account's number or alias.
    pub fn console_paths() -> impl Iterator<Item = (Method, String)> {
        route::console()
    }

    /// The issuer of a pool: what its tokens name, and where its endpoints are.
    fn issuer(&self, pool: &UserPool) -> String {
        format!("{}/{}", self.site.url(), pool.id)
    }
}
