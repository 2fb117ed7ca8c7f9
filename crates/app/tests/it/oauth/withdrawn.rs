//! What an administrator has taken from an app client is in no token, though a code for it was on its way.

use super::*;

const SERVER: &str = "lab";

impl Stage {
    /// Sets what the public client may ask for.
    async fn allow(&self, change: impl FnOnce(&mut ClientSettings)) {
        let mut wanted = settings(None);
        change(&mut wanted);
        let (root, pool, id) = (self.garita.as_root(), self.pool.id.clone(), self.public.id.clone());
        self.app().update_pool_client(&root, pool, id, wanted).await.unwrap();
    }

    /// A device that `ana` has allowed at her browser.
    async fn allowed_device(&self, cookie: &str, scope: &str) -> Grant {
        let client = self.proven(&self.public, None).unwrap();
        let codes = self.app().authorize_device(&self.cx(), &client, Some(scope)).await.unwrap();
        let waiting = self.app().waiting_device(&self.cx(), &self.pool, &codes.shown).unwrap().unwrap();
        let who = self.app().signed_in(&self.pool.id, cookie, self.cx().now()).unwrap();
        self.app().decide_device(&self.cx(), waiting, &who, true).await.unwrap();
        Grant::Device { code: codes.code }
    }

    /// A code for these scopes.
    fn code_of(&self, cookie: &str, scope: &str) -> Grant {
        let state = self.app().snapshot();
        let client = Arc::clone(state.pool_client(&self.public.id).unwrap());
        let ask = self.ask(&client, |raw| raw.scope = Some(scope.to_owned())).unwrap();
        code_grant(&self.code_for(&client, cookie, &ask), Some(CALLBACK), Some(VERIFIER))
    }
}

#[tokio::test]
async fn a_scope_that_was_taken_from_the_client_is_in_no_token() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    for (asked, is) in [("openid email", false), ("openid", true)] {
        stage.allow(|_| {}).await;
        let grants = [stage.code_of(&cookie, asked), stage.allowed_device(&cookie, asked).await];
        stage.allow(|settings| settings.oauth_scopes = vec!["openid".to_owned()]).await;
        for grant in grants {
            let given = stage.grant(grant).await;
            assert_eq!(
                given.as_ref().err().map(|fault| fault.code),
                (!is).then_some(OAuthCode::InvalidGrant)
            );
        }
    }
}

#[tokio::test]
async fn a_client_that_is_closed_to_people_gets_no_tokens_of_them() {
    let close: [fn(&mut ClientSettings); 2] =
        [|settings| settings.oauth = false, |settings| settings.oauth_flows.clear()];
    for close in close {
        let stage = Stage::new().await;
        let cookie = stage.browser().await;
        let (code, device) =
            (stage.code_of(&cookie, "openid"), stage.allowed_device(&cookie, "openid").await);
        stage.allow(close).await;
        assert_eq!(refused(stage.grant(code).await), OAuthCode::UnauthorizedClient);
        assert_eq!(refused(stage.grant(device).await), OAuthCode::UnauthorizedClient);
    }
}

#[tokio::test]
async fn a_client_that_drops_who_vouched_gets_no_tokens_of_their_people() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let (code, device) = (stage.code_of(&cookie, "openid"), stage.allowed_device(&cookie, "openid").await);
    stage.allow(|settings| settings.providers.clear()).await;
    assert_eq!(refused(stage.grant(code).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.grant(device).await), OAuthCode::InvalidGrant);
}

/// A code or a device is only the beginning: what came of it must not go on by its refresh token for years.
#[tokio::test]
async fn what_was_taken_from_the_client_ends_what_it_was_given_and_comes_back_with_it() {
    let takings: [fn(&mut ClientSettings); 3] = [
        |settings| settings.oauth_scopes = vec!["openid".to_owned()],
        |settings| settings.oauth = false,
        |settings| settings.oauth_flows.clear(),
    ];
    for rotation in [None, Some(0)] {
        let stage = Stage::with(rotation).await;
        let begun = stage.tokens().await;
        let (mut access, mut refresh) = (begun.access, begun.refresh.unwrap());
        for taking in takings {
            assert!(stage.user_info(&access).is_ok());
            stage
                .allow(|settings| {
                    settings.rotation = rotation;
                    taking(settings);
                })
                .await;
            assert_eq!(refused(stage.refresh(&refresh).await), OAuthCode::InvalidGrant);
            assert_eq!(refused(stage.user_info(&access)), OAuthCode::InvalidToken);
            let (cx, id) = (stage.cx(), &stage.public.id);
            assert!(stage.app().tokens_from_refresh_token(&cx, id, None, &refresh).await.is_err());
            stage.allow(|settings| settings.rotation = rotation).await;
            let given = stage.refresh(&refresh).await.unwrap();
            (access, refresh) = (given.access, given.refresh.unwrap_or(refresh));
        }
    }
}

#[tokio::test]
async fn scopes_of_a_resource_server_that_goes_are_in_no_token_and_no_refresh_token_is_good_with_them() {
    let stage = Stage::new().await;
    let (root, pool) = (stage.garita.as_root(), || stage.pool.id.clone());
    let scopes = vec![ResourceScope { name: "read".to_owned(), description: "reads".to_owned() }];
    let server = ResourceServerSettings { name: "Lab".to_owned(), scopes };
    stage.app().create_resource_server(&root, pool(), SERVER.to_owned(), server).await.unwrap();
    let may = |settings: &mut ClientSettings| settings.oauth_scopes.push("lab/read".to_owned());
    stage.allow(may).await;
    let mut wanted = settings(None);
    may(&mut wanted);
    stage.app().update_pool_client(&root, pool(), stage.private.id.clone(), wanted).await.unwrap();
    let cookie = stage.browser().await;
    let (code, device) =
        (stage.code_of(&cookie, "lab/read"), stage.allowed_device(&cookie, "lab/read").await);
    let private = stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let ask = stage.ask(private.client(), |raw| raw.scope = Some("openid lab/read".to_owned())).unwrap();
    let own = code_grant(&stage.code_for(&stage.private, &cookie, &ask), Some(CALLBACK), Some(VERIFIER));
    let refresh = stage.app().grant(&stage.cx(), &private, own).await.unwrap().refresh.unwrap();
    let told = |token: &Secret<String>| {
        stage.app().introspect_oidc_token(&stage.cx(), &private, token).unwrap()["active"].clone()
    };
    assert_eq!(told(&refresh), true);

    stage.app().delete_resource_server(&root, pool(), SERVER.to_owned()).await.unwrap();
    assert_eq!(refused(stage.grant(code).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.grant(device).await), OAuthCode::InvalidGrant);
    let again = Grant::Refresh { token: refresh.clone(), scope: None };
    assert_eq!(refused(stage.app().grant(&stage.cx(), &private, again).await), OAuthCode::InvalidGrant);
    assert_eq!(told(&refresh), false, "what the token endpoint refuses is not said to be active");
}
