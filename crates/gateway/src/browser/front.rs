//! The address of a gateway without a stage, opened by a person: on to the one stage there is, or the choice of several.
//!
//! Only stages that sign browsers in count, of those that the request's host leads to. What somebody who is signed in there
//! may not open is not offered to them. Programs, and anybody at a gateway without such a stage, are answered as at any
//! other path that leads nowhere. INVARIANT: nothing is opened here; each stage asks who it is that comes.

use garita_app::{Arrival, BearerError, Event};
use http::header::AUTHORIZATION;
use http::request;
use serde_json::json;

use super::cookie::{self, Found};
use super::place::Place;
use super::{page, waits, words};
use crate::admit::RequestShape;
use crate::api::{self, Api};
use crate::gateway::{Answered, Gateway, Stage};
use crate::mlflow::Verb;
use crate::path::CanonicalPath;
use crate::refusal::{Refusal, Shown};

/// A stage as it is offered.
pub(super) struct Offered<'a> {
    pub(super) name: &'a str,
    pub(super) href: String,
}

impl Gateway {
    /// Answers a person whose address names no stage; none for anybody else.
    pub(crate) async fn front(
        &self,
        arrival: &Arrival,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
        path: &CanonicalPath,
    ) -> Option<Answered> {
        let bare = shape.query.is_empty() && !parts.headers.contains_key(AUTHORIZATION);
        if !(bare && waits(parts)) {
            return None;
        }
        let stages = api::of_host(&self.stages, |stage: &Stage| &stage.api, shape.authority);
        let stages: Vec<&Stage> = stages.filter(|stage| stage.api.sign_in().is_some()).collect();
        if stages.is_empty() {
            return None;
        }
        let cx = self.app.nobody(arrival.clone()).for_event(event());
        let frame = page::Frame::outside(words::of(&parts.headers));
        if !path.segments().is_empty() {
            let refusal = Refusal::no_route("no stage has this address: check it for slips of the keyboard");
            let refusal = Refusal { shown: Some(Box::new(Shown::Page(frame))), ..refusal };
            return Some(Err(Box::new((cx, refusal))));
        }
        let replied = match stages.as_slice() {
            [only] => self.lead(&cx, &href(&only.api, shape, arrival.secure)).await,
            _ => {
                let open = stages.iter().filter(|stage| self.may_open(arrival, parts, &stage.api));
                let offered: Vec<Offered<'_>> = open
                    .map(|stage| Offered {
                        name: &stage.api.stage,
                        href: href(&stage.api, shape, arrival.secure),
                    })
                    .collect();
                let recorded = self.record(&cx).await;
                recorded.map(|()| page::front(&frame, &offered, cx.request_id()))
            }
        };
        Some(replied.map_err(|refusal| Box::new((cx, refusal))))
    }

    /// Whether somebody may open a stage, as far as is known before they sign in to it.
    fn may_open(&self, arrival: &Arrival, parts: &request::Parts, api: &Api) -> bool {
        let Found::One(cookie) = cookie::read(&parts.headers, &cookie::session(&api.id)) else { return true };
        match self.app.authenticate_browser(arrival.clone(), &api.id, cookie, &api.user_pools) {
            Ok(cx) => self.permit(&cx, api, &api.arn_of(Verb::Get, "")).is_ok(),
            Err(refused) => !matches!(refused.why, BearerError::NoRole(_) | BearerError::Refused(_)),
        }
    }
}

/// Where a stage's first page is. The request's own host is not written into it.
fn href(api: &Api, shape: &RequestShape<'_>, secure: bool) -> String {
    let place = Place::of(api, shape.authority, secure);
    let base = if api.public_url.is_some() { place.url() } else { place.root() };
    format!("{base}/")
}

fn event() -> Event {
    Event {
        source: "execute-api.amazonaws.com",
        name: "GetFrontPage".to_owned(),
        parameters: json!({}),
        read_only: true,
        management: false,
    }
}
