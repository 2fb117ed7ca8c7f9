//! Whether a caller still stands: the principal exists under the same unique id, its key is active, and nothing it
//! rests on was revoked since its credentials were issued.
//!
//! INVARIANT: [`Live`] is made only here; whoever holds one holds proof for one snapshot. A session is as live as
//! the whole chain it was made through.

use std::sync::Arc;

use garita_model::session::{Link, Origin, Subject};
use garita_model::{AccountId, Arn, KeyOwner, KeyStatus, OidcProvider, Role, User};
use garita_policy::Principal;
use garita_store::Snapshot;
use garita_wire::sigv4::SigV4Error;

use crate::console;
use crate::context::{Caller, ShownBy};
use crate::user_pool::ground;

/// Proof that a caller was live in the snapshot it was checked against.
pub struct Live {
    /// What the principal is, for finding its policies.
    pub standing: Standing,
    /// The revision of that snapshot.
    pub revision: u64,
}

/// The noun behind a live caller.
pub enum Standing {
    /// The root user, or a federated user it made.
    Root(AccountId),
    /// A user, or a federated user it made.
    User(Arc<User>),
    /// A role, through a session.
    Role(Arc<Role>),
    /// Nobody of an account: allowed nothing but what asks for no caller, and what a trust policy allows.
    Anonymous,
}

/// Checks a caller against a snapshot.
///
/// # Errors
/// The client token is no longer valid, in AWS's words.
pub fn check(state: &Snapshot, caller: &Caller) -> Result<Live, SigV4Error> {
    let gone = || SigV4Error::InvalidClientTokenId;
    if let Some(session) = &caller.session {
        if let ShownBy::Console(cookie) = session.shown {
            console::standing(state, session.session.account, cookie).ok_or_else(gone)?;
        }
        let session = &session.session;
        for link in &session.chain {
            check_link(state, link, session.iss_rev).ok_or_else(gone)?;
        }
        let standing = match &session.subject {
            Subject::Root => root(state, session.account, session.iss_rev),
            Subject::User { user, id } => {
                let origin = Origin::User(user.clone(), id.clone());
                standing(state, session.account, &origin, session.iss_rev)
            }
            Subject::Role { role, id, .. } => {
                let origin = Origin::Role(role.clone(), id.clone());
                standing(state, session.account, &origin, session.iss_rev)
            }
            Subject::Federated { issuer, .. } => standing(state, session.account, issuer, session.iss_rev),
        };
        return Ok(Live { standing: standing.ok_or_else(gone)?, revision: state.revision() });
    }
    let standing = match &caller.principal {
        Principal::Anonymous => Some(Standing::Anonymous),
        Principal::WebIdentity { provider } => web_identity(state, provider),
        Principal::Root { account } if caller.key.is_none() => root(state, *account, u64::MAX),
        _ => long_lived(state, caller),
    };
    Ok(Live { standing: standing.ok_or_else(gone)?, revision: state.revision() })
}

fn long_lived(state: &Snapshot, caller: &Caller) -> Option<Standing> {
    let key = state.access_key(caller.key.as_ref()?)?;
    if key.status != KeyStatus::Active {
        return None;
    }
    match (&key.owner, &caller.principal) {
        (KeyOwner::Root, Principal::Root { account }) if *account == key.account => {
            state.account(*account).map(|a| Standing::Root(a.id))
        }
        (KeyOwner::User(name), Principal::User { id, account, .. }) if *account == key.account => state
            .user(*account, name.as_str())
            .filter(|u| u.id.as_str() == id)
            .map(|u| Standing::User(u.clone())),
        _ => None,
    }
}

/// Whoever proved itself with a token stands as long as its provider does.
fn web_identity(state: &Snapshot, provider: &str) -> Option<Standing> {
    let arn: Arn = provider.parse().ok()?;
    if let ("cognito-idp", Some(pool)) = (arn.service(), arn.resource().strip_prefix("userpool/")) {
        let pool = state.user_pool(&pool.parse().ok()?)?;
        return (pool.arn() == provider).then_some(Standing::Anonymous);
    }
    let url = arn.resource().strip_prefix("oidc-provider/")?;
    state
        .get::<OidcProvider>(arn.account().parse().ok()?, &url.to_ascii_lowercase())
        .filter(|provider| provider.url == url)
        .map(|_| Standing::Anonymous)
}

fn root(state: &Snapshot, account: AccountId, iss_rev: u64) -> Option<Standing> {
    state.account(account).filter(|a| iss_rev >= a.min_rev).map(|a| Standing::Root(a.id))
}

/// What a principal is, if it stands and nothing of it was revoked since.
fn standing(state: &Snapshot, account: AccountId, origin: &Origin, iss_rev: u64) -> Option<Standing> {
    match origin {
        Origin::Root => root(state, account, iss_rev),
        Origin::User(name, id) => state
            .user(account, name.as_str())
            .filter(|u| u.id == *id && iss_rev >= u.min_rev)
            .map(|u| Standing::User(u.clone())),
        Origin::OidcProvider(url, created) => state
            .get::<OidcProvider>(account, &url.to_ascii_lowercase())
            .filter(|provider| provider.url == *url && provider.created == *created)
            .map(|_| Standing::Anonymous),
        Origin::PoolUser(sign_in) => ground::floor(state, account, sign_in)
            .filter(|floor| iss_rev >= *floor)
            .map(|_| Standing::Anonymous),
        Origin::Role(name, id) => state
            .role(account, name.as_str())
            .filter(|r| r.id == *id && iss_rev >= r.min_rev)
            .map(|r| Standing::Role(r.clone())),
    }
}

fn check_link(state: &Snapshot, link: &Link, iss_rev: u64) -> Option<()> {
    let stands = standing(state, link.account, &link.subject, iss_rev).is_some();
    let key_active = link.key.as_ref().is_none_or(|id| {
        state.access_key(id).is_some_and(|k| k.status == KeyStatus::Active && iss_rev >= k.min_rev)
    });
    (stands && key_active).then_some(())
}
