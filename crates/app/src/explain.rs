//! Explanations asked for later: the encoded message of a refusal, and what it decodes to.
//!
//! An encoded message is no explanation but a sealed reference to one: which refusal, of which account, when. What it
//! decodes to stands on the audit trail. STS API reference, `DecodeAuthorizationMessage`.
//! INVARIANT: a message opens only for the account it was made for, and whoever asks for it learns nothing from how it
//! fails. INVARIANT: policies of another account are in no decoded message.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::explanation::{DecisionRecord, tells_of_resource};
use garita_model::{AccountId, AuditRecord, Entropy, Error, Reason, RequestId, Result, Sealed};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::App;
use crate::authorize::Question;
use crate::context::RequestContext;
use crate::keyring::Keyring;

const LABEL: &str = "authorization-message/1";
/// Bytes of a reference: id, account, seconds.
const REFERENCE: usize = 32;
/// Longest text that can be an encoded message.
const MAX_ENCODED: usize = 128;
/// Look-ups in the trail at the same time.
pub(crate) const AT_ONCE: usize = 2;

/// A refusal, by its id, the account it was told to, and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    id: RequestId,
    account: AccountId,
    time: Timestamp,
}

impl Reference {
    /// Id, account and seconds; none for an account that is no number.
    pub fn to_bytes(&self) -> Option<[u8; REFERENCE]> {
        let account: u64 = self.account.to_string().parse().ok()?;
        let mut bytes = [0; REFERENCE];
        let (id, rest) = bytes.split_first_chunk_mut::<16>()?;
        *id = self.id.to_bits().to_be_bytes();
        let (number, time) = rest.split_first_chunk_mut::<8>()?;
        *number = account.to_be_bytes();
        time.copy_from_slice(&self.time.as_second().to_be_bytes());
        Some(bytes)
    }

    /// What [`Reference::to_bytes`] wrote; none for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let time: [u8; 8] = rest.try_into().ok()?;
        Some(Self {
            id: RequestId::from_bits(u128::from_be_bytes(*id))?,
            account: format!("{:012}", u64::from_be_bytes(*number)).parse().ok()?,
            time: Timestamp::from_second(i64::from_be_bytes(time)).ok()?,
        })
    }

    /// What [`Reference::seal`] sealed under this master key; none for anything else.
    pub fn open(keyring: &Keyring, encoded: &str) -> Option<Self> {
        if encoded.len() > MAX_ENCODED {
            return None;
        }
        let sealed = Sealed::from_bytes(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        Self::from_bytes(keyring.open(LABEL, b"", &sealed)?.expose())
    }

    /// The encoded message.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn seal(&self, keyring: &Keyring, entropy: &dyn Entropy) -> Result<String> {
        let bytes = self.to_bytes().ok_or_else(|| Error::internal("an account is no number"))?;
        Ok(URL_SAFE_NO_PAD.encode(keyring.seal(LABEL, b"", &bytes, entropy)?.as_bytes()))
    }
}

impl App {
    /// The encoded message of a refusal told to this caller; none when the caller has no account, or when it cannot be
    /// made: a refusal is told all the same.
    pub fn authorization_message(&self, cx: &RequestContext) -> Option<String> {
        let account = cx.caller().account()?;
        let reference = Reference { id: cx.request_id().clone(), account, time: cx.now() };
        reference.seal(&self.keyring, self.entropy()).ok()
    }

    /// What stands behind an encoded message, as JSON.
    ///
    /// # Errors
    /// `AccessDenied`; `Rejected` for a message that is none, is of another account, or is of no refusal on the trail.
    pub async fn decode_authorization_message(&self, cx: &RequestContext, encoded: &str) -> Result<String> {
        let account = cx.caller().account();
        let action = "sts:DecodeAuthorizationMessage";
        self.authorize(cx, &Question { action, resource: "*", account, keys: &[], lists: &[] })?;
        let refused = Reference::open(&self.keyring, encoded).filter(|made| Some(made.account) == account);
        let reference = refused.ok_or_else(invalid)?;
        let _turn = self.lookups.acquire().await.map_err(|e| Error::internal(format!("a look-up: {e}")))?;
        let (trail, id) = (self.trail.clone(), reference.id.clone());
        let found = tokio::task::spawn_blocking(move || trail.find(id.as_str(), Some(reference.time))).await;
        let found = found.map_err(|e| Error::internal(format!("a look-up in the trail ended: {e}")))??;
        let decoded = found.and_then(|entry| decoded(&entry.record, reference.account));
        decoded.map(|value| value.to_string()).ok_or_else(invalid)
    }
}

fn invalid() -> Error {
    let message =
        "the encoded message is not one of a refusal in this account, or its record is no longer kept";
    Error::rejected(Reason::InvalidAuthorizationMessage, message)
}

/// AWS's structure, and after it what AWS does not tell; none when the record is of no refusal.
fn decoded(record: &AuditRecord, account: AccountId) -> Option<Value> {
    let decision = DecisionRecord::all_of(record).into_iter().rev().find(|one| !one.is_allowed())?;
    let account = account.to_string();
    let whole = decision.resource_account.as_ref().is_none_or(|owner| *owner == account);
    let effect = if decision.is_explicit_deny() { "DENY" } else { "ALLOW" };
    let matched = decision.statements.iter().filter(|_| whole).map(|statement| {
        json!({
            "statementId": statement.sid.as_deref().unwrap_or_default(),
            "effect": effect,
            "sourcePolicyId": statement.policy,
            "sourcePolicyType": statement.policy_type,
            "startPosition": { "line": statement.line, "column": statement.column },
        })
    });
    let conditions = decision.context.iter().filter(|(key, _)| whole || !tells_of_resource(key));
    let nearest: &[String] = if whole { &decision.nearest } else { &[] };
    let missing: &[String] = if whole { &decision.missing_context_keys } else { &[] };
    Some(json!({
        "allowed": false,
        "explicitDeny": decision.is_explicit_deny(),
        "matchedStatements": { "items": matched.collect::<Vec<_>>() },
        "failures": { "items": [] },
        "context": {
            "principal": principal(&record.user_identity),
            "action": decision.action,
            "resource": decision.resource,
            "conditions": { "items": conditions.map(condition).collect::<Vec<_>>() },
        },
        "decisionId": record.request_id,
        "policyType": decision.policy_type,
        "nearest": nearest,
        "missingContextKeys": missing,
    }))
}

fn principal(identity: &Value) -> Value {
    let text = |name: &str| identity.get(name).and_then(Value::as_str);
    let arn = text("arn").unwrap_or_default();
    let name = text("userName").or_else(|| arn.rsplit('/').next());
    json!({ "id": text("principalId"), "name": name, "arn": arn })
}

fn condition((key, values): (&String, &Value)) -> Value {
    let values = values.as_array().into_iter().flatten();
    json!({
        "key": key,
        "values": { "items": values.map(|value| json!({ "value": value })).collect::<Vec<_>>() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use garita_model::{Secret, SystemEntropy};

    fn reference() -> Reference {
        Reference {
            id: RequestId::draw(&SystemEntropy).unwrap(),
            account: "000000000042".parse().unwrap(),
            time: Timestamp::from_second(1_790_000_000).unwrap(),
        }
    }

    fn sealed(ring: &Keyring, plain: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(ring.seal(LABEL, b"", plain, &SystemEntropy).unwrap().as_bytes())
    }

    #[test]
    fn a_message_opens_to_what_was_sealed_and_no_other_text_opens() {
        let ring = Keyring::new(&Secret::new([7; 32]));
        let made = reference();
        let encoded = sealed(&ring, &made.to_bytes().unwrap());
        assert_eq!(encoded.len(), 80);
        assert_eq!(Reference::open(&ring, &encoded), Some(made.clone()));
        assert_eq!(Reference::open(&Keyring::new(&Secret::new([8; 32])), &encoded), None);
        for at in 0..encoded.len() {
            let mut text = encoded.clone().into_bytes();
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Reference::open(&ring, &String::from_utf8(text).unwrap()), None, "character {at}");
            assert_eq!(Reference::open(&ring, encoded.get(..at).unwrap()), None, "cut at {at}");
        }
        let bytes = made.to_bytes().unwrap();
        for plain in [&bytes[..31], &[bytes.as_slice(), b"x"].concat(), &[0xff; REFERENCE], b""] {
            assert_eq!(Reference::open(&ring, &sealed(&ring, plain)), None, "{plain:?}");
        }
    }

    #[test]
    fn random_text_never_opens_and_never_panics() {
        let ring = Keyring::new(&Secret::new([7; 32]));
        let alphabet: Vec<char> = "AZaz09-_=+/ %\u{0}\u{e9}\u{1F600}\n".chars().collect();
        let mut noise = [0_u8; 200];
        for round in 0..2_000 {
            SystemEntropy.fill(&mut noise).unwrap();
            let text: String =
                noise[..round % 200].iter().map(|b| alphabet[usize::from(*b) % alphabet.len()]).collect();
            assert_eq!(Reference::open(&ring, &text), None, "{text:?}");
        }
    }
}
