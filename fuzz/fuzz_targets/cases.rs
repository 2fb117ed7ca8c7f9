//! Any file of policy tests: reading it and running its cases must not panic.

#![no_main]

use garita_policy::cases;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(cases) = cases::read(text) else { return };
    for case in cases.into_iter().flatten() {
        let _ = case.run();
    }
});
