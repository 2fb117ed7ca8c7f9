//! People at a stage with a browser: MLflow's own pages, and the few pages that the gateway has itself.
//!
//! A page that is asked for without a session leads to the sign-in pages of the stage's user pool ([`go`]), and back with
//! a code ([`back`]) to exactly where it was; one that is asked for without a stage leads to the stages there are
//! ([`front`]). What the browser holds then is a cookie that names a session; `caller` takes it as it takes a token.
//! [`account`] shows who is signed in, and signs out; so does MLflow's own menu ([`leave`]). Only pages are led anywhere: a
//! request of a script or of the SDK is answered with 401, as it would be without any of this.
//!
//! INVARIANT: a request that comes with a cookie was sent by the stage's own pages, or opens a page ([`ride`]); what is
//! answered to it stands in no shared cache, and what somebody uploaded runs with no rights of this origin ([`reply`]).
//! Where a browser is led is made of a parsed path behind the stage's own root ([`target`]): never of what came.

mod account;
mod back;
pub(crate) mod cookie;
mod front;
mod go;
mod leave;
pub(crate) mod page;
pub mod place;
pub(crate) mod reply;
pub(crate) mod ride;
pub mod target;
mod words;

use garita_app::{AcceptedPool, Arrival, Event, RequestContext};
use garita_wire::browser::asks_for_page;
use http::header::HeaderMap;
use http::{Method, Response, StatusCode, request};
use serde_json::json;

use crate::admit::RequestShape;
use crate::body::Body;
use crate::gateway::{Answered, Gateway, Stage};
use crate::mlflow::Verb;
use crate::path::CanonicalPath;
use crate::refusal::{Challenge, Refusal, Shown};
use place::Place;

/// The folder of the gateway's own pages, behind a stage.
pub(crate) const FOLDER: &str = "garita";

/// A page of the gateway's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnPage {
    SignIn,
    Callback,
    Account,
    SignOut,
}

impl OwnPage {
    const ALL: [Self; 4] = [Self::SignIn, Self::Callback, Self::Account, Self::SignOut];

    fn path(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Callback => "callback",
            Self::Account => "account",
            Self::SignOut => "sign-out",
        }
    }

    fn verb(self) -> Verb {
        match self {
            Self::SignIn | Self::Callback | Self::Account => Verb::Get,
            Self::SignOut => Verb::Post,
        }
    }
}

/// The gateway's own pages, as verb and path behind a stage.
pub fn own_pages() -> impl Iterator<Item = (Verb, String)> {
    OwnPage::ALL.into_iter().map(|page| (page.verb(), format!("/{FOLDER}/{}", page.path())))
}

/// Whether a person waits for a page.
fn waits(parts: &request::Parts) -> bool {
    parts.method == Method::GET && asks_for_page(&parts.method, &parts.headers)
}

/// A request to a stage that signs browsers in.
pub(crate) struct Visit<'r> {
    pub(crate) stage: &'r Stage,
    /// The pool that people sign in to.
    pub(crate) pool: &'r AcceptedPool,
    /// The path behind the stage.
    pub(crate) rest: &'r CanonicalPath,
    pub(crate) parts: &'r request::Parts,
    pub(crate) shape: &'r RequestShape<'r>,
    /// The stage as the browser sees it.
    pub(crate) place: Place,
}

impl<'r> Visit<'r> {
    /// A request, if its stage signs browsers in.
    pub(crate) fn of(
        stage: &'r Stage,
        rest: &'r CanonicalPath,
        parts: &'r request::Parts,
        shape: &'r RequestShape<'r>,
        secure: bool,
    ) -> Option<Self> {
        let pool = stage.api.sign_in()?;
        let place = Place::of(&stage.api, shape.authority, secure);
        Some(Self { stage, pool, rest, parts, shape, place })
    }

    /// Whether it is for one of the gateway's own pages, or signs out from one of MLflow's.
    pub(crate) fn is_own(&self) -> bool {
        self.rest.segments().first().is_some_and(|first| first == FOLDER) || leave::asked(self)
    }

    /// Whether a person waits for a page.
    pub(crate) fn is_page(&self) -> bool {
        waits(self.parts)
    }

    /// Where MLflow's first page really is: its files are beside it, so its address ends with a slash.
    pub(crate) fn missing_slash(&self) -> Option<String> {
        let bare = self.rest.segments().is_empty() && !self.shape.path.ends_with('/');
        (bare && self.is_page()).then(|| {
            let query = self.shape.query;
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            format!("{}/{query}", self.place.root())
        })
    }

    /// How a person sees a refusal: where to sign in if nobody is signed in, else a page.
    pub(crate) fn shown(&self, refusal: Refusal) -> Refusal {
        if !self.is_page() || refusal.shown.is_some() {
            return refusal;
        }
        let shown = match refusal.challenge {
            Some(Challenge::None) if !self.is_own() => Shown::Elsewhere(go::location(self)),
            _ => Shown::Page(self.frame()),
        };
        Refusal { shown: Some(Box::new(shown)), ..refusal }
    }

    /// What the record calls a visit to one of the gateway's own pages.
    fn event(&self, name: &str) -> Event {
        let api = &self.stage.api;
        Event {
            source: "execute-api.amazonaws.com",
            name: name.to_owned(),
            parameters: json!({ "apiId": api.id, "stage": api.stage, "userPoolId": self.pool.id.as_str() }),
            read_only: name != "SignIn" && name != "SignOut",
            management: false,
        }
    }

    /// What surrounds the gateway's own pages for this visitor.
    fn frame(&self) -> page::Frame {
        page::Frame::new(words::of(&self.parts.headers), self.place.root())
    }

    fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }
}

/// A reply of the gateway's own pages, or a refusal.
type Replied = Result<Response<Body>, Refusal>;

impl Gateway {
    /// Serves the gateway's own pages.
    pub(crate) async fn own_page(&self, arrival: Arrival, visit: &Visit<'_>) -> Answered {
        let words: Vec<&str> = visit.rest.segments().iter().map(String::as_str).collect();
        let asked = (visit.shape.verb, words.get(1..).unwrap_or_default());
        let found = OwnPage::ALL.into_iter().find(|page| asked == (page.verb(), &[page.path()][..]));
        let Some(page) = found.or_else(|| leave::asked(visit).then_some(OwnPage::SignOut)) else {
            let cx = self.app.nobody(arrival).for_event(visit.event("UnknownPage"));
            let message = "there is no such page: the account page is at `garita/account` behind the stage";
            return Err(Box::new((cx, Refusal::no_route(message))));
        };
        let cx = |arrival, name| self.app.nobody(arrival).for_event(visit.event(name));
        let (cx, replied) = match page {
            OwnPage::Account => return self.account(arrival, visit).await,
            OwnPage::SignIn => {
                let cx = cx(arrival, "BeginSignIn");
                let replied = self.go(&cx, visit).await;
                (cx, replied)
            }
            OwnPage::Callback => {
                let cx = cx(arrival, "SignIn");
                let replied = self.back(&cx, visit).await;
                (cx, replied)
            }
            OwnPage::SignOut => {
                let cx = cx(arrival, "SignOut");
                let replied = self.sign_out(&cx, visit).await;
                (cx, replied)
            }
        };
        replied.map_err(|refusal| Box::new((cx, refusal)))
    }

    /// Leads a browser to another address, with a record.
    pub(crate) async fn lead(&self, cx: &RequestContext, location: &str) -> Replied {
        let outcome = garita_app::Outcome::ok(StatusCode::SEE_OTHER.as_u16());
        self.app.audit(cx, &outcome).await.map_err(|error| crate::refusal::logged(&error))?;
        Ok(page::see(location, cx.request_id()))
    }
}
