//! `AssumeRoleWithWebIdentity`: a session of a role for whoever an OpenID Connect provider knows.
//!
//! The request is not signed; the token in it proves who asks. INVARIANT: the provider is one of the role's own account;
//! its keys are fetched before anything is judged, and provider, role and trust policy are then read from one snapshot,
//! so what was taken away meanwhile does not count. The session rests on its provider and ends with it; one for a token
//! of a user pool of this Garita also rests on the sign-in that the token is of.
//!
//! STS API reference, "AssumeRoleWithWebIdentity"; IAM User Guide, "Available keys for AWS OIDC federation".

use std::sync::Arc;

use garita_model::session::{Link, Origin, PoolSignIn, WebIdentity};
use garita_model::tag::Tag;
use garita_model::{AccountId, Error, OidcProvider, Reason, Result, SessionName, TokenUse};
use garita_store::Snapshot;

use super::assume_role::{AssumeRole, AssumedRole};
use super::trust::{Means, role_name};
use crate::App;
use crate::audit;
use crate::context::RequestContext;
use crate::iam::outbound_federation;
use crate::oidc::token::{MOST, Proof, Token};
use crate::token::{Audience, Expected, TokenSubject};
use crate::user_pool::ground;

/// What `AssumeRoleWithWebIdentity` asks for.
pub struct AssumeRoleWithWebIdentity {
    /// The role's ARN, as given.
    pub role: String,
    /// The session's name.
    pub session: SessionName,
    /// The provider's token.
    pub token: garita_model::Secret<String>,
    /// Seconds; 3600 when not given.
    pub duration: Option<u32>,
    /// An inline session policy.
    pub policy: Option<String>,
    /// Managed policies as session policies.
    pub policy_arns: Vec<String>,
}

/// What `AssumeRoleWithWebIdentity` answers.
pub struct WebIdentitySession {
    /// The session.
    pub assumed: AssumedRole,
    /// Whom the token is about.
    pub subject: String,
    /// Whom it was made for.
    pub audience: String,
    /// Who made it.
    pub issuer: String,
}

impl App {
    /// Makes a session of a role for the subject of a provider's token.
    ///
    /// # Errors
    /// `Rejected` for a token that is not good and for a provider that cannot be reached; `AccessDenied` unless the trust
    /// policy lets it in; `Invalid` for values out of range.
    pub async fn assume_role_with_web_identity(
        &self,
        cx: &RequestContext,
        ask: AssumeRoleWithWebIdentity,
    ) -> Result<WebIdentitySession> {
        if ask.token.expose().len() > MOST {
            return Err(Error::invalid("webIdentityToken", format!("a token has at most {MOST} characters")));
        }
        let (account, _) = role_name(&ask.role)?;
        let token = Token::read(ask.token.expose())?;
        if self.sts_issuer_base().is_ok_and(|base| outbound_federation::is_own(base, &token.issuer)) {
            // As AWS: what accounts say of their principals is for services outside.
            let message = "a token of GetWebIdentityToken opens no role: use AssumeRole";
            return Err(Error::rejected(Reason::InvalidIdentityToken, message));
        }
        let provider = provider(&self.snapshot(), account, &token.issuer)?;
        let keys = self.provider_keys.of(&provider, token.key(), cx.now()).await?;
        let proof = token.verify(&provider, &keys, cx.now())?;
        // The provider may be gone, or other audiences good, since its keys were asked for.
        let state = self.snapshot();
        let provider = still(&state, &provider, &proof.audience)?;
        let sign_in = self.own_sign_in(&state, &token.issuer, ask.token.expose(), cx)?;
        let web = web_identity(account, &provider, &proof);
        let cx = cx.of_web_identity(web.provider.clone(), audit::web_identity(&web));
        let link = Link {
            account,
            subject: Origin::OidcProvider(provider.url.clone(), provider.created),
            key: None,
        };
        let chain = std::iter::once(link).chain(sign_in).collect();
        let issuer = token.issuer.clone();
        let (subject, audience) = (proof.subject.clone(), proof.audience.clone());
        let ask = asked(ask, proof)?;
        let assumed = self.assume(&state, &cx, &ask, &Means::web_identity(web), chain)?;
        Ok(WebIdentitySession { assumed, subject, audience, issuer })
    }
}

impl App {
    /// What a token of a user pool of this very Garita rests on; none for a token of somebody else. INVARIANT: a
    /// signature and a time are not enough for it: it lets nobody in who could not use it at the pool any more.
    fn own_sign_in(
        &self,
        state: &Snapshot,
        issuer: &str,
        token: &str,
        cx: &RequestContext,
    ) -> Result<Option<Link>> {
        let Ok(base) = self.issuer_base() else { return Ok(None) };
        let Some(pool) = issuer.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')) else {
            return Ok(None);
        };
        let ended = || {
            let message = "the token is not accepted by its user pool any more: sign in again for a new one";
            Error::rejected(Reason::InvalidIdentityToken, message)
        };
        let expected = Expected { usage: TokenUse::Id, pool: Some(pool), audience: Audience::AnyClient };
        let ground = self.pool_ground(state)?;
        let verified = self.tokens().verify(&ground, token, &expected, cx.now()).map_err(|_| ended())?;
        let TokenSubject::User { sub, .. } = &verified.on.subject else { return Err(ended()) };
        let session = verified.on.origin_jti.as_ref().map(|id| id.parse().map_err(|_| ended()));
        let sign_in = PoolSignIn {
            pool: pool.parse().map_err(|_| ended())?,
            client: verified.on.client.parse().map_err(|_| ended())?,
            user: sub.parse().map_err(|_| ended())?,
            session: session.transpose()?,
            group: None,
        };
        let account = verified.on.issuer.account;
        // What ends the session as soon as it is there gives none: a group may ask for a second factor since.
        ground::floor(state, account, &sign_in)
            .filter(|floor| verified.iss_rev >= *floor)
            .ok_or_else(ended)?;
        Ok(Some(Link { account, subject: Origin::PoolUser(Box::new(sign_in)), key: None }))
    }
}

/// The provider of an account that is known by the issuer a token names.
fn provider(state: &Snapshot, account: AccountId, issuer: &str) -> Result<Arc<OidcProvider>> {
    let named = issuer.trim_end_matches('/');
    let (scheme, url) = named.split_once("://").unwrap_or(("https", named));
    let found = state.get::<OidcProvider>(account, &url.to_ascii_lowercase());
    let fits = |provider: &&Arc<OidcProvider>| {
        provider.url == url && scheme == if provider.plain_http { "http" } else { "https" }
    };
    found.filter(fits).cloned().ok_or_else(|| {
        let issuer: String = issuer.chars().take(255).collect();
        let message = format!("No OpenIDConnect provider found in your account for {issuer}");
        Error::rejected(Reason::InvalidIdentityToken, message)
    })
}

/// The provider as it is now, if it is the same one and still takes tokens for an audience.
fn still(state: &Snapshot, was: &OidcProvider, audience: &str) -> Result<Arc<OidcProvider>> {
    let now = state.get::<OidcProvider>(was.account, &was.url.to_ascii_lowercase());
    let same = now.filter(|now| {
        now.created == was.created
            && now.plain_http == was.plain_http
            && now.client_ids.iter().any(|id| id == audience)
    });
    let message = "the identity provider was changed while the token was looked at: try again";
    same.cloned().ok_or_else(|| Error::rejected(Reason::InvalidIdentityToken, message))
}

fn web_identity(account: AccountId, provider: &OidcProvider, proof: &Proof) -> WebIdentity {
    WebIdentity {
        provider: format!("arn:aws:iam::{account}:oidc-provider/{}", provider.url),
        issuer: provider.url.clone(),
        audience: proof.audience.clone(),
        subject: proof.subject.clone(),
        methods: proof.methods.clone(),
    }
}

/// The same as a request of `AssumeRole`, with the tags and the source identity of the token.
fn asked(ask: AssumeRoleWithWebIdentity, proof: Proof) -> Result<AssumeRole> {
    let tags = proof.tags.iter().map(|(key, value)| Tag::new(key, value)).collect::<Result<_>>();
    let source_identity = proof.source_identity;
    let name = |text: &String| (2..=64).contains(&text.len()) && text.parse::<SessionName>().is_ok();
    if !source_identity.iter().all(name) {
        let message = "the token's source identity must have 2 to 64 letters, digits or `_+=,.@-`";
        return Err(Error::rejected(Reason::InvalidIdentityToken, message));
    }
    Ok(AssumeRole {
        role: ask.role,
        session: ask.session,
        duration: ask.duration,
        external_id: None,
        policy: ask.policy,
        policy_arns: ask.policy_arns,
        tags: tags.map_err(|error| Error::rejected(Reason::InvalidIdentityToken, error.to_string()))?,
        transitive: proof.transitive,
        source_identity,
    })
}
