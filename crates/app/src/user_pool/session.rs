//! The string between a challenge and its answer: what was proved so far, sealed.
//!
//! It names the client it was given to, openly, and the sign-in it may become. INVARIANT: it is good once: the sign-in is
//! stored under that name when it succeeds, in the transaction that makes it, and what is stored cannot be made again. What
//! a step changes (a new password, a new authenticator) spends it too, because the step asks for the state it began in.
//! INVARIANT: it ends with the password it was given for, whoever sets another one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{ClientId, PoolFault, PoolId, TokenHash, Uuid};
use garita_model::{Entropy, Error, PoolUser, Result, Sealed};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::AdmittedClient;
use super::relying_party::PasskeyChallenge;
use crate::hash;
use crate::keyring::Keyring;

const LABEL: &str = "pool-auth-session/1";
/// Longest session string: AWS's `SessionType`.
const MOST: usize = 2_048;

/// What is asked of who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChallengeName {
    /// Another password.
    NewPasswordRequired,
    /// A code of the authenticator app.
    SoftwareTokenMfa,
    /// To set an authenticator app up.
    MfaSetup,
    /// A proof of the password; what comes with it is sealed in its own parameters.
    PasswordVerifier,
    /// To choose what to begin with.
    SelectChallenge,
    /// The password, to begin with.
    Password,
    /// The public value of SRP, to begin with.
    PasswordSrp,
    /// A passkey, to begin with or as the second factor.
    WebAuthn,
}

impl ChallengeName {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewPasswordRequired => "NEW_PASSWORD_REQUIRED",
            Self::SoftwareTokenMfa => "SOFTWARE_TOKEN_MFA",
            Self::MfaSetup => "MFA_SETUP",
            Self::PasswordVerifier => "PASSWORD_VERIFIER",
            Self::SelectChallenge => "SELECT_CHALLENGE",
            Self::Password => "PASSWORD",
            Self::PasswordSrp => "PASSWORD_SRP",
            Self::WebAuthn => "WEB_AUTHN",
        }
    }
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AuthSession {
    /// The sign-in it may become.
    pub(super) id: Uuid,
    pub(super) pool: PoolId,
    pub(super) user: Uuid,
    pub(super) step: ChallengeName,
    /// Whether an authenticator app was proved on the way.
    pub(super) set_up: bool,
    pub(super) expires: Timestamp,
    /// The revision at which the user was live.
    pub(super) iss_rev: u64,
    /// Whether the password was shown or proved before: a passkey is the second factor then.
    #[serde(default)]
    pub(super) after_password: bool,
    /// The password that was shown or proved, by the hash of what is stored of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<TokenHash>,
    /// What a passkey is to sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) challenge: Option<PasskeyChallenge>,
    /// The provider that vouched for who it is, in place of a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<Vouched>,
}

/// That a provider vouched for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vouched {
    /// The provider, by name.
    pub(super) provider: Box<str>,
    /// Whether it says that more than one factor was shown to it.
    pub(super) second_factor: bool,
}

impl AuthSession {
    /// What is kept of a user's password here.
    pub(super) fn password_of(user: &PoolUser) -> Option<TokenHash> {
        user.password.as_deref().map(hash::of)
    }

    /// Whether a user is still the one it was given to: with the same password, and not signed out since.
    pub(super) fn holds_for(&self, user: &PoolUser) -> bool {
        user.min_rev <= self.iss_rev && Self::password_of(user) == self.password
    }

    /// The string, good for as long as the client says.
    pub(super) fn seal(
        mut self,
        admitted: &AdmittedClient,
        keyring: &Keyring,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<String> {
        self.expires = now + SignedDuration::from_mins(i64::from(admitted.client().session_minutes));
        let plain = serde_json::to_vec(&self).map_err(|e| Error::internal(format!("a session: {e}")))?;
        let sealed = keyring.seal(LABEL, admitted.client().id.as_str().as_bytes(), &plain, entropy)?;
        Ok(format!("{}.{}", admitted.client().id, URL_SAFE_NO_PAD.encode(sealed.as_bytes())))
    }

    /// The client a string was given to, as the string says.
    pub(super) fn client_in(text: &str) -> Option<ClientId> {
        text.split_once('.')?.0.parse().ok()
    }

    /// Reads a string that came back, for the client it was given to.
    pub(super) fn open(
        text: &str,
        admitted: &AdmittedClient,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Result<Self> {
        let read = || {
            let (client, sealed) = text.split_once('.').filter(|_| text.len() <= MOST)?;
            let bytes =
                URL_SAFE_NO_PAD.decode(sealed).ok().filter(|_| client == admitted.client().id.as_str())?;
            let context = admitted.client().id.as_str().as_bytes();
            let plain = keyring.open(LABEL, context, &Sealed::from_bytes(bytes))?;
            serde_json::from_slice::<Self>(plain.expose()).ok()
        };
        let session = read().filter(|session| session.pool == *admitted.pool());
        let session =
            session.ok_or_else(|| PoolFault::NotAuthorized.because("Invalid session for the user."))?;
        if now >= session.expires {
            return Err(PoolFault::NotAuthorized.because("Invalid session for the user, session is expired."));
        }
        Ok(session)
    }
}

/// The error for a session that was used.
pub(super) fn spent() -> Error {
    PoolFault::NotAuthorized.because("Invalid session for the user, session can only be used once.")
}
