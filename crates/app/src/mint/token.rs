//! Minting the tokens of user pools: id and access tokens with Cognito's claims.
//!
//! INVARIANT: whom a token is about, its client and its issuer are those of the [`Standing`] it is made from, never an
//! attribute of the user; an attribute cannot take the name of a claim of the protocol.
//!
//! Spec: Cognito Developer Guide, "Understanding the identity (ID) token" and "Understanding the access token".

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{Entropy, Error, RequestId, Result, Secret, TokenAlgorithm, TokenUse};
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value, json};

use crate::keyring::Keyring;
use crate::token::verify::{REVISION, audience_claim, username_claim};
use crate::token::{Ground, Standing, TokenSubject, Tokens, key};

/// What minting needs of the program.
#[derive(Clone, Copy)]
pub struct Minter<'a> {
    /// Opened keys.
    pub tokens: &'a Tokens,
    /// The master key.
    pub keyring: &'a Keyring,
    /// Where ids come from.
    pub entropy: &'a dyn Entropy,
    /// The snapshot the standing was checked against.
    pub ground: &'a dyn Ground,
}

/// What a sign-in gives, for its id and access tokens alike.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// How the app client wants its tokens signed.
    pub algorithm: TokenAlgorithm,
    /// The time of the request.
    pub now: Timestamp,
    /// When the user signed in; a refresh keeps it.
    pub auth_time: Timestamp,
    /// Names the sign-in; a refresh keeps it.
    pub event_id: &'a str,
    /// The user's groups, the one that comes first first.
    pub groups: &'a [String],
}

/// What an id token says besides.
#[derive(Clone)]
pub struct Identity<'a> {
    /// Seconds it is good for.
    pub life: u32,
    /// The attributes the client may read, as the pool keeps them: `email`, `email_verified`, `custom:team` and so on.
    pub attributes: &'a [(String, String)],
    /// The roles of the user's groups.
    pub roles: &'a [String],
    /// The role of the group with the lowest precedence, when it is one alone.
    pub preferred_role: Option<&'a str>,
    /// What the app gave to find again (OpenID Connect Core section 3.1.2.1).
    pub nonce: Option<&'a str>,
    /// The access token that goes with it, when it is given by the OIDC endpoints.
    pub access_token: Option<&'a Secret<String>>,
}

/// What an access token says besides.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// Seconds it is good for.
    pub life: u32,
    /// What it allows: `aws.cognito.signin.user.admin` for a sign-in by the API.
    pub scopes: &'a [String],
    /// Whether it is given by the OIDC endpoints.
    pub by_oidc: bool,
}

impl Minter<'_> {
    /// An id token.
    ///
    /// # Errors
    /// `Internal` when the pool has no key that signs now, or there is no randomness.
    pub fn id_token(
        &self,
        standing: &Standing,
        grant: &Grant<'_>,
        id: &Identity<'_>,
    ) -> Result<Secret<String>> {
        let mut claims = Map::new();
        for (name, value) in id.attributes.iter().filter(|(name, _)| is_attribute(name)) {
            claims.insert(name.clone(), attribute(name, value));
        }
        if !id.roles.is_empty() {
            claims.insert("cognito:roles".to_owned(), json!(id.roles));
        }
        if let Some(role) = id.preferred_role {
            claims.insert("cognito:preferred_role".to_owned(), role.into());
        }
        if let Some(nonce) = id.nonce {
            claims.insert("nonce".to_owned(), nonce.into());
        }
        if let Some(token) = id.access_token {
            claims.insert("at_hash".to_owned(), half_hash(grant.algorithm, token).into());
        }
        self.sign(standing, grant, TokenUse::Id, id.life, &claims)
    }

    /// An access token.
    ///
    /// # Errors
    /// As [`Minter::id_token`].
    pub fn access_token(
        &self,
        standing: &Standing,
        grant: &Grant<'_>,
        access: &Access<'_>,
    ) -> Result<Secret<String>> {
        let mut claims = Map::new();
        if access.by_oidc {
            claims.insert("version".to_owned(), 2.into());
        }
        claims.insert("scope".to_owned(), access.scopes.join(" ").into());
        self.sign(standing, grant, TokenUse::Access, access.life, &claims)
    }

    fn sign(
        &self,
        standing: &Standing,
        grant: &Grant<'_>,
        usage: TokenUse,
        life: u32,
        more: &Map<String, Value>,
    ) -> Result<Secret<String>> {
        let key = key::current(self.ground, standing.issuer(), grant.algorithm, usage, grant.now)
            .ok_or_else(|| Error::internal("the user pool has no key to sign with"))?;
        if usage == TokenUse::Id && standing.subject() == &TokenSubject::Client {
            return Err(Error::internal("there is no id token for an app client"));
        }
        let jti = RequestId::draw(self.entropy)?;
        let claims = Claims { standing, grant, usage, life, jti: jti.as_str(), more };
        let claims = serde_json::to_string(&claims)
            .map_err(|e| Error::internal(format!("the claims of a token cannot be written: {e}")))?;
        self.tokens.sign(self.keyring, &key, &claims)
    }
}

/// All that a token says.
struct Claims<'a> {
    standing: &'a Standing,
    grant: &'a Grant<'a>,
    usage: TokenUse,
    /// Seconds it is good for.
    life: u32,
    jti: &'a str,
    /// What only tokens of this use say.
    more: &'a Map<String, Value>,
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        let Self { grant, usage, .. } = *self;
        let on = self.standing.on();
        let mut claims = to.serialize_map(None)?;
        for (name, value) in self.more {
            claims.serialize_entry(name, value)?;
        }
        match &on.subject {
            TokenSubject::User { sub, username } => {
                claims.serialize_entry("sub", sub)?;
                claims.serialize_entry(username_claim(usage), username)?;
                claims.serialize_entry("event_id", grant.event_id)?;
            }
            TokenSubject::Client => claims.serialize_entry("sub", &on.client)?,
        }
        if !grant.groups.is_empty() {
            claims.serialize_entry("cognito:groups", grant.groups)?;
        }
        if let Some(origin) = &on.origin_jti {
            claims.serialize_entry("origin_jti", origin)?;
        }
        let issued = grant.now.as_second();
        claims.serialize_entry("iss", &on.issuer.url)?;
        claims.serialize_entry(audience_claim(usage), &on.client)?;
        claims.serialize_entry("token_use", usage.as_str())?;
        claims.serialize_entry("auth_time", &grant.auth_time.as_second())?;
        claims.serialize_entry("iat", &issued)?;
        claims.serialize_entry("exp", &issued.saturating_add(i64::from(self.life)))?;
        claims.serialize_entry("jti", self.jti)?;
        claims.serialize_entry(REVISION, &self.standing.revision())?;
        claims.end()
    }
}

/// Whether a claim of this name can be an attribute of a user: OpenID Connect Core section 5.1, and a pool's own.
fn is_attribute(name: &str) -> bool {
    const STANDARD: [&str; 18] = [
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
        "address",
        "email",
        "phone_number",
        "identities",
    ];
    let verified = matches!(name, "email_verified" | "phone_number_verified");
    STANDARD.contains(&name) || verified || name.starts_with("custom:") || name.starts_with("dev:")
}

/// An attribute with the type that its claim has (OpenID Connect Core section 5.1); the pool keeps all as strings.
fn attribute(name: &str, value: &str) -> Value {
    match name {
        "email_verified" | "phone_number_verified" => Value::Bool(value == "true"),
        "address" => json!({ "formatted": value }),
        "identities" => serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        "updated_at" => value.parse::<i64>().map_or_else(|_| value.into(), Value::from),
        _ => value.into(),
    }
}

/// `at_hash` of OpenID Connect Core section 3.1.3.6: half of the hash that the signature is made over. For Ed25519 that
/// is SHA-512 (RFC 8032 section 5.1), which is how relying parties read it too.
fn half_hash(algorithm: TokenAlgorithm, token: &Secret<String>) -> String {
    let hash = match algorithm {
        TokenAlgorithm::Rs256 | TokenAlgorithm::Es256 => &SHA256,
        TokenAlgorithm::Es384 => &SHA384,
        TokenAlgorithm::EdDsa => &SHA512,
    };
    let hash = digest(hash, token.expose().as_bytes());
    let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(half)
}
