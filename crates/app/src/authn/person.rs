//! Somebody of a user pool who has proved it, and the session of a role that they have with it.
//!
//! INVARIANT: however they proved it, by a token or by the session of a browser, it comes to the same: the role is chosen
//! from the newest snapshot ([`pool_role`]), its trust policy must let the pool in, and everything the session rests on
//! must stand. So what somebody may do does not depend on the way they came.

use std::sync::Arc;

use garita_model::session::{Link, Origin, PoolSignIn, Subject, WebIdentity};
use garita_model::user_pool::{ClientId, PoolId};
use garita_model::{AccessKeyId, Error, PoolSession, PoolUser, Result, Role, Session, UserPool, id::KeyTerm};
use garita_policy::Principal;
use garita_store::Snapshot;
use garita_wire::sigv4::SigV4Error;
use jiff::Timestamp;

use super::bearer::{AcceptedPool, BearerError, BearerRefused};
use super::known_callers::KnownCaller;
use super::pool_role::{self, Granted, NoRole};
use crate::App;
use crate::context::{Arrival, Caller, RequestContext, SessionState, ShownBy, asks_of_arrival};
use crate::hash::{Fixed, sha256};
use crate::live;
use crate::sts;
use crate::token::{TokenError, TokenSubject, Verified};

/// What somebody showed, as far as their session goes by it.
#[derive(PartialEq, Eq)]
pub(super) struct Shown {
    /// A name of it that no other has.
    pub(super) id: String,
    /// When it was issued.
    pub(super) issued: Timestamp,
    /// When it ends.
    pub(super) expires: Timestamp,
    /// The revision of the store at which it was issued.
    pub(super) iss_rev: u64,
}

/// Somebody, as they are in the snapshot.
pub(super) struct Person {
    pub(super) shown: Shown,
    pub(super) pool: Arc<UserPool>,
    pub(super) user: Arc<PoolUser>,
    pub(super) client: ClientId,
    pub(super) sign_in: Option<Arc<PoolSession>>,
}

impl App {
    /// Lets somebody in, or says why not.
    pub(super) fn admit_person(
        &self,
        state: &Snapshot,
        arrival: Arrival,
        found: Result<(Person, &AcceptedPool), BearerError>,
    ) -> Result<RequestContext, Box<BearerRefused>> {
        let (person, accepted) = match found {
            Ok(found) => found,
            Err(why) => return Err(Box::new(BearerRefused { cx: self.nobody(arrival), why })),
        };
        let known = self.known_callers.find(state, &person, accepted);
        if let Some(known) = known.as_deref().filter(|known| !known.asks_of_arrival) {
            return Ok(self.session_of(known, arrival));
        }
        let web = known.as_ref().map_or_else(|| person.web_identity(), |known| known.web.clone());
        let arrival = Arc::new(arrival);
        let asking = self.asking(&arrival, &person, &web);
        let admitted = match known {
            Some(known) => trusted_role(state, &asking, &known.ask, &known.web).map(|_| known),
            None => self.admit_anew(state, &asking, person, accepted, &web),
        };
        match admitted {
            Ok(known) => Ok(self.session_of(&known, arrival)),
            Err(why) => {
                let identity = crate::audit::web_identity(&web);
                Err(Box::new(BearerRefused { cx: asking.of_web_identity(web.provider, identity), why }))
            }
        }
    }

    /// The request as it asks for the role: of somebody known only by what they showed.
    fn asking(&self, arrival: &Arc<Arrival>, person: &Person, web: &WebIdentity) -> RequestContext {
        let principal = Principal::WebIdentity { provider: web.provider.clone() };
        let caller = Caller { principal, key: None, session: None, iss_rev: person.shown.iss_rev };
        RequestContext::new(Arc::clone(arrival), caller, &self.region, None)
    }

    /// The request with the role.
    fn session_of(&self, known: &KnownCaller, arrival: impl Into<Arc<Arrival>>) -> RequestContext {
        let cx = RequestContext::new(arrival, Arc::clone(&known.caller), &self.region, None);
        self.note_role_use(known.role.account, &known.role.id, cx.now(), &self.region);
        cx
    }

    /// The session of the role that a person has now.
    fn admit_anew(
        &self,
        state: &Snapshot,
        asking: &RequestContext,
        person: Person,
        accepted: &AcceptedPool,
        web: &WebIdentity,
    ) -> Result<Arc<KnownCaller>, BearerError> {
        let granted = pool_role::granted(state, &person.pool, &person.user, accepted)?;
        if person.second_factor().is_none()
            && let Some(group) = person.user.groups.iter().find(|group| person.pool.group_demands_mfa(group))
        {
            return Err(NoRole::SecondFactor(group.to_string()).into());
        }
        let ask = sts::AssumeRole {
            role: granted.role.clone(),
            session: pool_role::session_name(&person.user).map_err(BearerError::Refused)?,
            duration: None,
            external_id: None,
            policy: None,
            policy_arns: Vec::new(),
            tags: pool_role::tags(state, &person.user, &accepted.tags).map_err(BearerError::Refused)?,
            transitive: Vec::new(),
            source_identity: None,
        };
        let role = trusted_role(state, asking, &ask, web)?;
        let asks_of_arrival = state.trust(&role).is_none_or(|trust| asks_of_arrival(trust.document()));
        let session = person.session(&role, granted, &ask, web.clone()).map_err(BearerError::Refused)?;
        let caller = person.caller(&role, session).map_err(BearerError::Refused)?;
        // The role's older sessions may have been revoked: the token is one of them.
        live::check(state, &caller).map_err(|_| TokenError::Revoked)?;
        let (web, caller) = (web.clone(), Arc::new(caller));
        let known = Arc::new(KnownCaller { web, ask, caller, role, asks_of_arrival });
        self.known_callers.keep(state, person, accepted, Arc::clone(&known));
        Ok(known)
    }
}

/// The role, if its trust policy lets the person have it.
fn trusted_role(
    state: &Snapshot,
    asking: &RequestContext,
    ask: &sts::AssumeRole,
    web: &WebIdentity,
) -> Result<Arc<Role>, BearerError> {
    sts::role_for_web_identity(state, asking, ask, web.clone()).map_err(BearerError::Refused)
}

impl Person {
    pub(super) fn of_token(
        state: &Snapshot,
        verified: &Verified,
        pool: &PoolId,
    ) -> Result<Self, BearerError> {
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
            shown: Shown {
                id: verified.jti.clone(),
                issued: moment(verified.issued)?,
                expires: moment(verified.expires)?,
                iss_rev: verified.iss_rev,
            },
        })
    }

    /// Whether two are the same person with the same proof, in one state of the store.
    pub(super) fn is(&self, other: &Self) -> bool {
        let same_sign_in = match (&self.sign_in, &other.sign_in) {
            (Some(one), Some(two)) => one.id == two.id,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_sign_in
            && self.shown == other.shown
            && self.client == other.client
            && self.pool.id == other.pool.id
            && self.user.sub == other.user.sub
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
        ask: &sts::AssumeRole,
        web: WebIdentity,
    ) -> Result<Session> {
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
            subject: Subject::Role {
                role: role.name.clone(),
                id: role.id.clone(),
                session: ask.session.clone(),
            },
            issued: self.shown.issued,
            expires: self.shown.expires,
            iss_rev: self.shown.iss_rev,
            policies: Vec::new(),
            policy_arns: Vec::new(),
            tags: ask.tags.clone(),
            transitive: Vec::new(),
            source_identity: None,
            mfa_at: self.second_factor(),
            web_identity: Some(web),
            chain: vec![Link { account: self.pool.account, subject: origin, key: None }],
        })
    }

    /// A name for the session like that of a key. Nothing is ever signed with it: there is no secret to it.
    fn key(&self, role: &Role) -> Result<AccessKeyId> {
        let drawn = Fixed(sha256(&[self.shown.id.as_bytes()]));
        AccessKeyId::draw(KeyTerm::Session, role.account, &drawn)
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
        let state = Arc::new(SessionState { session, inline: Vec::new(), shown: ShownBy::Token });
        Ok(Caller { principal, key: None, session: Some(state), iss_rev })
    }
}

fn moment(second: i64) -> Result<Timestamp, BearerError> {
    Timestamp::from_second(second)
        .map_err(|_| BearerError::Refused(Error::from(SigV4Error::InvalidClientTokenId)))
}
