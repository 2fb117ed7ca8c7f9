//! Clients: how they prove who they are, what they may do for themselves, and where they may lead.

use super::*;

#[tokio::test]
async fn clients_prove_who_they_are() {
    let stage = Stage::new().await;
    assert!(stage.proven(&stage.private, Some(stage.secret.expose())).is_ok());
    for (client, shown) in
        [(&stage.private, None), (&stage.private, Some("wrong")), (&stage.public, Some("anything"))]
    {
        assert_eq!(refused(stage.proven(client, shown)), OAuthCode::InvalidClient);
    }
    let shown = ClientCredentials { id: stage.public.id.to_string(), secret: None };
    let other: PoolId = "eu-west-1_Other0001".parse().unwrap();
    let tried = stage.app().prove_client(&stage.cx(), Some(other.as_str()), &shown);
    assert_eq!(refused(tried), OAuthCode::InvalidClient);
}

#[tokio::test]
async fn a_client_with_a_secret_acts_for_itself_where_it_may() {
    let stage = Stage::new().await;
    let client = || stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let tried = stage.app().grant(&stage.cx(), &client(), Grant::Client { scope: None }).await;
    assert_eq!(refused(tried), OAuthCode::UnauthorizedClient);
    let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "of models".to_owned() };
    let server = |scopes: &[&str]| ResourceServerSettings {
        name: "models".to_owned(),
        scopes: scopes.iter().map(|name| scope(name)).collect(),
    };
    let own = ClientSettings {
        oauth_flows: vec!["client_credentials".to_owned()],
        oauth_scopes: vec!["models/read".to_owned()],
        callback_urls: Vec::new(),
        ..settings(None)
    };
    let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
    let id = stage.private.id.clone();
    let unknown = stage.app().update_pool_client(&root, pool.clone(), id.clone(), own.clone()).await;
    assert_eq!(unknown.err().map(|e| e.to_string()).as_deref(), Some("Invalid scope requested: models/read"));
    let made = stage.app().create_resource_server(
        &root,
        pool.clone(),
        "models".to_owned(),
        server(&["read", "write"]),
    );
    made.await.unwrap();
    stage.app().update_pool_client(&root, pool.clone(), id, own).await.unwrap();
    let given = stage.app().grant(&stage.cx(), &client(), Grant::Client { scope: None }).await.unwrap();
    assert!(given.id.is_none() && given.refresh.is_none());
    assert_eq!(claims(&given.access)["scope"], "models/read");
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
    let told = stage.app().introspect_oidc_token(&stage.cx(), &client(), &given.access).unwrap();
    assert_eq!((&told["active"], &told["scope"]), (&true.into(), &"models/read".into()));
    let none = stage.app().introspect_oidc_token(&stage.cx(), &client(), &secret("x")).unwrap();
    assert_eq!(none, serde_json::json!({ "active": false }));

    // A scope that the client does not have may go; with one that it has, what it was given ends.
    let update = async |scopes: &[&str]| {
        let done = stage
            .app()
            .update_resource_server(&root, pool.clone(), "models".to_owned(), server(scopes))
            .await;
        done.unwrap();
        stage.app().introspect_oidc_token(&stage.cx(), &client(), &given.access).unwrap()["active"].clone()
    };
    assert_eq!(update(&["read"]).await, true);
    assert_eq!(update(&["look"]).await, false);
    let given = stage.app().grant(&stage.cx(), &client(), Grant::Client { scope: None }).await.unwrap();
    assert_eq!(claims(&given.access)["scope"], "");
    let asked = Grant::Client { scope: Some("models/read".to_owned()) };
    assert_eq!(refused(stage.app().grant(&stage.cx(), &client(), asked).await), OAuthCode::InvalidScope);
    stage.app().delete_resource_server(&root, pool.clone(), "models".to_owned()).await.unwrap();
    assert!(stage.app().describe_resource_server(&root, &pool, "models").is_err());
}

#[tokio::test]
async fn faults_of_a_request_go_to_the_app_only_at_an_address_it_registered() {
    let stage = Stage::new().await;
    let ask = |change: fn(&mut RawAsk)| stage.ask(&stage.public, change).expect_err("a fault");
    let to = |uri: &str| AskFault::Redirect(uri.to_owned());
    assert_eq!(ask(|r| r.redirect_uri = None), AskFault::NoRedirect);
    for uri in [
        "https://app.example/callback/",
        "https://APP.example/callback",
        "https://evil.example/",
        "//app.example",
    ] {
        assert_eq!(stage.ask(&stage.public, |r| r.redirect_uri = Some(uri.to_owned())).unwrap_err(), to(uri));
    }
    type Change = fn(&mut RawAsk);
    let told: [(Change, OAuthCode); 12] = [
        (|r| r.response_type = None, OAuthCode::InvalidRequest),
        (|r| r.response_type = Some("token".to_owned()), OAuthCode::UnsupportedResponseType),
        (|r| r.response_mode = Some("fragment".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.scope = Some("openid phone".to_owned()), OAuthCode::InvalidScope),
        (|r| r.scope = Some("email".to_owned()), OAuthCode::InvalidScope),
        (|r| r.code_challenge_method = Some("plain".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.code_challenge_method = None, OAuthCode::InvalidRequest),
        (|r| r.code_challenge = Some("short".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.prompt = Some("none login".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.max_age = Some("+5".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.request = Some("x".to_owned()), OAuthCode::RequestNotSupported),
        (|r| r.state = Some("s".repeat(2_049)), OAuthCode::InvalidRequest),
    ];
    for (index, (change, code)) in told.into_iter().enumerate() {
        let AskFault::Told(told) = ask(change) else { panic!("{index}: told to the person") };
        assert_eq!((told.fault.code, told.redirect_uri.as_str()), (code, CALLBACK), "{index}");
    }
}

#[tokio::test]
async fn a_sign_out_leads_only_to_where_the_client_registered() {
    let stage = Stage::new().await;
    let asked = SignOut {
        client: Some(stage.public.id.as_str()),
        id_token: None,
        leads_to: None,
        signs_in_again: false,
        redirect_uri: None,
    };
    let way = |asked: &SignOut<'_>| stage.app().sign_out_way(&stage.cx(), None, asked);
    assert!(way(&asked).unwrap().location.is_none());
    let good = SignOut { leads_to: Some("https://app.example/bye"), ..asked };
    assert_eq!(way(&good).unwrap().location, Some(Location::App("https://app.example/bye".to_owned())));
    for bad in ["https://app.example/bye/", "https://evil.example", CALLBACK] {
        assert_eq!(refused(way(&SignOut { leads_to: Some(bad), ..asked })), OAuthCode::InvalidRequest);
    }
    assert_eq!(refused(way(&SignOut { client: None, ..good })), OAuthCode::InvalidRequest);
    let tokens = stage.tokens().await;
    let hint = tokens.id.unwrap();
    let hinted = SignOut { client: None, id_token: Some(hint.expose()), ..good };
    assert_eq!(way(&hinted).unwrap().location, Some(Location::App("https://app.example/bye".to_owned())));
}
