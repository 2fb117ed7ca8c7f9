//! Any text as a stored password: reading it must not panic, and what is read must print as itself.

#![no_main]

use garita_app::password::Stored;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(stored) = text.parse::<Stored>() else { return };
    let printed = stored.to_string();
    assert!(printed.parse::<Stored>().is_ok_and(|again| again == stored), "{printed}");
});
