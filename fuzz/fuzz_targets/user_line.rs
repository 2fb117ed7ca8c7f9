//! Any bytes as a line of a file of users: reading it must not panic, and what is read must be read again when written.

#![no_main]

use garita_app::user_pool::{Line, UsersFileReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut reader = UsersFileReader::default();
    data.split_inclusive(|byte| *byte == b'\n').for_each(|line| reader.take(line));
    let whole = reader.finish().is_ok();
    for line in data.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        match Line::parse(line) {
            Ok(read) => {
                let written = serde_json::to_vec(&read).expect("a line is JSON");
                assert!(Line::parse(&written).is_ok(), "what was written is not read");
            }
            Err(fault) => assert!(!whole, "a file is taken whole with a wrong line: {fault}"),
        }
    }
});
