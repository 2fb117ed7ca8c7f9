//! Trust and resource policies: who is named, how closely, and what that overrides.

use super::*;
use crate::decide::{CompiledPolicies, decide as decide_indexed};
use crate::index::PolicyIndex;

fn resource(who: &str) -> NamedPolicy {
    policy(PolicyKind::Resource, PolicySource::Resource, &format!("{ALLOW},{who}"))
}

fn trust(effect: &str, action: &str, who: &str) -> NamedPolicy {
    let members = format!(r#""Effect":"{effect}","Action":"{action}",{who}"#);
    policy(PolicyKind::Trust, PolicySource::Trust, &members)
}

fn aws(name: &str) -> String {
    format!(r#""Principal":{{"AWS":"{name}"}}"#)
}

const USER: &str = "arn:aws:iam::111122223333:user/team/ana";
const ROLE: &str = "arn:aws:iam::111122223333:role/team/dev";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/dev/ana";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bo";
const ROOT: &str = "arn:aws:iam::111122223333:root";

/// The table of "Determining whether a request is allowed or denied within an account": what a resource policy's
/// grant overrides. Columns: nothing else said; identity allows; and allows under a boundary, under a session
/// policy, that are silent.
#[test]
fn a_resource_policy_of_the_same_account() {
    let rows: &[(Principal, &str, &str)] = &[
        (user(HERE), USER, "yyyy"),
        (user(HERE), "AIDAEXAMPLEEXAMPLE00", "yyyy"),
        (session(HERE), SESSION, "yyyy"),
        (federated(HERE), FEDERATED, "yyyy"),
        (user(HERE), "*", "yyyy"),
        (session(HERE), "*", "yyyy"),
        (session(HERE), ROLE, "yy--"),
        (session(HERE), "AROAEXAMPLEEXAMPLE00", "yy--"),
        (federated(HERE), USER, "yy--"),
        (user(HERE), ROOT, "-y--"),
        (user(HERE), HERE, "-y--"),
        (session(HERE), ROOT, "-y--"),
        (federated(HERE), HERE, "-y--"),
        (user(HERE), ROLE, "-y--"),
        (session(HERE), USER, "-y--"),
        (user(HERE), "arn:aws:iam::111122223333:user/ana", "-y--"),
        (user(HERE), THERE, "-y--"),
        (root(HERE), THERE, "yy--"),
    ];
    let allow = [identity(ALLOW)];
    let limit = policy(PolicyKind::Boundary, PolicySource::Boundary, OTHER);
    let given = [policy(PolicyKind::Session, PolicySource::Session, OTHER)];
    for (who, named, wanted) in rows {
        let resource = resource(&aws(named));
        let base = Policies { resource: Some(&resource), ..Policies::default() };
        let own = Policies { identity: &allow, ..base };
        let cases = [
            base,
            own,
            Policies { boundary: Some(&limit), ..own },
            Policies { session: Some(&given), ..own },
        ];
        let found: String = cases
            .iter()
            .map(|policies| if get_object(who, policies).is_allowed() { 'y' } else { '-' })
            .collect();
        assert_eq!(found, *wanted, "{} named as {named}", who.arn_text());
    }
}

#[test]
fn what_identity_policies_allow_is_laid_to_them_and_the_rest_to_the_grant() {
    let own = [identity(ALLOW)];
    let limit = policy(PolicyKind::Boundary, PolicySource::Boundary, OTHER);
    for (who, named, alone, both, bounded) in [
        (user(HERE), USER, "allowed by Resource", "allowed by Identity", "allowed by Resource"),
        (session(HERE), ROLE, "allowed by Resource", "allowed by Identity", "implicitDeny by Boundary"),
        (user(HERE), ROOT, "implicitDeny by Identity", "allowed by Identity", "implicitDeny by Boundary"),
    ] {
        let resource = resource(&aws(named));
        let base = Policies { resource: Some(&resource), ..Policies::default() };
        let of_both = Policies { identity: &own, ..base };
        assert_eq!(said(&get_object(&who, &base)), alone, "{named}");
        assert_eq!(said(&get_object(&who, &of_both)), both, "{named}");
        let limited = Policies { boundary: Some(&limit), ..of_both };
        assert_eq!(said(&get_object(&who, &limited)), bounded, "{named}");
    }
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let own = [identity(ALLOW)];
    let limit = policy(PolicyKind::Boundary, PolicySource::Boundary, OTHER);
    let named = resource(&aws("arn:aws:iam::444455556666:user/team/ana"));
    let (account, everyone, other) =
        (resource(&aws(THERE)), resource("\"Principal\":\"*\""), resource(&aws(HERE)));
    let base = Policies::default();
    for (policies, wanted) in [
        (Policies { identity: &own, ..base }, "implicitDeny by Resource"),
        (Policies { identity: &own, resource: Some(&other), ..base }, "implicitDeny by Resource"),
        (Policies { identity: &own, resource: Some(&named), ..base }, "allowed by Resource"),
        (Policies { identity: &own, resource: Some(&account), ..base }, "allowed by Resource"),
        (Policies { identity: &own, resource: Some(&everyone), ..base }, "allowed by Resource"),
        (Policies { resource: Some(&named), ..base }, "implicitDeny by Identity"),
        (
            Policies { identity: &own, resource: Some(&named), boundary: Some(&limit), ..base },
            "implicitDeny by Boundary",
        ),
    ] {
        assert_eq!(said(&get_object(&user(THERE), &policies)), wanted);
    }
    let decision = get_object(&user(THERE), &Policies { identity: &own, ..base });
    assert_eq!(decision.reason(), "because no resource-based policy allows the s3:GetObject action");
}

#[test]
fn callers_without_an_account_rest_on_the_resource_policy() {
    let service = Principal::Service { name: "lambda.amazonaws.com".into() };
    let everyone = r#""Principal":"*""#;
    for (who, named, wanted) in [
        (&service, r#""Principal":{"Service":"lambda.amazonaws.com"}"#, "allowed by Resource"),
        (&service, r#""Principal":{"Service":"events.amazonaws.com"}"#, "implicitDeny by Resource"),
        (&service, everyone, "allowed by Resource"),
        (&Principal::Anonymous, everyone, "allowed by Resource"),
        (&Principal::Anonymous, r#""Principal":{"AWS":"111122223333"}"#, "implicitDeny by Resource"),
    ] {
        let resource = resource(named);
        let decision = get_object(who, &Policies { resource: Some(&resource), ..Policies::default() });
        assert_eq!(said(&decision), wanted, "{named}");
        // Policies of others do not help.
        let decision = get_object(who, &Policies { identity: &[identity(ALLOW)], ..Policies::default() });
        assert_eq!(said(&decision), "implicitDeny by Resource");
    }
}

#[test]
fn not_principal_spares_only_those_wholly_listed() {
    let own = [identity(ALLOW)];
    let limit = policy(PolicyKind::Boundary, PolicySource::Boundary, ALLOW);
    for (who, listed, denied) in [
        (user(HERE), format!("\"{USER}\",\"{HERE}\""), false),
        (user(HERE), format!("\"{USER}\",\"{ROOT}\""), false),
        (user(HERE), format!("\"{USER}\""), true),
        (user(HERE), format!("\"{HERE}\""), true),
        (session(HERE), format!("\"{SESSION}\",\"{ROLE}\",\"{ROOT}\""), false),
        (session(HERE), format!("\"{ROLE}\",\"{ROOT}\""), true),
        (session(HERE), format!("\"{SESSION}\",\"{ROOT}\""), true),
        (root(HERE), format!("\"{ROOT}\""), false),
    ] {
        let members = format!(r#"{DENY},"NotPrincipal":{{"AWS":[{listed}]}}"#);
        let resource = policy(PolicyKind::Resource, PolicySource::Resource, &members);
        let policies = Policies { identity: &own, resource: Some(&resource), ..Policies::default() };
        assert_eq!(!get_object(&who, &policies).is_allowed(), denied, "{listed}");
        let bounded = Policies { boundary: Some(&limit), ..policies };
        assert_eq!(said(&get_object(&who, &bounded)), "explicitDeny by Resource");
    }
    let allow = resource(&format!(r#""NotPrincipal":{{"AWS":"{THERE}"}}"#));
    let policies = Policies { resource: Some(&allow), ..Policies::default() };
    assert!(get_object(&user(HERE), &policies).is_allowed());
    assert!(!get_object(&user(THERE), &Policies { identity: &own, ..policies }).is_allowed());
}

const ASSUME: &str =
    r#""Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::111122223333:role/team/dev""#;
const SILENT: &str = r#""Effect":"Allow","Action":"s3:*","Resource":"*""#;
const FORBID: &str = r#""Effect":"Deny","Action":"sts:*","Resource":"*""#;

#[test]
fn assuming_a_role_of_the_same_account() {
    for (who, named, own, wanted) in [
        (user(HERE), USER, SILENT, "allowed by Trust"),
        (user(HERE), USER, ASSUME, "allowed by Trust"),
        (user(HERE), USER, FORBID, "explicitDeny by Identity"),
        (user(HERE), "AIDAEXAMPLEEXAMPLE00", SILENT, "allowed by Trust"),
        (user(HERE), "AIDAOTHEROTHEROTHER0", ASSUME, "implicitDeny by Trust"),
        (user(HERE), ROOT, SILENT, "implicitDeny by Identity"),
        (user(HERE), ROOT, ASSUME, "allowed by Trust"),
        (user(HERE), HERE, ASSUME, "allowed by Trust"),
        (user(HERE), THERE, ASSUME, "implicitDeny by Trust"),
        (session(HERE), ROLE, SILENT, "allowed by Trust"),
        (session(HERE), SESSION, SILENT, "allowed by Trust"),
        (session(HERE), USER, ASSUME, "implicitDeny by Trust"),
        (root(HERE), ROOT, SILENT, "allowed by Trust"),
        (user(HERE), "*", SILENT, "allowed by Trust"),
    ] {
        let trust = trust("Allow", "sts:AssumeRole", &aws(named));
        let own = [identity(own)];
        let policies = Policies { identity: &own, trust: Some(&trust), ..Policies::default() };
        assert_eq!(said(&decide(&who, "sts:AssumeRole", ROLE, &policies)), wanted, "{named}");
    }
}

#[test]
fn assuming_a_role_of_another_account_needs_both() {
    for (named, own, wanted) in [
        ("arn:aws:iam::444455556666:user/team/ana", ASSUME, "allowed by Trust"),
        ("arn:aws:iam::444455556666:user/team/ana", SILENT, "implicitDeny by Identity"),
        ("arn:aws:iam::444455556666:root", ASSUME, "allowed by Trust"),
        (THERE, SILENT, "implicitDeny by Identity"),
        (HERE, ASSUME, "implicitDeny by Trust"),
        ("*", SILENT, "implicitDeny by Identity"),
    ] {
        let trust = trust("Allow", "sts:AssumeRole", &aws(named));
        let own = [identity(own)];
        let policies = Policies { identity: &own, trust: Some(&trust), ..Policies::default() };
        let decision = decide(&user(THERE), "sts:AssumeRole", ROLE, &policies);
        assert_eq!(said(&decision), wanted, "{named}");
    }
}

#[test]
fn services_and_web_identities_are_let_in_by_name_only() {
    let service = Principal::Service { name: "sagemaker.amazonaws.com".into() };
    let provider = "arn:aws:iam::111122223333:oidc-provider/idp.example.com";
    let web = Principal::WebIdentity { provider: provider.into() };
    let by_name = r#""Principal":{"Service":["lambda.amazonaws.com","sagemaker.amazonaws.com"]}"#;
    let by_provider = format!(r#""Principal":{{"Federated":"{provider}"}}"#);
    let token = "sts:AssumeRoleWithWebIdentity";
    for (who, action, effect, named, wanted) in [
        (&service, "sts:AssumeRole", "Allow", by_name, "allowed by Trust"),
        (&service, "sts:AssumeRole", "Allow", r#""Principal":{"AWS":"*"}"#, "implicitDeny by Trust"),
        (&service, "sts:AssumeRole", "Deny", r#""Principal":"*""#, "explicitDeny by Trust"),
        (&web, token, "Allow", &by_provider, "allowed by Trust"),
        (&web, token, "Allow", r#""Principal":"*""#, "implicitDeny by Trust"),
        (&web, token, "Allow", by_name, "implicitDeny by Trust"),
        (&web, token, "Deny", r#""Principal":{"AWS":"*"}"#, "explicitDeny by Trust"),
        (&web, "sts:AssumeRole", "Allow", &by_provider, "allowed by Trust"),
    ] {
        let trust = trust(effect, action, named);
        let decision = decide(who, action, ROLE, &Policies { trust: Some(&trust), ..Policies::default() });
        assert_eq!(said(&decision), wanted, "{named}");
    }
    let trust = trust("Allow", token, &by_provider);
    let decision =
        decide(&web, "sts:AssumeRole", ROLE, &Policies { trust: Some(&trust), ..Policies::default() });
    assert_eq!(decision.reason(), "because no role trust policy allows the sts:AssumeRole action");
}

#[test]
fn a_policy_for_identities_given_as_a_resource_policy_names_nobody() {
    let wrong = identity(ALLOW);
    let policies = Policies { resource: Some(&wrong), ..Policies::default() };
    assert_eq!(said(&get_object(&user(HERE), &policies)), "implicitDeny by Identity");
}

/// Whoever mixes up kinds of policies grants nothing by it.
#[test]
fn a_policy_in_the_place_of_another_kind_grants_nothing() {
    let (unnamed, of_another) = (identity(ALLOW), resource(&aws("arn:aws:iam::111122223333:user/bo")));
    let one = |policy: &NamedPolicy| PolicyIndex::new(vec![policy.clone()]);
    let (who, context) = (user(HERE), Context::new());
    let request = Request {
        principal: &who,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::models/ana/weights",
        resource_account: None,
        context: &context,
    };
    let policies = Policies { resource: Some(&unnamed), ..Policies::default() };
    let index = one(&unnamed);
    let compiled = CompiledPolicies { resource: Some(&index), ..CompiledPolicies::default() };
    assert_eq!(evaluate(&request, &policies).outcome(), Outcome::ImplicitDeny);
    assert_eq!(decide_indexed(&request, &compiled).outcome(), Outcome::ImplicitDeny);

    let policies = Policies { identity: std::slice::from_ref(&of_another), ..Policies::default() };
    let index = one(&of_another);
    let compiled = CompiledPolicies { identity: Some(&index), ..CompiledPolicies::default() };
    assert_eq!(evaluate(&request, &policies).outcome(), Outcome::ImplicitDeny);
    assert_eq!(decide_indexed(&request, &compiled).outcome(), Outcome::ImplicitDeny);
}
