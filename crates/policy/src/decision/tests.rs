use super::{Decision, Outcome, PolicyType, denial_message};

fn decision(outcome: Outcome, decided_by: PolicyType) -> Decision {
    let action = "execute-api:Invoke".into();
    Decision { outcome, decided_by, action, matched: Vec::new(), verdicts: Vec::new(), missing: Vec::new() }
}

#[test]
fn reasons_are_in_the_words_of_aws() {
    use Outcome::{Allowed, ExplicitDeny, ImplicitDeny};
    for (outcome, decided_by, wanted) in [
        (
            ImplicitDeny,
            PolicyType::Identity,
            "because no identity-based policy allows the execute-api:Invoke action",
        ),
        (ImplicitDeny, PolicyType::Session, "because no session policy allows the execute-api:Invoke action"),
        (
            ImplicitDeny,
            PolicyType::Boundary,
            "because no permissions boundary allows the execute-api:Invoke action",
        ),
        (
            ImplicitDeny,
            PolicyType::Trust,
            "because no role trust policy allows the execute-api:Invoke action",
        ),
        (
            ImplicitDeny,
            PolicyType::Resource,
            "because no resource-based policy allows the execute-api:Invoke action",
        ),
        (
            ImplicitDeny,
            PolicyType::Endpoint,
            "because no VPC endpoint policy allows the execute-api:Invoke action",
        ),
        (
            ImplicitDeny,
            PolicyType::ServiceControl,
            "because no service control policy allows the execute-api:Invoke action",
        ),
        (ExplicitDeny, PolicyType::Identity, "with an explicit deny in an identity-based policy"),
        (ExplicitDeny, PolicyType::ServiceControl, "with an explicit deny in a service control policy"),
        (ExplicitDeny, PolicyType::ResourceControl, "with an explicit deny in a resource control policy"),
        (ExplicitDeny, PolicyType::Boundary, "with an explicit deny in a permissions boundary"),
        (ExplicitDeny, PolicyType::Trust, "with an explicit deny in the role trust policy"),
        (
            Allowed,
            PolicyType::Identity,
            "because an identity-based policy allows the execute-api:Invoke action",
        ),
        (Allowed, PolicyType::RootUser, "because the root user is allowed by default"),
    ] {
        assert_eq!(decision(outcome, decided_by).reason(), wanted);
    }
}

#[test]
fn the_message_names_who_what_and_why() {
    let decision = decision(Outcome::ExplicitDeny, PolicyType::Session);
    assert_eq!(
        denial_message("arn:aws:iam::111122223333:user/ana", "execute-api:Invoke", "*", &decision),
        "User: arn:aws:iam::111122223333:user/ana is not authorized to perform: execute-api:Invoke \
         on resource: * with an explicit deny in a session policy"
    );
    let names = [Outcome::Allowed, Outcome::ExplicitDeny, Outcome::ImplicitDeny].map(|o| o.to_string());
    assert_eq!(names, ["allowed", "explicitDeny", "implicitDeny"]);
}
