//! Identity × boundary × session × organization × endpoint, in one account.

use super::*;

fn boundary(members: &str) -> NamedPolicy {
    policy(PolicyKind::Boundary, PolicySource::Boundary, members)
}

fn session_policy(members: &str) -> NamedPolicy {
    policy(PolicyKind::Session, PolicySource::Session, members)
}

/// `-` is no such policy, `0` one that says nothing of the request, `+` one that allows, `!` one that denies.
fn members(code: char) -> Option<&'static str> {
    match code {
        '+' => Some(ALLOW),
        '!' => Some(DENY),
        '0' => Some(OTHER),
        _ => None,
    }
}

#[test]
fn every_layer_must_agree_and_any_may_deny() {
    for (codes, wanted) in [
        // identity, boundary, session
        ("---", "implicitDeny by Identity"),
        ("0--", "implicitDeny by Identity"),
        ("+--", "allowed by Identity"),
        ("!--", "explicitDeny by Identity"),
        ("++-", "allowed by Identity"),
        ("+0-", "implicitDeny by Boundary"),
        ("+!-", "explicitDeny by Boundary"),
        ("0+-", "implicitDeny by Identity"),
        ("-+-", "implicitDeny by Identity"),
        ("!+-", "explicitDeny by Identity"),
        ("+-+", "allowed by Identity"),
        ("+-0", "implicitDeny by Session"),
        ("+-!", "explicitDeny by Session"),
        ("0-+", "implicitDeny by Identity"),
        ("!-+", "explicitDeny by Identity"),
        ("+++", "allowed by Identity"),
        ("+0+", "implicitDeny by Boundary"),
        ("++0", "implicitDeny by Session"),
        ("+00", "implicitDeny by Boundary"),
        ("+0!", "explicitDeny by Session"),
        ("+!0", "explicitDeny by Boundary"),
        ("000", "implicitDeny by Identity"),
    ] {
        let codes: Vec<char> = codes.chars().collect();
        let own: Vec<_> = members(codes[0]).map(identity).into_iter().collect();
        let limit = members(codes[1]).map(boundary);
        let session: Option<Vec<_>> = members(codes[2]).map(|members| vec![session_policy(members)]);
        let policies = Policies {
            identity: &own,
            boundary: limit.as_ref(),
            session: session.as_deref(),
            ..Policies::default()
        };
        for who in [user(HERE), super::session(HERE)] {
            assert_eq!(said(&get_object(&who, &policies)), wanted, "{codes:?}");
        }
    }
}

#[test]
fn identity_policies_of_user_and_groups_are_joined() {
    let inline = identity(OTHER);
    let group = policy(PolicyKind::Identity, PolicySource::GroupInline, ALLOW);
    let managed = policy(PolicyKind::Identity, PolicySource::AwsManaged, DENY);
    let decision = get_object(
        &user(HERE),
        &Policies { identity: &[inline.clone(), group.clone()], ..Policies::default() },
    );
    assert_eq!(said(&decision), "allowed by Identity");
    let sources: Vec<_> = decision.matched().iter().map(|m| m.source).collect();
    assert_eq!(sources, [PolicySource::GroupInline]);
    let decision =
        get_object(&user(HERE), &Policies { identity: &[inline, group, managed], ..Policies::default() });
    assert_eq!(said(&decision), "explicitDeny by Identity");
    let sources: Vec<_> = decision.matched().iter().map(|m| m.source).collect();
    assert_eq!(sources, [PolicySource::AwsManaged]);
}

#[test]
fn session_policies_are_joined_and_an_empty_list_allows_nothing() {
    let own = [identity(ALLOW)];
    let given = [session_policy(OTHER), session_policy(ALLOW)];
    let with = |session| Policies { identity: &own, session: Some(session), ..Policies::default() };
    assert_eq!(said(&get_object(&session(HERE), &with(&given))), "allowed by Identity");
    assert_eq!(said(&get_object(&session(HERE), &with(&given[..1]))), "implicitDeny by Session");
    assert_eq!(said(&get_object(&federated(HERE), &with(&[]))), "implicitDeny by Session");
}

#[test]
fn the_root_user_is_allowed_by_default_but_may_be_limited() {
    let (deny, allow, other) = (identity(DENY), [session_policy(ALLOW)], [session_policy(OTHER)]);
    let scp = |members| [vec![policy(PolicyKind::ServiceControl, PolicySource::ServiceControl, members)]];
    let (scp_deny, scp_other) = (scp(DENY), scp(OTHER));
    let base = Policies::default();
    for (policies, wanted) in [
        (base, "allowed by RootUser"),
        (Policies { identity: std::slice::from_ref(&deny), ..base }, "explicitDeny by Identity"),
        (Policies { session: Some(&allow), ..base }, "allowed by RootUser"),
        (Policies { session: Some(&other), ..base }, "implicitDeny by Session"),
        (Policies { scp: Some(&scp_deny), ..base }, "explicitDeny by ServiceControl"),
        (Policies { scp: Some(&scp_other), ..base }, "implicitDeny by ServiceControl"),
    ] {
        assert_eq!(said(&get_object(&root(HERE), &policies)), wanted);
    }
    assert_eq!(said(&get_object(&root(THERE), &base)), "implicitDeny by Resource");
}

#[test]
fn each_level_of_the_organization_must_allow() {
    let own = [identity(ALLOW)];
    for (levels, wanted) in [
        (&["+", "+", "+"][..], "allowed by Identity"),
        (&["+", "0", "+"], "implicitDeny by ServiceControl"),
        (&["+", "0+", "+"], "allowed by Identity"),
        (&["+", "", "+"], "implicitDeny by ServiceControl"),
        (&["+", "+!", "+"], "explicitDeny by ServiceControl"),
    ] {
        let level = |codes: &&str| {
            let all = codes.chars().filter_map(members);
            all.map(|m| policy(PolicyKind::ServiceControl, PolicySource::ServiceControl, m))
                .collect::<Vec<_>>()
        };
        let scp: Vec<_> = levels.iter().map(level).collect();
        let policies = Policies { identity: &own, scp: Some(&scp), ..Policies::default() };
        assert_eq!(said(&get_object(&user(HERE), &policies)), wanted, "{levels:?}");
    }
}

#[test]
fn resource_control_only_denies_and_endpoints_must_allow() {
    let own = [identity(ALLOW)];
    let deny = format!("{DENY},\"Principal\":\"*\"");
    let unrelated = r#""Effect":"Deny","Action":"s3:Put*","Resource":"*","Principal":"*""#;
    for (members, wanted) in
        [(deny.as_str(), "explicitDeny by ResourceControl"), (unrelated, "allowed by Identity")]
    {
        let rcp = [vec![policy(PolicyKind::ResourceControl, PolicySource::ResourceControl, members)]];
        let policies = Policies { identity: &own, rcp: Some(&rcp), ..Policies::default() };
        assert_eq!(said(&get_object(&user(HERE), &policies)), wanted);
    }
    for (who, wanted) in [("*", "allowed by Identity"), (THERE, "implicitDeny by Endpoint")] {
        let members = format!(r#"{ALLOW},"Principal":{{"AWS":"{who}"}}"#);
        let endpoint = policy(PolicyKind::Endpoint, PolicySource::Endpoint, &members);
        let policies = Policies { identity: &own, endpoint: Some(&endpoint), ..Policies::default() };
        assert_eq!(said(&get_object(&user(HERE), &policies)), wanted);
    }
}

#[test]
fn every_layer_has_its_own_verdict() {
    let own = [identity(ALLOW)];
    let limit = boundary(OTHER);
    let given = [session_policy(DENY)];
    let decision = get_object(
        &user(HERE),
        &Policies { identity: &own, boundary: Some(&limit), session: Some(&given), ..Policies::default() },
    );
    assert_eq!(decision.verdict(PolicyType::Identity), Some(Outcome::Allowed));
    assert_eq!(decision.verdict(PolicyType::Boundary), Some(Outcome::ImplicitDeny));
    assert_eq!(decision.verdict(PolicyType::Session), Some(Outcome::ExplicitDeny));
    assert_eq!(decision.verdict(PolicyType::Resource), None);
    assert_eq!(decision.reason(), "with an explicit deny in a session policy");
}

#[test]
fn an_implicit_deny_still_tells_what_others_allowed() {
    let own = [identity(ALLOW)];
    let limit = boundary(OTHER);
    let decision =
        get_object(&user(HERE), &Policies { identity: &own, boundary: Some(&limit), ..Policies::default() });
    assert_eq!(decision.reason(), "because no permissions boundary allows the s3:GetObject action");
    let matched: Vec<_> = decision.matched().iter().map(ToString::to_string).collect();
    assert_eq!(matched, ["statement 0 of Identity"]);
}
