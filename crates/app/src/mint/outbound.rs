//! Minting what an account says of one of its principals to services outside.
//!
//! Spec: RFC 7519 section 4.1; IAM User Guide, "Understanding token claims".

use garita_model::{Error, Reason, RequestId, Result, Secret, TokenAlgorithm, TokenUse};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::App;
use crate::authorize::Permit;
use crate::token::{Ground, Issuer, key};

/// Most bytes of the claims: with header and signature, a token fits into a header line of a usual server.
const MOST_CLAIMS: usize = 8 * 1024;
/// The name of the claim that holds what is known of AWS's principals alone.
const NAMESPACE: &str = "https://sts.amazonaws.com/";

/// What a token is to say.
pub(crate) struct WebIdentityClaims<'a> {
    /// Who says it.
    pub(crate) issuer: &'a Issuer,
    /// The ARN of the principal it is about.
    pub(crate) subject: String,
    /// Whom it is for, one or more.
    pub(crate) audience: &'a [String],
    /// The time of the request.
    pub(crate) issued: Timestamp,
    /// When it ends.
    pub(crate) expires: Timestamp,
    /// What it says besides.
    pub(crate) more: Value,
}

/// A token about the principal that the permit was given to.
///
/// # Errors
/// `Rejected` for claims that are too long; `Internal` when the issuer has no key that signs now, or there is no
/// randomness.
pub(crate) fn web_identity_token(
    app: &App,
    ground: &dyn Ground,
    _permit: &Permit,
    algorithm: TokenAlgorithm,
    claims: &WebIdentityClaims<'_>,
) -> Result<Secret<String>> {
    let key = key::current(ground, claims.issuer, algorithm, TokenUse::Id, claims.issued)
        .ok_or_else(|| Error::internal("the account's issuer has no key to sign with"))?;
    let audience = match claims.audience {
        [one] => Value::from(one.as_str()),
        several => json!(several),
    };
    let text = json!({
        "iss": claims.issuer.url,
        "aud": audience,
        "sub": claims.subject,
        "iat": claims.issued.as_second(),
        "exp": claims.expires.as_second(),
        "jti": RequestId::draw(app.entropy())?.as_str(),
        NAMESPACE: claims.more,
    })
    .to_string();
    if text.len() > MOST_CLAIMS {
        let message = format!("The token's claims are longer than {MOST_CLAIMS} bytes: pass fewer tags.");
        return Err(Error::rejected(Reason::JwtPayloadSizeExceeded, message));
    }
    app.tokens.sign(&app.keyring, &key, &text)
}
