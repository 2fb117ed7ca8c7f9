//! Who is signed in at a stage, and the way out.

use garita_app::{Arrival, BearerError, RequestContext};
use garita_policy::Principal;

use super::cookie::{self, Found};
use super::{Replied, Visit, go, leave, page, ride};
use crate::caller;
use crate::gateway::{Answered, Gateway};
use crate::refusal::{Challenge, Refusal, Shown, logged};

impl Gateway {
    /// Shows who is signed in, also to those who have no role.
    pub(super) async fn account(&self, arrival: Arrival, visit: &Visit<'_>) -> Answered {
        let (api, now) = (&visit.stage.api, arrival.now);
        let event = visit.event("GetAccount");
        let Found::One(cookie) = cookie::read(visit.headers(), &cookie::session(&api.id)) else {
            let refusal = Refusal::challenged(Challenge::None, "nobody is signed in with this browser");
            return Err(Box::new((
                self.app.nobody(arrival).for_event(event),
                self.sign_in_first(visit, refusal),
            )));
        };
        let who = self.app.signed_in_at_stage(&api.id, visit.pool, cookie, now);
        let judged = self.app.authenticate_browser(arrival, &api.id, cookie, &api.user_pools);
        let (cx, role) = match judged {
            Ok(cx) => {
                let role = role(&cx.caller().principal);
                (cx.for_event(event), Ok(role))
            }
            Err(refused) => match refused.why {
                why @ (BearerError::NoRole(_) | BearerError::Refused(_)) => {
                    (refused.cx.for_event(event), Err(why.to_string()))
                }
                why => {
                    let refusal = self.sign_in_first(visit, caller::refusal(&why));
                    return Err(Box::new((refused.cx.for_event(event), refusal)));
                }
            },
        };
        let Some(who) = who else {
            let refusal = Refusal::challenged(Challenge::None, "the session of this browser has ended");
            return Err(Box::new((cx, self.sign_in_first(visit, refusal))));
        };
        let checked = ride::check(visit.headers(), &visit.place, true);
        let recorded = match checked {
            Ok(()) => self.record(&cx).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = recorded {
            return Err(Box::new((cx, refusal)));
        }
        let at_pool = self.app.sign_in_place(visit.pool, &go::callback(visit)).ok();
        let at_pool = at_pool.map(|place| format!("{}/account", place.issuer));
        let name = who.who().name();
        Ok(page::account(&visit.frame(), name, &role, at_pool.as_deref(), cx.request_id()))
    }

    fn sign_in_first(&self, visit: &Visit<'_>, refusal: Refusal) -> Refusal {
        if visit.is_page() {
            Refusal { shown: Some(Box::new(Shown::Elsewhere(go::location(visit)))), ..refusal }
        } else {
            refusal
        }
    }

    /// Signs a browser out, here and at the pool.
    pub(super) async fn sign_out(&self, cx: &RequestContext, visit: &Visit<'_>) -> Replied {
        ride::check(visit.headers(), &visit.place, false)?;
        let name = cookie::session(&visit.stage.api.id);
        if let Found::One(cookie) = cookie::read(visit.headers(), &name) {
            let ended = self.app.end_stage_session(cx, &visit.stage.api.id, visit.pool, cookie).await;
            ended.map_err(|error| logged(&error))?;
        }
        self.record(cx).await?;
        let response = page::signed_out(&visit.frame(), cx.request_id());
        let response = page::with_cookie(response, cookie::clear(&name));
        Ok(page::with_cookie(response, leave::unmark(&visit.place)))
    }
}

fn role(principal: &Principal) -> String {
    match principal {
        Principal::RoleSession { role_arn, .. } => role_arn.to_string(),
        other => other.arn_text(),
    }
}
