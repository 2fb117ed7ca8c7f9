//! Any bytes as what an authenticator says, and any text as a browser's answer: reading must not panic, what was not
//! signed here must not be accepted, and a key that is read must be read the same again.

#![no_main]

use garita_app::webauthn::{
    AuthenticationResponse, AuthenticatorData, Expected, Held, Origins, PublicKey, RegistrationResponse, authenticate,
    register,
};
use libfuzzer_sys::fuzz_target;

// The public key of the example in RFC 8032, section 7.1, test 1: nobody here has what signs for it.
const KEY: &[u8] = b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

fuzz_target!(|data: &[u8]| {
    if let Ok(said) = AuthenticatorData::parse(data)
        && let Some(attested) = said.attested
    {
        let _ = PublicKey::parse(&attested.key);
    }
    if let Ok(key) = PublicKey::parse(data) {
        assert_eq!(PublicKey::parse(data), Ok(key));
    }
    let expected = Expected {
        challenge: &[7; 32],
        relying_party: "example.com",
        origins: Origins::Aligned("https://example.com"),
        verification: false,
    };
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(answer) = RegistrationResponse::parse(text) {
        let _ = register(&expected, &answer);
    }
    if let Ok(answer) = AuthenticationResponse::parse(text) {
        let held = Held { id: answer.id(), key: KEY, counter: 0, backup_eligible: false };
        assert!(authenticate(&expected, &held, &answer).is_err());
    }
});
