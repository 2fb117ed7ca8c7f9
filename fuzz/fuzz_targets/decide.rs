//! Any bytes as policies of all kinds and requests: the indexed, the explaining and a naive evaluator must agree.
//!
//! The generator is that of the differential test, with the fuzzer's bytes as its choices; it so keeps to policies that
//! mostly parse, and puts texts of the fuzzer's own into actions, resources and values.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/policy/tests/differential/naive.rs"]
mod naive;
#[path = "../../crates/policy/tests/differential/random.rs"]
mod random;
#[path = "../../crates/policy/tests/differential/reach.rs"]
mod reach;
#[path = "../../crates/policy/tests/differential/subject.rs"]
mod subject;

fuzz_target!(|data: &[u8]| {
    let case = random::case(&mut random::Random::Bytes(data));
    let Some(subject) = subject::Subject::read(&case["policies"]) else { return };
    for request in case["requests"].as_array().into_iter().flatten() {
        if let Some(disagreement) = subject.disagreement(request) {
            panic!("{disagreement}\npolicies: {:#}\nrequest: {request:#}", case["policies"]);
        }
        // Nobody is allowed what no statement allows, the root user apart.
        let may = request["principal"]["kind"] == "root" || case["policies"].to_string().contains("Allow");
        assert!(may || !subject.allows(request));
    }
});
