//! The one place that makes what AWS clients and services prove themselves with: access keys, session credentials, secrets
//! of app clients, tokens of user pools ([`token`]), and what accounts say of their principals to services outside
//! ([`outbound`]). Cookies, codes and refresh tokens of pools are drawn in the change that stores what they stand for.
//!
//! INVARIANT: every function that mints takes a proof that the principal is live now ([`Live`]) or a [`Permit`] made
//! in the same transaction; the one key that is not minted is what the operator brings for a root user ([`brought_key`]).
//! Nothing about a session is stored: its token holds it, sealed under the master key and bound to its key id.

pub(crate) mod outbound;
pub mod token;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use garita_model::id::KeyTerm;
use garita_model::user_pool::ClientId;
use garita_model::{
    AccessKey, AccessKeyId, AccountId, Entropy, Error, KeyOwner, KeyStatus, PoolClient, PoolProvider, Result,
    Sealed, Secret, Session,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::authn::compile_session;
use crate::authorize::Permit;
use crate::context::{SessionState, ShownBy};
use crate::keyring::Keyring;
use crate::live::Live;

const KEY_LABEL: &str = "access-key";
const CLIENT_LABEL: &str = "pool-client-secret";
const PROVIDER_LABEL: &str = "pool-provider-secret";
const SEED_LABEL: &str = "mfa-seed";
/// As AWS's: 64 letters of base32.
const SEED_BYTES: usize = 40;
const TOKEN_LABEL: &str = "session-token/1";

/// A long-lived key at the one moment its secret can be shown.
pub struct NewKey {
    /// What is stored.
    pub key: AccessKey,
    /// The secret, for the reply.
    pub secret: Secret<String>,
}

/// Temporary credentials, for the reply.
pub struct SessionCredentials {
    /// The key id.
    pub key: AccessKeyId,
    /// The secret key.
    pub secret: Secret<String>,
    /// The session token.
    pub token: Secret<String>,
    /// When they end.
    pub expires: Timestamp,
}

/// A session token after opening.
pub(crate) struct OpenedToken {
    pub(crate) state: Arc<SessionState>,
    pub(crate) secret: Secret<String>,
}

#[derive(Serialize, Deserialize)]
struct TokenBody {
    session: Session,
    secret: String,
}

/// Makes a long-lived key for a principal the permit allows to have one.
///
/// # Errors
/// `Internal` when there is no randomness.
pub fn access_key(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    _permit: &Permit,
    account: AccountId,
    owner: KeyOwner,
    now: Timestamp,
) -> Result<NewKey> {
    let id = AccessKeyId::draw(KeyTerm::Long, account, entropy)?;
    brought_key(keyring, entropy, account, owner, id, draw_secret(entropy)?, now)
}

/// Takes a key that the operator brings for a root user.
///
/// # Errors
/// `Internal` when sealing fails.
pub(crate) fn brought_key(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    account: AccountId,
    owner: KeyOwner,
    id: AccessKeyId,
    secret: Secret<String>,
    now: Timestamp,
) -> Result<NewKey> {
    let sealed = keyring.seal(KEY_LABEL, id.as_str().as_bytes(), secret.expose().as_bytes(), entropy)?;
    let (status, min_rev) = (KeyStatus::Active, 0);
    let key = AccessKey { id, account, owner, secret: sealed, status, created: now, min_rev };
    Ok(NewKey { key, secret })
}

/// The secret of a stored key; none when the master key is not the one it was sealed under.
pub(crate) fn open_secret(keyring: &Keyring, key: &AccessKey) -> Option<Secret<String>> {
    open_text(keyring, KEY_LABEL, key.id.as_str(), &key.secret)
}

/// A sealed text, opened for what it was sealed for.
fn open_text(keyring: &Keyring, label: &'static str, place: &str, sealed: &Sealed) -> Option<Secret<String>> {
    let plain = keyring.open(label, place.as_bytes(), sealed)?;
    String::from_utf8(plain.expose().clone()).ok().map(Secret::new)
}

/// Makes the seed of an MFA device; answers it in the clear, for the one reply that shows it, and sealed.
///
/// # Errors
/// `Internal` when there is no randomness.
pub(crate) fn mfa_seed(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    _permit: &Permit,
    serial: &str,
) -> Result<(Secret<Vec<u8>>, Sealed)> {
    let mut seed = vec![0_u8; SEED_BYTES];
    entropy.fill(&mut seed)?;
    let sealed = keyring.seal(SEED_LABEL, serial.as_bytes(), &seed, entropy)?;
    Ok((Secret::new(seed), sealed))
}

/// The seed of an MFA device; none when the master key is not the one it was sealed under.
pub(crate) fn open_seed(keyring: &Keyring, serial: &str, seed: &Sealed) -> Option<Secret<Vec<u8>>> {
    keyring.open(SEED_LABEL, serial.as_bytes(), seed)
}

/// Makes the secret of an app client; answers it in the clear, for who may read it, and sealed.
///
/// # Errors
/// `Internal` when there is no randomness.
pub(crate) fn client_secret(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    _permit: &Permit,
    client: &ClientId,
) -> Result<(Secret<String>, Sealed)> {
    let secret = ClientId::draw_secret(entropy)?;
    let sealed =
        keyring.seal(CLIENT_LABEL, client.as_str().as_bytes(), secret.expose().as_bytes(), entropy)?;
    Ok((secret, sealed))
}

/// The secret of an app client, if it has one.
///
/// # Errors
/// `Internal` when the master key is not the one it was sealed under.
pub(crate) fn open_client_secret(keyring: &Keyring, client: &PoolClient) -> Result<Option<Secret<String>>> {
    let Some(sealed) = &client.secret else { return Ok(None) };
    let secret = open_text(keyring, CLIENT_LABEL, client.id.as_str(), sealed);
    secret.map(Some).ok_or_else(|| Error::internal("a client's secret does not open: wrong master key?"))
}

/// Seals what a pool proves itself with at a provider.
///
/// # Errors
/// `Internal` when there is no randomness.
pub(crate) fn provider_secret(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    _permit: &Permit,
    place: &str,
    secret: &Secret<String>,
) -> Result<Sealed> {
    keyring.seal(PROVIDER_LABEL, place.as_bytes(), secret.expose().as_bytes(), entropy)
}

/// What a pool proves itself with at a provider, if with anything.
///
/// # Errors
/// `Internal` when the master key is not the one it was sealed under.
pub(crate) fn open_provider_secret(
    keyring: &Keyring,
    provider: &PoolProvider,
) -> Result<Option<Secret<String>>> {
    let Some(sealed) = &provider.secret else { return Ok(None) };
    let place = PoolProvider::place(&provider.pool, &provider.name);
    let secret = open_text(keyring, PROVIDER_LABEL, &place, sealed);
    secret.map(Some).ok_or_else(|| Error::internal("a provider's secret does not open: wrong master key?"))
}

/// Makes the credentials of a session. `claims` is called with the new key id and the revision the caller was live
/// at, and says what the session is.
///
/// # Errors
/// What `claims` answers; `Internal` when there is no randomness.
pub fn session(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    live: &Live,
    account: AccountId,
    claims: impl FnOnce(AccessKeyId, u64) -> Result<Session>,
) -> Result<SessionCredentials> {
    let id = AccessKeyId::draw(KeyTerm::Session, account, entropy)?;
    let session = claims(id.clone(), live.revision)?;
    let expires = session.expires;
    let secret = draw_secret(entropy)?;
    let body = TokenBody { session, secret: secret.expose().clone() };
    let plain = Secret::new(
        serde_json::to_vec(&body).map_err(|e| Error::internal(format!("cannot write a session: {e}")))?,
    );
    let sealed = keyring.seal(TOKEN_LABEL, id.as_str().as_bytes(), plain.expose(), entropy)?;
    let token = Secret::new(STANDARD.encode(sealed.as_bytes()));
    Ok(SessionCredentials { key: id, secret, token, expires })
}

/// Makes the cookie of a browser that is signed in at the console.
///
/// # Errors
/// `Internal` when there is no randomness.
pub(crate) fn console_cookie(
    entropy: &dyn Entropy,
    _live: &Live,
    account: AccountId,
) -> Result<Secret<String>> {
    of_account(entropy, account)
}

/// Makes the token that a broker signs a browser in with.
///
/// # Errors
/// `Internal` when there is no randomness.
pub(crate) fn signin_token(
    entropy: &dyn Entropy,
    _live: &Live,
    account: AccountId,
) -> Result<Secret<String>> {
    of_account(entropy, account)
}

/// A secret that tells which account it is of, so that what is kept of it can be found there by its hash. No letter of
/// it needs escaping in a cookie or a URL.
fn of_account(entropy: &dyn Entropy, account: AccountId) -> Result<Secret<String>> {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes)?;
    Ok(Secret::new(format!("{account}.{}", URL_SAFE_NO_PAD.encode(bytes))))
}

/// Opens a session token that was presented with a key id; none when it is not one of ours for that key.
pub(crate) fn open_token(keyring: &Keyring, id: &AccessKeyId, token: &str) -> Option<OpenedToken> {
    let sealed = Sealed::from_bytes(STANDARD.decode(token).ok()?);
    let plain = keyring.open(TOKEN_LABEL, id.as_str().as_bytes(), &sealed)?;
    let body: TokenBody = serde_json::from_slice(plain.expose()).ok()?;
    let secret = Secret::new(body.secret);
    let inline = compile_session(&body.session)?;
    let state = SessionState { session: body.session, inline, shown: ShownBy::Token };
    Some(OpenedToken { state: Arc::new(state), secret })
}

/// Forty characters, 240 random bits, as AWS's secret keys.
fn draw_secret(entropy: &dyn Entropy) -> Result<Secret<String>> {
    let mut bytes = [0_u8; 30];
    entropy.fill(&mut bytes)?;
    Ok(Secret::new(STANDARD.encode(bytes)))
}
