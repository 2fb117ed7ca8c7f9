//! What the OAuth endpoints answer when they refuse: the codes of the RFCs, with a text that says what to do.

use garita_model::Error;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $text:literal $status:literal;)*) => {
        /// An error code of OAuth or OpenID Connect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum OAuthCode {
            $($(#[$doc])* $code,)*
        }
        impl OAuthCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];
            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)* }
            }
            /// The HTTP status, where it is told in a reply and not in a redirect.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }
        }
    };
}

codes! {
    /// A parameter is missing, doubled or cannot be understood. RFC 6749 section 5.2.
    InvalidRequest "invalid_request" 400;
    /// The app client is not known, or did not prove who it is.
    InvalidClient "invalid_client" 401;
    /// The code, token or credential is not good, or not this client's.
    InvalidGrant "invalid_grant" 400;
    /// The client may not use this way to get a token.
    UnauthorizedClient "unauthorized_client" 400;
    /// There is no such way to get a token.
    UnsupportedGrantType "unsupported_grant_type" 400;
    /// A scope that does not exist, or that the client may not ask for.
    InvalidScope "invalid_scope" 400;
    /// Only `code` is answered. RFC 6749 section 4.1.2.1.
    UnsupportedResponseType "unsupported_response_type" 400;
    /// The person said no.
    AccessDenied "access_denied" 400;
    /// Not now.
    TemporarilyUnavailable "temporarily_unavailable" 503;
    /// Something broke.
    ServerError "server_error" 500;
    /// Someone would have to sign in. OpenID Connect Core section 3.1.2.6.
    LoginRequired "login_required" 400;
    /// Someone would have to agree.
    ConsentRequired "consent_required" 400;
    /// Request objects are not read.
    RequestNotSupported "request_not_supported" 400;
    /// Nor fetched.
    RequestUriNotSupported "request_uri_not_supported" 400;
    /// Clients do not register themselves.
    RegistrationNotSupported "registration_not_supported" 400;
    /// Nobody has decided yet. RFC 8628 section 3.5.
    AuthorizationPending "authorization_pending" 400;
    /// The device asks too often.
    SlowDown "slow_down" 400;
    /// The device's code has run out.
    ExpiredToken "expired_token" 400;
    /// Only refresh tokens are revoked. RFC 7009 section 2.2.1.
    UnsupportedTokenType "unsupported_token_type" 400;
    /// The bearer token is not good. RFC 6750 section 3.1.
    InvalidToken "invalid_token" 401;
    /// The bearer token is good, but not for this.
    InsufficientScope "insufficient_scope" 403;
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", code.as_str())]
pub struct OAuthFault {
    /// The code.
    pub code: OAuthCode,
    /// What is wrong and what to do: printable ASCII without `"` and `\` (RFC 6749 section 5.2).
    pub text: String,
}

impl OAuthCode {
    /// A refusal with its text.
    pub fn because(self, text: impl Into<String>) -> OAuthFault {
        let fits = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let text = text.into().chars().map(|c| if fits(c) { c } else { '?' }).take(400).collect();
        OAuthFault { code: self, text }
    }
}

/// What breaks inside is told without its cause.
impl From<&Error> for OAuthFault {
    fn from(error: &Error) -> Self {
        match error {
            Error::Unavailable(_) => {
                OAuthCode::TemporarilyUnavailable.because("the service cannot answer now: try again later")
            }
            _ => OAuthCode::ServerError
                .because("the request could not be answered: name its id when asking for help"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_to_what_the_rfc_lets_through() {
        let fault = OAuthCode::InvalidScope.because("scope `a\"b\\c\nñ` is none");
        assert_eq!(fault.text, "scope `a?b?c??` is none");
        assert_eq!(OAuthCode::InvalidRequest.because("x".repeat(1_000)).text.len(), 400);
    }
}
