//! Passwords that were right and are stored in an old way: they are stored anew while their owner signs in.
//!
//! Old is a hash of another form or cost than Garita's own, or one without what SRP needs where a client opens SRP, or
//! with it where none does any more. There is no other time to mend that: only who signs in brings the password.
//!
//! INVARIANT: the sign-in's own change stores it, so one record tells both. Where a challenge comes first, the request
//! that brought the password has a change and a record of its own. INVARIANT: of two sign-ins at the same time one
//! stores it, and the other one is asked again against what is stored then.

use std::sync::Arc;

use garita_model::user_pool::{UserStatus, Uuid};
use garita_model::{Error, Object, PoolUser, Result, Secret};

use super::AdmittedClient;
use super::admit::wrong_credentials;
use super::finish::{Factor, Proof};
use super::next_step::second_step;
use super::password::{self, Prepared, srp_is_open};
use super::sign_in::{SignedIn, may_sign_in};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::password::Checked;

/// What the record calls it.
const NOTE: &str = "passwordStoredAnew";

impl App {
    /// Signs in who has shown the right password, and stores it anew if it is kept in an old way.
    pub(super) async fn sign_in_renewing(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        (user, checked): (Arc<PoolUser>, Checked),
        password: &Secret<String>,
    ) -> Result<SignedIn> {
        let id = Uuid::draw(self.entropy())?;
        let Some(new) = self.renewal(admitted, &user, checked, password).await? else {
            return self.after_proof(cx, admitted, &user, id).await;
        };
        let signed_in = match second_step(admitted, &user) {
            Some(_) => match self.renew_now(cx, admitted, &user, new).await {
                Ok(user) => self.after_proof(cx, admitted, &user, id).await,
                Err(error) => Err(error),
            },
            None => self.renew_with_sign_in(cx, admitted, &user, id, new).await,
        };
        let Err(refused @ Error::Rejected { .. }) = signed_in else { return signed_in };
        match self.renewed_meanwhile(admitted, &user, password).await? {
            Some(user) => self.after_proof(cx, admitted, &user, Uuid::draw(self.entropy())?).await,
            None => Err(refused),
        }
    }

    /// The password made ready to be stored anew, if it should be.
    async fn renewal(
        self: &Arc<Self>,
        admitted: &AdmittedClient,
        user: &PoolUser,
        checked: Checked,
        password: &Secret<String>,
    ) -> Result<Option<Prepared>> {
        let has_srp = user.more.as_ref().is_some_and(|more| more.srp.is_some());
        let as_new = checked == Checked::Yes && has_srp == srp_is_open(&self.snapshot(), admitted.pool());
        if as_new || !user.enabled || user.status != UserStatus::Confirmed {
            return Ok(None);
        }
        match self.prepare_password(admitted.pool(), &user.name, password).await {
            Ok(new) => Ok(Some(new)),
            // Too many passwords wait: the sign-in is more urgent, and there will be another one.
            Err(Error::Unavailable(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Signs in, and stores the password anew in the same change.
    async fn renew_with_sign_in(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &PoolUser,
        id: Uuid,
        new: Prepared,
    ) -> Result<SignedIn> {
        let state = self.snapshot();
        may_sign_in(&state, admitted, user)?;
        let proof = Proof::of(user, id, state.revision(), Factor::None);
        self.complete(cx, admitted, Proof { renewed: Some(new), ..proof }).await
    }

    /// Stores the password anew before something more is asked.
    async fn renew_now(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &PoolUser,
        new: Prepared,
    ) -> Result<Arc<PoolUser>> {
        let (inside, sub, looked_at) = (admitted.clone(), user.sub, user.password.clone());
        self.change(cx, move |change| {
            let held = change.state().pool_user(inside.pool(), sub).cloned().ok_or_else(wrong_credentials)?;
            if held.password != looked_at {
                return Err(wrong_credentials());
            }
            store(change, &inside, &held, new)
        })
        .await
    }

    /// The user, if what is stored was changed meanwhile and is the same password still: another sign-in was first.
    async fn renewed_meanwhile(
        &self,
        admitted: &AdmittedClient,
        looked_at: &PoolUser,
        password: &Secret<String>,
    ) -> Result<Option<Arc<PoolUser>>> {
        let state = self.snapshot();
        let now = state.pool_user(admitted.pool(), looked_at.sub).cloned();
        let Some(now) = now.filter(|now| now.password != looked_at.password) else { return Ok(None) };
        match self.passwords().check(password, now.password.as_deref()).await? {
            Checked::Yes | Checked::NeedsUpgrade => Ok(Some(now)),
            Checked::No => Err(wrong_credentials()),
        }
    }
}

/// Stores a password anew for a user who is found as it was looked at. Nothing else changes: sign-ins stay.
pub(super) fn store(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    held: &PoolUser,
    new: Prepared,
) -> Result<Arc<PoolUser>> {
    let mut user = held.clone();
    password::give(&mut user, new);
    let user = Arc::new(user);
    change.put_own(admitted, Object::PoolUser(Arc::clone(&user)))?;
    change.note(NOTE);
    Ok(user)
}
