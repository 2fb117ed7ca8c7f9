//! What an app may rely on of the OIDC provider, tried at its doors in the orders that nobody means: steps left out, things
//! that have run out, another person than the one that was asked for.

use serde_json::json;

use crate::states::doors::{Browser, Reply};
use crate::states::world::{BACK, LEFT, World};

fn led(reply: &Reply) -> &str {
    reply.location.as_deref().unwrap_or_else(|| panic!("{reply:?}"))
}

/// What an app was told by a redirect.
fn told(reply: &Reply) -> &str {
    let location = led(reply);
    let (_, rest) =
        location.strip_prefix(BACK).and_then(|rest| rest.split_once('?')).expect("back at the app");
    rest.split('&').next().unwrap()
}

/// A token with another signature.
fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    format!("{signed}.{other}{}", &signature[1..])
}

async fn sign_in(world: &World, browser: &mut Browser, flow: &str, name: &str) -> Reply {
    let fields = [("flow", flow), ("username", name), ("password", "Tell-nobody-1")];
    world.doors.post(browser, &world.at("sign-in"), &fields).await
}

/// The page that asks whether an app may is a step of its own: a browser that was to sign in anew was let through there.
#[tokio::test]
async fn the_question_whether_an_app_may_is_no_way_round_a_new_sign_in() {
    let world = World::new().await;
    world.doors.garita.clock.advance(jiff::SignedDuration::from_mins(5));
    for asked in [("prompt", "login"), ("max_age", "60"), ("prompt", "login consent")] {
        let mut browser = world.browser.clone();
        let begun = world.doors.get(&mut browser, &world.asking(&world.app.id, &[asked])).await;
        assert!(led(&begun).starts_with(&world.at("sign-in")), "{asked:?}: {begun:?}");
        let flow = begun.flow();
        let target = format!("{}?flow={flow}", world.at("consent"));
        assert_eq!(world.doors.get(&mut browser, &target).await.status, 400, "{asked:?}");
        let fields = [("flow", flow.as_str()), ("answer", "allow")];
        let allowed = world.doors.post(&mut browser, &world.at("consent"), &fields).await;
        assert_eq!((allowed.status, &allowed.location), (400, &None), "{asked:?}");

        let done = sign_in(&world, &mut browser, &flow, "ana").await;
        if asked.1.contains("consent") {
            let flow = done.flow();
            let fields = [("flow", flow.as_str()), ("answer", "allow")];
            let allowed = world.doors.post(&mut browser, &world.at("consent"), &fields).await;
            assert!(told(&allowed).starts_with("code="), "{allowed:?}");
        } else {
            assert!(told(&done).starts_with("code="), "{asked:?}: {done:?}");
        }
    }
    // Who is signed in as the app asks is asked at once.
    let mut browser = world.vouched_browser.clone();
    let begun = world.doors.get(&mut browser, &world.asking(&world.app.id, &[("prompt", "consent")])).await;
    assert!(led(&begun).starts_with(&world.at("consent")), "{begun:?}");
}

/// OpenID Connect Core section 3.1.2.2: an app that names a person by an id token gets that person or nobody.
#[tokio::test]
async fn an_app_gets_the_person_that_it_asked_for_or_nobody() {
    let world = World::new().await;
    let hint = world.granted.id.clone();
    let asking = |prompt: &'static str| {
        let more = [("id_token_hint", hint.as_str()), ("prompt", prompt)];
        world.asking(&world.app.id, if prompt.is_empty() { &more[..1] } else { &more })
    };
    for prompt in ["", "none"] {
        let same = world.doors.get(&mut world.browser.clone(), &asking(prompt)).await;
        assert!(told(&same).starts_with("code="), "{same:?}");
    }
    let another = || world.vouched_browser.clone();
    let plain = world.doors.get(&mut another(), &world.asking(&world.app.id, &[("prompt", "none")])).await;
    assert!(told(&plain).starts_with("code="), "she is signed in: {plain:?}");
    let silently = world.doors.get(&mut another(), &asking("none")).await;
    assert_eq!(told(&silently), "error=login_required", "{silently:?}");

    let mut browser = another();
    let begun = world.doors.get(&mut browser, &asking("")).await;
    assert!(led(&begun).starts_with(&world.at("sign-in")), "{begun:?}");
    let flow = begun.flow();
    let wrong = sign_in(&world, &mut browser.clone(), &flow, "eve").await;
    assert_eq!(told(&wrong), "error=login_required", "{wrong:?}");
    let right = sign_in(&world, &mut browser, &flow, "ana").await;
    assert!(told(&right).starts_with("code="), "{right:?}");

    // One that has run out says who is meant all the same; what is no id token of the pool says nothing.
    world.doors.garita.clock.advance(jiff::SignedDuration::from_mins(61));
    let begun = world.doors.get(&mut browser, &asking("")).await;
    let late = sign_in(&world, &mut browser, &begun.flow(), "ana").await;
    assert!(told(&late).starts_with("code="), "{late:?}");
    let forged = forged(&hint);
    for bad in ["x", &world.granted.access, &world.granted.refresh, &forged] {
        let refused =
            world.doors.get(&mut browser, &world.asking(&world.app.id, &[("id_token_hint", bad)])).await;
        assert_eq!(told(&refused), "error=invalid_request", "{refused:?}");
    }
}

/// RP-Initiated Logout section 2: apps keep an id token to sign out with, for longer than it is good.
#[tokio::test]
async fn who_signs_out_late_comes_back_to_the_app() {
    let world = World::new().await;
    let out = async |more: &[(&str, &str)]| {
        let fields = [&[("post_logout_redirect_uri", LEFT), ("state", "s")][..], more].concat();
        let target = format!("{}?{}", world.at("logout"), crate::states::doors::encoded(&fields));
        world.doors.get(&mut world.browser.clone(), &target).await
    };
    let hint = ("id_token_hint", world.granted.id.as_str());
    world.doors.done("AdminDisableUser", json!({ "UserPoolId": world.pool, "Username": "ana" })).await;
    world.doors.garita.clock.advance(jiff::SignedDuration::from_hours(3));
    let left = out(&[hint]).await;
    assert_eq!(left.location.as_deref(), Some(&*format!("{LEFT}?state=s")), "{left:?}");
    let both = out(&[hint, ("client_id", &world.app.id)]).await;
    assert_eq!(both.status, 303, "{both:?}");
    // The two must agree: the hint of one app does not lead to the addresses of another one.
    let crossed = out(&[hint, ("client_id", &world.ui)]).await;
    assert_eq!((crossed.status, crossed.location), (400, None));
    let forged = forged(&world.granted.id);
    for bad in ["x", &world.granted.access, &forged] {
        assert_eq!(out(&[("id_token_hint", bad)]).await.status, 400, "{bad}");
    }
}

/// Amazon Cognito Developer Guide, "Logout endpoint", example 2: signed out, and at the sign-in page for the same app.
#[tokio::test]
async fn who_signs_out_to_sign_in_again_is_led_there_with_what_the_app_asks_for() {
    let world = World::new().await;
    let asking = world.asking(&world.app.id, &[("prompt", "consent"), ("id_token_hint", &world.granted.id)]);
    let (_, query) = asking.split_once('?').unwrap();
    for out in [format!("{}?{query}", world.at("logout")), format!("/logout?{query}")] {
        let mut browser = world.vouched_browser.clone();
        let left = world.doors.get(&mut browser, &out).await;
        let again = led(&left).strip_prefix(crate::states::doors::SITE).expect("the sign-in site").to_owned();
        let page = world.doors.get(&mut browser, &again).await;
        assert!(led(&page).starts_with(&world.at("sign-in")), "{page:?}");
        let done = sign_in(&world, &mut browser, &page.flow(), "eve").await;
        let fields =
            [("flow", &*done.flow()), ("answer", "allow")].map(|(name, value)| (name, value.to_owned()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let allowed = world.doors.post(&mut browser, &world.at("consent"), &fields).await;
        assert!(told(&allowed).starts_with("code=") && led(&allowed).contains("&state=s&"), "{allowed:?}");
    }
    let stray = out_to(&world, "https://evil.example/").await;
    assert_eq!((stray.status, stray.location), (400, None));
}

/// Signs out to sign in again for this address.
async fn out_to(world: &World, redirect_uri: &str) -> Reply {
    let fields =
        [("response_type", "code"), ("client_id", world.app.id.as_str()), ("redirect_uri", redirect_uri)];
    let target = format!("{}?{}", world.at("logout"), crate::states::doors::encoded(&fields));
    world.doors.get(&mut world.vouched_browser.clone(), &target).await
}

/// What an app that runs in a browser asks from its own site, without cookies.
#[tokio::test]
async fn scripts_of_apps_may_ask_what_takes_no_cookie_and_nothing_else() {
    let world = World::new().await;
    let asks = [("origin", "https://app.example"), ("access-control-request-method", "POST")];
    for path in ["oauth2/token", "oauth2/userInfo", "oauth2/revoke", ".well-known/openid-configuration"] {
        let may = world.doors.bare("OPTIONS", &world.at(path), &asks).await;
        assert_eq!((may.status, may.header("access-control-allow-origin")), (204, Some("*")), "{path}");
        let headers = may.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
        assert_eq!(may.header("access-control-allow-credentials"), None);
    }
    let bare = world.doors.bare("OPTIONS", "/oauth2/token", &asks).await;
    assert_eq!(bare.status, 204, "Cognito's own path");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let refused = world.granted(&refresh).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, Some("*")));
    let told = world.doors.bearer("GET", &world.at("oauth2/userInfo"), &world.granted.access).await;
    assert_eq!((told.status, told.header("access-control-allow-origin")), (200, Some("*")));
    for path in ["oauth2/authorize", "oauth2/introspect", "sign-in", "account", "device", "logout"] {
        let may = world.doors.bare("OPTIONS", &world.at(path), &asks).await;
        assert_eq!((may.status, may.header("access-control-allow-origin")), (405, None), "{path}");
    }
    let page = world.doors.get(&mut world.browser.clone(), &world.at("account")).await;
    assert_eq!((page.status, page.header("access-control-allow-origin")), (200, None));
}

/// RFC 6750 section 3.1: who brings no token is not told that one is wrong.
#[tokio::test]
async fn who_brings_no_token_is_not_told_that_one_is_wrong() {
    let world = World::new().await;
    let at = world.at("oauth2/userInfo");
    let without = world.doors.bare("GET", &at, &[]).await;
    assert_eq!(
        (without.status, without.header("www-authenticate")),
        (401, Some("Bearer realm=\"userinfo\""))
    );
    for wrong in ["Bearer x", "Basic eDp4"] {
        let refused = world.doors.bare("GET", &at, &[("authorization", wrong)]).await;
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(
            refused.status == 401 && challenge.starts_with("Bearer error=\"invalid_token\""),
            "{challenge}"
        );
    }
}
