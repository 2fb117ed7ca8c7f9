//! Any filter of `ListUsers`: reading it must not panic, and reading it again gives the same.

#![no_main]

use garita_app::user_pool::UserFilter;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(filter) = text.parse::<UserFilter>() {
        assert!(text.chars().count() <= 256);
        assert_eq!(text.trim().parse::<UserFilter>().ok(), Some(filter));
    }
});
