//! What only user pools tell their callers: why something was refused, and the exception of the Cognito API that says so.
//!
//! The API has one name for refusals that pages tell apart, so some of these share theirs ([`PoolFault::code`]). Who decides
//! by a refusal decides by its variant: its words are for people.

use super::Weakness;
use crate::error::{Error, Reason};

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident $code:literal;)*) => {
        /// Why something was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum PoolFault {
            $($(#[$doc])* $fault,)*
            /// A password that the pool's policy does not allow.
            InvalidPassword(Weakness),
        }
        impl PoolFault {
            /// The name of its exception on the wire.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$fault => $code,)*
                    // The API looks at these two before it asks for the policy.
                    Self::InvalidPassword(Weakness::TooLong | Weakness::OuterSpace) => "InvalidParameterException",
                    Self::InvalidPassword(_) => "InvalidPasswordException",
                }
            }
        }
    };
}

faults! {
    /// A password that was tried too often: the next try must wait.
    AttemptsExceeded "NotAuthorizedException";
    /// An e-mail address or phone number that another user has proved.
    AliasExists "AliasExistsException";
    /// A message that cannot be sent.
    CodeDeliveryFailure "CodeDeliveryFailureException";
    /// A code that is not the one that was sent.
    CodeMismatch "CodeMismatchException";
    /// A provider's name or identifier that is taken.
    DuplicateProvider "DuplicateProviderException";
    /// A second factor that is not the one asked for.
    EnableSoftwareTokenMfa "EnableSoftwareTokenMFAException";
    /// A code that is no longer good, or of a user that is not there.
    ExpiredCode "ExpiredCodeException";
    /// An operation that the pool's settings do not allow.
    Forbidden "ForbiddenException";
    /// A group's name that is taken.
    GroupExists "GroupExistsException";
    /// A value that cannot be accepted.
    InvalidParameter "InvalidParameterException";
    /// Settings that contradict one another.
    InvalidUserPoolConfiguration "InvalidUserPoolConfigurationException";
    /// Too many tries or things.
    LimitExceeded "LimitExceededException";
    /// A second factor that the user does not have.
    MfaMethodNotFound "MFAMethodNotFoundException";
    /// Who asks did not prove who they are, or may not.
    NotAuthorized "NotAuthorizedException";
    /// A password that was used before.
    PasswordHistory "PasswordHistoryPolicyViolationException";
    /// A password that must be set anew first.
    PasswordResetRequired "PasswordResetRequiredException";
    /// A refresh token that was exchanged before.
    RefreshTokenReuse "RefreshTokenReuseException";
    /// Nothing of this name.
    ResourceNotFound "ResourceNotFoundException";
    /// A scope that no resource server has.
    ScopeDoesNotExist "ScopeDoesNotExistException";
    /// No authenticator app is set up.
    SoftwareTokenMfaNotFound "SoftwareTokenMFANotFoundException";
    /// A password of an administrator that was not changed in time.
    TemporaryPasswordExpired "NotAuthorizedException";
    /// Too many requests of one kind in a while.
    TooManyRequests "TooManyRequestsException";
    /// A client that may not do this.
    Unauthorized "UnauthorizedException";
    /// A token that cannot be revoked.
    UnsupportedToken "UnsupportedTokenTypeException";
    /// An operation that the user's state does not allow.
    UnsupportedUserState "UnsupportedUserStateException";
    /// A user's name that is taken.
    UsernameExists "UsernameExistsException";
    /// A user whom an administrator keeps out.
    UserDisabled "NotAuthorizedException";
    /// A user that did not confirm to be there.
    UserNotConfirmed "UserNotConfirmedException";
    /// No user of this name.
    UserNotFound "UserNotFoundException";
    /// A passkey that nobody began to make, or too long ago.
    WebAuthnChallengeNotFound "WebAuthnChallengeNotFoundException";
    /// A passkey that another app client began to make.
    WebAuthnClientMismatch "WebAuthnClientMismatchException";
    /// No host that passkeys could be for.
    WebAuthnConfigurationMissing "WebAuthnConfigurationMissingException";
    /// A passkey that cannot be taken.
    WebAuthnCredentialNotSupported "WebAuthnCredentialNotSupportedException";
    /// Passkeys in a pool without them.
    WebAuthnNotEnabled "WebAuthnNotEnabledException";
    /// A passkey made on a page of another site.
    WebAuthnOriginNotAllowed "WebAuthnOriginNotAllowedException";
    /// A passkey for another host.
    WebAuthnRelyingPartyMismatch "WebAuthnRelyingPartyMismatchException";
}

impl PoolFault {
    /// The error with its text.
    pub fn because(self, message: impl Into<String>) -> Error {
        Error::rejected(Reason::UserPool(self), message)
    }
}

#[cfg(test)]
mod tests {
    use super::{PoolFault, Weakness};

    #[test]
    fn what_pages_tell_apart_is_one_exception_on_the_wire() {
        for fault in
            [PoolFault::AttemptsExceeded, PoolFault::TemporaryPasswordExpired, PoolFault::UserDisabled]
        {
            assert_eq!(fault.code(), PoolFault::NotAuthorized.code(), "{fault:?}");
        }
    }

    #[test]
    fn a_password_that_no_policy_can_allow_is_an_invalid_value_on_the_wire() {
        for (weakness, code) in [
            (Weakness::TooLong, "InvalidParameterException"),
            (Weakness::OuterSpace, "InvalidParameterException"),
            (Weakness::TooShort(8), "InvalidPasswordException"),
            (Weakness::Common, "InvalidPasswordException"),
        ] {
            assert_eq!(PoolFault::InvalidPassword(weakness).code(), code);
        }
    }
}
