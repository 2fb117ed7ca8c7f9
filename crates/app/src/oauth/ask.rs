//! What an app asks for when it sends a browser: an authorization request, checked.
//!
//! The order of RFC 6749 section 4.1.2.1 is kept: first the app client and where to return to, and only once these are
//! sure is anything told to the app. INVARIANT: an [`Ask`] holds a redirect URI that its client has registered, letter
//! for letter, and only scopes that the client may ask for.

use garita_model::user_pool::{ClientId, PoolClient, Uuid};
use serde::{Deserialize, Serialize};

use super::fault::{OAuthCode, OAuthFault};

/// Most bytes of `state`, `nonce` and the like. They are carried through every page.
const MAX_TEXT: usize = 1_024;
/// Most bytes of `state`. An API stage carries where somebody wanted to go in it.
const MAX_STATE: usize = 2_048;
/// A `code_challenge` is the SHA-256 of the verifier in base64url: RFC 7636 section 4.2.
const CHALLENGE: usize = 43;

/// The parameters as they came.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the parameters of OpenID Connect Core section 3.1.2.1, RFC 7636 and Cognito")]
pub struct RawAsk {
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub response_type: Option<String>,
    pub response_mode: Option<String>,
    pub scope: Option<String>,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub prompt: Option<String>,
    pub max_age: Option<String>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub identity_provider: Option<String>,
    pub idp_identifier: Option<String>,
    pub request: Option<String>,
    pub request_uri: Option<String>,
    pub registration: Option<String>,
}

/// What must be shown, whatever the browser's session says: `prompt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Nothing: answer at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nothing: bool,
    /// The sign-in page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sign_in: bool,
    /// The question whether the app may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consent: bool,
}

/// An authorization request that can be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The app client.
    #[serde(rename = "c")]
    pub client: ClientId,
    /// Where to return to.
    #[serde(rename = "r")]
    pub redirect_uri: String,
    /// What for.
    #[serde(rename = "s")]
    pub scopes: Vec<String>,
    /// The app's own mark, given back as it came.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For the id token.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What the code's bearer must know the source of.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// What must be shown.
    #[serde(rename = "p", default)]
    pub shown: Shown,
    /// Most seconds since the last sign-in.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    /// Who will probably sign in.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Whom the app wants, and nobody else: who is meant by its `id_token_hint`.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// The provider to sign in with; none leaves it to the person.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskFault {
    /// No such app client.
    UnknownClient,
    /// The client is not open to browsers.
    ClientClosed,
    /// The app does not say where to return to, and has no default.
    NoRedirect,
    /// Not a place the client has registered.
    Redirect(String),
    /// The app is told: where, its own mark, and what.
    Told(Box<Told>),
}

/// A refusal that is told to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Where.
    pub redirect_uri: String,
    /// The app's mark.
    pub state: Option<String>,
    /// What.
    pub fault: OAuthFault,
}

impl Ask {
    /// Checks a request against its client.
    ///
    /// # Errors
    /// [`AskFault`].
    pub fn check(raw: RawAsk, client: &PoolClient) -> Result<Self, AskFault> {
        if !client.oauth || client.providers.is_empty() {
            return Err(AskFault::ClientClosed);
        }
        let redirect_uri = match (&raw.redirect_uri, &client.default_redirect) {
            (Some(uri), _) if client.callback_urls.iter().any(|known| known == uri) => uri.clone(),
            (Some(uri), _) => return Err(AskFault::Redirect(uri.clone())),
            (None, Some(uri)) => uri.clone(),
            (None, None) => return Err(AskFault::NoRedirect),
        };
        // A mark that is too long is not given back: it would not fit anywhere.
        let state = raw.state.clone().filter(|state| state.len() <= MAX_STATE);
        Self::check_rest(raw, client, &redirect_uri)
            .map_err(|fault| AskFault::Told(Box::new(Told { redirect_uri, state, fault })))
    }

    fn check_rest(raw: RawAsk, client: &PoolClient, redirect_uri: &str) -> Result<Self, OAuthFault> {
        refuse_unread(&raw)?;
        let provider = provider(&raw, client)?;
        bounded("state", raw.state.as_deref(), MAX_STATE)?;
        bounded("nonce", raw.nonce.as_deref(), MAX_TEXT)?;
        bounded("login_hint", raw.login_hint.as_deref(), MAX_TEXT)?;
        match raw.response_type.as_deref() {
            Some("code") => {}
            Some(_) => {
                return Err(OAuthCode::UnsupportedResponseType.because("response_type must be `code`"));
            }
            None => {
                return Err(OAuthCode::InvalidRequest.because("response_type is missing: it must be `code`"));
            }
        }
        if raw.response_mode.as_deref().is_some_and(|mode| mode != "query") {
            return Err(OAuthCode::InvalidRequest.because("response_mode must be `query`"));
        }
        if !client.oauth_flows.iter().any(|flow| flow == "code") {
            let text = "the app client does not have the OAuth flow `code`: allow it for the client";
            return Err(OAuthCode::UnauthorizedClient.because(text));
        }
        let scopes = scopes(raw.scope.as_deref(), client)?;
        Ok(Self {
            challenge: challenge(&raw, client, &scopes)?,
            shown: shown(raw.prompt.as_deref())?,
            max_age: max_age(raw.max_age.as_deref())?,
            client: client.id.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scopes,
            state: raw.state,
            nonce: raw.nonce,
            login_hint: raw.login_hint,
            subject: None,
            provider,
        })
    }

    /// Whether it is for an id token too.
    pub fn is_openid(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }
}

fn refuse_unread(raw: &RawAsk) -> Result<(), OAuthFault> {
    if raw.request.is_some() {
        return Err(OAuthCode::RequestNotSupported.because("request objects are not supported"));
    }
    if raw.request_uri.is_some() {
        return Err(OAuthCode::RequestUriNotSupported.because("request objects are not supported"));
    }
    if raw.registration.is_some() {
        return Err(OAuthCode::RegistrationNotSupported
            .because("app clients are registered by the pool's administrator"));
    }
    Ok(())
}

/// The provider that is asked for, if one is: `idp_identifier` stands for one by another word, which the door has
/// looked up.
fn provider(raw: &RawAsk, client: &PoolClient) -> Result<Option<String>, OAuthFault> {
    match (&raw.identity_provider, &raw.idp_identifier) {
        (Some(name), _) if client.providers.contains(name) => Ok(Some(name.clone())),
        (Some(name), _) => Err(OAuthCode::InvalidRequest
            .because(format!("identity_provider `{name}` is not one the app client has"))),
        (None, Some(word)) => Err(OAuthCode::InvalidRequest
            .because(format!("idp_identifier `{word}` leads to no provider the app client has"))),
        (None, None) => Ok(None),
    }
}

fn bounded(name: &str, value: Option<&str>, most: usize) -> Result<(), OAuthFault> {
    match value {
        Some(value) if value.len() > most => {
            Err(OAuthCode::InvalidRequest.because(format!("{name} is longer than {most} bytes")))
        }
        _ => Ok(()),
    }
}

/// The scopes asked for, each once; all the client has when none are named (as Cognito does).
pub(crate) fn scopes(asked: Option<&str>, client: &PoolClient) -> Result<Vec<String>, OAuthFault> {
    let Some(asked) = asked else { return Ok(client.oauth_scopes.clone()) };
    let mut scopes: Vec<String> = Vec::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        if !client.oauth_scopes.iter().any(|allowed| allowed == scope) {
            let text = format!("scope `{scope}` is not one the app client may ask for");
            return Err(OAuthCode::InvalidScope.because(text));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    // OpenID Connect Core section 5.4: these say what comes with `openid`.
    let about_the_user = |scope: &String| matches!(scope.as_str(), "email" | "phone" | "profile");
    if scopes.iter().any(about_the_user) && !scopes.iter().any(|scope| scope == "openid") {
        return Err(
            OAuthCode::InvalidScope.because("scopes `email`, `phone` and `profile` need `openid` as well")
        );
    }
    Ok(scopes)
}

/// PKCE with S256 (RFC 7636). A client that keeps a secret and binds its id token to a nonce may do without:
/// RFC 9700 section 2.1.1.
fn challenge(raw: &RawAsk, client: &PoolClient, scopes: &[String]) -> Result<Option<String>, OAuthFault> {
    let Some(challenge) = &raw.code_challenge else {
        let openid = scopes.iter().any(|scope| scope == "openid");
        if client.secret.is_some() && openid && raw.nonce.is_some() && raw.code_challenge_method.is_none() {
            return Ok(None);
        }
        let text = "code_challenge is missing: send one, with code_challenge_method `S256` (RFC 7636)";
        return Err(OAuthCode::InvalidRequest.because(text));
    };
    if raw.code_challenge_method.as_deref() != Some("S256") {
        return Err(OAuthCode::InvalidRequest.because("code_challenge_method must be `S256`"));
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if challenge.len() != CHALLENGE || !challenge.bytes().all(fits) {
        return Err(OAuthCode::InvalidRequest.because("code_challenge must be 43 characters of base64url"));
    }
    Ok(Some(challenge.clone()))
}

fn shown(prompt: Option<&str>) -> Result<Shown, OAuthFault> {
    let mut shown = Shown::default();
    for word in prompt.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => shown.nothing = true,
            "login" | "select_account" => shown.sign_in = true,
            "consent" => shown.consent = true,
            other => {
                return Err(OAuthCode::InvalidRequest.because(format!(
                    "prompt `{other}` is none of `none`, `login`, `consent`, `select_account`"
                )));
            }
        }
    }
    if shown.nothing && (shown.sign_in || shown.consent) {
        return Err(OAuthCode::InvalidRequest.because("prompt `none` cannot stand with others"));
    }
    Ok(shown)
}

fn max_age(text: Option<&str>) -> Result<Option<u32>, OAuthFault> {
    let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    match text {
        None => Ok(None),
        Some(text) => number(text)
            .map(Some)
            .ok_or_else(|| OAuthCode::InvalidRequest.because("max_age must be a number of seconds")),
    }
}
