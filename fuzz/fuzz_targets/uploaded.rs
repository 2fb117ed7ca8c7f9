//! What callers upload for IAM to keep: public keys of SSH, and the metadata of SAML providers.

#![no_main]

use garita_app::iam::{saml_provider, ssh_public_key};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok((fingerprint, pem)) = ssh_public_key::read(text) {
        assert_eq!(fingerprint.len(), 47);
        assert!(pem.is_none_or(|pem| pem.ends_with("-----END PUBLIC KEY-----\n")));
    }
    if saml_provider::valid_until(text, Timestamp::UNIX_EPOCH).is_ok() {
        assert!(text.contains("EntityDescriptor"));
    }
});
