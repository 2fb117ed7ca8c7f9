//! Federated users: what `GetFederationToken` makes.

use garita_app::authorize::Question;
use garita_app::iam::{EntityName, PutInlinePolicy};
use garita_app::sts::GetFederationToken;
use garita_model::Result;
use garita_testkit::{TestCredentials, TestGarita};
use jiff::SignedDuration;

use crate::stage::{allow, ask, assume, role, tag, told, trust, user};

fn federate(policy: Option<String>) -> GetFederationToken {
    let name = "bo".parse().unwrap();
    GetFederationToken { name, duration: None, policy, policy_arns: Vec::new(), tags: Vec::new() }
}

fn get(garita: &TestGarita, who: &TestCredentials, ask: &GetFederationToken) -> Result<TestCredentials> {
    let made = garita.app.get_federation_token(&garita.context(who)?, ask)?;
    Ok((&made.credentials).into())
}

/// What a caller is told who asks to invoke an API.
fn invoke(garita: &TestGarita, who: &TestCredentials) -> String {
    let api = "arn:aws:execute-api:eu-west-1:111122223333:a/prod/GET/x";
    let question = Question::new("execute-api:Invoke", api, garita.account());
    told(garita.context(who).and_then(|cx| garita.app.authorize(&cx, &question)))
}

const BOTH: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:GetFederationToken","execute-api:*","iam:*"],"Resource":"*"}}"#;

#[tokio::test]
async fn a_federated_user_may_do_what_its_maker_and_its_policies_allow() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", Some(BOTH.to_owned())).await;
    let everything = || Some(allow("*", "*"));
    let made =
        garita.app.get_federation_token(&garita.context(&ana).unwrap(), &federate(everything())).unwrap();
    assert_eq!(made.arn, "arn:aws:sts::111122223333:federated-user/bo");
    assert_eq!(made.id, "111122223333:bo");
    let bo: TestCredentials = (&made.credentials).into();
    let who = garita.app.caller_identity(&garita.context(&bo).unwrap()).unwrap();
    assert_eq!((who.arn, who.user_id), (made.arn, made.id));
    assert_eq!(invoke(&garita, &bo), "ok");
    let plain = get(&garita, &ana, &federate(None)).unwrap();
    assert!(
        invoke(&garita, &plain).contains("no session policy allows"),
        "without policies it has no rights"
    );
    let by_root = get(&garita, &garita.root, &federate(everything())).unwrap();
    assert_eq!(invoke(&garita, &by_root), "ok");
    let by_root = get(&garita, &garita.root, &federate(None)).unwrap();
    assert!(invoke(&garita, &by_root).contains("no session policy allows"), "nor does one of the root user");

    let less = PutInlinePolicy {
        entity: EntityName::User("ana".parse().unwrap()),
        name: "inline".parse().unwrap(),
        document: allow("sts:GetFederationToken", "*"),
    };
    garita.app.put_inline_policy(&garita.as_root(), less).await.unwrap();
    assert!(invoke(&garita, &bo).contains("no identity-based policy allows"), "its maker's rights bound it");
}

#[tokio::test]
async fn a_federated_user_reaches_neither_iam_nor_sts() {
    let garita = TestGarita::new().await;
    let trusted = trust(r#"{"AWS":"*"}"#, "");
    let arn = role(&garita, "open", trusted, None).await;
    for who in [garita.root.clone(), user(&garita, "ana", Some(allow("*", "*"))).await] {
        let bo = get(&garita, &who, &federate(Some(allow("*", "*")))).unwrap();
        let cx = garita.context(&bo).unwrap();
        let invalid = "InvalidClientTokenId: The security token included in the request is invalid.";
        assert_eq!(told(garita.app.get_role(&cx, &"open".parse().unwrap())), invalid);
        assert_eq!(told(assume(&garita, &bo, &ask(&arn))), invalid);
        let no_session = "AccessDenied: Cannot call GetFederationToken with session credentials";
        assert_eq!(told(get(&garita, &bo, &federate(None))), no_session);
        assert!(told(garita.app.get_session_token(&cx, None)).starts_with("AccessDenied"));
    }
}

#[tokio::test]
async fn a_federation_token_is_held_to_its_bounds_and_dies_with_its_maker() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", Some(BOTH.to_owned())).await;
    let nobody = user(&garita, "nobody", None).await;
    let refused = told(get(&garita, &nobody, &federate(None)));
    assert!(
        refused.contains("sts:GetFederationToken on resource: arn:aws:sts::111122223333:federated-user/bo")
    );
    let of = |change: GetFederationToken| told(get(&garita, &ana, &change));
    let base = || federate(Some(allow("*", "*")));
    assert!(
        of(GetFederationToken { duration: Some(899), ..base() }).contains("greater than or equal to 900")
    );
    assert!(of(GetFederationToken { duration: Some(129_601), ..base() }).contains("equal to 129600"));
    assert!(
        of(GetFederationToken { name: "b".repeat(33).parse().unwrap(), ..base() })
            .starts_with("ValidationError")
    );
    let tagged = GetFederationToken { tags: vec![tag("team", "a")], ..base() };
    assert!(of(tagged).contains("sts:TagSession"), "tags need a right of their own");
    let long = format!("{}{}", allow("*", "*"), " ".repeat(2_048));
    assert!(of(federate(Some(long))).starts_with("PackedPolicyTooLarge"));
    assert!(of(federate(Some("{}".to_owned()))).starts_with("MalformedPolicyDocument"));

    let by_root = GetFederationToken { duration: Some(43_200), ..base() };
    let made = garita.app.get_federation_token(&garita.as_root(), &by_root).unwrap();
    assert_eq!(made.credentials.expires, "2026-03-01T13:00:00Z".parse().unwrap(), "an hour at most");
    let usual = garita.app.get_federation_token(&garita.context(&ana).unwrap(), &base()).unwrap();
    assert_eq!(usual.credentials.expires, "2026-03-02T00:00:00Z".parse().unwrap());

    let bo = get(&garita, &ana, &base()).unwrap();
    assert_eq!(invoke(&garita, &bo), "ok");
    garita.clock.advance(SignedDuration::from_secs(1));
    let change = garita_app::iam::UpdateAccessKey {
        user: Some("ana".parse().unwrap()),
        id: ana.key.parse().unwrap(),
        status: garita_model::KeyStatus::Inactive,
    };
    garita.app.update_access_key(&garita.as_root(), change).await.unwrap();
    assert!(
        invoke(&garita, &bo).starts_with("InvalidClientTokenId"),
        "it ends with the key it was made with"
    );
}
