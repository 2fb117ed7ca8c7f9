//! How long what a sign-in gave lives: browsers, refresh tokens, devices.

use garita_model::{Clock as _, Object, PoolSession};

use super::*;

#[tokio::test]
async fn what_ends_a_user_ends_browser_and_tokens_at_once() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let given = stage.exchange(&stage.code(&cookie).await).await.unwrap();
    let pool = stage.pool.id.clone();
    stage.app().admin_sign_out_pool_user(&stage.garita.as_root(), pool, "ana".to_owned()).await.unwrap();
    assert!(stage.app().signed_in(&stage.pool.id, &cookie, stage.cx().now()).is_none());
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
    assert_eq!(refused(stage.refresh(given.refresh.as_ref().unwrap()).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn another_password_ends_all_browsers_and_all_tokens_but_those_it_was_set_with() {
    let stage = Stage::new().await;
    let scopes = ["openid", "aws.cognito.signin.user.admin"].map(str::to_owned);
    let open = ClientSettings { oauth_scopes: scopes.to_vec(), ..settings(None) };
    let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
    let client = stage.app().create_pool_client(&root, pool, open, false).await.unwrap().client;
    let own = stage.browser().await;
    let ask = stage.ask(&client, |raw| raw.scope = Some(scopes.join(" "))).unwrap();
    let grant = code_grant(&stage.code_for(&client, &own, &ask), Some(CALLBACK), Some(VERIFIER));
    let proven = stage.proven(&client, None).unwrap();
    let given = stage.app().grant(&stage.cx(), &proven, grant).await.unwrap();
    let other = stage.browser().await;
    let elsewhere = stage.exchange(&stage.code(&other).await).await.unwrap();
    let public = stage.proven(&stage.public, None).unwrap();
    let codes = stage.app().authorize_device(&stage.cx(), &public, None).await.unwrap();
    let cx = stage.cx();
    let device = stage.app().waiting_device(&cx, &stage.pool, &codes.shown).unwrap().unwrap();
    let who = stage.app().signed_in(&stage.pool.id, &other, cx.now()).unwrap();
    stage.app().decide_device(&cx, device, &who, true).await.unwrap();
    let change = OwnPassword {
        token: given.access.clone(),
        previous: secret(PASSWORD),
        proposed: secret("Another-Horse-8"),
    };
    stage.app().change_pool_password(&stage.cx(), change).await.unwrap();
    let is_in = |cookie: &str| stage.app().signed_in(&stage.pool.id, cookie, stage.cx().now()).is_some();
    assert!(!is_in(&own) && !is_in(&other));
    assert_eq!(refused(stage.user_info(&elsewhere.access)), OAuthCode::InvalidToken);
    assert_eq!(refused(stage.grant(Grant::Device { code: codes.code }).await), OAuthCode::InvalidGrant);
    stage.user_info(&given.access).unwrap();
}

#[tokio::test]
async fn a_browser_ends_unused_and_each_sign_in_has_a_cookie_of_its_own() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let signed = stage
        .app()
        .sign_in_with_password(&stage.cx(), &stage.public, "ana", secret(PASSWORD), Some(&cookie))
        .await;
    let Progress::Done(again) = signed.unwrap() else { panic!("more was asked for") };
    let is_in = |cookie: &str| stage.app().signed_in(&stage.pool.id, cookie, stage.cx().now()).is_some();
    assert!(again.cookie.expose() != &cookie);
    assert!(!is_in(&cookie) && is_in(again.cookie.expose()));
    stage.garita.clock.advance(SignedDuration::from_mins(50));
    let who = stage.app().signed_in(&stage.pool.id, again.cookie.expose(), stage.cx().now()).unwrap();
    stage.app().note_browser_use(&stage.cx(), &who).await.unwrap();
    stage.garita.clock.advance(SignedDuration::from_mins(50));
    assert!(is_in(again.cookie.expose()));
    stage.garita.clock.advance(SignedDuration::from_mins(10));
    assert!(!is_in(again.cookie.expose()));
    stage.app().sweep_browsers().await.unwrap();
}

#[tokio::test]
async fn a_browser_has_one_sign_in_at_a_stage_and_none_once_it_is_over() {
    let stage = Stage::new().await;
    let accepted = AcceptedPool {
        id: stage.pool.id.clone(),
        clients: Vec::new(),
        rules: Vec::new(),
        tags: Vec::new(),
        sign_in: Some(stage.public.id.clone()),
    };
    let cookie = stage.browser().await;
    let mut former: Option<Secret<String>> = None;
    let user = stage.app().signed_in(&stage.pool.id, &cookie, stage.cx().now()).unwrap().user().sub;
    let live = || {
        let state = stage.app().snapshot();
        state.pool_sessions_of(&stage.pool.id, user).filter(|session| !session.ended).count()
    };
    for _ in 0..3 {
        let code = stage.code(&cookie).await;
        let back = CodeBack { code, redirect_uri: CALLBACK.to_owned(), verifier: secret(VERIFIER) };
        let cx = stage.cx();
        let shown = former.as_ref().map(|former| former.expose().as_str());
        let opened = stage.app().open_stage_session(&cx, "mlflow1", &accepted, back, shown).await;
        former = Some(opened.unwrap());
        assert_eq!(live(), 1);
    }
    stage.garita.clock.advance(SignedDuration::from_hours(1));
    stage.app().sweep_browsers().await.unwrap();
    assert_eq!(live(), 0);
}

#[tokio::test]
async fn refresh_tokens_stay_unless_the_client_rotates_them() {
    let stage = Stage::new().await;
    let given = stage.tokens().await;
    let token = given.refresh.unwrap();
    for _ in 0..2 {
        let again = stage.refresh(&token).await.unwrap();
        assert!(again.refresh.is_none() && again.id.is_some());
        assert_eq!(claims(again.id.as_ref().unwrap()).get("nonce"), None);
        stage.user_info(&again.access).unwrap();
    }
    let less =
        stage.grant(Grant::Refresh { token: token.clone(), scope: Some("openid".to_owned()) }).await.unwrap();
    assert_eq!(less.scopes, ["openid"]);
    let more = stage.grant(Grant::Refresh { token: token.clone(), scope: Some("profile".to_owned()) }).await;
    assert_eq!(refused(more), OAuthCode::InvalidScope);
    let client = stage.proven(&stage.public, None).unwrap();
    stage.app().revoke_oidc_token(&stage.cx(), &client, &token).await.unwrap();
    assert_eq!(refused(stage.refresh(&token).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
}

#[tokio::test]
async fn a_refresh_token_shown_after_its_exchange_ends_the_family() {
    let stage = Stage::with(Some(10)).await;
    let first = stage.tokens().await.refresh.unwrap();
    let second = stage.refresh(&first).await.unwrap().refresh.unwrap();
    // Within the grace the old one is good once more: the answer may have been lost, or another tab holds it too.
    let third = stage.refresh(&first).await.unwrap().refresh.unwrap();
    let fourth = stage.refresh(&second).await.unwrap().refresh.unwrap();
    stage.garita.clock.advance(SignedDuration::from_secs(11));
    stage.refresh(&fourth).await.unwrap();
    let last = stage.refresh(&third).await.unwrap();
    assert_eq!(refused(stage.refresh(&first).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.refresh(last.refresh.as_ref().unwrap()).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.user_info(&last.access)), OAuthCode::InvalidToken);
}

#[tokio::test]
async fn a_device_gets_tokens_once_somebody_allows_it() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let client = stage.proven(&stage.public, None).unwrap();
    let codes = stage.app().authorize_device(&stage.cx(), &client, Some("openid")).await.unwrap();
    let poll = || stage.grant(Grant::Device { code: codes.code.clone() });
    assert_eq!(refused(poll().await), OAuthCode::AuthorizationPending);
    let revision = stage.app().snapshot().revision();
    let wait = |seconds| stage.garita.clock.advance(SignedDuration::from_secs(seconds));
    for (seconds, answer) in [
        (5, OAuthCode::AuthorizationPending),
        (3, OAuthCode::SlowDown),
        (5, OAuthCode::SlowDown),
        (15, OAuthCode::AuthorizationPending),
        (10, OAuthCode::SlowDown),
    ] {
        wait(seconds);
        assert_eq!(refused(poll().await), answer, "after {seconds} seconds");
    }
    assert_eq!(stage.app().snapshot().revision(), revision, "nothing is written for it");
    assert!(stage.app().waiting_device(&stage.cx(), &stage.pool, "BBBB-BBBB").unwrap().is_none());
    let typed = codes.shown.replace('-', " ").to_lowercase();
    let cx = stage.cx();
    let device = stage.app().waiting_device(&cx, &stage.pool, &typed).unwrap().unwrap();
    assert_eq!(device.shown, codes.shown);
    let who = stage.app().signed_in(&stage.pool.id, &cookie, cx.now()).unwrap();
    stage.app().decide_device(&cx, device, &who, true).await.unwrap();
    let given = poll().await.unwrap();
    assert_eq!(stage.user_info(&given.access).unwrap()["username"], "ana");
    assert_eq!(refused(poll().await), OAuthCode::InvalidGrant);

    let codes = stage.app().authorize_device(&stage.cx(), &client, None).await.unwrap();
    let cx = stage.cx();
    let device = stage.app().waiting_device(&cx, &stage.pool, &codes.shown).unwrap().unwrap();
    stage.app().decide_device(&cx, device, &who, false).await.unwrap();
    assert_eq!(refused(stage.grant(Grant::Device { code: codes.code }).await), OAuthCode::AccessDenied);

    let codes = stage.app().authorize_device(&stage.cx(), &client, None).await.unwrap();
    stage.garita.clock.advance(SignedDuration::from_mins(10));
    assert!(stage.app().waiting_device(&stage.cx(), &stage.pool, &codes.shown).unwrap().is_none());
    assert_eq!(refused(stage.grant(Grant::Device { code: codes.code }).await), OAuthCode::ExpiredToken);
}

/// RFC 8628 section 5.1. Whoever guesses can have codes of their own as often as they like: that helps them nothing.
#[tokio::test]
async fn guesses_of_the_codes_that_devices_show_lock_out_the_address_they_come_from() {
    let stage = Stage::new().await;
    let client = stage.proven(&stage.public, None).unwrap();
    let codes = stage.app().authorize_device(&stage.cx(), &client, None).await.unwrap();
    let typed = |typed: &str| stage.app().typed_device(&stage.cx(), &stage.pool, typed);
    for guess in ["BBBB-BBBB", "BBBB-BBBC", "BBBB-BBBD", "BBBB-BBBF"] {
        assert!(typed(guess).unwrap().is_none());
        assert!(typed(&codes.shown).unwrap().is_some());
    }
    assert!(typed("BBBB-BBBG").unwrap().is_none());
    let too_often = "Attempt limit exceeded, please try after some time.";
    assert_eq!(typed(&codes.shown).err().unwrap().to_string(), too_often);
    // Who comes from elsewhere is not held up, and after a while nobody is.
    let elsewhere = stage.app().arrive([203, 0, 113, 9].into(), true, None).unwrap();
    let elsewhere = stage.app().nobody(elsewhere);
    assert!(stage.app().typed_device(&elsewhere, &stage.pool, &codes.shown).unwrap().is_some());
    stage.garita.clock.advance(SignedDuration::from_secs(1));
    assert!(typed(&codes.shown).unwrap().is_some());
}

/// Named after what a client sees: a token that got nothing is as good as before.
#[tokio::test]
async fn a_refresh_that_is_refused_uses_no_token_up() {
    let stage = Stage::with(Some(0)).await;
    let token = stage.tokens().await.refresh.unwrap();
    let more = Grant::Refresh { token: token.clone(), scope: Some("profile".to_owned()) };
    assert_eq!(refused(stage.grant(more).await), OAuthCode::InvalidScope);
    let token = stage.refresh(&token).await.unwrap().refresh.unwrap();

    stage.ask_for_a_second_factor().await;
    assert_eq!(refused(stage.refresh(&token).await), OAuthCode::InvalidGrant);
    let tag = "garita:require-mfa/strict".to_owned();
    stage.app().untag_user_pool(&stage.garita.as_root(), &stage.arn(), vec![tag]).await.unwrap();
    stage.refresh(&token).await.unwrap();
    // What was exchanged is no longer good for anything, whatever is asked with it.
    let again = Grant::Refresh { token, scope: Some("profile".to_owned()) };
    assert_eq!(refused(stage.grant(again).await), OAuthCode::InvalidGrant);
}

/// A device that was allowed before its user had to show a second factor gets nothing, and is told so.
#[tokio::test]
async fn a_group_that_asks_for_a_second_factor_refuses_a_device() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let client = stage.proven(&stage.public, None).unwrap();
    let given = stage.app().authorize_device(&stage.cx(), &client, None).await.unwrap();
    let waiting = stage.app().waiting_device(&stage.cx(), &stage.pool, &given.shown).unwrap().unwrap();
    let who = stage.app().signed_in(&stage.pool.id, &cookie, stage.cx().now()).unwrap();
    stage.app().decide_device(&stage.cx(), waiting, &who, true).await.unwrap();
    stage.ask_for_a_second_factor().await;
    let asked = stage.grant(Grant::Device { code: given.code }).await;
    assert_eq!(refused(asked), OAuthCode::InvalidGrant);
    let state = stage.app().snapshot();
    assert_eq!(state.pool_sessions_of(&stage.pool.id, who.user().sub).count(), 0, "nothing begins of it");
}

/// Apps of scripts begin a sign-in every few minutes; who came by a browser in the morning is not signed out by them, and
/// the code that was used stays used.
#[tokio::test]
async fn the_oldest_sign_in_that_makes_room_is_the_one_that_began_first() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let garita = &stage.garita;
    garita.clock.advance(SignedDuration::from_mins(30));
    let who = stage.app().signed_in(&stage.pool.id, &cookie, garita.clock.now()).unwrap();
    let script = |_| {
        let begun = garita.sign_in_object(who.user(), stage.public.id.as_str(), false);
        Object::PoolSession(Arc::new(PoolSession { begun: Some(begun.started), ..begun }))
    };
    garita.put((0..199).map(script).collect()).await;
    garita.clock.advance(SignedDuration::from_secs(1));
    let code = stage.code(&cookie).await;
    let by_browser = stage.exchange(&code).await.unwrap();
    let next = stage.code(&cookie).await;
    stage.exchange(&next).await.unwrap();
    // It is there still: its tokens are good, and its code is known to be used.
    stage.refresh(&by_browser.refresh.unwrap()).await.unwrap();
    assert_eq!(refused(stage.exchange(&code).await), OAuthCode::InvalidGrant);
}
