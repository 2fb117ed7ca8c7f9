//! Who acts on their own user: with an access token of the API, or at a browser of the pool with its cookie.
//!
//! INVARIANT: what let somebody in is looked at again in the transaction that changes the user: the user, the sign-in or
//! browser, the app client and who vouched must all stand at the head.

use std::sync::Arc;

use garita_model::user_pool::{PoolBrowser, PoolFault, TokenHash, Uuid};
use garita_model::{Error, Object, PoolUser, Result, Secret, TokenUse};

use super::AdmittedClient;
use super::finish::SELF_SERVICE;
use super::ground::{PoolGround, floor_of_user};
use super::user::about;
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::oauth::SignedIn;
use crate::token::{Audience, Expected, TokenError, TokenSubject};

/// Who an access token proved to be there.
#[derive(Clone)]
pub(super) struct Bearer {
    pub(super) admitted: AdmittedClient,
    pub(super) user: Arc<PoolUser>,
    /// The sign-in that the token goes back to.
    pub(super) session: Option<Uuid>,
    /// The browser that brought its cookie in place of a token.
    pub(super) browser: Option<TokenHash>,
    /// The revision the token was issued at, or the browser signed in at.
    pub(super) iss_rev: u64,
}

impl App {
    /// The one place where an access token lets someone act on their own user.
    pub(super) fn bearer(&self, cx: &RequestContext, token: &Secret<String>) -> Result<Bearer> {
        let state = self.snapshot();
        let ground = PoolGround { state: &state, endpoint: self.issuer_base()? };
        let expected = Expected { usage: TokenUse::Access, pool: None, audience: Audience::AnyClient };
        let verified = self.tokens.verify(&ground, token.expose(), &expected, cx.now()).map_err(refused)?;
        let gone = || refused(TokenError::Revoked);
        let client = verified.on.client.parse().map_err(|_| gone())?;
        let admitted = self.admit(&state, cx, &client)?;
        let TokenSubject::User { sub, .. } = &verified.on.subject else { return Err(gone()) };
        let sub: Uuid = sub.parse().map_err(|_| gone())?;
        let user = state.pool_user(admitted.pool(), sub).cloned().ok_or_else(gone)?;
        about(cx, admitted.user_pool(), sub);
        if !verified.scopes.iter().any(|scope| scope == SELF_SERVICE) {
            return Err(PoolFault::NotAuthorized.because("Access Token does not have required scopes"));
        }
        let session = verified.on.origin_jti.as_deref().and_then(|origin| origin.parse().ok());
        Ok(Bearer { admitted, user, session, browser: None, iss_rev: verified.iss_rev })
    }

    /// The same for somebody at a browser.
    pub(super) fn bearer_at_browser(&self, cx: &RequestContext, who: &SignedIn) -> Result<Bearer> {
        let gone = || refused(TokenError::Revoked);
        let browser = who.browser();
        let client = browser.client.as_ref().ok_or_else(gone)?;
        let admitted = self.admit(&self.snapshot(), cx, client).map_err(|_| gone())?;
        if *admitted.pool() != browser.pool {
            return Err(gone());
        }
        about(cx, admitted.user_pool(), browser.user);
        let state = self.snapshot();
        let user = state.pool_user(&browser.pool, browser.user).cloned().ok_or_else(gone)?;
        Ok(Bearer { admitted, user, session: None, browser: Some(browser.cookie), iss_rev: browser.iss_rev })
    }

    /// Changes the user who is signed in.
    pub(super) async fn edit_own<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
        edit: impl FnOnce(&mut Change<'_>, &Bearer, &mut PoolUser) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.edit_as(cx, self.bearer(cx, token)?, edit).await
    }

    /// Changes the user who was found to be there.
    pub(super) async fn edit_as<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        bearer: Bearer,
        edit: impl FnOnce(&mut Change<'_>, &Bearer, &mut PoolUser) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.change(cx, move |change| {
            let mut user = PoolUser::clone(&*still_there(change, &bearer)?);
            let answer = edit(change, &bearer, &mut user)?;
            user.modified = change.now().as_second();
            change.put_own(&bearer.admitted, Object::PoolUser(Arc::new(user)))?;
            Ok(answer)
        })
        .await
    }
}

/// The user at the head: everything the token rests on must stand there too.
pub(super) fn still_there(change: &Change<'_>, bearer: &Bearer) -> Result<Arc<PoolUser>> {
    let state = change.state();
    let gone = || refused(TokenError::Revoked);
    let user = state.pool_user(bearer.admitted.pool(), bearer.user.sub).ok_or_else(gone)?;
    let session = bearer.session.map(|id| state.pool_session(bearer.admitted.pool(), id));
    let stands = session.is_none_or(|session| session.is_some_and(|session| !session.ended));
    let client = state.pool_client(&bearer.admitted.client().id).is_some();
    let (account, pool) = (bearer.admitted.user_pool().account, bearer.admitted.pool());
    let held = |cookie| state.get::<PoolBrowser>(account, &PoolBrowser::place(pool, &cookie)).is_some();
    let browser = bearer.browser.is_none_or(held);
    let provider = session.flatten().and_then(|session| session.provider.as_deref());
    let floor = floor_of_user(state, bearer.admitted.user_pool(), user, provider);
    if floor.is_some_and(|floor| floor <= bearer.iss_rev) && stands && client && browser {
        return Ok(Arc::clone(user));
    }
    Err(gone())
}

/// The error for an access token that is not good.
fn refused(error: TokenError) -> Error {
    PoolFault::NotAuthorized.because(match error {
        TokenError::Expired => "Access Token has expired",
        TokenError::Revoked => "Access Token has been revoked",
        _ => "Invalid Access Token",
    })
}
