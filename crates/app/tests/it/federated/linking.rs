//! Whom a provider knows, and who is there already.

use super::*;

#[tokio::test]
async fn nobody_becomes_a_user_who_is_there_by_name_or_by_address() {
    let stage = Stage::new().await;
    // A name that was taken before the provider's user came.
    stage.own("Corp_ana", "x@example.com", true).await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "taken");
    // An address that is not proved on both sides makes another user, and tells nothing.
    stage.own("bo", "bo@corp.example", true).await;
    stage.own("cy", "cy@corp.example", false).await;
    let said = |sub: &str, email: &str, verified: Value| json!({ "sub": sub, "email": email, "email_verified": verified });
    for (claims, name) in [
        (said("1", "bo@corp.example", json!(false)), "Corp_1"),
        (said("2", "bo@corp.example", json!("false")), "Corp_2"),
        (json!({ "sub": "3", "email": "bo@corp.example" }), "Corp_3"),
        (said("4", "cy@corp.example", json!(true)), "Corp_4"),
    ] {
        assert_eq!(word(&stage.sign_in(claims.clone()).await), format!("in as {name}"), "{claims}");
    }
    let state = stage.app().snapshot();
    assert!(state.pool_user_of(&stage.pool.id, "Corp", "1").unwrap().identities()[0].primary);

    // Proved on both sides, it is offered, and nothing is linked by that.
    let claims = said("5", "bo@corp.example", json!(true));
    let Ok(Arrived::Known(link)) = stage.sign_in(claims.clone()).await else { panic!("no offer") };
    assert!(stage.app().snapshot().pool_user_of(&stage.pool.id, "Corp", "5").is_none());
    let browser = |progress| match progress {
        Ok(Progress::Done(browser)) => browser,
        _ => panic!("not signed in"),
    };
    // Somebody else's sign-in links nothing.
    let other = browser(stage.password("cy").await);
    assert!(!link_by(&stage, &other.who, &link).await);
    assert!(stage.app().snapshot().pool_user_of(&stage.pool.id, "Corp", "5").is_none());
    let own = browser(stage.password("bo").await);
    assert!(link_by(&stage, &own.who, &link).await);
    assert_eq!(word(&stage.sign_in(claims).await), "in as bo");
    // What the provider says does not overwrite what a user of the pool itself has.
    assert_eq!(word(&stage.sign_in(said("5", "evil@corp.example", json!(true))).await), "in as bo");
    assert_eq!(stage.user("5").attributes.get("email"), Some("bo@corp.example"));
    // The offer is good once.
    assert!(stage.app().link_by_proof(&stage.cx(), &stage.client, &own.who, &link).await.is_err());
}

async fn link_by(stage: &Stage, who: &garita_app::oauth::SignedIn, link: &PendingLink) -> bool {
    stage.app().link_by_proof(&stage.cx(), &stage.client, who, link).await.unwrap()
}

#[tokio::test]
async fn an_address_that_signs_people_in_is_not_taken_over() {
    let stage = Stage::with(PoolSettings::default(), &[SignInAttribute::Email]).await;
    stage.own("bo", "bo@corp.example", true).await;
    let no_passwords = client_settings(&["Corp"]);
    let root = stage.garita.as_root();
    let (pool, id) = (stage.pool.id.clone(), stage.client.id.clone());
    let client = stage.app().update_pool_client(&root, pool, id, no_passwords).await.unwrap().client;
    let stage = Stage { client, ..stage };
    // Nobody can prove here whose account it is, so nothing is offered; and the alias stays whose it is.
    let claims = json!({ "email": "bo@corp.example", "email_verified": true });
    assert_eq!(word(&stage.sign_in(claims).await), "taken");
    assert!(stage.password("bo").await.is_err(), "the client takes no passwords");
}

#[tokio::test]
async fn an_administrator_links_whom_a_provider_knows_to_a_user() {
    let stage = Stage::new().await;
    stage.own("bo", "bo@example.com", true).await;
    let (root, pool) = (stage.garita.as_root(), || stage.pool.id.clone());
    let user =
        |provider: &str, value: &str| ProviderUser { provider: provider.to_owned(), value: value.to_owned() };
    let link = |to, from| stage.app().admin_link_provider_for_user(&root, pool(), to, from);
    link(user("Cognito", "bo"), user("Corp", "b-1")).await.unwrap();
    assert_eq!(word(&stage.sign_in(json!({ "sub": "b-1" })).await), "in as bo");
    assert!(!stage.user("b-1").is_in(&format!("{}_Corp", stage.pool.id)));
    // Not twice, not one who has signed in, not to nobody, not from nowhere.
    assert!(link(user("Cognito", "bo"), user("Corp", "b-2")).await.is_err());
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    assert!(link(user("Cognito", "bo"), user("Corp", "ana")).await.is_err());
    assert!(link(user("Cognito", "nobody"), user("Corp", "x")).await.is_err());
    assert!(link(user("Cognito", "bo"), user("Elsewhere", "x")).await.is_err());
    stage.app().admin_disable_provider_for_user(&root, pool(), user("Corp", "b-1")).await.unwrap();
    assert_eq!(word(&stage.sign_in(json!({ "sub": "b-1" })).await), "in as Corp_b-1", "the link is gone");
    assert!(stage.password("bo").await.is_ok(), "the account itself stays");
}
