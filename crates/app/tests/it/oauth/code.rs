//! Codes: what they are bound to, and what ends them.

use super::*;

#[tokio::test]
async fn a_code_gives_tokens_once_and_a_second_use_ends_what_the_first_gave() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let code = stage.code(&cookie).await;
    let given = stage.exchange(&code).await.unwrap();
    let (id, access) = (claims(given.id.as_ref().unwrap()), claims(&given.access));
    assert_eq!(id["aud"], stage.public.id.as_str());
    assert_eq!(id["iss"], format!("{}/{}", garita_testkit::ENDPOINT, stage.pool.id));
    assert_eq!(
        (&id["nonce"], &id["email"], &id["email_verified"]),
        (&"n".into(), &"ana@example.com".into(), &true.into())
    );
    // `profile` was not asked for.
    assert_eq!(id.get("name"), None);
    assert_eq!((&access["scope"], &access["token_use"]), (&"openid email".into(), &"access".into()));
    assert_eq!(stage.user_info(&given.access).unwrap()["email"], "ana@example.com");

    assert_eq!(refused(stage.exchange(&code).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
    assert_eq!(refused(stage.refresh(given.refresh.as_ref().unwrap()).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_code_is_for_its_client_address_proof_and_time() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let code = stage.code(&cookie).await;
    let long = "x".repeat(43);
    for (uri, verifier) in [
        (Some("https://app.example/callback/"), Some(VERIFIER)),
        (Some("https://app.example/callback?x"), Some(VERIFIER)),
        (None, Some(VERIFIER)),
        (Some(CALLBACK), Some(long.as_str())),
        (Some(CALLBACK), None),
    ] {
        let tried = stage.grant(code_grant(&code, uri, verifier)).await;
        assert_eq!(refused(tried), OAuthCode::InvalidGrant, "{uri:?} {verifier:?}");
    }
    let other = stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let tried =
        stage.app().grant(&stage.cx(), &other, code_grant(&code, Some(CALLBACK), Some(VERIFIER))).await;
    assert_eq!(refused(tried), OAuthCode::InvalidGrant);
    let mut letters: Vec<char> = code.expose().chars().collect();
    letters[20] = if letters[20] == 'A' { 'B' } else { 'A' };
    assert_eq!(
        refused(stage.exchange(&Secret::new(letters.into_iter().collect())).await),
        OAuthCode::InvalidGrant
    );
    // None of that used it up.
    stage.garita.clock.advance(SignedDuration::from_secs(299));
    let late = stage.code(&cookie).await;
    stage.exchange(&code).await.unwrap();
    stage.garita.clock.advance(SignedDuration::from_secs(300));
    assert_eq!(refused(stage.exchange(&late).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_code_dies_with_the_session_of_its_browser() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let code = stage.code(&cookie).await;
    stage.app().sign_browser_out(&stage.cx(), &stage.pool, &cookie).await.unwrap();
    assert!(stage.app().signed_in(&stage.pool.id, &cookie, stage.cx().now()).is_none());
    assert_eq!(refused(stage.exchange(&code).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_verifier_for_a_code_without_challenge_is_a_downgrade() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let bare = |raw: &mut RawAsk| (raw.code_challenge, raw.code_challenge_method) = (None, None);
    assert!(stage.ask(&stage.public, bare).is_err(), "a public client must send a challenge");
    let ask = stage.ask(&stage.private, bare).unwrap();
    let client = stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let code = stage.code_for(&stage.private, &cookie, &ask);
    let with =
        stage.app().grant(&stage.cx(), &client, code_grant(&code, Some(CALLBACK), Some(VERIFIER))).await;
    assert_eq!(refused(with), OAuthCode::InvalidGrant);
    stage.app().grant(&stage.cx(), &client, code_grant(&code, Some(CALLBACK), None)).await.unwrap();
}
