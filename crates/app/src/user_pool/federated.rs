//! Signing in whom a provider vouches for: who they are here, what is known of them, what more is asked.
//!
//! INVARIANT: a user is found by the provider's own word for them, letter for letter, and by nothing else: no name and
//! no address makes somebody a user who is there already. Who has proved the address of one is offered to link the two,
//! and links them by signing in to that account ([`PendingLink`]); an address that is not proved on both sides is not
//! even told to be there.
//!
//! Cognito Developer Guide, "User pool sign-in with third party identity providers" and "Linking federated users".

use std::sync::Arc;

use garita_model::user_pool::provider::Identity;
use garita_model::user_pool::{Attributes, PoolFault, SignInAttribute, UserStatus, Uuid};
use garita_model::{Object, PoolClient, PoolProvider, PoolUser, Result, UserPool};
use garita_store::{PoolName, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::attribute::{must_have_required, set, unproved_when_changed};
use super::check_name;
use super::finish::{On, go_on};
use super::next_step::Reached;
use super::provider_groups::regroup;
use super::session::{self, Vouched};
use super::sign_in::{SignedIn, may_stay_signed_in};
use super::user::about;
use super::username::must_be_free;
use super::{AdmittedClient, invalid, provider_of};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;

/// Most identities of a user; Cognito's quota.
pub(super) const MOST_IDENTITIES: usize = 5;
/// What a provider said of somebody.
pub(crate) struct Vouch {
    /// The provider, as it was when it was asked.
    pub(crate) provider: Arc<PoolProvider>,
    /// Its word for them.
    pub(crate) subject: String,
    /// What it says of them.
    pub(crate) claims: Map<String, Value>,
    /// Whether more than one factor was shown to it.
    pub(crate) second_factor: bool,
}

/// What comes of that.
pub(crate) enum Met {
    /// Signed in, or asked for more.
    In(SignedIn),
    /// An account with the same proved address is here: it may be linked.
    Known(PendingLink),
}

/// Somebody a provider knows who may be linked to an account that is here, once they have signed in to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingLink {
    /// The provider, by name.
    #[serde(rename = "p")]
    pub provider: String,
    /// Which provider of that name.
    #[serde(rename = "r")]
    pub(super) min_rev: u64,
    /// Its word for them.
    #[serde(rename = "s")]
    pub(super) subject: String,
    /// The account.
    #[serde(rename = "u")]
    pub(super) user: Uuid,
    /// The address that was proved on both sides.
    #[serde(rename = "e")]
    pub email: String,
}

/// How far somebody has come when the transaction ends.
enum Outcome {
    In(Box<On>),
    Known(PendingLink),
}

impl App {
    /// Signs somebody in at a browser.
    ///
    /// # Errors
    /// `NotAuthorized` for a user who is disabled, and when provider or client changed meanwhile; `UsernameExists` and
    /// `AliasExists` for a name or address of somebody else; `InvalidParameter` for a claim that fits no attribute.
    pub(crate) async fn sign_in_vouched(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        vouch: Vouch,
    ) -> Result<Met> {
        let inside = admitted.clone();
        let outcome = self.change(cx, move |change| meet(change, &inside, &vouch)).await?;
        match outcome {
            Outcome::In(on) => self.gone_on(cx, admitted, *on).map(Met::In),
            Outcome::Known(link) => Ok(Met::Known(link)),
        }
    }
}

fn meet(change: &mut Change<'_>, admitted: &AdmittedClient, vouch: &Vouch) -> Result<Outcome> {
    let (pool, asked) = (admitted.user_pool(), &vouch.provider);
    let provider = standing(change.state(), admitted, &asked.name)?;
    if provider.min_rev != asked.min_rev || provider.created != asked.created {
        return Err(session::spent());
    }
    let found = change.state().pool_user_of(&pool.id, &provider.name, &vouch.subject).cloned();
    let user = match found {
        Some(held) => {
            about(change.cx(), pool, held.sub);
            renewed(change, pool, &provider, &held, vouch)?
        }
        None => {
            if let Some(link) = acquaintance(change.state(), admitted, &provider, vouch) {
                about(change.cx(), pool, link.user);
                return Ok(Outcome::Known(link));
            }
            newcomer(change, admitted, &provider, vouch)?
        }
    };
    let user = Arc::new(user);
    change.put_own(admitted, Object::PoolUser(Arc::clone(&user)))?;
    let (id, iss_rev) = (Uuid::draw(change.entropy())?, change.revision());
    let vouched = Vouched { provider: provider.name.as_str().into(), second_factor: vouch.second_factor };
    let reached = Reached { id, iss_rev, provider: Some(vouched) };
    go_on(change, admitted, user, reached).map(|on| Outcome::In(Box::new(on)))
}

/// A provider that the client sends people to, now.
fn standing(state: &Snapshot, admitted: &AdmittedClient, name: &str) -> Result<Arc<PoolProvider>> {
    provider_of(state, admitted.user_pool(), admitted.client(), name).ok_or_else(session::spent)
}

/// Refuses a user whom a provider does not vouch for any more.
pub(super) fn may_be_vouched_for(
    state: &Snapshot,
    admitted: &AdmittedClient,
    user: &PoolUser,
    vouched: &Vouched,
    iss_rev: u64,
) -> Result<()> {
    may_stay_signed_in(user)?;
    standing(state, admitted, &vouched.provider)?;
    let pool = admitted.user_pool();
    let floor = super::ground::floor_of_user(state, pool, user, Some(&vouched.provider));
    floor.filter(|floor| *floor <= iss_rev).map(|_| ()).ok_or_else(session::spent)
}

/// A user who was here before. What the provider says of somebody who has an account of their own here stays there.
fn renewed(
    change: &Change<'_>,
    pool: &UserPool,
    provider: &PoolProvider,
    held: &PoolUser,
    vouch: &Vouch,
) -> Result<PoolUser> {
    may_stay_signed_in(held)?;
    let mut user = held.clone();
    if user.identity(&provider.name).is_none_or(|identity| *identity.issuer != *provider.issuer) {
        return Err(PoolFault::UsernameExists
            .because("the user was made for another issuer: an administrator must delete or link it"));
    }
    if user.status == UserStatus::ExternalProvider {
        fill(change.state(), pool, provider, &mut user, &vouch.claims)?;
        regroup(change, pool, provider, &mut user, &vouch.claims);
        user.modified = change.now().as_second();
    }
    Ok(user)
}

/// A user who is here for the first time.
fn newcomer(
    change: &Change<'_>,
    admitted: &AdmittedClient,
    provider: &PoolProvider,
    vouch: &Vouch,
) -> Result<PoolUser> {
    let (pool, state, now) = (admitted.user_pool(), change.state(), change.now());
    let name = provider.username(&vouch.subject);
    check_name("username", &name)?;
    let aliases = SignInAttribute::ALL.map(PoolName::Attribute);
    let mut names = std::iter::once(PoolName::Username).chain(aliases);
    if names.any(|by| state.pool_users_named(&pool.id, by, &name).next().is_some()) {
        return Err(PoolFault::UsernameExists.because("somebody else has the name that this user would get"));
    }
    let mut user = PoolUser {
        pool: pool.id.clone(),
        sub: Uuid::draw(change.entropy())?,
        name: name.into(),
        attributes: Attributes::default(),
        status: UserStatus::ExternalProvider,
        enabled: true,
        created: now.as_second(),
        modified: now.as_second(),
        password: None,
        groups: [].into(),
        min_rev: 0,
        more: None,
    };
    about(change.cx(), pool, user.sub);
    user.more_mut().identities.push(Identity {
        provider: provider.name.as_str().into(),
        issuer: provider.issuer.as_str().into(),
        subject: vouch.subject.as_str().into(),
        primary: true,
        since: now.as_millisecond(),
        groups: [].into(),
    });
    fill(state, pool, provider, &mut user, &vouch.claims)?;
    must_have_required(admitted, &user)?;
    regroup(change, pool, provider, &mut user, &vouch.claims);
    Ok(user)
}

/// Sets the attributes that claims are mapped to. A claim that is not there changes nothing.
fn fill(
    state: &Snapshot,
    pool: &UserPool,
    provider: &PoolProvider,
    user: &mut PoolUser,
    claims: &Map<String, Value>,
) -> Result<()> {
    let before = user.attributes.clone();
    let mapped = provider.mapping.iter().filter(|(attribute, _)| *attribute != "username");
    let told = mapped.filter_map(|(attribute, claim)| Some((attribute.clone(), text(claims.get(claim)?)?)));
    let told: Vec<(String, String)> = told.collect();
    for (attribute, value) in &told {
        set(pool, user, attribute, value)?;
    }
    unproved_when_changed(user, &before, &told)?;
    must_be_free(state, pool, user)
}

/// A claim as an attribute keeps it; what is no plain value, as JSON.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    };
    (!text.is_empty()).then_some(text)
}

/// The one account of the pool itself whose proved address the provider says somebody has proved too.
fn acquaintance(
    state: &Snapshot,
    admitted: &AdmittedClient,
    provider: &PoolProvider,
    vouch: &Vouch,
) -> Option<PendingLink> {
    let pool = admitted.user_pool();
    let client = state.pool_client(&admitted.client().id)?;
    // Whoever cannot sign in to the account here cannot prove that it is theirs.
    client.takes(PoolClient::OWN).then_some(())?;
    provider.mapping.get("email").filter(|claim| *claim == "email")?;
    let email = vouch.claims.get("email")?.as_str()?;
    let verified = vouch.claims.get("email_verified")?;
    (verified == &Value::Bool(true) || verified == "true").then_some(())?;
    let by = PoolName::Attribute(SignInAttribute::Email);
    let mut known = state.pool_users_named(&pool.id, by, email).filter(|user| {
        user.status == UserStatus::Confirmed && user.enabled && user.attributes.is("email_verified")
    });
    let (user, None) = (known.next()?, known.next()) else { return None };
    let room = user.identities().len() < MOST_IDENTITIES && user.identity(&provider.name).is_none();
    room.then(|| PendingLink {
        provider: provider.name.clone(),
        min_rev: provider.min_rev,
        subject: vouch.subject.clone(),
        user: user.sub,
        email: email.to_owned(),
    })
}

/// The claim `identities` of who has any, in Cognito's words: numbers and truth as texts.
pub(crate) fn identities(user: &PoolUser) -> Option<(String, String)> {
    let told = user.identities().iter().map(|identity| {
        json!({
            "userId": identity.subject,
            "providerName": identity.provider,
            "providerType": "OIDC",
            "issuer": null,
            "primary": identity.primary.to_string(),
            "dateCreated": identity.since.to_string(),
        })
    });
    let told: Vec<Value> = told.collect();
    (!told.is_empty()).then(|| ("identities".to_owned(), Value::Array(told).to_string()))
}

/// Refuses one identity more for a user who has as many as may be, or one of the provider.
pub(super) fn must_have_room(user: &PoolUser, provider: &str) -> Result<()> {
    if user.identity(provider).is_some() {
        return Err(invalid(format!("the user is linked to somebody of the provider {provider} already")));
    }
    if user.identities().len() >= MOST_IDENTITIES {
        return Err(PoolFault::LimitExceeded
            .because(format!("a user is linked to at most {MOST_IDENTITIES} identities")));
    }
    Ok(())
}
