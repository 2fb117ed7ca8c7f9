//! The door for people: the one place that checks an app client, its secret, and an access token.
//!
//! INVARIANT: only this makes an [`AdmittedClient`], and nothing of a pool is written for an unsigned request without one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::user_pool::{ClientId, PoolFault, PoolId};
use garita_model::{Error, PoolClient, Result, Secret, UserPool};
use garita_store::Snapshot;

use crate::App;
use crate::context::{Concerned, RequestContext};
use crate::mint;

/// Evidence that an unsigned request was let in: by which client, into which pool.
#[derive(Clone)]
pub struct AdmittedClient {
    pool: Arc<UserPool>,
    client: Arc<PoolClient>,
    /// For a browser, which gets a cookie: the one it has, if it has one.
    browser: Option<Option<Arc<str>>>,
}

impl AdmittedClient {
    /// The same, for a browser, whose sign-in ends with a cookie in place of the one it has.
    pub(crate) fn at_browser(self, former: Option<&str>) -> Self {
        Self { browser: Some(former.map(Arc::from)), ..self }
    }
    /// The browser, by the cookie it has; none for an app that calls the API.
    pub(crate) fn browser(&self) -> Option<&Option<Arc<str>>> {
        self.browser.as_ref()
    }
    /// The id of the pool.
    pub(crate) fn pool(&self) -> &PoolId {
        &self.pool.id
    }
    /// The pool.
    pub(crate) fn user_pool(&self) -> &Arc<UserPool> {
        &self.pool
    }
    /// The client.
    pub(crate) fn client(&self) -> &Arc<PoolClient> {
        &self.client
    }
}

impl App {
    /// Lets a request in by the client it names. Whether `SECRET_HASH` is right is asked with the user's name
    /// ([`App::check_secret_hash`]), because it is made over both.
    pub(crate) fn admit(
        &self,
        state: &Snapshot,
        cx: &RequestContext,
        client: &ClientId,
    ) -> Result<AdmittedClient> {
        let absent =
            || PoolFault::ResourceNotFound.because(format!("User pool client {client} does not exist."));
        let client = state.pool_client(client).ok_or_else(absent)?;
        let pool = state.user_pool(&client.pool).ok_or_else(absent)?;
        let (account, id) = (pool.account, pool.id.to_string());
        cx.concerns(Concerned { account, pool: id, sub: None });
        Ok(AdmittedClient { pool: Arc::clone(pool), client: Arc::clone(client), browser: None })
    }

    /// Holds a step of a sign-in to its client's secret, with the `SECRET_HASH` among its parameters.
    ///
    /// # Errors
    /// As [`App::check_secret_hash`].
    pub(super) fn check_hash_among(
        &self,
        admitted: &AdmittedClient,
        username: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<()> {
        self.check_secret_hash(admitted, username, parameters.get("SECRET_HASH").map(String::as_str))
    }

    /// Holds a request to its client's secret: `base64(HMAC-SHA256(secret, username + client id))`.
    ///
    /// # Errors
    /// `NotAuthorized`, whatever is wrong with it.
    pub(super) fn check_secret_hash(
        &self,
        admitted: &AdmittedClient,
        username: &str,
        hash: Option<&str>,
    ) -> Result<()> {
        let client = admitted.client();
        let refused = |message: &str| -> Result<()> { Err(PoolFault::NotAuthorized.because(message)) };
        let id = &client.id;
        match (mint::open_client_secret(&self.keyring, client)?, hash) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                refused(&format!("Client {id} is not configured with a secret but secret hash was received"))
            }
            (Some(_), None) => {
                refused(&format!("Client {id} is configured with secret but SECRET_HASH was not received"))
            }
            (Some(secret), Some(hash)) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
                let tag = STANDARD.decode(hash).unwrap_or_default();
                match hmac::verify(&key, format!("{username}{id}").as_bytes(), &tag) {
                    Ok(()) => Ok(()),
                    Err(_) => refused(&format!("Unable to verify secret hash for client {id}")),
                }
            }
        }
    }
}

impl App {
    /// Holds a request to its client's secret, given as it is.
    ///
    /// # Errors
    /// `NotAuthorized`, whatever is wrong with it.
    pub(crate) fn check_client_secret(
        &self,
        admitted: &AdmittedClient,
        given: Option<&Secret<String>>,
    ) -> Result<()> {
        let refused = || {
            PoolFault::NotAuthorized
                .because(format!("Unable to verify secret for client {}", admitted.client().id))
        };
        match (mint::open_client_secret(&self.keyring, admitted.client())?, given) {
            (None, None) => Ok(()),
            (Some(held), Some(given)) => {
                verify_slices_are_equal(held.expose().as_bytes(), given.expose().as_bytes())
                    .map_err(|_| refused())
            }
            (None, Some(_)) | (Some(_), None) => Err(refused()),
        }
    }
}

/// The error for a name or a password that is not right, the same whichever it is.
pub(super) fn wrong_credentials() -> Error {
    PoolFault::NotAuthorized.because("Incorrect username or password.")
}
