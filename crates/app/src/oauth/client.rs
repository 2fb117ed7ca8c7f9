//! App clients at the OAuth endpoints: which pool they are of, and that they are who they say.
//!
//! INVARIANT: a client that has a secret proves it at every endpoint that gives tokens or tells about them; one that
//! has none sends none. Secrets are compared in constant time.

use std::sync::Arc;

use garita_model::user_pool::{ClientId, PoolClient, PoolId, UserPool};
use garita_model::{Error, Result, Secret};

use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::context::{Concerned, RequestContext};
use crate::user_pool::AdmittedClient;

/// What a client shows: RFC 6749 section 2.3.1.
pub struct ClientCredentials {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Option<Secret<String>>,
}

/// A client that proved who it is, or has nothing to prove.
#[derive(Clone)]
pub struct ProvenClient(AdmittedClient);

impl ProvenClient {
    /// The client.
    pub fn client(&self) -> &PoolClient {
        self.0.client()
    }
    /// Its pool.
    pub fn pool(&self) -> &UserPool {
        self.0.user_pool()
    }
    /// One that acts in this process, and so has nothing to prove.
    pub(super) fn of(admitted: AdmittedClient) -> Self {
        Self(admitted)
    }
    pub(super) fn admitted(&self) -> &AdmittedClient {
        &self.0
    }
}

impl App {
    /// A pool by its id.
    pub fn oidc_pool(&self, id: &str) -> Option<Arc<UserPool>> {
        self.snapshot().user_pool(&id.parse::<PoolId>().ok()?).cloned()
    }

    /// A client by its id, of a pool when that is named too; the request is about that pool from now on.
    pub fn oidc_client(
        &self,
        cx: &RequestContext,
        pool: Option<&str>,
        id: &str,
    ) -> Option<(Arc<UserPool>, Arc<PoolClient>)> {
        let state = self.snapshot();
        let client = state.pool_client(&id.parse::<ClientId>().ok()?)?;
        let pool =
            state.user_pool(&client.pool).filter(|held| pool.is_none_or(|pool| pool == held.id.as_str()))?;
        cx.concerns(Concerned { account: pool.account, pool: pool.id.to_string(), sub: None });
        Some((Arc::clone(pool), Arc::clone(client)))
    }

    /// Checks a client's credentials.
    ///
    /// # Errors
    /// `invalid_client`; `server_error` when its secret cannot be read.
    pub fn prove_client(
        &self,
        cx: &RequestContext,
        pool: Option<&str>,
        shown: &ClientCredentials,
    ) -> Result<ProvenClient, OAuthFault> {
        let unknown =
            || OAuthCode::InvalidClient.because("the app client is not known, or its secret is wrong");
        let (_, client) = self.oidc_client(cx, pool, &shown.id).ok_or_else(unknown)?;
        let admitted = self.admit(&self.snapshot(), cx, &client.id).map_err(|_| unknown())?;
        match self.check_client_secret(&admitted, shown.secret.as_ref()) {
            Ok(()) => Ok(ProvenClient(admitted)),
            Err(Error::Rejected { .. }) => Err(unknown()),
            Err(error) => Err(OAuthFault::from(&error)),
        }
    }
}
