//! The simulator beside the engine, and under whatever a client sends.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::decide::{CompiledPolicies, decide};
use crate::document::PolicyDocument;
use crate::evaluate::PolicySource;
use crate::index::PolicyIndex;

proptest! {
    /// The simulator and what decides real requests agree.
    #[test]
    fn the_simulator_decides_as_the_engine(
        identity in prop::collection::vec(("Allow|Deny", "s3:(Get|Put|\\*)(Object|\\*)?|\\*",
            "arn:aws:s3:::(models|\\*)/(ana/weights|\\*|\\$\\{aws:username\\}/\\*)|\\*", "|eu|us"), 0..4),
        boundary in prop::option::of(("Allow|Deny", "s3:(Get|Put|\\*)Object|\\*",
            "arn:aws:s3:::models/(ana/\\*|\\*)|\\*", "|eu")),
        region in "eu|us",
        action in "s3:(Get|Put)Object",
        resource in "arn:aws:s3:::models/(ana|bo)/weights|\\*",
    ) {
        let text = |(effect, action, resource, region): &(String, String, String, String)| {
            let condition = if region.is_empty() { String::new() } else {
                format!(r#","Condition":{{"StringEquals":{{"aws:RequestedRegion":"{region}"}}}}"#)
            };
            statement(&format!(r#""Effect":"{effect}","Action":"{action}","Resource":"{resource}"{condition}"#))
        };
        let supposed = Supposition {
            actions: vec![action.clone()],
            resources: vec![resource.clone()],
            policies: identity.iter().map(text).collect(),
            boundaries: boundary.iter().map(text).collect(),
            caller: Some(ANA.to_owned()),
            entries: vec![entry("aws:RequestedRegion", "string", &[&region])],
            ..Supposition::default()
        };
        let index = |texts: &[String], kind| {
            let parsed = texts.iter().map(|text| Arc::new(PolicyDocument::parse(text, kind).unwrap()));
            PolicyIndex::new(parsed.map(|one| NamedPolicy::new("p", PolicySource::None, one)).collect())
        };
        let identity = index(&supposed.policies, PolicyKind::Identity);
        let bound = index(&supposed.boundaries, PolicyKind::Boundary);
        let policies = CompiledPolicies {
            identity: Some(&identity),
            boundary: boundary.is_some().then_some(&bound),
            ..CompiledPolicies::default()
        };
        let principal = Principal::User {
            arn: ANA.parse().unwrap(), id: "AIDAEXAMPLE".to_owned(), account: "111122223333".parse().unwrap(),
        };
        let mut context = Context::new();
        context.set_principal(&principal);
        context.set("aws:RequestedRegion", region);
        let request = Request {
            principal: &principal, action: &action, resource: &resource, resource_account: principal.account(),
            context: &context,
        };
        prop_assert_eq!(run(&supposed).finding.outcome, decide(&request, &policies).outcome());
    }

    #[test]
    fn nothing_a_client_sends_panics(
        action in ".{0,12}|s3:[a-z*]{0,4}", resource in ".{0,20}|arn:aws:[a-z]*:::[a-z/*]{0,9}",
        policy in ".{0,20}", caller in prop::option::of(".{0,30}"), owner in prop::option::of(".{0,14}"),
        name in ".{0,12}", kind in ".{0,8}|numeric|date|ip", value in ".{0,12}", with_policy in any::<bool>(),
    ) {
        let supposed = Supposition {
            actions: vec![action.clone()], resources: vec![resource],
            policies: if with_policy { vec![policy] } else { vec![ALL.to_owned()] },
            caller, resource_owner: owner,
            entries: vec![entry(&name, &kind, &[&value])],
            ..Supposition::default()
        };
        match Simulation::new(&supposed, Held::default()) {
            Ok(simulation) => drop(simulation.run(&action)),
            Err(error) => prop_assert!(error.to_string().len() < 4_096),
        }
    }
}
