//! What a verb may answer besides success: one enum, free of any transport.
//!
//! INVARIANT: `Display` is the public text. An internal cause never reaches it; the door logs the cause once.
//! Each door maps this enum to its wire in one exhaustive match.

use std::fmt;

use garita_wire::sigv4::SigV4Error;

use crate::explanation::Ground;
use crate::password_fault::PasswordFault;
use crate::user_pool::fault::PoolFault;

/// A result of this workspace's verbs.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything a caller can be told.
#[derive(Debug, Clone)]
pub enum Error {
    /// The thing named is not there.
    NotFound(String),
    /// The name is taken.
    AlreadyExists(String),
    /// A field has a value that cannot be accepted; nothing changed.
    Invalid {
        /// The field, as the caller's API spells it; empty when it concerns the whole request.
        field: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
    /// A value that contradicts another or the caller's session; nothing changed.
    InvalidParameter(String),
    /// An operation asked for on a thing it does not fit; nothing changed.
    InvalidInput(String),
    /// A policy document that cannot be stored; the text says what and where.
    MalformedPolicy(String),
    /// A session's policies and tags do not fit.
    PackedPolicyTooLarge(String),
    /// The thing is still in use.
    DeleteConflict(String),
    /// The thing must not be changed by this caller or at all.
    Unmodifiable(String),
    /// A quota is used up.
    LimitExceeded(String),
    /// Something that only one kind of request can be told; nothing changed.
    Rejected {
        /// What.
        reason: Reason,
        /// What is wrong and what to do.
        message: String,
    },
    /// The caller did not prove who they are.
    Unauthenticated(SigV4Error),
    /// The caller is known and may not do this.
    AccessDenied(Box<Refusal>),
    /// The request is larger than this door accepts; holds the limit in bytes.
    TooLarge(usize),
    /// Garita cannot answer now; try again later.
    Unavailable(Cause),
    /// A fault of Garita's own.
    Internal(Cause),
}

/// What only one kind of request can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A password that the account's policy does not allow.
    PasswordPolicyViolation(PasswordFault),
    /// A public key that cannot be read.
    InvalidPublicKey,
    /// A public key that cannot be shown as it is asked for.
    UnrecognizedPublicKeyEncoding,
    /// A public key that the user has already.
    DuplicateSshPublicKey,
    /// A report that was not made yet.
    ReportNotPresent,
    /// A report that is too old to be shown.
    ReportExpired,
    /// A token of an identity provider that proves nothing.
    InvalidIdentityToken,
    /// A token of an identity provider that ran out.
    ExpiredToken,
    /// An identity provider that cannot be reached.
    IdpCommunicationError,
    /// One-time codes that are not those of the device.
    InvalidAuthenticationCode,
    /// A caller that is no user, where only a user can be.
    InvalidUserType,
    /// What only user pools tell.
    UserPool(PoolFault),
    /// An encoded message that is not of this account, or of no refusal.
    InvalidAuthorizationMessage,
    /// A feature of the account that is on already.
    FeatureEnabled,
    /// A feature of the account that is off already.
    FeatureDisabled,
    /// An account that vouches for nobody outside.
    OutboundFederationDisabled,
    /// A token that would outlive the session that asks for it.
    SessionDurationEscalation,
    /// A token that would be too long.
    JwtPayloadSizeExceeded,
}

/// A denied request: who asked for what, and the decision that refused it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The sentence for the caller, in AWS's words.
    pub message: String,
    /// What stands behind it; none when no policy decided.
    pub ground: Option<Ground>,
}

/// Why something failed inside: for the log only, never for the wire.
#[derive(Clone)]
pub struct Cause {
    public: &'static str,
    detail: String,
}

impl Cause {
    /// The text that may leave the house.
    pub fn public(&self) -> &'static str {
        self.public
    }
    /// The text for the log.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.public, self.detail)
    }
}

impl Error {
    /// A value that cannot be accepted in `field`.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
    /// A fault of Garita's own; `detail` goes to the log only.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::Internal(Cause {
            public: "The request processing has failed because of an unknown error, exception or failure.",
            detail: detail.into(),
        })
    }
    /// A condition that passes; `detail` goes to the log only.
    pub fn unavailable(public: &'static str, detail: impl Into<String>) -> Self {
        Self::Unavailable(Cause { public, detail: detail.into() })
    }
    /// A refusal without a policy decision behind it, such as a caller of the wrong kind.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::AccessDenied(Box::new(Refusal { message: message.into(), ground: None }))
    }
    /// What only one kind of request can be told.
    pub fn rejected(reason: Reason, message: impl Into<String>) -> Self {
        Self::Rejected { reason, message: message.into() }
    }
    /// The internal cause, if there is one: for the log.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable(cause) | Self::Internal(cause) => Some(cause),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(m)
            | Self::AlreadyExists(m)
            | Self::Invalid { message: m, .. }
            | Self::InvalidParameter(m)
            | Self::InvalidInput(m)
            | Self::MalformedPolicy(m)
            | Self::PackedPolicyTooLarge(m)
            | Self::DeleteConflict(m)
            | Self::Unmodifiable(m)
            | Self::LimitExceeded(m)
            | Self::Rejected { message: m, .. } => f.write_str(m),
            Self::Unauthenticated(e) => f.write_str(&e.message()),
            Self::AccessDenied(refusal) => f.write_str(&refusal.message),
            Self::TooLarge(limit) => write!(f, "the request body is larger than {limit} bytes"),
            Self::Unavailable(cause) | Self::Internal(cause) => f.write_str(cause.public),
        }
    }
}

impl std::error::Error for Error {}

impl From<SigV4Error> for Error {
    fn from(error: SigV4Error) -> Self {
        Self::Unauthenticated(error)
    }
}
