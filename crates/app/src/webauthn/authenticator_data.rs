//! What an authenticator says: Web Authentication section 6.1, and the credential it made, section 6.5.1.
//!
//! INVARIANT: every byte is accounted for; extensions are read over, since none is asked for.

use cbor4ii::core::Value;

use super::{MAX_CREDENTIAL_ID, Mismatch, decode};

/// Most bytes that are looked at.
const MOST: usize = 4 * 1024;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// Authenticator data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "the flags of the specification")]
pub struct AuthenticatorData {
    /// SHA-256 of the relying party's id.
    pub relying_party_hash: [u8; 32],
    /// Whether somebody was there.
    pub present: bool,
    /// Whether the authenticator knew who.
    pub verified: bool,
    /// Whether the credential may be copied.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// How often it has signed.
    pub counter: u32,
    /// The credential that was made.
    pub attested: Option<Attested>,
}

/// A credential that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// Its id.
    pub id: Vec<u8>,
    /// Its key, in COSE.
    pub key: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads authenticator data.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Mismatch> {
        let bad = Mismatch::Malformed;
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= MOST).ok_or(bad)?;
        let (relying_party_hash, rest) = bytes.split_first_chunk::<32>().ok_or(bad)?;
        let (flags, rest) = rest.split_first().ok_or(bad)?;
        let (counter, mut rest) = rest.split_first_chunk::<4>().ok_or(bad)?;
        let is = |flag: u8| flags & flag != 0;
        let mut attested = None;
        if is(ATTESTED) {
            let (made, behind) = Attested::parse(rest)?;
            (attested, rest) = (Some(made), behind);
        }
        if is(EXTENSIONS) {
            let (Value::Map(_), behind) = decode(rest)? else { return Err(bad) };
            rest = behind;
        }
        if !rest.is_empty() {
            return Err(bad);
        }
        Ok(Self {
            relying_party_hash: *relying_party_hash,
            present: is(USER_PRESENT),
            verified: is(USER_VERIFIED),
            backup_eligible: is(BACKUP_ELIGIBLE),
            backed_up: is(BACKED_UP),
            counter: u32::from_be_bytes(*counter),
            attested,
        })
    }
}

impl Attested {
    fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), Mismatch> {
        let bad = Mismatch::Malformed;
        // The model of the authenticator is of no interest: anybody may say anything without an attestation.
        let (_, rest) = bytes.split_first_chunk::<16>().ok_or(bad)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(bad)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > MAX_CREDENTIAL_ID {
            return Err(bad);
        }
        let (id, rest) = rest.split_at_checked(length).ok_or(bad)?;
        let (_, behind) = decode(rest)?;
        let key = rest.get(..rest.len() - behind.len()).ok_or(bad)?;
        Ok((Self { id: id.to_vec(), key: key.to_vec() }, behind))
    }
}
