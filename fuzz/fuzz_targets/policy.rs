//! Any bytes as a policy of any kind: parsing must not panic, and what parses must decide a request.
#![no_main]

use std::sync::Arc;

use garita_policy::{
    Context, NamedPolicy, Policies, PolicyDocument, PolicyKind, PolicySource, Principal, Request, evaluate,
};
use libfuzzer_sys::fuzz_target;

const KINDS: [PolicyKind; 8] = [
    PolicyKind::Identity,
    PolicyKind::Boundary,
    PolicyKind::Session,
    PolicyKind::Trust,
    PolicyKind::Resource,
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::Endpoint,
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let kind = KINDS[usize::from(*first) % KINDS.len()];
    let Ok(document) = PolicyDocument::parse(text, kind) else { return };
    decide(NamedPolicy::new("fuzzed", PolicySource::None, Arc::new(document)), kind);
});

fn decide(policy: NamedPolicy, kind: PolicyKind) {
    let account = "111122223333".parse().unwrap();
    let principal = Principal::User {
        arn: "arn:aws:iam::111122223333:user/ana".parse().unwrap(),
        id: "AIDAEXAMPLEEXAMPLE00".to_owned(),
        account,
    };
    let mut context = Context::new();
    context.set_principal(&principal);
    context.set("aws:SourceIp", "203.0.113.7");
    context.set("aws:CurrentTime", "2026-11-21T10:00:00Z");
    context.set_many("aws:TagKeys", ["team".to_owned(), "cost".to_owned()]);
    let request = Request {
        principal: &principal,
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::111122223333:role/dev",
        resource_account: Some(account),
        context: &context,
    };
    let one = std::slice::from_ref(&policy);
    let levels = [one.to_vec()];
    let mut policies = Policies::default();
    match kind {
        PolicyKind::Identity => policies.identity = one,
        PolicyKind::Boundary => policies.boundary = Some(&policy),
        PolicyKind::Session => policies.session = Some(one),
        PolicyKind::Trust => policies.trust = Some(&policy),
        PolicyKind::Resource => policies.resource = Some(&policy),
        PolicyKind::ServiceControl => policies.scp = Some(&levels),
        PolicyKind::ResourceControl => policies.rcp = Some(&levels),
        PolicyKind::Endpoint => policies.endpoint = Some(&policy),
    }
    let decision = evaluate(&request, &policies);
    assert!(!decision.reason().is_empty());
    // Nothing is allowed that no statement allows.
    assert!(!decision.is_allowed() || !decision.matched().is_empty());
}
