//! Passkeys of a user: listed, told of, taken away.
//!
//! They are made in [`passkey_registration`](super::passkey_registration) and shown in
//! [`passkey_sign_in`](super::passkey_sign_in). Whether one may go: [`second_factor`](super::second_factor).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{FirstFactor, PoolFault, TokenHash};
use garita_model::{ObjectKey, Plain as _, PoolPasskey, PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;

use super::bearer::Bearer;
use super::invalid;
use super::second_factor::without_passkey;
use crate::App;
use crate::context::RequestContext;
use crate::hash;
use crate::iam::Page;
use crate::oauth::SignedIn;

/// Who asks about their own passkeys.
pub enum Who<'a> {
    /// The bearer of an access token.
    Token(&'a Secret<String>),
    /// Somebody at a browser, with its cookie.
    Browser(&'a SignedIn),
}

impl App {
    /// Who asks, by whichever means.
    pub(super) fn self_of(&self, cx: &RequestContext, who: &Who<'_>) -> Result<Bearer> {
        match who {
            Who::Token(token) => self.bearer(cx, token),
            Who::Browser(signed_in) => self.bearer_at_browser(cx, signed_in),
        }
    }

    /// The passkeys of a user, oldest first.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` for a part that cannot be.
    pub fn list_passkeys(
        &self,
        cx: &RequestContext,
        who: &Who<'_>,
        most: Option<usize>,
        token: Option<&str>,
    ) -> Result<Page<Arc<PoolPasskey>>> {
        let bearer = self.self_of(cx, who)?;
        let most = most.filter(|most| *most > 0).unwrap_or(PoolPasskey::MOST);
        if most > PoolPasskey::MOST {
            return Err(invalid(format!("`MaxResults` is at most {}", PoolPasskey::MOST)));
        }
        let scope = format!("{}/{} passkeys", bearer.admitted.pool(), bearer.user.sub);
        let pager = self.pager_over(scope, token, most)?;
        let held = passkeys_of(&self.snapshot(), bearer.admitted.user_pool(), &bearer.user);
        // In the order they were made: a moment alone may be shared.
        let keyed = held
            .into_iter()
            .map(|passkey| (format!("{:020}/{}", passkey.created.as_millisecond(), passkey.place), passkey));
        Ok(pager.cut(keyed))
    }

    /// Who is signed in, and what they may begin a sign-in with.
    ///
    /// # Errors
    /// `NotAuthorized`.
    pub fn own_auth_factors(
        &self,
        cx: &RequestContext,
        token: &Secret<String>,
    ) -> Result<(Arc<PoolUser>, Vec<FirstFactor>)> {
        let Bearer { admitted, user, .. } = self.bearer(cx, token)?;
        let has = |factor: &FirstFactor| match factor {
            FirstFactor::Password => user.password.is_some(),
            FirstFactor::WebAuthn => !user.passkeys().is_empty(),
        };
        let factors = admitted.user_pool().first_factors.iter().copied().filter(has).collect();
        Ok((user, factors))
    }

    /// Takes a passkey from its user.
    ///
    /// # Errors
    /// `NotAuthorized`; `ResourceNotFound`; `InvalidParameter` where a second factor is asked for and there is no other.
    pub async fn delete_passkey(self: &Arc<Self>, cx: &RequestContext, who: Who<'_>, id: &str) -> Result<()> {
        let bearer = self.self_of(cx, &who)?;
        let absent = || PoolFault::ResourceNotFound.because("the user has no passkey of this id");
        let place = hash::of(&URL_SAFE_NO_PAD.decode(id).map_err(|_| absent())?);
        self.edit_as(cx, bearer, move |change, bearer, user| {
            if !user.passkeys().contains(&place) {
                return Err(absent());
            }
            without_passkey(bearer.admitted.user_pool(), user, &place)?;
            change.delete_own(&bearer.admitted, key_of(bearer.admitted.user_pool(), &place))
        })
        .await
    }
}

/// The passkeys of a user, oldest first.
pub(super) fn passkeys_of(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Vec<Arc<PoolPasskey>> {
    let place = |hash: &TokenHash| PoolPasskey::place(&pool.id, hash);
    user.passkeys().iter().filter_map(|hash| state.get(pool.account, &place(hash)).cloned()).collect()
}

/// The key of a passkey in the store.
pub(super) fn key_of(pool: &UserPool, hash: &TokenHash) -> ObjectKey {
    ObjectKey::named(PoolPasskey::KIND, pool.account, &PoolPasskey::place(&pool.id, hash))
}
