//! Any form body: reading it must not panic, and what was read must be within the bounds.

#![no_main]

use garita_wire::protocol::query::{MAX_PARAMS, Params};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(params) = Params::parse(data) else { return };
    let names = params.unknown(&[]);
    assert!(names.len() <= MAX_PARAMS);
    for name in names {
        assert!(params.string(name).is_some());
        let list = name.split('.').next().unwrap_or_default();
        let _ = (params.integer(name), params.boolean(name), params.list(list));
        for item in params.structs(list).unwrap_or_default() {
            assert_eq!(item.required("Absent").is_ok(), item.string("Absent").is_some());
        }
    }
});
