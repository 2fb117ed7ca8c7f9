//! Who a person is that a provider vouches for, and who stays out.

use super::*;

#[tokio::test]
async fn a_person_whom_the_provider_knows_becomes_a_user_and_stays_the_same_one() {
    let stage = Stage::new().await;
    let (errand, asked) = stage.begin().await;
    assert_eq!((asked["client_id"].as_str(), asked["scope"].as_str()), ("app", "openid email"));
    stage.answer(&asked, json!({ "email": "ana@corp.example", "email_verified": true, "name": "Ana" }));
    let arrived = stage.end(&errand, home("c-1")).await;
    assert_eq!(word(&arrived), "in as Corp_ana");

    // The exchange proved the pool to the provider, and the browser's errand to both.
    let questions = stage.garita.documents.questions();
    let [exchange] = questions.as_slice() else { panic!("{questions:?}") };
    let basic = exchange.authorization.as_deref().unwrap().strip_prefix("Basic ").unwrap();
    let basic = base64::engine::general_purpose::STANDARD.decode(basic).unwrap();
    assert_eq!(String::from_utf8(basic).unwrap(), "app:hush%20hush");
    let form = exchange.form.as_deref().unwrap();
    assert!(form.starts_with("grant_type=authorization_code&code=c-1&redirect_uri=http%3A%2F%2Fgarita.test"));
    let verifier = form.split("code_verifier=").nth(1).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())), asked["code_challenge"]);

    let user = stage.user("ana");
    assert_eq!((&*user.name, user.status), ("Corp_ana", UserStatus::ExternalProvider));
    let told: Vec<_> = user.attributes.iter().collect();
    assert_eq!(told, [("email", "ana@corp.example"), ("email_verified", "true"), ("name", "Ana")]);
    assert!(user.is_in(&format!("{}_Corp", stage.pool.id)));

    // The next sign-in finds the same user, and brings what has changed.
    assert_eq!(word(&stage.sign_in(json!({ "email": "ana@new.example" })).await), "in as Corp_ana");
    let again = stage.user("ana");
    assert_eq!(again.sub, user.sub);
    assert_eq!(
        (again.attributes.get("email"), again.attributes.is("email_verified")),
        (Some("ana@new.example"), false)
    );
    assert_eq!(again.attributes.get("name"), Some("Ana"), "what is not said is not changed");
    // Another subject is another user, even where case does not matter in names.
    assert_eq!(word(&stage.sign_in(json!({ "sub": "bo" })).await), "in as Corp_bo");
}

#[tokio::test]
async fn a_second_factor_is_not_skipped_where_everybody_shows_one() {
    let pool = PoolSettings { mfa: Some(MfaMode::On), ..PoolSettings::default() };
    let stage = Stage::with(pool, &[]).await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "asked for SetUp");
    // The provider's own word for it counts: it is signed.
    assert_eq!(word(&stage.sign_in(json!({ "amr": ["pwd", "mfa"] })).await), "in as Corp_ana");
    assert_eq!(word(&stage.sign_in(json!({ "amr": ["pwd"] })).await), "asked for SetUp");
    assert_eq!(word(&stage.sign_in(json!({ "amr": "mfa" })).await), "asked for SetUp");
}

#[tokio::test]
async fn who_is_kept_out_is_kept_out_at_once() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let signed_in = |arrived: Result<Arrived, ErrandFault>| match arrived {
        Ok(Arrived::Progress(Progress::Done(browser))) => browser.cookie.expose().clone(),
        other => panic!("{}", word(&other)),
    };
    let there =
        |cookie: &str| stage.app().signed_in(&stage.pool.id, cookie, stage.garita.clock.now()).is_some();
    let pool = || stage.pool.id.clone();

    let cookie = signed_in(stage.sign_in(json!({})).await);
    assert!(there(&cookie));
    let who = || ProviderUser { provider: "Corp".to_owned(), value: "ana".to_owned() };
    stage.app().admin_disable_provider_for_user(&root, pool(), who()).await.unwrap();
    assert!(!there(&cookie));
    assert_eq!(word(&stage.sign_in(json!({})).await), "disabled");
    stage.app().admin_enable_pool_user(&root, pool(), "Corp_ana".to_owned(), true).await.unwrap();
    let cookie = signed_in(stage.sign_in(json!({})).await);

    // The provider goes: who it vouched for is signed out; one of the same name vouches for nobody of before.
    stage.app().delete_pool_provider(&root, pool(), "Corp".to_owned()).await.unwrap();
    assert!(!there(&cookie));
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unknown)));
    stage.app().create_pool_provider(&root, pool(), "Corp".to_owned(), settings()).await.unwrap();
    assert!(!there(&cookie), "a provider of the same name is another one");
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unknown)), "the client was taken off it");
    let open = client_settings(&["COGNITO", "Corp"]);
    stage.app().update_pool_client(&root, pool(), stage.client.id.clone(), open).await.unwrap();
    let cookie = signed_in(stage.sign_in(json!({})).await);
    // Another client at the provider is another provider.
    let other = ProviderSettings { details: Some(details("other")), ..ProviderSettings::default() };
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    stage.app().update_pool_provider(&root, pool(), "Corp".to_owned(), other).await.unwrap();
    assert!(!there(&cookie));
    assert_eq!(word(&stage.end(&errand, home("c")).await), "spent");
}

/// Where an app client has token revocation off, tokens name no sign-in, but for those that a provider vouched for.
#[tokio::test]
async fn tokens_end_with_the_provider_also_where_revocation_is_off() {
    let stage = Stage::new().await;
    let (root, pool) = (stage.garita.as_root(), || stage.pool.id.clone());
    let user =
        |provider: &str, value: &str| ProviderUser { provider: provider.to_owned(), value: value.to_owned() };
    stage.own("bo", "bo@example.com", true).await;
    let linked = (user("Cognito", "bo"), user("Corp", "b-1"));
    stage.app().admin_link_provider_for_user(&root, pool(), linked.0, linked.1).await.unwrap();
    let open = ClientSettings { revocation: Some(false), ..client_settings(&["COGNITO", "Corp"]) };
    let opened = stage.app().update_pool_client(&root, pool(), stage.client.id.clone(), open).await;
    let client = opened.unwrap().client;
    let Ok(Arrived::Progress(Progress::Done(browser))) = stage.sign_in(json!({ "sub": "b-1" })).await else {
        panic!("nobody was signed in")
    };
    let verifier = Secret::new("v".repeat(43));
    let raw = RawAsk {
        redirect_uri: Some("https://app.example/callback".to_owned()),
        response_type: Some("code".to_owned()),
        scope: Some("openid".to_owned()),
        code_challenge: Some(code_challenge(verifier.expose())),
        code_challenge_method: Some("S256".to_owned()),
        ..RawAsk::default()
    };
    let ask = Ask::check(raw, &client).unwrap();
    let code = stage.app().authorization_code(&stage.cx(), &stage.pool, &client, &browser.who, &ask).unwrap();
    let shown = ClientCredentials { id: client.id.to_string(), secret: None };
    let proven = stage.app().prove_client(&stage.cx(), None, &shown).unwrap();
    let grant = Grant::Code { code, redirect_uri: Some(ask.redirect_uri.clone()), verifier: Some(verifier) };
    let given = stage.app().grant(&stage.cx(), &proven, grant).await.unwrap();
    let told = || stage.app().oidc_user_info(&stage.cx(), None, &given.access);
    assert_eq!(told().unwrap()["username"], "bo");
    stage.app().delete_pool_provider(&root, pool(), "Corp".to_owned()).await.unwrap();
    assert!(told().is_err(), "the provider is gone, and `bo` is still there");
    assert!(stage.password("bo").await.is_ok());
}

#[tokio::test]
async fn people_of_another_issuer_are_other_people() {
    let stage = Stage::new().await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    let other = TestIdp::new("https://other.example", "k9");
    other.publish(&stage.garita.documents, "https://other.example/jwks");
    let moved = ProviderDetails { issuer: "https://other.example".to_owned(), ..details("app") };
    let moved = ProviderSettings { details: Some(moved), ..ProviderSettings::default() };
    let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
    stage.app().update_pool_provider(&root, pool, "Corp".to_owned(), moved).await.unwrap();
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    let (errand, departure) = begun.unwrap();
    let asked: BTreeMap<_, _> = departure.parameters.into_iter().collect();
    let token = other.token(stage.garita.clock.now(), &json!({ "nonce": asked["nonce"] }));
    let body = json!({ "access_token": "at", "token_type": "Bearer", "id_token": token });
    stage.garita.documents.answer("https://other.example/token", 200, body.to_string());
    assert_eq!(word(&stage.end(&errand, home("c")).await), "taken");
}

#[tokio::test]
async fn groups_that_the_provider_names_come_and_go_with_its_word() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let named = ProviderDetails { groups_claim: Some("groups".to_owned()), ..details("app") };
    let named = ProviderSettings { details: Some(named), ..ProviderSettings::default() };
    let pool = || stage.pool.id.clone();
    stage.app().update_pool_provider(&root, pool(), "Corp".to_owned(), named).await.unwrap();
    for name in ["readers", "approvers", "own"] {
        let group = NewGroup { pool: pool(), name: name.to_owned(), settings: GroupSettings::default() };
        stage.app().create_pool_group(&root, group).await.unwrap();
    }
    let groups = |subject: &str| {
        let user = stage.user(subject);
        let mut groups: Vec<String> = user.groups.iter().map(ToString::to_string).collect();
        groups.sort();
        groups.retain(|name| !name.ends_with("_Corp"));
        groups
    };
    let told = json!({ "groups": ["readers", "approvers", "absent", 7] });
    assert_eq!(word(&stage.sign_in(told).await), "in as Corp_ana");
    assert_eq!(groups("ana"), ["approvers", "readers"]);
    let name = "Corp_ana".to_owned();
    stage.app().set_pool_membership(&root, pool(), name, "own".to_owned(), true).await.unwrap();
    let before = stage.user("ana").min_rev;
    assert_eq!(word(&stage.sign_in(json!({ "groups": "readers" })).await), "in as Corp_ana");
    assert_eq!(groups("ana"), ["own", "readers"], "what an administrator gave stays");
    assert!(stage.user("ana").min_rev > before, "who loses a group is signed out where it counted");
    // Also where the provider had named it: who is put into a group by hand is in it for that.
    let by_hand = async |group: &str, member| {
        let (name, group) = ("Corp_ana".to_owned(), group.to_owned());
        stage.app().set_pool_membership(&root, pool(), name, group, member).await.unwrap();
    };
    by_hand("readers", true).await;
    let told = json!({ "groups": ["readers", "approvers"] });
    assert_eq!(word(&stage.sign_in(told).await), "in as Corp_ana");
    by_hand("approvers", false).await;
    by_hand("approvers", true).await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    assert_eq!(groups("ana"), ["approvers", "own", "readers"]);
}

/// What a provider gave goes with it, or whoever it put into a group would stay there for good.
#[tokio::test]
async fn groups_go_with_the_provider_that_named_them() {
    let stage = Stage::new().await;
    let (root, pool) = (stage.garita.as_root(), || stage.pool.id.clone());
    let group = NewGroup { pool: pool(), name: "approvers".to_owned(), settings: GroupSettings::default() };
    stage.app().create_pool_group(&root, group).await.unwrap();
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    let user = |provider: &str| ProviderUser { provider: provider.to_owned(), value: "ana".to_owned() };
    let groups = || {
        let mut groups: Vec<String> = stage.user("ana").groups.iter().map(ToString::to_string).collect();
        groups.retain(|name| !name.ends_with("_Corp"));
        groups
    };
    for deleted in [false, true] {
        if !deleted {
            let named = ProviderDetails { groups_claim: Some("groups".to_owned()), ..details("app") };
            let second = ProviderSettings { details: Some(named), ..ProviderSettings::default() };
            stage.app().create_pool_provider(&root, pool(), "Two".to_owned(), second).await.unwrap();
            let both = client_settings(&["Corp", "Two"]);
            stage.app().update_pool_client(&root, pool(), stage.client.id.clone(), both).await.unwrap();
        }
        stage.app().admin_link_provider_for_user(&root, pool(), user("Corp"), user("Two")).await.unwrap();
        let told = json!({ "groups": ["approvers"] });
        assert_eq!(word(&stage.sign_in_by("Two", told).await), "in as Corp_ana");
        assert_eq!(groups(), ["approvers".to_owned(), format!("{}_Two", stage.pool.id)]);
        if deleted {
            stage.app().delete_pool_provider(&root, pool(), "Two".to_owned()).await.unwrap();
            assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
        } else {
            stage.app().admin_disable_provider_for_user(&root, pool(), user("Two")).await.unwrap();
        }
        assert_eq!(groups(), Vec::<String>::new(), "deleted: {deleted}");
    }
}

/// Whoever may say where a provider is says whom it puts into groups: that takes the right to put somebody into one.
#[tokio::test]
async fn who_may_not_put_people_into_groups_moves_no_provider_that_does() {
    let stage = Stage::new().await;
    let (root, pool) = (stage.garita.as_root(), || stage.pool.id.clone());
    let may = crate::stage::allow("cognito-idp:UpdateIdentityProvider", "*");
    let operator = crate::stage::user(&stage.garita, "operator", Some(may)).await;
    let cx = || stage.garita.context(&operator).unwrap();
    let named = |client: &str| ProviderDetails { groups_claim: Some("groups".to_owned()), ..details(client) };
    let set = |cx, details: ProviderDetails| {
        let settings = ProviderSettings { details: Some(details), ..ProviderSettings::default() };
        let (app, pool) = (Arc::clone(stage.app()), pool());
        async move { app.update_pool_provider(&cx, pool, "Corp".to_owned(), settings).await.map(drop) }
    };
    assert!(crate::stage::denied(set(cx(), named("app")).await), "the claim is new");
    set(root, named("app")).await.unwrap();
    let scopes = ProviderDetails { scopes: "openid email profile".to_owned(), ..named("app") };
    set(cx(), scopes).await.unwrap();
    assert!(crate::stage::denied(set(cx(), named("another")).await));
    let elsewhere = ProviderDetails { issuer: "https://idp.elsewhere.example".to_owned(), ..named("app") };
    assert!(crate::stage::denied(set(cx(), elsewhere).await));
    let endpoints = garita_model::user_pool::provider::ProviderEndpoints {
        authorize: format!("{ISSUER}/a"),
        token: format!("{ISSUER}/t"),
        userinfo: None,
        keys: format!("{ISSUER}/k"),
    };
    let moved = ProviderDetails { endpoints: Some(endpoints), ..named("app") };
    assert!(crate::stage::denied(set(cx(), moved).await));
}

#[tokio::test]
async fn who_has_no_password_here_gets_none() {
    let stage = Stage::new().await;
    let told = json!({ "email": "ana@corp.example", "email_verified": true });
    assert_eq!(word(&stage.sign_in(told).await), "in as Corp_ana");
    let (pool, username) = (stage.pool.id.clone(), "Corp_ana".to_owned());
    let password = Secret::new(PASSWORD.to_owned());
    let set = SetPoolPassword { pool, username, password, permanent: true };
    assert!(stage.app().admin_set_pool_password(&stage.garita.as_root(), set).await.is_err());
    let (root, name) = (stage.garita.as_root(), "Corp_ana".to_owned());
    assert!(stage.app().admin_reset_pool_password(&root, stage.pool.id.clone(), name).await.is_err());
    let _ = stage.app().web_forgot_password(&stage.cx(), &stage.client, "Corp_ana").await;
    assert!(stage.garita.mail.take().is_empty());
    assert!(stage.password("Corp_ana").await.is_err());
}
