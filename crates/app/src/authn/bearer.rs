//! Who is there, by a bearer token of a user pool: the one place that takes such tokens as a credential.
//!
//! A token says who its bearer is, and nothing of what they may do: that is asked of the newest snapshot at every
//! request ([`pool_role`]), and what comes out is a session of a role like any other, judged by the same policies. The
//! role's trust policy must let the pool in. INVARIANT: of `NotRequested | Authenticated | Failed` the last is an
//! error and never becomes the first; a request that presents a signature as well as a token is refused.
//!
//! RFC 6750 sections 2.1 and 3.1. What a forger could learn from is in the log and the trail, not in the reply.

use garita_model::Error;
use garita_model::user_pool::{ClientId, PoolId};
use garita_store::Snapshot;
use garita_wire::bearer;
use garita_wire::sigv4::RequestHead;
use jiff::Timestamp;
use thiserror::Error as Refusal;

use super::person::Person;
use super::pool_role::{NoRole, RoleRule, TagSource};
use crate::App;
use crate::context::{Arrival, RequestContext};
use crate::token::TokenError;

/// The tokens of one pool, as a door takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedPool {
    /// The pool.
    pub id: PoolId,
    /// The app clients whose tokens are taken; all when none are named.
    pub clients: Vec<ClientId>,
    /// Rules that choose a role before the groups do; the first that fits does.
    pub rules: Vec<RoleRule>,
    /// Attributes that become tags of the session.
    pub tags: Vec<TagSource>,
    /// The app client that the door signs browsers in with; none when it does not.
    pub sign_in: Option<ClientId>,
}

/// What a door found in a request.
pub enum Bearer {
    /// No token; another scheme may look.
    NotRequested(Arrival),
    /// A person, with a role.
    Authenticated(Box<RequestContext>),
}

/// A request whose token does not let its bearer in.
#[derive(Debug)]
pub struct BearerRefused {
    /// The request with the caller as far as it was known: for the audit record only.
    pub cx: RequestContext,
    /// Why.
    pub why: BearerError,
}

/// Why a token does not let its bearer in.
#[derive(Debug, Refusal)]
pub enum BearerError {
    /// The token is no good. The reply must not say how.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// A pool or an app client whose tokens are not taken here.
    #[error("tokens of the user pool `{pool}` and its app client `{client}` are not accepted by this API")]
    NotAccepted {
        /// The pool.
        pool: String,
        /// The client.
        client: String,
    },
    /// What is presented is no token, or not only a token.
    #[error("{0}")]
    Presented(#[from] bearer::BearerError),
    /// The browser's session is over, or never was.
    #[error("the session of this browser has ended")]
    Ended,
    /// Known, and without a role.
    #[error("{0}")]
    NoRole(#[from] NoRole),
    /// The role does not let the pool in, or something failed.
    #[error("{0}")]
    Refused(Error),
}

impl App {
    /// Finds out who sent a request, if it says so with a bearer token.
    ///
    /// # Errors
    /// [`BearerRefused`] for a token that is presented and does not let its bearer in.
    pub fn authenticate_bearer(
        &self,
        arrival: Arrival,
        head: &RequestHead<'_>,
        pools: &[AcceptedPool],
    ) -> Result<Bearer, Box<BearerRefused>> {
        match bearer::parse(head) {
            Ok(None) => Ok(Bearer::NotRequested(arrival)),
            Ok(Some(token)) => {
                self.admit_bearer(arrival, token, pools).map(Box::new).map(Bearer::Authenticated)
            }
            Err(why) => Err(Box::new(BearerRefused { cx: self.nobody(arrival), why: why.into() })),
        }
    }

    fn admit_bearer(
        &self,
        arrival: Arrival,
        token: &str,
        pools: &[AcceptedPool],
    ) -> Result<RequestContext, Box<BearerRefused>> {
        let state = self.snapshot();
        let found = self.person(&state, token, pools, arrival.now);
        self.admit_person(&state, arrival, found)
    }

    /// Whom a token is about, if it is good here and now.
    fn person<'p>(
        &self,
        state: &Snapshot,
        token: &str,
        pools: &'p [AcceptedPool],
        now: Timestamp,
    ) -> Result<(Person, &'p AcceptedPool), BearerError> {
        let ground = self.pool_ground(state).map_err(BearerError::Refused)?;
        let verified = self.tokens.verify_if(&ground, token, now, |_| Ok(()))?;
        let not_accepted = || {
            let (pool, client) = (verified.on.issuer.pool.clone(), verified.on.client.clone());
            BearerError::NotAccepted { pool, client }
        };
        let accepted =
            pools.iter().find(|pool| pool.id.as_str() == verified.on.issuer.pool).ok_or_else(not_accepted)?;
        let named = |id: &ClientId| id.as_str() == verified.on.client;
        if !accepted.clients.is_empty() && !accepted.clients.iter().any(named) {
            return Err(not_accepted());
        }
        Ok((Person::of_token(state, &verified, &accepted.id)?, accepted))
    }
}
