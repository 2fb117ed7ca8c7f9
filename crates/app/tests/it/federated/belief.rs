//! What a provider answers, and all of it that must not be believed.

use super::*;

#[tokio::test]
async fn nothing_is_believed_that_is_not_for_this_very_sign_in() {
    let stage = Stage::new().await;
    let now = stage.garita.clock.now().as_second();
    for (claims, why) in [
        (json!({ "nonce": "another" }), "its `nonce` is not the one"),
        (json!({ "nonce": null }), "`nonce` is no text"),
        (json!({ "aud": "other" }), "for another client"),
        (json!({ "aud": ["app", "other"] }), "needs the claim `azp`"),
        (json!({ "aud": ["app", "other"], "azp": "other" }), "for another client"),
        (json!({ "aud": "app", "azp": "other" }), "for another client"),
        (json!({ "aud": null }), "for another client"),
        (json!({ "iss": "https://evil.example" }), "issuer is not the provider's"),
        (json!({ "iss": "http://idp.example" }), "issuer is not the provider's"),
        (json!({ "exp": now }), "has run out"),
        (json!({ "exp": (now + 60).to_string() }), "`exp` is no whole number"),
        (json!({ "exp": f64::from(i32::MAX) + 0.5 }), "`exp` is no whole number"),
        (json!({ "nbf": "0" }), "`nbf` is no whole number"),
        (json!({ "nbf": now + 90 }), "not valid yet"),
        (json!({ "iat": now + 90 }), "not valid yet"),
        (json!({ "iat": null }), "`iat` is no whole number"),
        (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "at_hash"),
        (json!({ "at_hash": 1 }), "at_hash"),
        (json!({ "sub": "" }), "`sub` has 1 to 255"),
        (json!({ "sub": "s".repeat(256) }), "`sub` has 1 to 255"),
        (json!({ "sub": 7 }), "`sub` is no text"),
    ] {
        let told = word(&stage.sign_in(claims.clone()).await);
        assert!(told.starts_with("unusable: ") && told.contains(why), "{claims}: {told}");
    }
    // What must hold does: other audiences with a party, and a hash of the access token.
    let half = URL_SAFE_NO_PAD.encode(&digest(&SHA256, b"at").as_ref()[..16]);
    let good = json!({ "aud": ["app", "other"], "azp": "app", "at_hash": half });
    assert_eq!(word(&stage.sign_in(good).await), "in as Corp_ana");

    // `none`, a key of somebody else, and a public key as the secret of an HMAC.
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    let encoded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "iss": ISSUER, "sub": "ana", "aud": "app", "iat": now, "exp": now + 60, "nonce": asked["nonce"] });
    stage.answer_with(&format!("{}.{}.", encoded(json!({ "alg": "none" })), encoded(claims.clone())));
    assert!(word(&stage.end(&errand, home("c")).await).contains("signed with `none`"));
    let stranger = TestIdp::new(ISSUER, "k1");
    let (errand, asked) = stage.begin().await;
    stage.answer_with(&stranger.token(stage.garita.clock.now(), &json!({ "nonce": asked["nonce"] })));
    assert!(word(&stage.end(&errand, home("c")).await).contains("signature is not valid"));
    let (errand, _) = stage.begin().await;
    stage.answer_with(&format!(
        "{}.{}.AAAA",
        encoded(json!({ "alg": "HS256", "kid": "k1" })),
        encoded(claims)
    ));
    assert!(word(&stage.end(&errand, home("c")).await).contains("signed with `HS256`"));
}

#[tokio::test]
async fn an_answer_counts_once_and_from_the_provider_that_was_asked() {
    let stage = Stage::new().await;
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert_eq!(word(&stage.end(&errand, home("c")).await), "in as Corp_ana");
    stage.garita.documents.questions();
    assert_eq!(word(&stage.end(&errand, home("c")).await), "spent");
    assert!(stage.garita.documents.questions().is_empty(), "a replayed answer is not even exchanged");

    // Mix-up: RFC 9207.
    let from = |issuer| Homecoming { issuer: Some(issuer), ..home("c") };
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert!(word(&stage.end(&errand, from("https://evil.example")).await).contains("another issuer"));
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert_eq!(word(&stage.end(&errand, from(ISSUER)).await), "in as Corp_ana");
    let naming = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"), "authorization_response_iss_parameter_supported": true,
    });
    let at = format!("{ISSUER}/.well-known/openid-configuration");
    stage.garita.documents.publish(&at, naming.to_string());
    stage.garita.clock.advance(SignedDuration::from_mins(6));
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert!(word(&stage.end(&errand, home("c")).await).contains("does not name its issuer"));
    // An error that is not the provider's own is not believed either.
    let (errand, _) = stage.begin().await;
    let forged = Homecoming { code: None, error: Some("access_denied"), ..from("https://evil.example") };
    assert!(word(&stage.end(&errand, forged).await).contains("another issuer"));
}

/// RFC 9700 section 4.4: a provider that sends browsers on to another one must not get that one's code.
#[tokio::test]
async fn no_provider_passes_the_answer_of_another_off_as_its_own() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let apart = |client: &str| ProviderSettings {
        details: Some(ProviderDetails { own_redirect: true, ..details(client) }),
        ..ProviderSettings::default()
    };
    let make = |name: &str| {
        stage.app().create_pool_provider(&root, stage.pool.id.clone(), name.to_owned(), apart("app"))
    };
    make("Apart").await.unwrap();
    assert!(make("Señal").await.is_err(), "its name stands in an address");
    let open = client_settings(&["Corp", "Apart"]);
    stage
        .app()
        .update_pool_client(&root, stage.pool.id.clone(), stage.client.id.clone(), open)
        .await
        .unwrap();
    let to = |name| Homecoming { to_own: Some(name), ..home("c") };
    // Corp was asked, and has Apart answer, whose answers come to its own address.
    let (errand, asked) = stage.begin().await;
    assert_eq!(asked["redirect_uri"], CALLBACK);
    stage.answer(&asked, json!({}));
    stage.garita.documents.questions();
    assert!(word(&stage.end(&errand, to("Apart")).await).contains("address of another provider"));
    assert!(stage.garita.documents.questions().is_empty(), "the code is not given to Corp");
    for elsewhere in [home("c"), to("Corp"), to("apart")] {
        let (errand, asked) = stage.begin_at("Apart").await;
        stage.answer(&asked, json!({}));
        assert!(word(&stage.end(&errand, elsewhere).await).contains("address of another provider"));
    }
    let (errand, asked) = stage.begin_at("Apart").await;
    assert_eq!(asked["redirect_uri"], format!("{CALLBACK}/Apart"));
    stage.answer(&asked, json!({}));
    assert_eq!(word(&stage.end(&errand, to("Apart")).await), "in as Apart_ana");
    let exchange = stage.garita.documents.questions().pop().unwrap();
    assert!(exchange.form.unwrap().contains("idpresponse%2FApart"), "the same address as before");
}

#[tokio::test]
async fn what_is_meant_for_one_provider_is_given_to_no_other_of_its_name() {
    let stage = Stage::new().await;
    let (errand, asked) = stage.begin().await;
    let another = ProviderSettings { details: Some(details("another")), ..ProviderSettings::default() };
    let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
    stage.app().update_pool_provider(&root, pool, "Corp".to_owned(), another).await.unwrap();
    stage.answer(&asked, json!({ "aud": "another" }));
    stage.garita.documents.questions();
    assert_eq!(word(&stage.end(&errand, home("c")).await), "spent");
    assert!(stage.garita.documents.questions().is_empty(), "neither the code nor what proves it was sent");
}

#[tokio::test]
async fn what_goes_wrong_at_the_provider_signs_nobody_in() {
    let stage = Stage::new().await;
    let failed = |error| Homecoming { code: None, error: Some(error), ..home("") };
    let (errand, _) = stage.begin().await;
    assert_eq!(word(&stage.end(&errand, failed("access_denied")).await), "denied");
    let (errand, _) = stage.begin().await;
    assert_eq!(
        word(&stage.end(&errand, failed("server_error\r\nx")).await),
        "unusable: it answered with the error `server_errorx`"
    );
    let (errand, _) = stage.begin().await;
    let nothing = Homecoming { code: None, ..home("") };
    assert_eq!(word(&stage.end(&errand, nothing).await), "unusable: it answered without a code");
    let token = format!("{ISSUER}/token");
    let documents = &stage.garita.documents;
    for (status, body, why) in [
        (400, r#"{"error":"invalid_grant"}"#, "unusable: its token endpoint answered 400"),
        (302, "", "unusable: its token endpoint answered 302"),
        (500, "", "unreachable"),
        (200, "no json", "unusable: its token endpoint answered without id and access token"),
        (
            200,
            r#"{"access_token":"a","token_type":"Bearer"}"#,
            "unusable: its token endpoint answered without id and access token",
        ),
        (
            200,
            r#"{"access_token":"a","token_type":"mac","id_token":"x"}"#,
            "unusable: its token endpoint answered without id and access token",
        ),
    ] {
        let (errand, _) = stage.begin().await;
        documents.answer(&token, status, body);
        assert_eq!(word(&stage.end(&errand, home("c")).await), why, "{status} {body}");
    }
    let long = json!({ "access_token": "a", "token_type": "Bearer", "id_token": "x".repeat(20_001) });
    let (errand, _) = stage.begin().await;
    documents.answer(&token, 200, long.to_string());
    assert!(word(&stage.end(&errand, home("c")).await).contains("without id and access token"));

    // A provider that is gone, and endpoints on somebody else's host.
    stage.garita.clock.advance(SignedDuration::from_mins(6));
    documents.withdraw();
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unreachable)));
    stage.idp.publish(documents, &format!("{ISSUER}/jwks"));
    let elsewhere = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "authorization_endpoint": "https://evil.example/a",
        "token_endpoint": "http://169.254.169.254/token",
    });
    documents.publish(&format!("{ISSUER}/.well-known/openid-configuration"), elsewhere.to_string());
    stage.garita.clock.advance(SignedDuration::from_mins(6));
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unusable(_))));
}

#[tokio::test]
async fn claims_of_the_userinfo_endpoint_are_of_the_same_person() {
    let stage = Stage::new().await;
    let told = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"), "userinfo_endpoint": format!("{ISSUER}/me"),
    });
    stage.garita.documents.publish(&format!("{ISSUER}/.well-known/openid-configuration"), told.to_string());
    let me = format!("{ISSUER}/me");
    stage.garita.documents.answer(&me, 200, json!({ "sub": "ana", "name": "Ana" }).to_string());
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    assert_eq!(stage.user("ana").attributes.get("name"), Some("Ana"));
    let asked = stage.garita.documents.questions().pop().unwrap();
    assert_eq!(
        (asked.address, asked.authorization.as_deref(), asked.form),
        (me.clone(), Some("Bearer at"), None)
    );
    stage.garita.documents.answer(&me, 200, json!({ "sub": "bo", "name": "Bo" }).to_string());
    assert!(word(&stage.sign_in(json!({})).await).contains("claims of somebody else"));
    stage.garita.documents.answer(&me, 401, "");
    assert!(word(&stage.sign_in(json!({})).await).contains("answered no claims"));
}

#[tokio::test]
async fn a_provider_that_cannot_be_is_not_made() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let make = |name: &str, settings| {
        stage.app().create_pool_provider(&root, stage.pool.id.clone(), name.to_owned(), settings)
    };
    let with = |change: &dyn Fn(&mut ProviderDetails)| {
        let mut details = details("app");
        change(&mut details);
        ProviderSettings { details: Some(details), ..ProviderSettings::default() }
    };
    let mapped = |to: &str, from: &str| ProviderSettings {
        mapping: Some(BTreeMap::from([(to.to_owned(), from.to_owned())])),
        ..with(&|_| {})
    };
    let bad = [
        with(&|details| details.issuer = "http://idp.example".to_owned()),
        with(&|details| details.issuer = "https://idp.example?x".to_owned()),
        with(&|details| details.scopes = "email".to_owned()),
        with(&|details| details.client = String::new()),
        with(&|details| {
            details.endpoints = Some(garita_model::user_pool::ProviderEndpoints {
                authorize: format!("{ISSUER}/a"),
                token: "https://evil.example/t".to_owned(),
                userinfo: None,
                keys: format!("{ISSUER}/k"),
            });
        }),
        mapped("username", "email"),
        mapped("sub", "email"),
        mapped("custom:absent", "x"),
        ProviderSettings { identifiers: Some(texts(&["corp.example"])), ..with(&|_| {}) },
        ProviderSettings::default(),
    ];
    for (n, settings) in bad.into_iter().enumerate() {
        assert!(make("Other", settings).await.is_err(), "{n}");
    }
    assert!(make("Corp", settings()).await.is_err(), "twice");
    assert!(make("a_b", with(&|_| {})).await.is_err());
    assert!(make("Other", with(&|_| {})).await.is_ok());
    let unknown =
        stage.app().create_pool_client(&root, stage.pool.id.clone(), client_settings(&["Absent"]), false);
    assert!(unknown.await.is_err());
}
