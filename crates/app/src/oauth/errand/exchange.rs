//! What a provider gives for a code: tokens, what the id token proves, and more claims.
//!
//! INVARIANT: what the provider signed counts before what it answers beside that, and an answer about somebody else is no
//! answer.
//!
//! OpenID Connect Core 1.0 sections 3.1.3 and 5.3; RFC 6749 sections 2.3 and 4.1.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::{EndpointQuestion, PoolProvider, Secret};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Errand, ErrandFault};
use crate::App;
use crate::mint;
use crate::oidc::id_token::{self, Expected, SignInProof};
use crate::oidc::keys::Endpoints;
use crate::oidc::token::{MOST, Token};

/// All but the unreserved characters of RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a token endpoint answers: OpenID Connect Core section 3.1.3.3.
#[derive(Deserialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: String,
    id_token: String,
}

/// What a code is exchanged with.
pub(super) struct CodeForm<'a> {
    pub(super) provider: &'a PoolProvider,
    pub(super) code: &'a str,
    pub(super) verifier: &'a str,
    pub(super) callback: &'a str,
}

impl CodeForm<'_> {
    fn question(&self, address: String, secret: Option<&Secret<String>>, basic: bool) -> EndpointQuestion {
        let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code),
            ("redirect_uri", self.callback),
            ("code_verifier", self.verifier),
        ];
        let client = self.provider.client.as_str();
        let mut authorization = None;
        match secret {
            Some(secret) if basic => {
                let pair = format!("{}:{}", encoded(client), encoded(secret.expose()));
                authorization = Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))));
            }
            Some(secret) => form.extend([("client_id", client), ("client_secret", secret.expose().as_str())]),
            None => form.push(("client_id", client)),
        }
        let pairs = form.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let form = Some(Secret::new(pairs.collect::<Vec<_>>().join("&")));
        EndpointQuestion { address, authorization, form }
    }
}

impl App {
    /// Exchanges a code: RFC 6749 section 4.1.3.
    pub(super) async fn exchange(
        &self,
        endpoints: &Endpoints,
        form: &CodeForm<'_>,
    ) -> Result<Tokens, ErrandFault> {
        let address = endpoints.token.clone();
        let address = address.ok_or_else(|| ErrandFault::unusable("it has no token endpoint"))?;
        let secret = mint::open_provider_secret(&self.keyring, form.provider)?;
        let question = form.question(address, secret.as_ref(), endpoints.basic);
        let answer = self.provider_keys.ask(&question).await?;
        if answer.status >= 500 {
            return Err(ErrandFault::Unreachable);
        }
        if answer.status != 200 {
            return Err(ErrandFault::Unusable(format!("its token endpoint answered {}", answer.status)));
        }
        let read = serde_json::from_slice::<Tokens>(answer.body.expose()).ok();
        let read = read.filter(|tokens| tokens.token_type.eq_ignore_ascii_case("Bearer"));
        let read = read.filter(|tokens| tokens.id_token.len() <= MOST && tokens.access_token.len() <= MOST);
        read.ok_or_else(|| ErrandFault::unusable("its token endpoint answered without id and access token"))
    }

    pub(super) async fn proof(
        &self,
        provider: &PoolProvider,
        errand: &Errand,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<SignInProof, ErrandFault> {
        let token = Token::read(&tokens.id_token)?;
        // A key that is new is fetched here.
        let known = self.known(provider, token.key(), now).await?;
        let expected = Expected {
            issuer: &provider.issuer,
            client: &provider.client,
            nonce: &errand.nonce,
            access_token: &tokens.access_token,
            max_age: errand.max_age,
        };
        Ok(id_token::prove(&tokens.id_token, &expected, &known.keys, now)?)
    }

    /// The claims of the id token with those of the userinfo endpoint: OpenID Connect Core section 5.3.
    pub(super) async fn all_claims(
        &self,
        provider: &PoolProvider,
        endpoints: &Endpoints,
        tokens: &Tokens,
        proof: &SignInProof,
    ) -> Result<Map<String, Value>, ErrandFault> {
        let Some(address) = endpoints.userinfo.clone() else { return Ok(proof.claims.clone()) };
        let question = EndpointQuestion {
            address,
            authorization: Some(Secret::new(format!("Bearer {}", tokens.access_token))),
            form: provider.userinfo_by_post.then(|| Secret::new(String::new())),
        };
        let answer = self.provider_keys.ask(&question).await?;
        let told = (answer.status == 200)
            .then(|| serde_json::from_slice::<Map<String, Value>>(answer.body.expose()).ok())
            .flatten();
        let told = told.ok_or_else(|| ErrandFault::unusable("its userinfo endpoint answered no claims"))?;
        // Section 5.3.2: who it is about must be compared, or claims of somebody else would be taken.
        if told.get("sub").and_then(Value::as_str) != Some(&proof.subject) {
            return Err(ErrandFault::unusable("its userinfo endpoint answered claims of somebody else"));
        }
        Ok(together(&proof.claims, told))
    }
}

/// Claims of both places; those that are signed count. Whether an address is proved is said of the address beside it.
fn together(signed: &Map<String, Value>, mut told: Map<String, Value>) -> Map<String, Value> {
    let mut claims = signed.clone();
    match signed.get("email") {
        None => drop(claims.remove("email_verified")),
        Some(email) if told.get("email") != Some(email) => drop(told.remove("email_verified")),
        Some(_) => {}
    }
    for (name, value) in told {
        claims.entry(name).or_insert(value);
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_signed_counts_and_no_address_borrows_the_proof_of_another() {
        let both = |signed: Value, told: Value| Value::Object(together(&map(&signed), map(&told)));
        let told = json!({ "email": "b@x", "email_verified": true, "name": "B" });
        let signed = json!({ "email": "a@x", "name": "A" });
        assert_eq!(both(signed, told.clone()), json!({ "email": "a@x", "name": "A" }));
        assert_eq!(
            both(json!({ "email_verified": true }), json!({ "email": "b@x" })),
            json!({ "email": "b@x" })
        );
        assert_eq!(both(json!({ "email": "b@x" }), told.clone()), told);
    }
}
