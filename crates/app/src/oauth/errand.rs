//! Errands: a browser is sent to a provider, and comes back with what the provider has to say.
//!
//! What it must come back with (a nonce, a proof key, the provider's name) travels sealed in `state`, which the door
//! ties to the browser. INVARIANT: an errand ends once, whatever it ends with; an answer is taken only from the provider
//! that was asked, and before it is, nothing in it is believed, not even that something went wrong.
//!
//! OpenID Connect Core 1.0 section 3.1; RFC 7636; RFC 9207; RFC 9700 sections 2.1 and 4.4.

mod exchange;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{PoolClient, PoolFault, UserPool};
use garita_model::{Error, PoolProvider, Reason};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::code::code_challenge;
use super::sign_in::Progress;
use crate::App;
use crate::context::{Concerned, RequestContext};
use crate::hash::sha256;
use crate::oidc::keys::{Endpoints, Known, Source, Unfetched};
use crate::user_pool::{Met, PendingLink, Vouch, provider_called, provider_of};
use exchange::CodeForm;

/// How long an errand may take, and so how long it is known to have ended.
pub const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Most ended errands that are known.
const MOST_ENDED: usize = 50_000;

/// What a browser that is at a provider must come back with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Errand {
    /// The provider, by name.
    #[serde(rename = "p")]
    provider: String,
    /// Since when it is who it is: with another issuer or client it is another.
    #[serde(rename = "r")]
    min_rev: u64,
    /// For the id token.
    #[serde(rename = "n")]
    nonce: String,
    /// What the code's challenge was made of.
    #[serde(rename = "v")]
    verifier: String,
    /// Most seconds since the person signed in there.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
}

/// What proves the way back is not printed.
impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Errand({})", self.provider)
    }
}

impl Errand {
    /// The provider's name.
    pub fn provider(&self) -> &str {
        &self.provider
    }
}

/// Where a browser is sent, but for `state`.
#[derive(Debug)]
pub struct Departure {
    /// The provider's authorization endpoint.
    pub address: String,
    /// What is asked there.
    pub parameters: Vec<(&'static str, String)>,
}

/// What a browser comes back with.
#[derive(Clone, Copy)]
pub struct Homecoming<'a> {
    /// `code`.
    pub code: Option<&'a str>,
    /// `error`.
    pub error: Option<&'a str>,
    /// `iss`.
    pub issuer: Option<&'a str>,
    /// The provider whose own address it came to, if it is one's own.
    pub to_own: Option<&'a str>,
}

/// What comes of an errand.
pub enum Arrived {
    /// Signed in, or asked for more.
    Progress(Progress),
    /// An account with the same proved address is here.
    Known(PendingLink),
}

/// Why an errand comes to nothing.
#[derive(Debug)]
pub enum ErrandFault {
    /// There is no such provider, or the client does not send anybody to it.
    Unknown,
    /// The provider does not answer.
    Unreachable,
    /// What it answers cannot be used; the text is for the record.
    Unusable(String),
    /// The person, or the provider, said no.
    Denied,
    /// It ended before, or things have changed since it began.
    Spent,
    /// The user is disabled.
    Disabled,
    /// The name or an address is somebody else's.
    Taken,
    /// What the provider says of the person does not fit what the pool keeps; the text is for the record.
    Unfit(String),
    /// Something broke here.
    Broken(Error),
}

impl From<Unfetched> for ErrandFault {
    fn from(why: Unfetched) -> Self {
        match why {
            Unfetched::Unreachable => Self::Unreachable,
            Unfetched::Unusable => Self::unusable("its configuration or its keys cannot be used"),
        }
    }
}

impl From<Error> for ErrandFault {
    fn from(error: Error) -> Self {
        let Error::Rejected { reason, message } = &error else { return Self::Broken(error) };
        match reason {
            Reason::UserPool(PoolFault::UsernameExists | PoolFault::AliasExists) => Self::Taken,
            Reason::UserPool(PoolFault::InvalidParameter) => Self::Unfit(message.clone()),
            Reason::UserPool(
                PoolFault::UserDisabled | PoolFault::UserNotConfirmed | PoolFault::PasswordResetRequired,
            ) => Self::Disabled,
            Reason::UserPool(PoolFault::NotAuthorized | PoolFault::ResourceNotFound) => Self::Spent,
            Reason::InvalidIdentityToken | Reason::ExpiredToken => Self::Unusable(message.clone()),
            _ => Self::Broken(error),
        }
    }
}

impl ErrandFault {
    fn unusable(why: &str) -> Self {
        Self::Unusable(why.to_owned())
    }
}

/// Errands that ended, by the hash of their nonce.
#[derive(Default)]
pub(crate) struct Ended(Mutex<HashMap<[u8; 32], Timestamp>>);

impl Ended {
    /// Ends an errand; false when it ended before.
    fn end(&self, errand: &Errand, now: Timestamp) -> bool {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= MOST_ENDED {
            ended.retain(|_, at| now.duration_since(*at) < LIFE);
        }
        if ended.len() >= MOST_ENDED {
            // So many in an hour are an attack; that a code is good once is the provider's rule as well.
            ended.clear();
        }
        ended.insert(sha256(&[errand.nonce.as_bytes()]), now).is_none()
    }
}

impl App {
    /// The name of the provider that a word leads to, if the pool has one for it.
    pub fn provider_called(&self, pool: &UserPool, word: &str) -> Option<String> {
        provider_called(&self.snapshot(), pool, word)
    }

    /// The providers a client sends people to, by name; the pool itself is not among them.
    pub fn providers_of(&self, pool: &UserPool, client: &PoolClient) -> Vec<String> {
        let state = self.snapshot();
        let there = |name: &&String| provider_of(&state, pool, client, name).is_some();
        client.providers.iter().filter(there).cloned().collect()
    }

    /// Sends a browser to a provider; `callback` is where it is to come back, unless the provider has an address of its own.
    ///
    /// # Errors
    /// [`ErrandFault`].
    pub async fn begin_errand(
        &self,
        cx: &RequestContext,
        pool: &UserPool,
        client: &PoolClient,
        name: &str,
        ask: Option<&Ask>,
        callback: &str,
    ) -> Result<(Errand, Departure), ErrandFault> {
        cx.concerns(Concerned { account: pool.account, pool: pool.id.to_string(), sub: None });
        let provider = self.standing_provider(pool, client, name)?;
        let known = self.known(&provider, None, cx.now()).await?;
        let address = known.endpoints.authorize.clone();
        let address = address.ok_or_else(|| ErrandFault::unusable("it has no authorization endpoint"))?;
        let errand = Errand {
            provider: provider.name.clone(),
            min_rev: provider.min_rev,
            nonce: self.draw_text()?,
            verifier: self.draw_text()?,
            max_age: ask.and_then(|ask| ask.max_age),
        };
        let challenge = code_challenge(&errand.verifier);
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", provider.client.clone()),
            ("redirect_uri", address_of(&provider, callback)),
            ("scope", provider.scopes.clone()),
            ("nonce", errand.nonce.clone()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
        ];
        if let Some(ask) = ask {
            parameters.extend(ask.shown.sign_in.then(|| ("prompt", "login".to_owned())));
            parameters.extend(ask.max_age.map(|most| ("max_age", most.to_string())));
            parameters.extend(ask.login_hint.clone().map(|hint| ("login_hint", hint)));
        }
        Ok((errand, Departure { address, parameters }))
    }

    /// Takes what a browser comes back with; `former` is the cookie it has.
    ///
    /// # Errors
    /// [`ErrandFault`].
    pub async fn end_errand(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &PoolClient,
        errand: &Errand,
        home: Homecoming<'_>,
        callback: &str,
        former: Option<&str>,
    ) -> Result<Arrived, ErrandFault> {
        let admitted = self.admit(&self.snapshot(), cx, &client.id)?.at_browser(former);
        let provider = self.standing_provider(admitted.user_pool(), admitted.client(), &errand.provider)?;
        // Another provider of that name must not be given what was meant for the one that was asked.
        if provider.min_rev != errand.min_rev || !self.ended_errands.end(errand, cx.now()) {
            return Err(ErrandFault::Spent);
        }
        let known = self.known(&provider, None, cx.now()).await?;
        from_whom_was_asked(&provider, &known.endpoints, &home)?;
        match home.error {
            None => {}
            Some("access_denied" | "login_required" | "consent_required" | "interaction_required") => {
                return Err(ErrandFault::Denied);
            }
            Some(code) => {
                let code: String = code.chars().filter(char::is_ascii_graphic).take(64).collect();
                return Err(ErrandFault::Unusable(format!("it answered with the error `{code}`")));
            }
        }
        let code = home.code.ok_or_else(|| ErrandFault::unusable("it answered without a code"))?;
        let callback = address_of(&provider, callback);
        let form = CodeForm { provider: &provider, code, verifier: &errand.verifier, callback: &callback };
        let tokens = self.exchange(&known.endpoints, &form).await?;
        let proof = self.proof(&provider, errand, &tokens, cx.now()).await?;
        let claims = self.all_claims(&provider, &known.endpoints, &tokens, &proof).await?;
        let (second_factor, subject) = (proof.second_factor(), proof.subject);
        let vouch = Vouch { provider, subject, claims, second_factor };
        match self.sign_in_vouched(cx, &admitted, vouch).await? {
            Met::In(reached) => Ok(Arrived::Progress(self.progress(cx, reached).await?)),
            Met::Known(link) => Ok(Arrived::Known(link)),
        }
    }

    fn standing_provider(
        &self,
        pool: &UserPool,
        client: &PoolClient,
        name: &str,
    ) -> Result<Arc<PoolProvider>, ErrandFault> {
        provider_of(&self.snapshot(), pool, client, name).ok_or(ErrandFault::Unknown)
    }

    async fn known(
        &self,
        provider: &PoolProvider,
        key: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Known>, ErrandFault> {
        let source = Source { issuer: &provider.issuer, endpoints: provider.endpoints.as_ref() };
        Ok(self.provider_keys.find(&source, key, now).await?)
    }

    /// 256 random bits in base64url: a nonce, and a `code_verifier` of RFC 7636 section 4.1.
    fn draw_text(&self) -> Result<String, Error> {
        let mut bytes = [0_u8; 32];
        self.entropy().fill(&mut bytes)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Where a provider sends browsers back to.
fn address_of(provider: &PoolProvider, callback: &str) -> String {
    provider.redirect_name().map_or_else(|| callback.to_owned(), |name| format!("{callback}/{name}"))
}

/// RFC 9700 section 4.4.2: one provider must not pass the answer of another off as its own. Its answer comes to its address;
/// and an answer that names its issuer names the one that was asked, and one that should name it does (RFC 9207 section 2.4).
fn from_whom_was_asked(
    provider: &PoolProvider,
    endpoints: &Endpoints,
    home: &Homecoming<'_>,
) -> Result<(), ErrandFault> {
    if home.to_own != provider.redirect_name() {
        return Err(ErrandFault::unusable("the answer came to the address of another provider"));
    }
    match home.issuer {
        Some(issuer) if issuer.trim_end_matches('/') == provider.issuer => Ok(()),
        Some(_) => Err(ErrandFault::unusable("the answer is of another issuer than was asked")),
        None if endpoints.names_itself => Err(ErrandFault::unusable("the answer does not name its issuer")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_ends_once() {
        let errand = |nonce: &str| Errand {
            provider: "p".into(),
            min_rev: 0,
            nonce: nonce.into(),
            verifier: "v".into(),
            max_age: None,
        };
        let (ended, now) = (Ended::default(), Timestamp::UNIX_EPOCH);
        assert!(ended.end(&errand("a"), now) && ended.end(&errand("b"), now));
        assert!(!ended.end(&errand("a"), now));
        assert_eq!(format!("{:?}", errand("a")), "Errand(p)");
    }
}
