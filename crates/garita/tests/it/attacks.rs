//! What other identity servers let happen in 2026, tried here: one test for each fault, by the name it was published under.
//!
//! Some are tried where what they are about is at hand:
//!
//! | fault | test |
//! |---|---|
//! | CVE-2026-25537: `exp` and `nbf` as strings | `cve_2026_25537_times_that_are_strings_are_none` in `garita-app`, for tokens of pools and of providers |
//! | Casdoor, CVE-2026-9090 to 9098: a disabled provider is accepted | `who_is_kept_out_is_kept_out_at_once` in `garita-app`, `federated` |
//! | the same: an unverified address links accounts | `nobody_becomes_a_user_who_is_there_by_name_or_by_address`, there |
//! | the same: the second factor is skipped when a provider vouches | `a_second_factor_is_not_skipped_where_everybody_shows_one`, there |
//!
//! Those of SAML come with SAML.

use serde_json::json;

use crate::states::doors::{API, Browser};
use crate::states::world::{BACK, PAGE, VERIFIER, World, client_settings};

const READ: &str = "/prod/api/2.0/mlflow/experiments/get?experiment_id=0";

/// authentik: a cookie that cannot be read let the request pass, without saying whose it was.
#[tokio::test]
async fn cve_2026_25748_a_malformed_cookie_lets_nobody_in() {
    let world = World::new().await;
    let name = format!("__Host-garita-stage-{API}");
    let good = world.at_stage.0[&name].clone();
    let status = async |cookie: &str| {
        world.doors.at_gate(&mut Browser::default(), "GET", READ, &[("cookie", cookie)]).await.status
    };
    assert_eq!(status(&format!("{name}={good}")).await, 200);
    let before = world.doors.forwarded();
    let long = "A".repeat(9_000);
    for malformed in [
        String::new(),
        name.clone(),
        format!("{name}="),
        format!("{name}=="),
        format!("{name}=;{name}="),
        format!("{name}={good}="),
        format!("{name}=\"{good}\""),
        format!("{name}=%{good}"),
        format!("{name}={good}; {name}={good}"),
        format!("{name}={good}; {name}=x"),
        format!("{name}={long}"),
        format!("{name}=AAAA.{good}"),
        format!("={good}"),
        format!("{};{good}", name.to_lowercase()),
        format!("{}={good}", name.to_lowercase()),
        format!("{name}=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEifQ."),
        ";;;===;;;".to_owned(),
    ] {
        let got = status(&malformed).await;
        assert!(matches!(got, 400 | 401), "{got}: {malformed}");
    }
    assert_eq!(world.doors.forwarded(), before, "MLflow was asked");
    // The pages of the pool, by the same cookies under their own name.
    let name = format!("__Host-garita-{}", world.pool);
    let held = world.browser.0[&name].clone();
    for value in [String::new(), format!("{held}="), format!("{held}; {name}={held}"), "A".repeat(43)] {
        let mut browser = Browser::default();
        browser.0.insert(name.clone(), value);
        let led = world.doors.get(&mut browser, &world.asking(&world.app.id, &[])).await.location.unwrap();
        assert!(led.starts_with(&world.at("sign-in")), "{led}");
    }
}

/// Zitadel: a path that was encoded was served without the check that its plain form has.
#[tokio::test]
async fn cve_2026_32130_an_encoded_path_is_no_way_round_the_check() {
    let world = World::new().await;
    let encoded = |path: &str, at: usize| {
        let letter = path.as_bytes()[at];
        format!("{}%{letter:02x}{}", &path[..at], &path[at + 1..])
    };
    let before = world.doors.forwarded();
    let mut ways: Vec<String> = (1..READ.find('?').unwrap()).map(|at| encoded(READ, at)).collect();
    ways.extend(
        ["//prod", "/./prod", "/x/../prod", "/prod/", "/prod//", "/%2fprod", "/prod;x", "/prod%00", "/PROD"]
            .map(|start| READ.replacen("/prod", start, 1)),
    );
    for way in &ways {
        let reply = world.doors.at_gate(&mut Browser::default(), "GET", way, &[]).await;
        assert!(matches!(reply.status, 400 | 401 | 403 | 404), "{way}: {reply:?}");
    }
    assert_eq!(world.doors.forwarded(), before, "MLflow was asked");
    // At the other door an encoded path leads nowhere at all.
    for (method, path) in garita_web::Web::paths() {
        let path = path.replace("{pool}", &world.pool);
        let folder =
            path.strip_prefix(&format!("/{}/", world.pool)).map_or(1, |rest| path.len() - rest.len());
        for at in folder..path.len() {
            let way = encoded(&path, at);
            assert!(!garita_web::Web::serves(&way), "{method} {way}");
        }
    }
    let way = world.at("oauth2/%75serInfo");
    assert_ne!(world.doors.bearer("GET", &way, &world.granted.access).await.status, 200);
    assert_eq!(
        world.doors.bearer("GET", &world.at("oauth2/userInfo"), &world.granted.access).await.status,
        200
    );
}

/// Casdoor: a token that had been revoked was still good for another.
#[tokio::test]
async fn casdoor_cve_2026_9090_to_9098_a_revoked_token_is_exchanged_for_nothing() {
    let world = World::new().await;
    let revoke = world.app.with(&[("token", world.granted.refresh.as_str())]);
    assert_eq!(
        world.doors.post(&mut Browser::default(), &world.at("oauth2/revoke"), &revoke).await.status,
        200
    );
    let ended = json!({ "ClientId": world.ui, "Token": world.tokens.refresh });
    assert_eq!(world.doors.person("RevokeToken", &ended).await.status, 200);

    let refresh = [("grant_type", "refresh_token"), ("refresh_token", world.granted.refresh.as_str())];
    let refused = world.granted(&refresh).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
    for (operation, input) in [
        ("GetTokensFromRefreshToken", json!({ "RefreshToken": world.tokens.refresh })),
        (
            "InitiateAuth",
            json!({
                "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": { "REFRESH_TOKEN": world.tokens.refresh },
            }),
        ),
    ] {
        let mut input = input;
        input["ClientId"] = world.ui.as_str().into();
        let reply = world.doors.person(operation, &input).await;
        assert_eq!(
            (reply.status, &reply.json()["__type"]),
            (400, &json!("NotAuthorizedException")),
            "{operation}"
        );
    }
    let role = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", "arn:aws:iam::111122223333:role/reader"),
        ("RoleSessionName", "ana"),
        ("WebIdentityToken", world.tokens.id.as_str()),
    ];
    let reply = world.doors.query("sts", false, &role).await;
    assert_eq!((reply.status, reply.between("<Code>", "</Code>")), (400, Some("InvalidIdentityToken")));
    let bearer = format!("Bearer {}", world.tokens.id);
    let bearer = [("authorization", bearer.as_str())];
    assert_eq!(world.doors.at_gate(&mut Browser::default(), "GET", READ, &bearer).await.status, 401);
}

/// Casdoor: what one organization's server had issued was exchanged at another's.
#[tokio::test]
async fn casdoor_cve_2026_9090_to_9098_nothing_of_one_pool_is_exchanged_at_another() {
    let world = World::new().await;
    let (pool, ui, app) = world.another_pool().await;
    let at = |path: &str| format!("/{pool}/{path}");
    let exchange = async |target: &str, fields: &[(&str, &str)]| {
        let reply = world.doors.post(&mut Browser::default(), target, fields).await;
        (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let code = [
        ("grant_type", "authorization_code"),
        ("code", world.code.as_str()),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", world.granted.refresh.as_str())];
    let device = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", world.device.as_str()),
    ];
    for grant in [&code[..], &refresh, &device] {
        let invalid = (400, "invalid_grant".to_owned());
        assert_eq!(exchange(&at("oauth2/token"), &app.with(grant)).await, invalid, "{grant:?}");
        // The client of one pool in the folder of the other is not known there.
        assert_eq!(exchange(&at("oauth2/token"), &world.app.with(grant)).await.1, "invalid_client");
        assert_eq!(exchange(&world.at("oauth2/token"), &app.with(grant)).await.1, "invalid_client");
    }
    assert_eq!(world.doors.bearer("GET", &at("oauth2/userInfo"), &world.granted.access).await.status, 401);
    for token in [&world.granted.access, &world.granted.id, &world.granted.refresh] {
        let asked = app.with(&[("token", token.as_str())]);
        let told = world.doors.post(&mut Browser::default(), &at("oauth2/introspect"), &asked).await;
        assert_eq!(told.json(), json!({ "active": false }));
    }
    let refresh = json!({ "ClientId": ui, "RefreshToken": world.tokens.refresh });
    assert_eq!(world.doors.person("GetTokensFromRefreshToken", &refresh).await.status, 400);
    let code = world.one_time(&world.secrets["mia's app"]);
    let answer = json!({
        "ClientId": ui, "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": world.sessions["SOFTWARE_TOKEN_MFA"],
        "ChallengeResponses": { "USERNAME": "mia", "SOFTWARE_TOKEN_MFA_CODE": code },
    });
    assert_eq!(world.doors.person("RespondToAuthChallenge", &answer).await.status, 400);
    // A flow and a cookie of one pool's pages are none of the other's.
    let (mut browser, flow) = world.steps["account"].clone();
    let held = world.browser.0[&format!("__Host-garita-{}", world.pool)].clone();
    browser.0.insert(format!("__Host-garita-{pool}"), held);
    assert_eq!(
        world.doors.post(&mut browser, &at("set-up-app"), &[("flow", flow.as_str())]).await.status,
        400
    );
    let page = world.doors.get(&mut browser, &at("account")).await;
    assert!(page.body.contains("You are not signed in"), "{}", page.body);
    // At their own they are all good still.
    let code = [("grant_type", "authorization_code"), ("code", world.code.as_str())];
    let code = [&code[..], &[("redirect_uri", BACK), ("code_verifier", VERIFIER)]].concat();
    assert_eq!(world.granted(&code).await.status, 200);
}

/// No fault of others, but one that policies rest on: who signs in with a passkey that knew its user has shown two factors.
#[tokio::test]
async fn a_passkey_is_a_second_factor_to_policies() {
    let world = World::new().await;
    let grant = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } },
    } });
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", "reader"),
        ("PolicyName", "all"),
        ("PolicyDocument", &grant.to_string()),
    ];
    assert_eq!(world.doors.query("iam", true, &put).await.status, 200);
    let read = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let bearer = [("authorization", bearer.as_str())];
        world.doors.at_gate(&mut Browser::default(), "GET", READ, &bearer).await.status
    };
    assert_eq!(
        (read(&world.tokens.id).await, read(&world.tokens.access).await),
        (403, 403),
        "a password alone"
    );
    let credential = world.sign("ana", &world.options["sign in at the API"]).to_string();
    let answer = json!({
        "ClientId": world.ui, "ChallengeName": "WEB_AUTHN", "Session": world.sessions["WEB_AUTHN"],
        "ChallengeResponses": { "USERNAME": "ana", "CREDENTIAL": credential },
    });
    let result = world.doors.person("RespondToAuthChallenge", &answer).await.json();
    for token in ["IdToken", "AccessToken"] {
        assert_eq!(read(result["AuthenticationResult"][token].as_str().unwrap()).await, 200, "{token}");
    }
    // At the pages, and on to the stage.
    let (mut browser, flow) = world.steps["passkey-sign-in"].clone();
    let credential = world.sign("ana", &world.options["sign in at the page"]).to_string();
    let fields = [("flow", flow.as_str()), ("credential", credential.as_str())];
    assert_eq!(world.doors.post(&mut browser, &world.at("passkey-sign-in"), &fields).await.status, 303);
    let at_stage = world.at_stage_with(&browser).await;
    assert_eq!(world.doors.at_gate(&mut at_stage.clone(), "GET", READ, &[]).await.status, 200);
    let by_password = world.doors.at_gate(&mut world.at_stage.clone(), "GET", READ, &PAGE).await;
    assert_eq!(by_password.status, 403);
}

/// No fault of others, but one that was here: whoever found a browser open could take the passkey away that was the last
/// second factor, and then set one of their own up with the password alone.
#[tokio::test]
async fn the_account_page_leaves_the_last_second_factor_where_it_is() {
    let world = World::new().await;
    let (mut browser, _) = world.steps["mia's account"].clone();
    let join = json!({ "UserPoolId": world.pool, "Username": "mia", "GroupName": "strict" });
    world.doors.done("AdminAddUserToGroup", join).await;
    let id = world.passkey_id("mia");
    let app = world.own_form(&mut browser, "remove-app", &[]).await;
    assert_eq!(app.status, 303, "the passkey is left: {app:?}");
    for _ in 0..2 {
        let kept = world.own_form(&mut browser, "remove-passkey", &[("id", &id)]).await;
        assert!(kept.status == 400 && kept.body.contains("A second factor is asked of you"), "{kept:?}");
    }
    let app = world.own_form(&mut browser, "remove-app", &[]).await;
    assert_eq!(app.status, 303, "there is none, and the passkey is left: {app:?}");
    let leave =
        json!({ "UserPoolId": world.pool, "Username": "mia", "WebAuthnMfaSettings": { "Enabled": false } });
    world.doors.done("AdminSetUserMFAPreference", leave).await;
    let gone = world.own_form(&mut browser, "remove-passkey", &[("id", &id)]).await;
    assert_eq!(gone.status, 303, "it is no second factor any more: {gone:?}");
}

/// No fault of others, but one that was here: an app that takes only whom a provider knows was given whoever had signed in
/// at the pool by another app, and one that takes only the pool's own people those of the provider.
#[tokio::test]
async fn an_app_is_given_nobody_who_came_by_a_provider_it_does_not_take() {
    let world = World::new().await;
    let led = async |browser: &Browser, more: &[(&str, &str)]| {
        let reply = world.doors.get(&mut browser.clone(), &world.asking(&world.app.id, more)).await;
        let to = reply.location.unwrap_or_default();
        to.split('?').next().unwrap().replace(&world.pool, "POOL")
    };
    let takes = async |providers: &[&str]| {
        let [_, mut settings, _] = client_settings(&world.pool, providers);
        settings["ClientId"] = world.app.id.as_str().into();
        world.doors.done("UpdateUserPoolClient", settings).await;
    };
    let (own, outside) = (&world.browser, &world.vouched_browser);
    let at_provider = format!("{}/authorize", world.issuer());
    // Whom the app asks for is who it gets.
    assert_eq!((led(own, &[]).await.as_str(), led(outside, &[]).await.as_str()), (BACK, BACK));
    assert_eq!(led(own, &[("identity_provider", "Corp")]).await, at_provider);
    assert_eq!(led(outside, &[("identity_provider", "Corp")]).await, BACK);
    assert_eq!(led(outside, &[("identity_provider", "COGNITO")]).await, "/POOL/sign-in");
    // A question that waited for its answer meanwhile, and a device that did.
    let waiting = async |browser: &Browser| {
        let mut browser = browser.clone();
        let asked = world.asking(&world.app.id, &[("prompt", "consent")]);
        let flow = world.doors.get(&mut browser, &asked).await.flow();
        (browser, flow)
    };
    let (by_own, by_outside) = (waiting(own).await, waiting(outside).await);
    let answered = async |(browser, flow): &(Browser, String), page: &str| {
        let fields = [("flow", flow.as_str()), ("answer", "allow")];
        world.doors.post(&mut browser.clone(), &world.at(page), &fields).await.status
    };
    takes(&["Corp"]).await;
    assert_eq!((led(own, &[]).await, led(outside, &[]).await.as_str()), (at_provider, BACK));
    assert_eq!(answered(&by_own, "consent").await, 400);
    assert_eq!(answered(&world.steps["device-consent"], "device-consent").await, 400);
    takes(&["COGNITO"]).await;
    assert_eq!((led(own, &[]).await.as_str(), led(outside, &[]).await.as_str()), (BACK, "/POOL/sign-in"));
    assert_eq!(answered(&by_outside, "consent").await, 400);
    assert_eq!(answered(&world.steps["device-consent"], "device-consent").await, 200);
    let silent = world.asking(&world.app.id, &[("prompt", "none")]);
    let told = world.doors.get(&mut outside.clone(), &silent).await.location.unwrap();
    assert!(told.contains("error=login_required"), "{told}");
}
