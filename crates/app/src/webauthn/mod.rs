//! Passkeys: what a relying party checks of a browser's answer. Web Authentication, Level 3 (W3C), section 7.
//!
//! A browser answers a challenge with three things: what it says of itself ([`client_data`]), what the authenticator says
//! ([`authenticator_data`]), and a signature over both with a key that is told at registration ([`cose_key`]). Pure: no
//! state, no clock; the caller draws the challenge, sees to it that it is answered once, and keeps what comes out.
//!
//! INVARIANT: whatever does not fit is refused: another type, challenge, origin or relying party, a page in a foreign
//! frame, no user present, bytes left over, a key or signature of another algorithm. Nothing is asked of the maker of an
//! authenticator: attestation is `none`, or a signature of the credential's own key.
//!
//! Why this is not a library: docs/decisions/0010.

mod authenticator_data;
mod client_data;
mod cose_key;
mod response;
#[cfg(test)]
mod tests;

pub use authenticator_data::{Attested, AuthenticatorData};
pub use client_data::Origins;
pub use cose_key::{Algorithm, PublicKey};
pub use response::{AuthenticationResponse, RegistrationResponse};

use aws_lc_rs::digest::{SHA256, digest};
use cbor4ii::core::Value;
use cbor4ii::core::dec::{Decode as _, Read as _, Reference};
use cbor4ii::core::utils::SliceReader;
use client_data::Ceremony;

/// Most bytes of an attestation object: the longest id of a credential and an RSA key of 4,096 bits fit twice over.
const MAX_ATTESTATION: usize = 4 * 1024;
/// Longest id of a credential (section 5.8.3).
pub const MAX_CREDENTIAL_ID: usize = 1_023;

/// Why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Not in the form of the specification, too long, or with something left over.
    #[error("the answer is not well-formed")]
    Malformed,
    /// Another ceremony: a registration in place of a sign-in, or the other way round.
    #[error("the answer is to another kind of question")]
    Ceremony,
    /// Another challenge.
    #[error("the answer is to another challenge")]
    Challenge,
    /// A page that may not ask, or one in a frame of another site.
    #[error("the page that asked is not one of this relying party")]
    Origin,
    /// Another relying party.
    #[error("the passkey is for another relying party")]
    RelyingParty,
    /// Nobody was there.
    #[error("the authenticator did not see that somebody is there")]
    UserPresence,
    /// Somebody was there, and did not prove who.
    #[error("the authenticator did not verify its user")]
    UserVerification,
    /// Flags that contradict one another, or what they were before.
    #[error("what is said about backups cannot be")]
    Backup,
    /// An algorithm or an attestation that was not asked for.
    #[error("the kind of passkey is not supported")]
    Unsupported,
    /// A signature that is not the key's.
    #[error("the signature is wrong")]
    Signature,
    /// A counter that did not move on: somebody may have copied the authenticator.
    #[error("the counter of the authenticator did not move on")]
    Counter,
    /// Another passkey than the one it is held to.
    #[error("the answer is of another passkey")]
    Credential,
}

/// What an answer is held to.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The bytes that were asked to be signed.
    pub challenge: &'a [u8],
    /// The id of the relying party: a host's name.
    pub relying_party: &'a str,
    /// Which pages may ask.
    pub origins: Origins<'a>,
    /// Whether the authenticator must know its user: by a finger, a face or a PIN.
    pub verification: bool,
}

/// A passkey that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCredential {
    /// Its id.
    pub id: Vec<u8>,
    /// Its key, as the authenticator told it.
    pub key: Vec<u8>,
    /// How often it has signed, if it counts.
    pub counter: u32,
    /// Whether the authenticator verified its user.
    pub verified: bool,
    /// Whether it may be copied to other devices of its owner.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
}

/// What is held of a passkey.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// Its id.
    pub id: &'a [u8],
    /// Its key, as the authenticator told it.
    pub key: &'a [u8],
    /// How often it had signed.
    pub counter: u32,
    /// Whether it may be copied.
    pub backup_eligible: bool,
}

/// What a sign-in with a passkey tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asserted {
    /// How often it has signed now.
    pub counter: u32,
    /// Whether the authenticator verified its user.
    pub verified: bool,
    /// Whether it has been copied.
    pub backed_up: bool,
}

/// Checks the answer to a registration: section 7.1.
///
/// # Errors
/// [`Mismatch`].
pub fn register(expected: &Expected<'_>, response: &RegistrationResponse) -> Result<NewCredential, Mismatch> {
    client_data::check(Ceremony::Create, expected, response.client_data())?;
    let object = Attestation::parse(response.attestation_object())?;
    let data = AuthenticatorData::parse(&object.data)?;
    check_flags(expected, &data)?;
    let attested = data.attested.as_ref().ok_or(Mismatch::Malformed)?;
    let key = PublicKey::parse(&attested.key)?;
    if attested.id != response.id() {
        return Err(Mismatch::Credential);
    }
    object.check(&key, response.client_data())?;
    Ok(NewCredential {
        id: attested.id.clone(),
        key: attested.key.clone(),
        counter: data.counter,
        verified: data.verified,
        backup_eligible: data.backup_eligible,
        backed_up: data.backed_up,
    })
}

/// Checks the answer to a sign-in with a passkey: section 7.2.
///
/// # Errors
/// [`Mismatch`].
pub fn authenticate(
    expected: &Expected<'_>,
    held: &Held<'_>,
    response: &AuthenticationResponse,
) -> Result<Asserted, Mismatch> {
    if response.id() != held.id {
        return Err(Mismatch::Credential);
    }
    client_data::check(Ceremony::Get, expected, response.client_data())?;
    let data = AuthenticatorData::parse(response.authenticator_data())?;
    if data.attested.is_some() {
        return Err(Mismatch::Malformed);
    }
    check_flags(expected, &data)?;
    if data.backup_eligible != held.backup_eligible {
        return Err(Mismatch::Backup);
    }
    let signed = signed_bytes(response.authenticator_data(), response.client_data());
    PublicKey::parse(held.key)?.verify(&signed, response.signature())?;
    if !counts_on(held.counter, data.counter) {
        return Err(Mismatch::Counter);
    }
    Ok(Asserted { counter: data.counter, verified: data.verified, backed_up: data.backed_up })
}

/// Whether a counter may follow another: an authenticator that counts counts on, one that does not stays at zero.
pub fn counts_on(before: u32, now: u32) -> bool {
    (before == 0 && now == 0) || now > before
}

/// Relying party and flags, as both ceremonies have them.
fn check_flags(expected: &Expected<'_>, data: &AuthenticatorData) -> Result<(), Mismatch> {
    if digest(&SHA256, expected.relying_party.as_bytes()).as_ref() != data.relying_party_hash {
        return Err(Mismatch::RelyingParty);
    }
    if !data.present {
        return Err(Mismatch::UserPresence);
    }
    if expected.verification && !data.verified {
        return Err(Mismatch::UserVerification);
    }
    if data.backed_up && !data.backup_eligible {
        return Err(Mismatch::Backup);
    }
    Ok(())
}

/// What an authenticator signs: its data, and the hash of the client's.
fn signed_bytes(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, digest(&SHA256, client_data).as_ref()].concat()
}

/// An attestation object: section 6.5.
struct Attestation {
    data: Vec<u8>,
    format: String,
    statement: Vec<(Value, Value)>,
}

impl Attestation {
    fn parse(bytes: &[u8]) -> Result<Self, Mismatch> {
        if bytes.len() > MAX_ATTESTATION {
            return Err(Mismatch::Malformed);
        }
        let (Value::Map(members), []) = decode(bytes)? else { return Err(Mismatch::Malformed) };
        let (mut data, mut format, mut statement) = (None, None, None);
        for (name, value) in members {
            let Value::Text(name) = name else { return Err(Mismatch::Malformed) };
            let twice = match (name.as_str(), value) {
                ("authData", Value::Bytes(bytes)) => data.replace(bytes).is_some(),
                ("fmt", Value::Text(text)) => format.replace(text).is_some(),
                ("attStmt", Value::Map(members)) => statement.replace(members).is_some(),
                _ => true,
            };
            if twice {
                return Err(Mismatch::Malformed);
            }
        }
        let missing = Mismatch::Malformed;
        Ok(Self {
            data: data.ok_or(missing)?,
            format: format.ok_or(missing)?,
            statement: statement.ok_or(missing)?,
        })
    }

    /// No attestation, or a signature with the credential's own key (section 8.2, "self attestation"), which browsers
    /// let through when none is asked for.
    fn check(&self, key: &PublicKey, client_data: &[u8]) -> Result<(), Mismatch> {
        match (self.format.as_str(), self.statement.as_slice()) {
            ("none", []) => Ok(()),
            ("packed", statement) => {
                let (mut algorithm, mut signature) = (None, None);
                for (name, value) in statement {
                    match (name, value) {
                        (Value::Text(name), Value::Integer(id)) if name == "alg" => algorithm = Some(*id),
                        (Value::Text(name), Value::Bytes(bytes)) if name == "sig" => signature = Some(bytes),
                        _ => return Err(Mismatch::Unsupported),
                    }
                }
                let (Some(algorithm), Some(signature)) = (algorithm, signature) else {
                    return Err(Mismatch::Malformed);
                };
                if algorithm != i128::from(key.algorithm().id()) {
                    return Err(Mismatch::Unsupported);
                }
                key.verify(&signed_bytes(&self.data, client_data), signature)
            }
            _ => Err(Mismatch::Unsupported),
        }
    }
}

/// Reads one CBOR item, and answers what is left behind it.
fn decode(bytes: &[u8]) -> Result<(Value, &[u8]), Mismatch> {
    let mut reader = SliceReader::new(bytes);
    let value = Value::decode(&mut reader).map_err(|_| Mismatch::Malformed)?;
    match reader.fill(bytes.len()) {
        Ok(Reference::Long(rest)) => Ok((value, rest)),
        Ok(Reference::Short(_)) | Err(_) => Err(Mismatch::Malformed),
    }
}
