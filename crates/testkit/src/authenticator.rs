//! An authenticator in software, with the browser before it: makes passkeys and signs with them, and tells lies when a
//! test wants to hear some. Web Authentication, sections 5 and 6.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{Entropy as _, SystemEntropy};
use serde_json::{Value, json};

/// What an authenticator signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the algorithms by their usual names")]
pub enum Kind {
    Es256,
    EdDsa,
    Rs256,
}

enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

/// What is said of one ceremony. The default is the truth.
#[derive(Debug, Clone)]
pub struct Says {
    /// The page that asks.
    pub origin: String,
    /// The relying party, when it is another than the one asked for.
    pub relying_party: Option<String>,
    /// The challenge, when it is another.
    pub challenge: Option<String>,
    /// The type, when it is another.
    pub ceremony: Option<&'static str>,
    /// Whether the page is in a frame of another site.
    pub cross_origin: bool,
    /// Whether somebody is there.
    pub present: bool,
    /// Whether it is known who.
    pub verified: bool,
    /// Whether the passkey may be copied, and whether it has been.
    pub backup: (bool, bool),
    /// The counter, when it is not to count on.
    pub counter: Option<u32>,
    /// The user's handle, when it is another.
    pub handle: Option<Vec<u8>>,
    /// Bytes behind the authenticator's data.
    pub extra: Vec<u8>,
    /// Whether it attests itself with its own key.
    pub attests_itself: bool,
}

impl Says {
    /// The truth, on a page of an origin.
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            relying_party: None,
            challenge: None,
            ceremony: None,
            cross_origin: false,
            present: true,
            verified: true,
            backup: (false, false),
            counter: None,
            handle: None,
            extra: Vec::new(),
            attests_itself: false,
        }
    }

    fn flags(&self) -> u8 {
        let bit = |on: bool, bit: u8| if on { bit } else { 0 };
        bit(self.present, 0x01)
            | bit(self.verified, 0x04)
            | bit(self.backup.0, 0x08)
            | bit(self.backup.1, 0x10)
    }
}

/// An authenticator with one passkey.
pub struct Authenticator {
    key: Key,
    /// The id of its credential.
    pub id: Vec<u8>,
    handle: Vec<u8>,
    counter: u32,
}

impl Authenticator {
    /// One that has made nothing yet.
    pub fn new(kind: Kind) -> Self {
        let mut id = vec![0; 32];
        SystemEntropy.fill(&mut id).unwrap();
        let key = match kind {
            Kind::Es256 => Key::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
            Kind::EdDsa => Key::EdDsa(Ed25519KeyPair::generate().unwrap()),
            Kind::Rs256 => Key::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        };
        Self { key, id, handle: Vec::new(), counter: 0 }
    }

    /// Answers creation options: a `RegistrationResponseJSON`.
    pub fn create(&mut self, options: &Value, says: &Says) -> Value {
        let asked = |path: &str| options.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        self.handle = URL_SAFE_NO_PAD.decode(asked("/user/id")).unwrap();
        let client = client_data("webauthn.create", &asked("/challenge"), says);
        let mut data = self.data(&asked("/rp/id"), says, says.flags() | 0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose());
        data.extend(&says.extra);
        let statement = if says.attests_itself {
            let signature = self.sign(&data, &client);
            map(&[(text("alg"), integer(self.algorithm())), (text("sig"), bytes(&signature))])
        } else {
            map(&[])
        };
        let format = if says.attests_itself { "packed" } else { "none" };
        let object = map(&[
            (text("fmt"), text(format)),
            (text("attStmt"), statement),
            (text("authData"), bytes(&data)),
        ]);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client),
                "attestationObject": encode(&object),
                "transports": ["internal", "hybrid", "made-up"],
                "publicKeyAlgorithm": self.algorithm(),
            },
        })
    }

    /// Answers request options: an `AuthenticationResponseJSON`.
    pub fn get(&mut self, options: &Value, says: &Says) -> Value {
        let asked = |name: &str| options[name].as_str().unwrap().to_owned();
        self.counter += 1;
        let client = client_data("webauthn.get", &asked("challenge"), says);
        let mut data = self.data(&asked("rpId"), says, says.flags());
        data.extend(&says.extra);
        let signature = self.sign(&data, &client);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client),
                "authenticatorData": encode(&data),
                "signature": encode(&signature),
                "userHandle": encode(says.handle.as_ref().unwrap_or(&self.handle)),
            },
        })
    }

    fn data(&self, relying_party: &str, says: &Says, flags: u8) -> Vec<u8> {
        let party = says.relying_party.as_deref().unwrap_or(relying_party);
        let mut data = digest(&SHA256, party.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(says.counter.unwrap_or(self.counter).to_be_bytes());
        data
    }

    fn algorithm(&self) -> i64 {
        match self.key {
            Key::Es256(_) => -7,
            Key::EdDsa(_) => -8,
            Key::Rs256(_) => -257,
        }
    }

    /// Its public key, in COSE.
    pub fn cose(&self) -> Vec<u8> {
        let algorithm = (integer(3), integer(self.algorithm()));
        match &self.key {
            Key::Es256(key) => {
                let point = key.public_key().as_ref();
                map(&[
                    (integer(1), integer(2)),
                    algorithm,
                    (integer(-1), integer(1)),
                    (integer(-2), bytes(point.get(1..33).unwrap())),
                    (integer(-3), bytes(point.get(33..).unwrap())),
                ])
            }
            Key::EdDsa(key) => map(&[
                (integer(1), integer(1)),
                algorithm,
                (integer(-1), integer(6)),
                (integer(-2), bytes(key.public_key().as_ref())),
            ]),
            Key::Rs256(key) => {
                // RFC 8017, A.1.1: a sequence of two integers, with lengths that are always the same at 2,048 bits.
                let n = key.public_key().as_ref().get(9..265).unwrap().to_vec();
                let e = [1, 0, 1];
                map(&[
                    (integer(1), integer(3)),
                    algorithm,
                    (integer(-1), bytes(&n)),
                    (integer(-2), bytes(&e)),
                ])
            }
        }
    }

    fn sign(&self, data: &[u8], client: &[u8]) -> Vec<u8> {
        let message = [data, digest(&SHA256, client).as_ref()].concat();
        match &self.key {
            Key::Es256(key) => key.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec(),
            Key::EdDsa(key) => key.sign(&message).as_ref().to_vec(),
            Key::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
                signature
            }
        }
    }
}

fn client_data(ceremony: &str, challenge: &str, says: &Says) -> Vec<u8> {
    let told = json!({
        "type": says.ceremony.unwrap_or(ceremony),
        "challenge": says.challenge.as_deref().unwrap_or(challenge),
        "origin": says.origin,
        "crossOrigin": says.cross_origin,
        "other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
    });
    told.to_string().into_bytes()
}

/// CBOR, RFC 8949 section 3: a major type with its argument.
fn head(major: u8, argument: usize) -> Vec<u8> {
    let major = major << 5;
    match argument {
        0..24 => vec![major | u8::try_from(argument).unwrap()],
        24..0x100 => vec![major | 24, u8::try_from(argument).unwrap()],
        _ => [&[major | 25], &u16::try_from(argument).unwrap().to_be_bytes()[..]].concat(),
    }
}

fn integer(number: i64) -> Vec<u8> {
    match usize::try_from(number) {
        Ok(positive) => head(0, positive),
        Err(_) => head(1, usize::try_from(-1 - number).unwrap()),
    }
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len()).as_slice(), bytes].concat()
}

fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()).as_slice(), text.as_bytes()].concat()
}

fn map(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut made = head(5, pairs.len());
    for (name, value) in pairs {
        made.extend(name);
        made.extend(value);
    }
    made
}
