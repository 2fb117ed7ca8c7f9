//! Who is there, by a bearer token of a user pool: the one place that takes such tokens as a credential.
//!
//! A token says who its bearer is, and nothing of what they may do: that is asked of the newest snapshot at every
//! request ([`pool_role`]), and what comes out is a session of a role like any other, judged by the same policies. The
//! role's trust policy must let the pool in. INVARIANT: of `NotRequested | Authenticated | Failed` the last is an
//! error and never becomes the first; a request that presents a signature as well as a token is refused.
//!
//! RFC 6750 sections 2.1 and 3.1. What a forger could learn from is in the log and the trail, not in the reply.

use std::sync::Arc;

use garita_model::session::{Link, Origin, PoolSignIn, Subject, WebIdentity};
use garita_model::user_pool::{ClientId, PoolId};
use garita_model::{AccessKeyId, Entropy, Error, PoolSession, Result, Role, Session, id::KeyTerm};
use garita_policy::Principal;
use garita_store::Snapshot;
use garita_wire::bearer;
use garita_wire::sigv4::{RequestHead, SigV4Error};
use jiff::Timestamp;
use thiserror::Error as Refusal;

use super::pool_role::{self, Granted, NoRole, RoleRule, TagSource};
use super::sha256;
use crate::App;
use crate::context::{Arrival, Caller, RequestContext, SessionState};
use crate::live;
use crate::sts;
use crate::token::{TokenError, TokenSubject, Verified};

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
        let (state, now) = (self.snapshot(), arrival.now);
        let (person, accepted) = match self.person(&state, token, pools, now) {
            Ok(found) => found,
            Err(why) => return Err(Box::new(BearerRefused { cx: self.nobody(arrival), why })),
        };
        let web = person.web_identity();
        let caller = Caller {
            principal: Principal::WebIdentity { provider: web.provider.clone() },
            key: None,
            session: None,
            iss_rev: person.verified.iss_rev,
        };
        let asking = RequestContext::new(arrival, caller, &self.region, None);
        match self.role_session(&state, &asking, &person, accepted, web.clone()) {
            Ok(caller) => Ok(RequestContext::new(asking.arrival().clone(), caller, &self.region, None)),
            Err(why) => {
                let provider = web.provider.clone();
                let cx = asking.of_web_identity(provider, crate::audit::web_identity(&web));
                Err(Box::new(BearerRefused { cx, why }))
            }
        }
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
        Ok((Person::of(state, verified, &accepted.id)?, accepted))
    }

    /// The session of the role that a person has now.
    fn role_session(
        &self,
        state: &Snapshot,
        asking: &RequestContext,
        person: &Person,
        accepted: &AcceptedPool,
        web: WebIdentity,
    ) -> Result<Caller, BearerError> {
        let granted = pool_role::granted(state, &person.pool, &person.user, accepted)?;
        let name = pool_role::session_name(&person.user).map_err(BearerError::Refused)?;
        let tags = pool_role::tags(state, &person.user, &accepted.tags).map_err(BearerError::Refused)?;
        let ask = sts::AssumeRole {
            role: granted.role.clone(),
            session: name.clone(),
            duration: None,
            external_id: None,
            policy: None,
            policy_arns: Vec::new(),
            tags: tags.clone(),
            transitive: Vec::new(),
            source_identity: None,
        };
        let role =
            sts::role_for_web_identity(state, asking, &ask, web.clone()).map_err(BearerError::Refused)?;
        let session = person.session(&role, granted, ask, web).map_err(BearerError::Refused)?;
        let caller = person.caller(&role, session).map_err(BearerError::Refused)?;
        // The role's older sessions may have been revoked: the token is one of them.
        live::check(state, &caller).map_err(|_| TokenError::Revoked)?;
        self.note_role_use(role.account, &role.id, asking.now(), &self.region);
        Ok(caller)
    }
}

/// Whom a good token is about, as they are in the snapshot.
struct Person {
    verified: Arc<Verified>,
    pool: Arc<garita_model::UserPool>,
    user: Arc<garita_model::PoolUser>,
    client: ClientId,
    sign_in: Option<Arc<PoolSession>>,
}

impl Person {
    fn of(state: &Snapshot, verified: Arc<Verified>, pool: &PoolId) -> Result<Self, BearerError> {
        let TokenSubject::User { sub, .. } = &verified.on.subject else { return Err(NoRole::Client.into()) };
        let revoked = || BearerError::Token(TokenError::Revoked);
        let user = sub.parse().ok().and_then(|sub| state.pool_user(pool, sub)).ok_or_else(revoked)?;
        let sign_in = match &verified.on.origin_jti {
            Some(id) => {
                Some(id.parse().ok().and_then(|id| state.pool_session(pool, id)).ok_or_else(revoked)?)
            }
            None => None,
        };
        Ok(Self {
            pool: Arc::clone(state.user_pool(pool).ok_or_else(revoked)?),
            user: Arc::clone(user),
            client: verified.on.client.parse().map_err(|_| revoked())?,
            sign_in: sign_in.cloned(),
            verified,
        })
    }

    /// When a second factor was proved for this sign-in.
    fn second_factor(&self) -> Option<Timestamp> {
        self.sign_in.as_ref().filter(|sign_in| sign_in.second_factor).map(|sign_in| sign_in.started)
    }

    /// The pool as a provider of web identity. Its ARN is what a trust policy names, so that a trust policy does not
    /// change with the host that Garita is reached by; its condition keys are those that AWS has for such a pool.
    fn web_identity(&self) -> WebIdentity {
        let mut methods = vec!["authenticated".to_owned()];
        methods.extend(self.second_factor().map(|_| "mfa".to_owned()));
        WebIdentity {
            provider: self.pool.arn(),
            issuer: format!("cognito-idp.{}.amazonaws.com/{}", self.pool.id.region(), self.pool.id),
            audience: self.client.to_string(),
            subject: self.user.sub.to_string(),
            methods,
        }
    }

    fn session(
        &self,
        role: &Role,
        granted: Granted,
        ask: sts::AssumeRole,
        web: WebIdentity,
    ) -> Result<Session> {
        let moment = |second| {
            Timestamp::from_second(second).map_err(|_| Error::from(SigV4Error::InvalidClientTokenId))
        };
        let sign_in = PoolSignIn {
            pool: self.pool.id.clone(),
            client: self.client.clone(),
            user: self.user.sub,
            session: self.sign_in.as_ref().map(|sign_in| sign_in.id),
            group: granted.group,
        };
        let origin = Origin::PoolUser(Box::new(sign_in));
        Ok(Session {
            key: self.key(role)?,
            account: role.account,
            subject: Subject::Role { role: role.name.clone(), id: role.id.clone(), session: ask.session },
            issued: moment(self.verified.issued)?,
            expires: moment(self.verified.expires)?,
            iss_rev: self.verified.iss_rev,
            policies: Vec::new(),
            policy_arns: Vec::new(),
            tags: ask.tags,
            transitive: Vec::new(),
            source_identity: None,
            mfa_at: self.second_factor(),
            web_identity: Some(web),
            chain: vec![Link { account: self.pool.account, subject: origin, key: None }],
        })
    }

    /// A name for the session like that of a key. Nothing is ever signed with it: there is no secret to it.
    fn key(&self, role: &Role) -> Result<AccessKeyId> {
        struct Fixed([u8; 32]);
        impl Entropy for Fixed {
            fn fill(&self, bytes: &mut [u8]) -> Result<()> {
                bytes.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
                Ok(())
            }
        }
        AccessKeyId::draw(KeyTerm::Session, role.account, &Fixed(sha256(self.verified.jti.as_bytes())))
    }

    fn caller(&self, role: &Role, session: Session) -> Result<Caller> {
        let Subject::Role { session: name, .. } = &session.subject else {
            return Err(Error::internal("the session of a token is no role session"));
        };
        let session_arn = format!("arn:aws:sts::{}:assumed-role/{}/{name}", role.account, role.name);
        let principal = Principal::RoleSession {
            role_arn: role.arn()?,
            role_id: role.id.to_string(),
            session_arn: session_arn.parse().map_err(|_| Error::internal("session ARN"))?,
            session_name: name.to_string(),
            account: role.account,
        };
        let iss_rev = session.iss_rev;
        let state = Arc::new(SessionState { session, inline: Vec::new() });
        Ok(Caller { principal, key: None, session: Some(state), iss_rev })
    }
}
