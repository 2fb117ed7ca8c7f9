//! Roles for those whom an OpenID Connect provider knows.

use garita_app::authorize::Question;
use garita_app::iam::CreateOidcProvider;
use garita_app::sts::{AssumeRoleWithWebIdentity, WebIdentitySession};
use garita_model::{Clock as _, Error, Result, Secret};
use garita_testkit::{TestCredentials, TestGarita, TestIdp};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{allow, role, told, trust};

const ISSUER: &str = TestIdp::ISSUER;
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/idp.example";
const INVALID: &str = "InvalidClientTokenId: The security token included in the request is invalid.";

/// A provider that is registered.
struct Idp {
    garita: TestGarita,
    idp: TestIdp,
}

impl Idp {
    async fn registered() -> Self {
        let garita = TestGarita::new().await;
        let idp = TestIdp::published(&garita.documents, "k1");
        let this = Self { garita, idp };
        this.register().await;
        this
    }

    async fn register(&self) {
        let input = CreateOidcProvider {
            url: ISSUER.to_owned(),
            client_ids: vec!["app".to_owned()],
            thumbprints: Vec::new(),
            tags: Vec::new(),
        };
        self.garita.app.create_oidc_provider(&self.garita.as_root(), input).await.unwrap();
    }

    /// Another key in the place of the one before.
    fn rotate(&mut self, id: &str) {
        self.idp = TestIdp::published(&self.garita.documents, id);
    }

    fn publish(&self, keys_at: &str) {
        self.idp.publish(&self.garita.documents, keys_at);
    }

    fn token(&self, more: Value) -> String {
        self.idp.token(self.garita.clock.now(), &more)
    }

    async fn assume(&self, role: &str, token: String) -> Result<WebIdentitySession> {
        let arrival = self.garita.app.arrive([127, 0, 0, 1].into(), false, None).unwrap();
        let cx = self.garita.app.nobody(arrival);
        let ask = AssumeRoleWithWebIdentity {
            role: role.to_owned(),
            session: "s1".parse().unwrap(),
            token: Secret::new(token),
            duration: None,
            policy: None,
            policy_arns: Vec::new(),
        };
        self.garita.app.assume_role_with_web_identity(&cx, ask).await
    }

    async fn role(&self, name: &str, condition: &str) -> String {
        let federated = trust(&format!(r#"{{"Federated":"{PROVIDER}"}}"#), condition);
        let trusted = federated.replace("\"sts:AssumeRole\"", "\"sts:AssumeRoleWithWebIdentity\"");
        role(&self.garita, name, trusted, Some(allow("execute-api:Invoke", "*"))).await
    }
}

fn credentials(made: &WebIdentitySession) -> TestCredentials {
    (&made.assumed.credentials).into()
}

#[tokio::test]
async fn a_token_opens_the_roles_that_trust_its_provider() {
    let idp = Idp::registered().await;
    let arn = idp.role("job", "").await;
    let made = idp.assume(&arn, idp.token(json!({}))).await.unwrap();
    assert_eq!((made.subject.as_str(), made.audience.as_str(), made.issuer.as_str()), ("ana", "app", ISSUER));
    let cx = idp.garita.context(&credentials(&made)).unwrap();
    assert_eq!(
        idp.garita.app.caller_identity(&cx).unwrap().arn,
        "arn:aws:sts::111122223333:assumed-role/job/s1"
    );
    let question = Question::new("execute-api:Invoke", "*", idp.garita.account());
    assert!(idp.garita.app.authorize(&cx, &question).is_ok());

    let closed =
        trust(r#"{"AWS":"*"}"#, "").replace("\"sts:AssumeRole\"", "\"sts:AssumeRoleWithWebIdentity\"");
    let closed = role(&idp.garita, "closed", closed, None).await;
    let not_authorized = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity";
    for arn in [closed.as_str(), "arn:aws:iam::111122223333:role/absent"] {
        assert_eq!(told(idp.assume(arn, idp.token(json!({}))).await), not_authorized, "{arn}");
    }
    let elsewhere = "arn:aws:iam::444455556666:role/job";
    let none =
        "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://idp.example";
    assert_eq!(told(idp.assume(elsewhere, idp.token(json!({}))).await), none);
    let other = idp.token(json!({ "iss": "https://other.example" }));
    assert!(told(idp.assume(&arn, other).await).contains("No OpenIDConnect provider"));
    let plain = idp.token(json!({ "iss": "http://idp.example" }));
    assert!(told(idp.assume(&arn, plain).await).contains("No OpenIDConnect provider"));
}

#[tokio::test]
async fn the_trust_policy_sees_the_token() {
    let idp = Idp::registered().await;
    let when = |operator: &str, key: &str, value: &str| {
        format!(r#","Condition":{{"{operator}":{{"{key}":"{value}"}}}}"#)
    };
    let rows = [
        ("StringEquals", "idp.example:sub", "ana", true),
        ("StringEquals", "idp.example:sub", "bo", false),
        ("StringEquals", "idp.example:aud", "app", true),
        ("StringEquals", "idp.example:aud", "other", false),
        ("ForAnyValue:StringEquals", "idp.example:amr", "otp", true),
        ("ForAnyValue:StringEquals", "idp.example:amr", "sms", false),
        ("StringEquals", "aws:FederatedProvider", PROVIDER, true),
        ("StringEquals", "sts:RoleSessionName", "s1", true),
        ("StringEquals", "other.example:sub", "ana", false),
    ];
    for (number, (operator, key, value, opens)) in rows.into_iter().enumerate() {
        let arn = idp.role(&format!("r{number}"), &when(operator, key, value)).await;
        let answer = idp.assume(&arn, idp.token(json!({ "amr": ["pwd", "otp"] }))).await;
        assert_eq!(answer.is_ok(), opens, "{key} {value}");
    }
}

#[tokio::test]
async fn tags_and_source_identity_of_a_token_need_their_own_rights() {
    let idp = Idp::registered().await;
    let arn = idp.role("job", "").await;
    let tagged = json!({
        "https://aws.amazon.com/tags": { "principal_tags": { "team": ["a"] }, "transitive_tag_keys": ["team"] },
        "https://aws.amazon.com/source_identity": "ana",
    });
    let made = idp.assume(&arn, idp.token(tagged.clone())).await.unwrap();
    assert_eq!(made.assumed.source_identity.as_deref(), Some("ana"));
    let cx = idp.garita.context(&credentials(&made)).unwrap();
    let session = &cx.caller().session.as_ref().unwrap().session;
    assert_eq!((session.tags[0].key.as_str(), session.tags[0].value.as_str()), ("team", "a"));
    assert_eq!(session.transitive, ["team"]);
    let bare = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Federated":"{PROVIDER}"}},"Action":"sts:AssumeRoleWithWebIdentity"}}}}"#
    );
    let bare = role(&idp.garita, "bare", bare, None).await;
    assert!(idp.assume(&bare, idp.token(json!({}))).await.is_ok());
    let refused = told(idp.assume(&bare, idp.token(tagged)).await);
    assert_eq!(refused, "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let wrong = json!({ "https://aws.amazon.com/source_identity": "a b" });
    assert!(told(idp.assume(&arn, idp.token(wrong)).await).contains("source identity"));
}

#[tokio::test]
async fn a_session_ends_with_its_provider_and_with_its_role() {
    let idp = Idp::registered().await;
    let (app, root) = (&idp.garita.app, idp.garita.as_root());
    let arn = idp.role("job", "").await;
    let session = credentials(&idp.assume(&arn, idp.token(json!({}))).await.unwrap());
    assert!(idp.garita.context(&session).is_ok());
    app.delete_oidc_provider(&root, PROVIDER).await.unwrap();
    assert_eq!(told(idp.garita.context(&session)), INVALID);
    assert!(told(idp.assume(&arn, idp.token(json!({}))).await).contains("No OpenIDConnect provider"));
    idp.garita.clock.advance(SignedDuration::from_secs(60));
    idp.register().await;
    assert_eq!(told(idp.garita.context(&session)), INVALID, "one made anew is another provider");
    let token = idp.token(json!({}));
    assert!(idp.assume(&arn, token.clone()).await.is_ok());
    app.remove_oidc_client_id(&idp.garita.as_root(), PROVIDER, "app".to_owned()).await.unwrap();
    let refused = told(idp.assume(&arn, token).await);
    assert_eq!(refused, "InvalidIdentityToken: Incorrect token audience");
}

#[tokio::test]
async fn keys_are_kept_and_fetched_again_when_they_change() {
    let mut idp = Idp::registered().await;
    let arn = idp.role("job", "").await;
    let old = idp.token(json!({}));
    for _ in 0..3 {
        idp.assume(&arn, old.clone()).await.unwrap();
    }
    assert_eq!(idp.garita.documents.asked(), 2, "a configuration and a key set, once");
    idp.rotate("k2");
    let new = idp.token(json!({}));
    let unknown = "InvalidIdentityToken: Couldn't retrieve verification key";
    assert!(told(idp.assume(&arn, new.clone()).await).starts_with(unknown), "asked a moment ago");
    assert_eq!(idp.garita.documents.asked(), 2);
    idp.garita.clock.advance(SignedDuration::from_secs(5));
    idp.assume(&arn, new.clone()).await.unwrap();
    assert!(told(idp.assume(&arn, old).await).starts_with(unknown), "the old key went with the new one");

    idp.garita.documents.withdraw();
    idp.assume(&arn, new.clone()).await.unwrap();
    idp.garita.clock.advance(SignedDuration::from_mins(5));
    let unreachable = "IDPCommunicationError: the identity provider could not be reached: try again later";
    assert_eq!(told(idp.assume(&arn, new.clone()).await), unreachable);
    let asked = idp.garita.documents.asked();
    assert_eq!(told(idp.assume(&arn, new.clone()).await), unreachable);
    assert_eq!(idp.garita.documents.asked(), asked, "who is down is left alone for a while");
    idp.publish(&format!("{ISSUER}/jwks"));
    idp.garita.clock.advance(SignedDuration::from_secs(5));
    assert!(idp.assume(&arn, new).await.is_ok());
}

#[tokio::test]
async fn keys_come_from_the_providers_host_or_a_listed_one() {
    let idp = Idp::registered().await;
    let arn = idp.role("job", "").await;
    for (keys_at, fits) in [
        ("https://keys.example/idp", true),
        ("https://idp.example/other/keys", true),
        ("https://evil.example/keys", false),
        ("https://idp.example.evil.example/keys", false),
        ("https://idp.example@evil.example/keys", false),
        ("https://idp.example:8443/keys", false),
        ("http://idp.example/keys", false),
        ("http://keys.example/idp", false),
        ("http://169.254.169.254/latest", false),
        ("file:///etc/passwd", false),
    ] {
        idp.publish(keys_at);
        idp.garita.clock.advance(SignedDuration::from_mins(10));
        let answer = told(idp.assume(&arn, idp.token(json!({}))).await);
        assert_eq!(answer == "ok", fits, "{keys_at}: {answer}");
    }
    let other = json!({ "issuer": "https://evil.example", "jwks_uri": "https://idp.example/jwks" });
    idp.garita.documents.publish(&format!("{ISSUER}/.well-known/openid-configuration"), other.to_string());
    idp.garita.clock.advance(SignedDuration::from_mins(10));
    assert!(told(idp.assume(&arn, idp.token(json!({}))).await).contains("Couldn't retrieve"));
}

#[tokio::test]
async fn plain_http_is_for_the_loopback() {
    let garita = TestGarita::new().await;
    let create = async |url: &str| {
        let input = CreateOidcProvider {
            url: url.to_owned(),
            client_ids: Vec::new(),
            thumbprints: Vec::new(),
            tags: Vec::new(),
        };
        garita.app.create_oidc_provider(&garita.as_root(), input).await
    };
    assert_eq!(create("http://127.0.0.1:3000/a").await.unwrap().rsplit_once(':').unwrap().1, "3000/a");
    assert!(create("http://localhost:3001").await.is_ok());
    for url in [
        "http://idp.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1",
        "http://localhost@x",
        "ftp://localhost",
    ] {
        assert!(matches!(create(url).await, Err(Error::Invalid { .. })), "{url}");
    }
}
