//! What relying parties find out by themselves: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517.

use garita_model::{TokenAlgorithm, UserPool};
use serde_json::{Value, json};

use crate::Call;
use crate::answer::{Answer, Trouble};
use crate::reply::Reply;
use crate::words::Language;

/// A key is published for two days before it signs, and a denied one should be gone soon.
const KEPT: &str = "public, max-age=300";

/// The provider's configuration.
pub(super) fn configuration(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let pool = pool.and_then(|pool| call.app().oidc_pool(pool)).ok_or(Trouble::NotFound)?;
    Ok(Answer::of(Reply::kept_json(&document(&call.web.issuer(&pool), &pool), KEPT)))
}

/// The keys that tokens are verified with.
pub(super) fn keys(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let pool = pool.and_then(|pool| call.app().oidc_pool(pool)).ok_or(Trouble::NotFound)?;
    let keys = call.app().pool_key_set(&pool.id, call.cx.now()).ok_or(Trouble::NotFound)?;
    Ok(Answer::of(Reply::kept_json(&keys, KEPT)))
}

fn document(issuer: &str, pool: &UserPool) -> Value {
    let at = |path: &str| format!("{issuer}/{path}");
    let attributes = pool.attributes().into_iter().map(|attribute| attribute.name);
    let claims: Vec<String> =
        ["iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "cognito:username", "cognito:groups"]
            .into_iter()
            .map(str::to_owned)
            .chain(attributes)
            .collect();
    let algorithms: Vec<&str> = pool.token_algorithms().into_iter().map(TokenAlgorithm::as_str).collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("oauth2/authorize"),
        "token_endpoint": at("oauth2/token"),
        "userinfo_endpoint": at("oauth2/userInfo"),
        "jwks_uri": at(".well-known/jwks.json"),
        "revocation_endpoint": at("oauth2/revoke"),
        "introspection_endpoint": at("oauth2/introspect"),
        "end_session_endpoint": at("logout"),
        "device_authorization_endpoint": at("oauth2/device_authorization"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "scopes_supported": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"],
        "claims_supported": claims,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": Language::ALL.map(Language::tag),
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}
