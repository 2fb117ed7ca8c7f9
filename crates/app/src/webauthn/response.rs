//! A browser's answers as JSON: `RegistrationResponseJSON` and `AuthenticationResponseJSON` of Web Authentication,
//! section 5.1. Members that nothing is made of are read over.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{MAX_CREDENTIAL_ID, Mismatch};

/// Most bytes of an answer as text.
const MAX_RESPONSE: usize = 32 * 1024;
/// Most ways of reaching an authenticator that are kept; there are six in the registry.
const MOST_TRANSPORTS: usize = 8;

/// The answer to a registration.
#[derive(Debug, Clone)]
pub struct RegistrationResponse {
    id: Bytes,
    attachment: Option<String>,
    response: Attestation,
}

/// The answer to a sign-in.
#[derive(Debug, Clone)]
pub struct AuthenticationResponse {
    id: Bytes,
    response: Assertion,
}

/// What both have around what is signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential<T> {
    id: Bytes,
    raw_id: Bytes,
    r#type: String,
    #[serde(default)]
    authenticator_attachment: Option<String>,
    response: T,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attestation {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    attestation_object: Bytes,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assertion {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    authenticator_data: Bytes,
    signature: Bytes,
    #[serde(default)]
    user_handle: Option<Bytes>,
}

/// base64url without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Self).map_err(serde::de::Error::custom)
    }
}

impl<T: serde::de::DeserializeOwned> Credential<T> {
    fn of(value: Value) -> Result<Self, Mismatch> {
        let read: Self = serde_json::from_value(value).map_err(|_| Mismatch::Malformed)?;
        let id = &read.id.0;
        let fits = !id.is_empty() && id.len() <= MAX_CREDENTIAL_ID && read.id == read.raw_id;
        if fits && read.r#type == "public-key" { Ok(read) } else { Err(Mismatch::Malformed) }
    }
}

/// Reads an answer as text.
fn text(text: &str) -> Result<Value, Mismatch> {
    let short = Some(text).filter(|text| text.len() <= MAX_RESPONSE).ok_or(Mismatch::Malformed)?;
    serde_json::from_str(short).map_err(|_| Mismatch::Malformed)
}

impl RegistrationResponse {
    /// Reads an answer.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn of(value: Value) -> Result<Self, Mismatch> {
        let Credential { id, authenticator_attachment, response, .. } = Credential::of(value)?;
        Ok(Self { id, attachment: authenticator_attachment, response })
    }
    /// Reads an answer as text.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(answer: &str) -> Result<Self, Mismatch> {
        text(answer).and_then(Self::of)
    }

    /// The id of the credential.
    pub fn id(&self) -> &[u8] {
        &self.id.0
    }
    /// Whether the authenticator is part of the device or goes from one to another, in the words of the registry.
    pub fn attachment(&self) -> Option<&'static str> {
        known(&["platform", "cross-platform"], self.attachment.as_deref()?)
    }
    /// How the authenticator may be reached, in the words of the registry; others are left out.
    pub fn transports(&self) -> Vec<&'static str> {
        let known = |text: &String| known(&["usb", "nfc", "ble", "smart-card", "hybrid", "internal"], text);
        self.response.transports.iter().filter_map(known).take(MOST_TRANSPORTS).collect()
    }
    pub(super) fn client_data(&self) -> &[u8] {
        &self.response.client_data.0
    }
    pub(super) fn attestation_object(&self) -> &[u8] {
        &self.response.attestation_object.0
    }
}

impl AuthenticationResponse {
    /// Reads an answer as text.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(answer: &str) -> Result<Self, Mismatch> {
        let Credential { id, response, .. } = Credential::of(text(answer)?)?;
        Ok(Self { id, response })
    }

    /// The id of the credential.
    pub fn id(&self) -> &[u8] {
        &self.id.0
    }
    /// Whose it is, as the authenticator remembers it.
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.response.user_handle.as_ref().map(|bytes| bytes.0.as_slice())
    }
    pub(super) fn client_data(&self) -> &[u8] {
        &self.response.client_data.0
    }
    pub(super) fn authenticator_data(&self) -> &[u8] {
        &self.response.authenticator_data.0
    }
    pub(super) fn signature(&self) -> &[u8] {
        &self.response.signature.0
    }
}

fn known(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().copied().find(|word| *word == text)
}
