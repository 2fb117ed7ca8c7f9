//! Any parameter `Session` of the federation endpoint: nothing may panic, and nothing that is read is longer than credentials
//! are.

#![no_main]

use garita_app::console::{BadCredentials, ShownCredentials};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match ShownCredentials::parse(text) {
        Ok(_) => assert!(text.len() <= 48 * 1024 && text.trim_start().starts_with('{')),
        Err(why) => {
            assert!(!why.text().is_empty() && (why == BadCredentials::TooLong) == (text.len() > 48 * 1024))
        }
    }
});
