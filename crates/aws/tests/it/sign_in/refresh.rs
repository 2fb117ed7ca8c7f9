//! Refresh tokens over the wire: what they give, and what ends them.

use serde_json::json;

use super::{Stage, Tokens, claims, join};
use crate::door::told;

#[tokio::test]
async fn a_refresh_token_gives_tokens_until_the_sign_in_ends() {
    let stage = Stage::usual().await;
    let tokens = stage.signed_in().await;
    stage.advance(3_600);
    assert_eq!(stage.get_user(&tokens).await, "400 NotAuthorizedException: Access Token has expired");
    let fresh = stage.refresh(&tokens.refresh).await;
    assert_eq!(fresh.1["AuthenticationResult"].get("RefreshToken"), None);
    let fresh = Tokens::of(&fresh);
    assert_eq!(claims(&fresh.access)["auth_time"], claims(&tokens.access)["auth_time"]);
    assert_eq!(claims(&fresh.access)["origin_jti"], claims(&tokens.access)["origin_jti"]);
    for wrong in ["", "x", &tokens.access, &format!("{}A", &tokens.refresh[..tokens.refresh.len() - 1])] {
        let reply = told(&stage.refresh(wrong).await);
        assert!(reply.starts_with("400 NotAuthorizedException: Invalid Refresh Token"), "{reply}");
    }
    assert_eq!(told(&stage.person("RevokeToken", json!({ "Token": tokens.refresh })).await), "200");
    assert_eq!(stage.get_user(&fresh).await, "400 NotAuthorizedException: Access Token has been revoked");
    assert!(told(&stage.refresh(&tokens.refresh).await).starts_with("400 NotAuthorizedException"));
    assert_eq!(told(&stage.person("RevokeToken", json!({ "Token": tokens.refresh })).await), "200", "twice");
    let access = stage.person("RevokeToken", json!({ "Token": fresh.access })).await;
    assert!(told(&access).starts_with("400 UnsupportedTokenTypeException"));
    let other = stage.signed_in().await;
    stage.advance(31 * 86_400);
    assert_eq!(
        told(&stage.refresh(&other.refresh).await),
        "400 NotAuthorizedException: Refresh Token has expired"
    );
}

#[tokio::test]
async fn a_refresh_token_that_was_exchanged_ends_the_sign_in() {
    let rotating = |grace: u32| {
        json!({
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
            "RefreshTokenRotation": { "Feature": "ENABLED", "RetryGracePeriodSeconds": grace },
        })
    };
    let stage = Stage::open(json!({}), rotating(0)).await;
    let first = stage.signed_in().await;
    let second = Tokens::of(&stage.exchange(&first.refresh).await);
    assert_ne!(first.refresh, second.refresh);
    let reuse = told(&stage.exchange(&first.refresh).await);
    assert!(reuse.starts_with("400 RefreshTokenReuseException"), "{reuse}");
    assert!(told(&stage.exchange(&second.refresh).await).starts_with("400 NotAuthorizedException"));
    assert_eq!(stage.get_user(&second).await, "400 NotAuthorizedException: Access Token has been revoked");

    let both = stage.signed_in().await;
    let (one, two) = tokio::join!(stage.exchange(&both.refresh), stage.exchange(&both.refresh));
    let served = [&one, &two].into_iter().filter(|reply| reply.0 == 200).map(Tokens::of);
    let served: Vec<Tokens> = served.collect();
    assert!(served.len() < 2, "of two at the same time one is served at most");
    assert!([&one, &two].into_iter().any(|reply| told(reply).starts_with("400 RefreshTokenReuseException")));
    for tokens in served {
        assert_eq!(stage.exchange(&tokens.refresh).await.0, 400, "and then the sign-in is over");
    }

    let stage = Stage::open(json!({}), rotating(30)).await;
    let first = stage.signed_in().await;
    let second = Tokens::of(&stage.exchange(&first.refresh).await);
    let retried = Tokens::of(&stage.exchange(&first.refresh).await);
    assert_ne!(second.refresh, retried.refresh);
    stage.advance(31);
    assert!(told(&stage.exchange(&first.refresh).await).starts_with("400 RefreshTokenReuseException"));
}

#[tokio::test]
async fn two_tabs_with_the_same_refresh_token_both_go_on() {
    let settings = json!({
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": { "Feature": "ENABLED", "RetryGracePeriodSeconds": 30 },
    });
    let stage = Stage::open(json!({}), settings).await;
    let first = stage.signed_in().await;
    let (one, two) = tokio::join!(stage.exchange(&first.refresh), stage.exchange(&first.refresh));
    let mut tabs = [Tokens::of(&one), Tokens::of(&two)];
    for _ in 0..3 {
        for tab in &mut tabs {
            *tab = Tokens::of(&stage.exchange(&tab.refresh).await);
            assert_eq!(stage.get_user(tab).await, "200");
        }
    }
    let third = Tokens::of(&stage.exchange(&first.refresh).await);
    assert_eq!(stage.get_user(&third).await, "200", "its time of grace is not over");
    stage.advance(20);
    for tab in &mut tabs {
        *tab = Tokens::of(&stage.exchange(&tab.refresh).await);
    }
    stage.advance(11);
    let late = told(&stage.exchange(&first.refresh).await);
    assert!(late.starts_with("400 RefreshTokenReuseException"), "no retry makes it longer: {late}");
    for tab in tabs.iter().chain([&third]) {
        assert_eq!(stage.get_user(tab).await, "400 NotAuthorizedException: Access Token has been revoked");
        assert!(told(&stage.exchange(&tab.refresh).await).starts_with("400 NotAuthorizedException"));
    }
}

#[tokio::test]
async fn a_sign_in_has_few_branches_and_what_falls_off_ends_it() {
    let settings = json!({
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": { "Feature": "ENABLED", "RetryGracePeriodSeconds": 60 },
    });
    let stage = Stage::open(json!({}), settings).await;
    let first = stage.signed_in().await;
    let mut tabs = Vec::new();
    for _ in 0..9 {
        tabs.push(Tokens::of(&stage.exchange(&first.refresh).await));
    }
    tabs[8] = Tokens::of(&stage.exchange(&tabs[8].refresh).await);
    tabs[1] = Tokens::of(&stage.exchange(&tabs[1].refresh).await);
    let fallen = told(&stage.exchange(&tabs[0].refresh).await);
    assert!(fallen.starts_with("400 RefreshTokenReuseException"), "{fallen}");
    assert!(told(&stage.exchange(&tabs[8].refresh).await).starts_with("400 NotAuthorizedException"));
}

#[tokio::test]
async fn what_tokens_rest_on_takes_them_along() {
    let (forget, delete) = ("AdminUserGlobalSignOut", "AdminDeleteUser");
    for (operation, more) in [
        (forget, json!({ "Username": "ana" })),
        ("AdminDisableUser", json!({ "Username": "ana" })),
        (delete, json!({ "Username": "ana" })),
        (
            "AdminSetUserPassword",
            json!({ "Username": "ana", "Password": "Another-one-2", "Permanent": true }),
        ),
        ("AdminResetUserPassword", json!({ "Username": "ana" })),
        ("AdminRemoveUserFromGroup", json!({ "Username": "ana", "GroupName": "g" })),
        ("DeleteUserPoolClient", json!({})),
        ("DeleteUserPool", json!({})),
    ] {
        let stage = Stage::usual().await;
        stage.admin("CreateGroup", json!({ "GroupName": "g" })).await;
        stage.admin("AdminAddUserToGroup", json!({ "Username": "ana", "GroupName": "g" })).await;
        let tokens = stage.signed_in().await;
        assert_eq!(stage.get_user(&tokens).await, "200");
        let mut input = more;
        if operation == "DeleteUserPoolClient" {
            join(&mut input, json!({ "ClientId": stage.client }));
        }
        assert_eq!(told(&stage.admin(operation, input).await), "200", "{operation}");
        let seen = stage.get_user(&tokens).await;
        assert!(seen.starts_with("400 NotAuthorizedException: "), "{operation}: {seen}");
        assert_eq!(stage.refresh(&tokens.refresh).await.0, 400, "{operation}");
        if operation == "AdminDisableUser" {
            stage.admin("AdminEnableUser", json!({ "Username": "ana" })).await;
            assert_eq!(
                stage.get_user(&tokens).await,
                "400 NotAuthorizedException: Access Token has been revoked"
            );
            assert_eq!(
                stage.refresh(&tokens.refresh).await.0,
                400,
                "let in again, the old sign-in stays over"
            );
        }
        if operation == delete {
            stage.user("ana").await;
            assert_eq!(
                stage.get_user(&tokens).await,
                "400 NotAuthorizedException: Access Token has been revoked"
            );
        }
    }
}
