//! Sessions: who may have one, for how long, with what.

use garita_app::authorize::Question;
use garita_testkit::{TestCredentials, TestGarita};
use jiff::SignedDuration;

use crate::stage::{allow, ask, assume, denied, role, tag, told, trust, user};

const ANA: &str = r#"{"AWS":"arn:aws:iam::111122223333:user/ana"}"#;

#[tokio::test]
async fn a_session_has_the_rights_of_its_role_until_it_ends() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let arn = role(&garita, "reader", trust(ANA, ""), Some(allow("iam:ListUsers", "*"))).await;
    let session = assume(&garita, &ana, &ask(&arn)).unwrap();

    let cx = garita.context(&session).unwrap();
    let who = garita.app.caller_identity(&cx).unwrap();
    assert_eq!(who.arn, "arn:aws:sts::111122223333:assumed-role/reader/s1");
    assert!(who.user_id.starts_with("AROA") && who.user_id.ends_with(":s1"));
    let account = garita.account();
    assert!(garita.app.authorize(&cx, &Question::new("iam:ListUsers", "*", account)).is_ok());
    let refused = garita.app.authorize(&cx, &Question::new("iam:ListRoles", "*", account));
    assert_eq!(
        told(refused),
        "AccessDenied: User: arn:aws:sts::111122223333:assumed-role/reader/s1 is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action"
    );

    garita.clock.advance(SignedDuration::from_secs(3599));
    assert!(garita.context(&session).is_ok());
    garita.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        told(garita.context(&session)),
        "ExpiredToken: The security token included in the request is expired"
    );
}

#[tokio::test]
async fn both_the_trust_policy_and_the_other_accounts_policies_must_agree() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let bo = user(&garita, "bo", Some(allow("sts:AssumeRole", "*"))).await;
    let named = role(&garita, "named", trust(ANA, ""), None).await;
    assert!(assume(&garita, &ana, &ask(&named)).is_ok(), "a user the trust policy names needs no more");
    assert!(denied(assume(&garita, &bo, &ask(&named))), "whoever it does not name is refused");

    let own = trust(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, "");
    let delegated = role(&garita, "delegated", own, None).await;
    assert!(
        denied(assume(&garita, &ana, &ask(&delegated))),
        "trusting the account leaves it to its policies"
    );
    assert!(assume(&garita, &bo, &ask(&delegated)).is_ok());

    let (other, other_root) = garita.another_account("other").await;
    let external = r#","Condition":{"StringEquals":{"sts:ExternalId":"secret-word"}}"#;
    let cross = trust(&format!(r#"{{"AWS":"{other}"}}"#), external);
    let cross = role(&garita, "cross", cross, None).await;
    let told_root = told(assume(&garita, &other_root, &ask(&cross)));
    assert_eq!(told_root, "AccessDenied: Roles may not be assumed by root accounts.");
    assert!(denied(assume(&garita, &bo, &ask(&cross))), "the trusted account is another one");
    let absent = "arn:aws:iam::111122223333:role/absent";
    let refused = |who, role: &str| told(assume(&garita, who, &ask(role))).replace(role, "ROLE");
    assert_eq!(refused(&bo, absent), refused(&bo, &named), "an absent role looks like a refused one");
    assert_eq!(refused(&ana, absent), refused(&ana, &cross), "to whoever asks");
}

#[tokio::test]
async fn durations_have_bounds() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let anyone = trust(r#"{"AWS":"*"}"#, "");
    let first = role(&garita, "first", anyone.clone(), Some(allow("sts:*", "*"))).await;
    let second = role(&garita, "second", anyone, None).await;
    let asked = |role: &str, seconds| garita_app::sts::AssumeRole { duration: Some(seconds), ..ask(role) };
    for (seconds, says) in [
        (900, "ok"),
        (7200, "ok"),
        (899, "Member must have value greater than or equal to 900"),
        (43_201, "Member must have value less than or equal to 43200"),
        (7201, "exceeds the MaxSessionDuration set for this role"),
    ] {
        let answer = told(assume(&garita, &ana, &asked(&first, seconds)));
        assert!(answer.contains(says), "{seconds}: {answer}");
    }
    let session = assume(&garita, &ana, &ask(&first)).unwrap();
    assert!(assume(&garita, &session, &asked(&second, 3600)).is_ok());
    let chained = told(assume(&garita, &session, &asked(&second, 3601)));
    assert!(
        chained.contains("exceeds the 1 hour session limit for roles assumed by role chaining"),
        "{chained}"
    );
}

#[tokio::test]
async fn a_session_policy_narrows_and_never_widens() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let arn = role(&garita, "r", trust(ANA, ""), Some(allow("iam:List*", "*"))).await;
    let narrowed = garita_app::sts::AssumeRole {
        policy: Some(allow("iam:*", "*").replace("\"iam:*\"", "[\"iam:ListUsers\",\"iam:GetUser\"]")),
        ..ask(&arn)
    };
    let session = assume(&garita, &ana, &narrowed).unwrap();
    let cx = garita.context(&session).unwrap();
    let may = |action: &str| garita.app.authorize(&cx, &Question::new(action, "*", garita.account())).is_ok();
    assert!(may("iam:ListUsers"));
    assert!(!may("iam:ListRoles"), "the role may, the session policy does not");
    assert!(!may("iam:GetUser"), "the session policy allows, the role may not");

    for (policy, says) in [
        ("{".to_owned(), "MalformedPolicyDocument"),
        (format!("{}{}", allow("iam:*", "*"), " ".repeat(2100)), "PackedPolicyTooLarge"),
    ] {
        let answer =
            told(assume(&garita, &ana, &garita_app::sts::AssumeRole { policy: Some(policy), ..ask(&arn) }));
        assert!(answer.starts_with(says), "{answer}");
    }
    let absent = vec!["arn:aws:iam::111122223333:policy/absent".to_owned()];
    let answer =
        told(assume(&garita, &ana, &garita_app::sts::AssumeRole { policy_arns: absent, ..ask(&arn) }));
    assert!(answer.starts_with("MalformedPolicyDocument"), "{answer}");
}

#[tokio::test]
async fn tags_and_source_identity_follow_the_chain() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let anyone = trust(r#"{"AWS":"*"}"#, "");
    let first = role(&garita, "first", anyone.clone(), Some(allow("sts:*", "*"))).await;
    let second = role(&garita, "second", anyone, Some(allow("iam:ListUsers", "*"))).await;
    let asked = garita_app::sts::AssumeRole {
        tags: vec![tag("team", "a"), tag("stage", "dev")],
        transitive: vec!["team".to_owned()],
        source_identity: Some("ana@example.com".to_owned()),
        ..ask(&first)
    };
    let session = assume(&garita, &ana, &asked).unwrap();
    let chained = assume(&garita, &session, &ask(&second)).unwrap();
    let cx = garita.context(&chained).unwrap();
    let value = |key: &str| cx.keys().get(key).map(|v| format!("{v:?}")).unwrap_or_default();
    assert!(value("aws:PrincipalTag/team").contains('a'));
    assert_eq!(value("aws:PrincipalTag/stage"), "", "only transitive tags go on");
    assert!(value("aws:SourceIdentity").contains("ana@example.com"));

    let refused = |change: garita_app::sts::AssumeRole| told(assume(&garita, &session, &change));
    let again = garita_app::sts::AssumeRole { tags: vec![tag("TEAM", "b")], ..ask(&second) };
    assert!(refused(again).contains("conflicts with a transitive tag key"));
    let twice = garita_app::sts::AssumeRole { tags: vec![tag("x", "1"), tag("X", "2")], ..ask(&second) };
    assert!(refused(twice).starts_with("InvalidParameterValue: Duplicate tag keys found"));
    let loose = garita_app::sts::AssumeRole { transitive: vec!["nope".to_owned()], ..ask(&second) };
    assert!(refused(loose).contains("must be included in the requested tags"));
    let other = garita_app::sts::AssumeRole { source_identity: Some("bo".to_owned()), ..ask(&second) };
    assert!(refused(other).starts_with("AccessDenied"));
}

#[tokio::test]
async fn what_a_session_passes_on_takes_a_permission_at_every_role() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let anyone = trust(r#"{"AWS":"*"}"#, "");
    let first = role(&garita, "first", anyone.clone(), Some(allow("sts:*", "*"))).await;
    let without = |action: &str| anyone.replace(&format!(r#","{action}""#), "");
    let untagged = role(&garita, "untagged", without("sts:TagSession"), None).await;
    let unnamed = role(&garita, "unnamed", without("sts:SetSourceIdentity"), None).await;
    let session = |tags: &[&str], transitive: &[&str], source_identity: Option<&str>| {
        let asked = garita_app::sts::AssumeRole {
            tags: tags.iter().map(|key| tag(key, "a")).collect(),
            transitive: transitive.iter().map(|key| (*key).to_owned()).collect(),
            source_identity: source_identity.map(str::to_owned),
            ..ask(&first)
        };
        assume(&garita, &ana, &asked).unwrap()
    };
    let on = |session: &TestCredentials, role: &str| told(assume(&garita, session, &ask(role)));

    let plain = session(&["team"], &[], None);
    assert_eq!(on(&plain, &untagged), "ok", "a tag that is not passed on needs nothing");
    let tagged = session(&["team"], &["team"], None);
    assert!(on(&tagged, &untagged).contains("is not authorized to perform: sts:TagSession on resource"));
    assert_eq!(on(&tagged, &unnamed), "ok");
    let named = session(&[], &[], Some("ana@example.com"));
    assert!(on(&named, &unnamed).contains("is not authorized to perform: sts:SetSourceIdentity on resource"));
    assert_eq!(on(&named, &untagged), "ok");

    // The trust policy may ask who is behind the chain.
    let is = |who: &str| {
        trust(
            r#"{"AWS":"*"}"#,
            &format!(r#","Condition":{{"StringEquals":{{"sts:SourceIdentity":"{who}"}}}}"#),
        )
    };
    let hers = role(&garita, "hers", is("ana@example.com"), None).await;
    let his = role(&garita, "his", is("bo@example.com"), None).await;
    assert_eq!(on(&named, &hers), "ok");
    assert!(on(&named, &his).starts_with("AccessDenied"));
    assert!(on(&plain, &hers).starts_with("AccessDenied"));
}

#[tokio::test]
async fn a_users_temporary_credentials_reach_neither_iam_nor_more_sessions() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", Some(allow("*", "*"))).await;
    let made = garita.app.get_session_token(&garita.context(&ana).unwrap(), None).unwrap();
    let session = (&made).into();
    let cx = garita.context(&session).unwrap();
    assert_eq!(garita.app.caller_identity(&cx).unwrap().arn, "arn:aws:iam::111122223333:user/ana");
    let account = garita.account();
    let ask = |action: &str| told(garita.app.authorize(&cx, &Question::new(action, "*", account)));
    assert!(ask("iam:ListUsers").starts_with("InvalidClientTokenId"));
    assert_eq!(ask("execute-api:Invoke"), "ok");
    assert!(told(garita.app.get_session_token(&cx, None)).starts_with("AccessDenied"));
}
