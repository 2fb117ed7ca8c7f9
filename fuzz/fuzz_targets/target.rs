//! Any place that a browser says it wanted to go to: where it is led stays behind the stage, whatever came.

#![no_main]

use garita_gateway::browser::target::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str)| {
    let (text, fragment) = data;
    let Some(target) = Target::parse(text).map(|target| target.at(fragment)) else { return };
    for root in ["", "/prod"] {
        let location = target.behind(root);
        let behind = location.strip_prefix(root).expect("it begins with the root");
        assert!(behind.starts_with('/') && !behind.starts_with("//") && !behind.starts_with("/\\"));
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        let path = behind.split(['?', '#']).next().unwrap_or_default();
        assert!(!path.contains('\\') && !path.contains("/../") && !path.contains("//"));
    }
    // It is what is sealed and parsed again on the way back.
    let whole = target.behind("");
    if whole.len() > 4096 {
        return;
    }
    let (path, fragment) = whole.split_once('#').unwrap_or((&whole, ""));
    let again = Target::parse(path).expect("it was parsed before").at(fragment);
    assert_eq!(again.behind("/prod"), target.behind("/prod"));
    assert_eq!(target.shorter().shorter().shorter().behind("/prod"), "/prod/");
});
