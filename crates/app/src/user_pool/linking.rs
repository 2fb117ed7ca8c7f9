//! Linking somebody whom a provider knows to a user who is there: by an administrator, or by the person, who proves both.
//!
//! INVARIANT: a person's own link is made only for the account that the browser is signed in to, and only while the
//! address that made it thinkable is proved there.

use std::sync::Arc;

use garita_model::user_pool::provider::Identity;
use garita_model::user_pool::{PoolFault, PoolId, UserStatus};
use garita_model::{Object, PoolClient, PoolProvider, PoolUser, Result};
use serde_json::json;

use super::ask::judged;
use super::federated::{PendingLink, must_have_room};
use super::provider_groups::ungroup;
use super::user::about;
use super::{invalid, no_user, provider};
use crate::App;
use crate::context::RequestContext;
use crate::oauth::SignedIn;

/// What the pool itself is called as a provider, beside `COGNITO`.
pub const SELF_PROVIDER: &str = "Cognito";

/// `ProviderUserIdentifierType`: somebody, in a provider's words.
#[derive(Debug, Clone)]
pub struct ProviderUser {
    /// The provider; [`SELF_PROVIDER`] for a user of the pool itself.
    pub provider: String,
    /// The provider's word for them, or the user's name.
    pub value: String,
}

impl App {
    /// Links somebody whom a provider knows, and who never signed in here, to a user.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter`; `LimitExceeded`.
    pub async fn admin_link_provider_for_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        destination: ProviderUser,
        source: ProviderUser,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:AdminLinkProviderForUser", &pool)?;
            let state = change.state();
            let held = if destination.provider == SELF_PROVIDER {
                super::username::find(state, &pool, &destination.value)
            } else {
                state.pool_user_of(&pool.id, &destination.provider, &destination.value).cloned()
            };
            let held = held.ok_or_else(no_user)?;
            about(change.cx(), &pool, held.sub);
            let from = provider::find(state, &pool, &source.provider).ok_or_else(|| {
                invalid(format!("The provider {} does not exist for User Pool {}.", source.provider, pool.id))
            })?;
            if state.pool_user_of(&pool.id, &from.name, &source.value).is_some() {
                return Err(invalid(
                    "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link",
                ));
            }
            must_have_room(&held, &from.name)?;
            let mut user = PoolUser::clone(&held);
            let since = change.now().as_millisecond();
            user.more_mut().identities.push(linked(from, &source.value, since)?);
            user.modified = change.now().as_second();
            change.put(&permit, Object::PoolUser(Arc::new(user)));
            Ok(())
        })
        .await
    }

    /// Keeps somebody whom a provider knows from signing in as a user: a link is undone, and the groups it brought go; a
    /// user who was made for the provider is disabled.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter` for a user of the pool itself.
    pub async fn admin_disable_provider_for_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        who: ProviderUser,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:AdminDisableProviderForUser", &pool)?;
            if who.provider == SELF_PROVIDER {
                return Err(invalid(
                    "a user of the pool itself is kept out with AdminDisableUser, not with this operation",
                ));
            }
            let held = change.state().pool_user_of(&pool.id, &who.provider, &who.value).cloned();
            let held = held.ok_or_else(no_user)?;
            about(change.cx(), &pool, held.sub);
            let mut user = PoolUser::clone(&held);
            let only = user.identity(&who.provider).is_some_and(|identity| identity.primary);
            if only {
                user.enabled = false;
            } else {
                ungroup(&mut user, &who.provider);
                user.more_mut().identities.retain(|identity| *identity.provider != *who.provider);
            }
            user.min_rev = change.revision();
            user.modified = change.now().as_second();
            change.put(&permit, Object::PoolUser(Arc::new(user)));
            Ok(())
        })
        .await
    }

    /// Links somebody whom a provider knows to the account they have just signed in to; whether that was the account
    /// it was about.
    ///
    /// # Errors
    /// `NotAuthorized` when account or provider are not what they were; `LimitExceeded`.
    pub async fn link_by_proof(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        who: &SignedIn,
        link: &PendingLink,
    ) -> Result<bool> {
        if who.sub() != link.user {
            return Ok(false);
        }
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?;
        let (who, link) = (who.clone(), link.clone());
        self.change(cx, move |change| {
            let pool = admitted.user_pool();
            let changed = || PoolFault::NotAuthorized.because("the account or the provider has changed");
            let now = change.cx().now();
            let still = who.still(change.state(), now).ok_or_else(changed)?;
            about(change.cx(), pool, still.sub);
            let from = provider::find(change.state(), pool, &link.provider).ok_or_else(changed)?;
            let taken = change.state().pool_user_of(&pool.id, &from.name, &link.subject).is_some();
            let proved = still.attributes.is("email_verified")
                && still.attributes.get("email").is_some_and(|email| email.eq_ignore_ascii_case(&link.email));
            if taken || !proved || from.min_rev != link.min_rev || still.status != UserStatus::Confirmed {
                return Err(changed());
            }
            must_have_room(&still, &from.name)?;
            let mut user = PoolUser::clone(&still);
            let since = change.now().as_millisecond();
            user.more_mut().identities.push(linked(from, &link.subject, since)?);
            user.modified = change.now().as_second();
            change.made(json!({ "linkedProvider": link.provider }));
            change.put_own(&admitted, Object::PoolUser(Arc::new(user)))?;
            Ok(true)
        })
        .await
    }
}

fn linked(from: &PoolProvider, subject: &str, since: i64) -> Result<Identity> {
    if subject.is_empty() || subject.chars().count() > 255 || subject.chars().any(char::is_control) {
        return Err(invalid("`ProviderAttributeValue` of the source has 1 to 255 characters"));
    }
    Ok(Identity {
        provider: from.name.as_str().into(),
        issuer: from.issuer.as_str().into(),
        subject: subject.into(),
        primary: false,
        since,
        groups: [].into(),
    })
}
