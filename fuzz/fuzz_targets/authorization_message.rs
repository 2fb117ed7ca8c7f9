//! Any text as the encoded message of a refusal: what was not sealed here opens nothing, and what was sealed comes out
//! as it went in.

#![no_main]

use std::sync::LazyLock;

use garita_app::Keyring;
use garita_app::explain::Reference;
use garita_model::{Secret, SystemEntropy};
use libfuzzer_sys::fuzz_target;

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| Keyring::new(&Secret::new([7; 32])));

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(Reference::open(&KEYRING, text).is_none());
    }
    let Some(reference) = Reference::from_bytes(data) else { return };
    assert_eq!(reference.to_bytes().as_ref().map(<[u8; 32]>::as_slice), Some(data));
    let sealed = reference.seal(&KEYRING, &SystemEntropy).expect("there is randomness");
    assert_eq!(Reference::open(&KEYRING, &sealed).as_ref(), Some(&reference));
    // One letter changed, wherever: it opens no more.
    let at = data.iter().map(|byte| usize::from(*byte)).sum::<usize>() % sealed.len();
    let mut changed = sealed.into_bytes();
    changed[at] = if changed[at] == b'A' { b'Q' } else { b'A' };
    let changed = String::from_utf8(changed).expect("base64url is ASCII");
    assert!(Reference::open(&KEYRING, &changed).is_none());
});
