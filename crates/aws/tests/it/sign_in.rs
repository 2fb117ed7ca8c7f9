//! People sign up, sign in and out, over the wire; and what is refused to those who try.

use garita_model::Clock as _;
use garita_testkit::{base32, one_time_code};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::door::{Door, told};
use crate::user_pools::with_pool;

const PASSWORD: &str = "Tell-nobody-1";
const WRONG: &str = "400 NotAuthorizedException: Incorrect username or password.";
const SPENT: &str =
    "400 NotAuthorizedException: Invalid session for the user, session can only be used once.";

/// A pool with a client, and a user `ana` who is confirmed.
struct Stage {
    door: Door,
    pool: String,
    client: String,
}

impl Stage {
    async fn open(pool: Value, client: Value) -> Self {
        let by_address = pool.get("UsernameAttributes").is_some();
        let (door, pool) = with_pool(pool).await;
        let mut input = json!({
            "UserPoolId": pool, "ClientName": "web",
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        });
        join(&mut input, client);
        let (status, made) = door.pools("CreateUserPoolClient", input).await;
        assert_eq!(status, 200, "{made}");
        let client = made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
        let stage = Self { door, pool, client };
        stage.user(if by_address { "ana@example.com" } else { "ana" }).await;
        stage
    }

    async fn usual() -> Self {
        Self::open(json!({}), json!({})).await
    }

    async fn user(&self, name: &str) {
        let email = if name.contains('@') { name.to_owned() } else { format!("{name}@example.com") };
        let attributes =
            json!([{ "Name": "email", "Value": email }, { "Name": "email_verified", "Value": "true" }]);
        let made = json!({ "Username": name, "UserAttributes": attributes, "MessageAction": "SUPPRESS" });
        assert_eq!(self.admin("AdminCreateUser", made).await.0, 200);
        let set = json!({ "Username": name, "Password": PASSWORD, "Permanent": true });
        assert_eq!(self.admin("AdminSetUserPassword", set).await.0, 200);
    }

    async fn admin(&self, operation: &str, more: Value) -> (u16, Value) {
        let mut input = json!({ "UserPoolId": self.pool });
        join(&mut input, more);
        self.door.pools(operation, input).await
    }

    async fn person(&self, operation: &str, more: Value) -> (u16, Value) {
        let mut input = json!({ "ClientId": self.client });
        join(&mut input, more);
        self.door.person(operation, input).await
    }

    async fn sign_in(&self, name: &str, password: &str) -> (u16, Value) {
        let parameters = json!({ "USERNAME": name, "PASSWORD": password });
        self.person("InitiateAuth", json!({ "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters }))
            .await
    }

    async fn signed_in(&self) -> Tokens {
        Tokens::of(&self.sign_in("ana", PASSWORD).await)
    }

    async fn refresh(&self, token: &str) -> (u16, Value) {
        let parameters = json!({ "REFRESH_TOKEN": token });
        self.person("InitiateAuth", json!({ "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters }))
            .await
    }

    async fn exchange(&self, token: &str) -> (u16, Value) {
        self.person("GetTokensFromRefreshToken", json!({ "RefreshToken": token })).await
    }

    async fn get_user(&self, tokens: &Tokens) -> String {
        told(&self.door.person("GetUser", json!({ "AccessToken": tokens.access })).await)
    }

    async fn respond(&self, name: &str, session: &Value, mut responses: Value) -> (u16, Value) {
        join(&mut responses, json!({ "USERNAME": "ana" }));
        let input = json!({ "ChallengeName": name, "Session": session, "ChallengeResponses": responses });
        self.person("RespondToAuthChallenge", input).await
    }

    fn advance(&self, seconds: i64) {
        self.door.garita.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn code(&self, seed: &str, steps: i64) -> String {
        one_time_code(&base32(seed), self.door.garita.clock.now() + SignedDuration::from_secs(30 * steps))
    }
}

struct Tokens {
    access: String,
    id: String,
    refresh: String,
}

impl Tokens {
    fn of((status, body): &(u16, Value)) -> Self {
        assert_eq!(*status, 200, "{body}");
        let result = &body["AuthenticationResult"];
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("AccessToken"), id: text("IdToken"), refresh: text("RefreshToken") }
    }
}

fn join(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("no members") };
    into.as_object_mut().unwrap().extend(more);
}

/// The claims of a token, which are not verified here.
fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

#[tokio::test]
async fn a_password_gives_tokens_with_cognitos_claims() {
    let stage = Stage::usual().await;
    let role = "arn:aws:iam::111122223333:role/reader";
    for (group, precedence) in [("readers", 2), ("admins", 1)] {
        let group = json!({ "GroupName": group, "Precedence": precedence, "RoleArn": role });
        stage.admin("CreateGroup", group.clone()).await;
        stage
            .admin("AdminAddUserToGroup", json!({ "GroupName": group["GroupName"], "Username": "ana" }))
            .await;
    }
    let reply = stage.sign_in("ana", PASSWORD).await;
    assert_eq!(reply.1["AuthenticationResult"]["ExpiresIn"], 3_600);
    assert_eq!(reply.1["AuthenticationResult"]["TokenType"], "Bearer");
    let tokens = Tokens::of(&reply);
    let (id, access) = (claims(&tokens.id), claims(&tokens.access));
    let issuer = format!("{}/{}", garita_testkit::ENDPOINT, stage.pool);
    for (claims, name, value) in [
        (&id, "iss", json!(issuer)),
        (&access, "iss", json!(issuer)),
        (&id, "aud", json!(stage.client)),
        (&access, "client_id", json!(stage.client)),
        (&id, "token_use", json!("id")),
        (&access, "token_use", json!("access")),
        (&id, "cognito:username", json!("ana")),
        (&access, "username", json!("ana")),
        (&id, "cognito:groups", json!(["admins", "readers"])),
        (&access, "cognito:groups", json!(["admins", "readers"])),
        (&id, "cognito:preferred_role", json!(role)),
        (&id, "email", json!("ana@example.com")),
        (&id, "email_verified", json!(true)),
        (&access, "scope", json!("aws.cognito.signin.user.admin")),
        (&access, "email", Value::Null),
        (&access, "aud", Value::Null),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!((&id["sub"], &id["origin_jti"]), (&access["sub"], &access["origin_jti"]));
    assert_eq!(stage.get_user(&tokens).await, "200");

    let request =
        Request::get(format!("/{}/.well-known/jwks.json", stage.pool)).body(Full::default()).unwrap();
    let response = stage.door.send(request).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let keys: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "one key for each kind of token");
    assert!(!keys.to_string().contains("\"d\""), "no private part");
    let absent = Request::get("/eu-west-1_Absent/.well-known/jwks.json").body(Full::default()).unwrap();
    assert_eq!(stage.door.send(absent).await.status().as_u16(), 404);
}

#[tokio::test]
async fn who_is_not_there_and_who_is_wrong_are_told_the_same() {
    let stage = Stage::usual().await;
    for (name, password) in [("ana", "Wrong-password-1"), ("nobody", PASSWORD), ("nobody@example.com", "x")] {
        assert_eq!(told(&stage.sign_in(name, password).await), WRONG);
    }
    stage.admin("AdminDisableUser", json!({ "Username": "ana" })).await;
    assert_eq!(told(&stage.sign_in("ana", "Wrong-password-1").await), WRONG);
    assert_eq!(told(&stage.sign_in("ana", PASSWORD).await), "400 NotAuthorizedException: User is disabled.");
    let legacy = Stage::open(json!({}), json!({ "PreventUserExistenceErrors": "LEGACY" })).await;
    assert_eq!(
        told(&legacy.sign_in("nobody", PASSWORD).await),
        "400 UserNotFoundException: User does not exist."
    );
    for operation in ["ForgotPassword", "ResendConfirmationCode"] {
        let known = stage.person(operation, json!({ "Username": "ana" })).await;
        let unknown = stage.person(operation, json!({ "Username": "nobody" })).await;
        assert_eq!((known.0, unknown.0), (200, 200), "{operation}");
        assert_eq!(
            unknown,
            stage.person(operation, json!({ "Username": "nobody" })).await,
            "always the same"
        );
        assert!(stage.door.garita.mail.take().is_empty(), "a disabled user gets no mail");
    }
    for (operation, code) in [("ConfirmSignUp", "123456"), ("ConfirmForgotPassword", "123456")] {
        let with = |name: &str| json!({ "Username": name, "ConfirmationCode": code, "Password": PASSWORD });
        let mut replies = Vec::new();
        for name in ["ana", "nobody"] {
            let mut input = with(name);
            if operation == "ConfirmSignUp" {
                input.as_object_mut().unwrap().remove("Password");
            }
            replies.push(told(&stage.person(operation, input).await));
        }
        let wrong = "400 CodeMismatchException: Invalid verification code provided, please try again.";
        assert_eq!(replies, [wrong, wrong], "{operation}");
    }
}

#[tokio::test]
async fn guesses_lock_out_for_known_and_unknown_names_alike() {
    let stage = Stage::usual().await;
    let exceeded = "400 NotAuthorizedException: Password attempts exceeded";
    for name in ["ana", "nobody"] {
        for _ in 0..5 {
            assert_eq!(told(&stage.sign_in(name, "Wrong-password-1").await), WRONG);
        }
        assert_eq!(told(&stage.sign_in(name, PASSWORD).await), exceeded, "{name}: even the right one");
    }
    stage.advance(1);
    assert_eq!(told(&stage.sign_in("ana", "Wrong-password-1").await), WRONG);
    stage.advance(1);
    assert_eq!(told(&stage.sign_in("ana", PASSWORD).await), exceeded, "twice as long");
    stage.advance(1);
    stage.signed_in().await;
}

#[tokio::test]
async fn flows_are_open_only_where_the_client_says_so() {
    let stage = Stage::open(json!({}), json!({ "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"] })).await;
    assert_eq!(
        told(&stage.sign_in("ana", PASSWORD).await),
        "400 InvalidParameterException: USER_PASSWORD_AUTH flow not enabled for this client"
    );
    let parameters = json!({ "USERNAME": "ana", "PASSWORD": PASSWORD });
    let admin = json!({ "ClientId": stage.client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters });
    assert!(told(&stage.admin("AdminInitiateAuth", admin.clone()).await).contains("flow not enabled"));
    let unsigned = told(
        &stage
            .person(
                "InitiateAuth",
                json!({ "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters }),
            )
            .await,
    );
    assert_eq!(unsigned, "400 InvalidParameterException: Initiate Auth method not supported.");
    let custom = told(&stage.person("InitiateAuth", json!({ "AuthFlow": "CUSTOM_AUTH" })).await);
    assert!(custom.contains("the value `CUSTOM_AUTH` is not supported here"), "{custom}");
    let absent =
        json!({ "ClientId": "absent", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters });
    assert_eq!(
        told(&stage.door.person("InitiateAuth", absent).await),
        "400 ResourceNotFoundException: User pool client absent does not exist."
    );
    let usual = Stage::usual().await;
    let mut signed = admin;
    signed["ClientId"] = json!(usual.client);
    Tokens::of(&usual.admin("AdminInitiateAuth", signed.clone()).await);
    let nobody = usual.door.user("nobody").await;
    join(&mut signed, json!({ "UserPoolId": usual.pool }));
    let refused = usual.door.pools_as(&nobody, "AdminInitiateAuth", signed).await;
    assert!(told(&refused).starts_with("400 AccessDeniedException"));
}

#[tokio::test]
async fn a_client_with_a_secret_is_asked_for_its_hash() {
    let stage = Stage::open(json!({}), json!({ "GenerateSecret": true })).await;
    assert!(told(&stage.sign_in("ana", PASSWORD).await).contains("SECRET_HASH was not received"));
    let described = stage.admin("DescribeUserPoolClient", json!({ "ClientId": stage.client })).await;
    let secret = described.1["UserPoolClient"]["ClientSecret"].as_str().unwrap().to_owned();
    let hash = |name: &str| {
        use base64::Engine as _;
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let tag = aws_lc_rs::hmac::sign(&key, format!("{name}{}", stage.client).as_bytes());
        base64::engine::general_purpose::STANDARD.encode(tag)
    };
    let with = |hash: String| {
        let parameters = json!({ "USERNAME": "ana", "PASSWORD": PASSWORD, "SECRET_HASH": hash });
        json!({ "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters })
    };
    for wrong in [hash("bo"), String::new(), "%".to_owned()] {
        let reply = told(&stage.person("InitiateAuth", with(wrong)).await);
        assert!(reply.starts_with("400 NotAuthorizedException: Unable to verify secret hash"), "{reply}");
    }
    let tokens = Tokens::of(&stage.person("InitiateAuth", with(hash("ana"))).await);
    let revoke = |secret: Value| json!({ "Token": tokens.refresh, "ClientSecret": secret });
    let refused = told(&stage.person("RevokeToken", revoke(json!("other"))).await);
    assert!(refused.starts_with("400 NotAuthorizedException"), "{refused}");
    assert_eq!(told(&stage.person("RevokeToken", revoke(json!(secret))).await), "200");
    assert_eq!(stage.get_user(&tokens).await, "400 NotAuthorizedException: Access Token has been revoked");
}

#[tokio::test]
async fn a_temporary_password_is_changed_once_and_in_time() {
    let stage = Stage::usual().await;
    let set = json!({ "Username": "ana", "Password": "Temporary-1!", "Permanent": false });
    stage.admin("AdminSetUserPassword", set.clone()).await;
    let asked = stage.sign_in("ana", "Temporary-1!").await;
    assert_eq!(asked.1["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    assert_eq!(asked.1["ChallengeParameters"]["requiredAttributes"], "[]");
    let session = &asked.1["Session"];
    let challenge = "NEW_PASSWORD_REQUIRED";
    let weak = stage.respond(challenge, session, json!({ "NEW_PASSWORD": "weak" })).await;
    assert!(told(&weak).starts_with("400 InvalidPasswordException"));
    let other =
        stage.respond("SOFTWARE_TOKEN_MFA", session, json!({ "SOFTWARE_TOKEN_MFA_CODE": "000000" })).await;
    assert_eq!(told(&other), SPENT, "another challenge than the one that was asked");
    let new = json!({ "NEW_PASSWORD": "Another-one-2" });
    let tokens = Tokens::of(&stage.respond(challenge, session, new.clone()).await);
    assert_eq!(stage.get_user(&tokens).await, "200");
    assert_eq!(told(&stage.respond(challenge, session, new).await), SPENT, "twice");
    assert_eq!(told(&stage.sign_in("ana", "Temporary-1!").await), WRONG);
    Tokens::of(&stage.sign_in("ana", "Another-one-2").await);

    stage.admin("AdminSetUserPassword", set).await;
    let asked = stage.sign_in("ana", "Temporary-1!").await;
    stage.advance(3 * 60);
    let late =
        stage.respond(challenge, &asked.1["Session"], json!({ "NEW_PASSWORD": "Another-one-3" })).await;
    assert_eq!(told(&late), "400 NotAuthorizedException: Invalid session for the user, session is expired.");
    stage.advance(7 * 86_400);
    let expired = told(&stage.sign_in("ana", "Temporary-1!").await);
    assert!(expired.contains("Temporary password has expired"), "{expired}");
}

#[tokio::test]
async fn sessions_are_not_to_be_made_up_or_taken_elsewhere() {
    let stage = Stage::usual().await;
    let set = json!({ "Username": "ana", "Password": "Temporary-1!", "Permanent": false });
    stage.admin("AdminSetUserPassword", set).await;
    let asked = stage.sign_in("ana", "Temporary-1!").await;
    let session = asked.1["Session"].as_str().unwrap().to_owned();
    let new = json!({ "NEW_PASSWORD": "Another-one-2", "USERNAME": "ana" });
    let made = stage.admin("CreateUserPoolClient", json!({ "ClientName": "other" })).await;
    let other = made.1["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    let respond = |client: &str, session: String| {
        let input = json!({ "ClientId": client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session, "ChallengeResponses": new });
        stage.door.person("RespondToAuthChallenge", input)
    };
    let invalid = "400 NotAuthorizedException: Invalid session for the user.";
    assert_eq!(told(&respond(&other, session.clone()).await), invalid);
    let moved = session.replace(&stage.client, &other);
    assert_eq!(told(&respond(&other, moved).await), invalid);
    let changed = format!("{}A", &session[..session.len() - 1]);
    assert_eq!(told(&respond(&stage.client, changed).await), invalid);
    assert_eq!(told(&respond(&stage.client, "x".repeat(5_000)).await), invalid);
    stage.admin("AdminUserGlobalSignOut", json!({ "Username": "ana" })).await;
    assert_eq!(told(&respond(&stage.client, session).await), SPENT, "signed out since");
}

#[tokio::test]
async fn a_second_factor_is_asked_for_set_up_and_counted_once() {
    let stage = Stage::usual().await;
    let config = json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } });
    assert_eq!(told(&stage.admin("SetUserPoolMfaConfig", config).await), "200");
    let asked = stage.sign_in("ana", PASSWORD).await;
    assert_eq!(asked.1["ChallengeName"], "MFA_SETUP");
    let early = stage.respond("MFA_SETUP", &asked.1["Session"], json!({})).await;
    assert!(told(&early).contains("set an authenticator up first"));
    let made = stage.door.person("AssociateSoftwareToken", json!({ "Session": asked.1["Session"] })).await;
    let seed = made.1["SecretCode"].as_str().unwrap().to_owned();
    let verify = |session: &Value, code: String| json!({ "Session": session, "UserCode": code });
    let wrong =
        stage.door.person("VerifySoftwareToken", verify(&made.1["Session"], "000000".to_owned())).await;
    assert_eq!(told(&wrong), "400 EnableSoftwareTokenMFAException: Code mismatch");
    let verified =
        stage.door.person("VerifySoftwareToken", verify(&made.1["Session"], stage.code(&seed, 0))).await;
    assert_eq!(verified.1["Status"], "SUCCESS");
    Tokens::of(&stage.respond("MFA_SETUP", &verified.1["Session"], json!({})).await);
    assert_eq!(told(&stage.respond("MFA_SETUP", &verified.1["Session"], json!({})).await), SPENT);

    let asked = stage.sign_in("ana", PASSWORD).await;
    assert_eq!(asked.1["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    let session = &asked.1["Session"];
    let skip = stage.respond("MFA_SETUP", session, json!({})).await;
    assert_eq!(told(&skip), SPENT, "another challenge");
    let setup = stage.door.person("AssociateSoftwareToken", json!({ "Session": session })).await;
    assert_eq!(told(&setup), SPENT, "who has a factor does not set another one up instead");
    let with = |code: String| json!({ "SOFTWARE_TOKEN_MFA_CODE": code });
    let used = stage.respond("SOFTWARE_TOKEN_MFA", session, with(stage.code(&seed, 0))).await;
    assert_eq!(told(&used), "400 CodeMismatchException: Invalid code received for user", "it was used");
    stage.advance(30);
    let code = stage.code(&seed, 0);
    let tokens = Tokens::of(&stage.respond("SOFTWARE_TOKEN_MFA", session, with(code.clone())).await);
    assert_eq!(stage.get_user(&tokens).await, "200");
    assert_eq!(told(&stage.respond("SOFTWARE_TOKEN_MFA", session, with(code.clone())).await), SPENT);
    let again = stage.sign_in("ana", PASSWORD).await;
    let replayed = stage.respond("SOFTWARE_TOKEN_MFA", &again.1["Session"], with(code)).await;
    assert!(told(&replayed).starts_with("400 CodeMismatchException"));
    for _ in 0..5 {
        stage.respond("SOFTWARE_TOKEN_MFA", &again.1["Session"], with("000000".to_owned())).await;
    }
    stage.advance(30);
    let off = json!({ "AccessToken": tokens.access, "SoftwareTokenMfaSettings": { "Enabled": false } });
    assert!(told(&stage.door.person("SetUserMFAPreference", off).await).contains("cannot be turned off"));
}

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

#[tokio::test]
async fn people_sign_up_with_a_code() {
    let pool = json!({ "AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"] });
    let stage = Stage::open(pool, json!({})).await;
    let up = |name: &str, email: &str| {
        let attributes = json!([{ "Name": "email", "Value": email }]);
        json!({ "Username": name, "Password": PASSWORD, "UserAttributes": attributes })
    };
    let made = stage.person("SignUp", up("bo", "bo@example.com")).await;
    assert_eq!(
        (&made.1["UserConfirmed"], &made.1["CodeDeliveryDetails"]["Destination"]),
        (&json!(false), &json!("b***@e***"))
    );
    let code = stage.door.garita.mail.code();
    assert_eq!(
        told(&stage.sign_in("bo", PASSWORD).await),
        "400 UserNotConfirmedException: User is not confirmed."
    );
    assert_eq!(told(&stage.sign_in("bo", "Wrong-password-1").await), WRONG);
    assert_eq!(
        told(&stage.person("SignUp", up("bo", "x@example.com")).await),
        "400 UsernameExistsException: User already exists"
    );
    let proof = json!([{ "Name": "email_verified", "Value": "true" }]);
    let forged = json!({ "Username": "eve", "Password": PASSWORD, "UserAttributes": proof });
    assert!(told(&stage.person("SignUp", forged).await).contains("unauthorized attribute"));
    let confirm = |code: &str| json!({ "Username": "bo", "ConfirmationCode": code });
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert!(
        told(&stage.person("ConfirmSignUp", confirm(wrong)).await).starts_with("400 CodeMismatchException")
    );
    let again = stage.person("ResendConfirmationCode", json!({ "Username": "bo" })).await;
    assert_eq!(again.1["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL");
    tokio::task::yield_now().await;
    let newer = stage.door.garita.mail.code();
    assert!(
        told(&stage.person("ConfirmSignUp", confirm(&code)).await).starts_with("400 CodeMismatch"),
        "only the newest"
    );
    assert_eq!(told(&stage.person("ConfirmSignUp", confirm(&newer)).await), "200");
    assert!(
        told(&stage.person("ConfirmSignUp", confirm(&newer)).await).starts_with("400 CodeMismatch"),
        "twice"
    );
    Tokens::of(&stage.sign_in("bo@example.com", PASSWORD).await);

    stage.person("SignUp", up("eve", "bo@example.com")).await;
    let code = stage.door.garita.mail.code();
    let stolen = stage.person("ConfirmSignUp", json!({ "Username": "eve", "ConfirmationCode": code })).await;
    assert_eq!(told(&stolen), "400 AliasExistsException: An account with the email already exists.");
    for _ in 0..5 {
        assert_eq!(stage.person("ResendConfirmationCode", json!({ "Username": "eve" })).await.0, 200);
    }
    let sixth = stage.person("ResendConfirmationCode", json!({ "Username": "eve" })).await;
    assert_eq!(
        told(&sixth),
        "400 LimitExceededException: Attempt limit exceeded, please try after some time."
    );
    let closed =
        Stage::open(json!({ "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true } }), json!({}))
            .await;
    assert!(
        told(&closed.person("SignUp", up("bo", "b@example.com")).await).contains("SignUp is not permitted")
    );
}

#[tokio::test]
async fn a_forgotten_password_is_set_with_a_code_that_counts_once_and_in_time() {
    let stage = Stage::usual().await;
    let tokens = stage.signed_in().await;
    let forgot = json!({ "Username": "ana" });
    let sent = stage.person("ForgotPassword", forgot.clone()).await;
    assert_eq!(sent.1["CodeDeliveryDetails"]["Destination"], "a***@e***");
    tokio::task::yield_now().await;
    let code = stage.door.garita.mail.code();
    let confirm = |code: &str, password: &str| json!({ "Username": "ana", "ConfirmationCode": code, "Password": password });
    let weak = stage.person("ConfirmForgotPassword", confirm(&code, "weak")).await;
    assert!(told(&weak).starts_with("400 InvalidPasswordException"));
    let reset = stage.person("ConfirmForgotPassword", confirm(&code, "Another-one-2")).await;
    assert_eq!(told(&reset), "200");
    assert_eq!(stage.get_user(&tokens).await, "400 NotAuthorizedException: Access Token has been revoked");
    assert_eq!(told(&stage.sign_in("ana", PASSWORD).await), WRONG);
    Tokens::of(&stage.sign_in("ana", "Another-one-2").await);
    let twice = stage.person("ConfirmForgotPassword", confirm(&code, "Another-one-3")).await;
    assert!(told(&twice).starts_with("400 CodeMismatchException"));

    stage.person("ForgotPassword", forgot).await;
    tokio::task::yield_now().await;
    let code = stage.door.garita.mail.code();
    stage.advance(3_600);
    let late = stage.person("ConfirmForgotPassword", confirm(&code, "Another-one-3")).await;
    assert!(told(&late).starts_with("400 ExpiredCodeException"));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let mut replies = Vec::new();
    for _ in 0..20 {
        replies.push(told(&stage.person("ConfirmForgotPassword", confirm(wrong, "Another-one-3")).await));
    }
    let last = replies.last().unwrap();
    assert_eq!(last, "400 LimitExceededException: Attempt limit exceeded, please try after some time.");
}

#[tokio::test]
async fn people_look_after_themselves() {
    let pool = json!({ "AutoVerifiedAttributes": ["email"], "UserAttributeUpdateSettings": { "AttributesRequireVerificationBeforeUpdate": ["email"] } });
    let stage = Stage::open(
        pool,
        json!({ "WriteAttributes": ["email", "name"], "ReadAttributes": ["email", "name"] }),
    )
    .await;
    let (tokens, other) = (stage.signed_in().await, stage.signed_in().await);
    let own = async |operation: &str, more: Value| {
        let mut input = json!({ "AccessToken": tokens.access });
        join(&mut input, more);
        stage.door.person(operation, input).await
    };
    let set = |name: &str, value: &str| json!({ "UserAttributes": [{ "Name": name, "Value": value }] });
    assert_eq!(told(&own("UpdateUserAttributes", set("name", "Ana")).await), "200");
    assert!(
        told(&own("UpdateUserAttributes", set("nickname", "A")).await).contains("unauthorized attribute")
    );
    assert!(
        told(&own("UpdateUserAttributes", set("email_verified", "true")).await)
            .contains("unauthorized attribute")
    );
    let sent = own("UpdateUserAttributes", set("email", "new@example.com")).await;
    assert_eq!(sent.1["CodeDeliveryDetailsList"][0]["Destination"], "n***@e***");
    let code = stage.door.garita.mail.code();
    let shown = own("GetUser", json!({})).await.1["UserAttributes"].to_string();
    assert!(
        shown.contains("ana@example.com")
            && !shown.contains("new@example.com")
            && !shown.contains("verified"),
        "{shown}"
    );
    let verify = json!({ "AttributeName": "email", "Code": code });
    assert_eq!(told(&own("VerifyUserAttribute", verify.clone()).await), "200");
    assert!(
        told(&own("VerifyUserAttribute", verify).await).starts_with("400 CodeMismatchException"),
        "twice"
    );
    let shown = own("GetUser", json!({})).await.1["UserAttributes"].to_string();
    assert!(shown.contains("new@example.com"), "{shown}");

    let change =
        |previous: &str| json!({ "PreviousPassword": previous, "ProposedPassword": "Another-one-2" });
    assert_eq!(told(&own("ChangePassword", change("Wrong-password-1")).await), WRONG);
    assert_eq!(told(&own("ChangePassword", change(PASSWORD)).await), "200");
    assert_eq!(stage.get_user(&tokens).await, "200", "this sign-in goes on");
    assert_eq!(stage.get_user(&other).await, "400 NotAuthorizedException: Access Token has been revoked");
    let with_id = json!({ "AccessToken": tokens.id });
    assert_eq!(
        told(&stage.door.person("GetUser", with_id).await),
        "400 NotAuthorizedException: Invalid Access Token"
    );
    assert_eq!(told(&own("GlobalSignOut", json!({})).await), "200");
    assert_eq!(stage.get_user(&tokens).await, "400 NotAuthorizedException: Access Token has been revoked");
    let tokens = Tokens::of(&stage.sign_in("ana", "Another-one-2").await);
    assert_eq!(told(&stage.door.person("DeleteUser", json!({ "AccessToken": tokens.access })).await), "200");
    assert_eq!(told(&stage.sign_in("ana", "Another-one-2").await), WRONG);
}

/// Anything of the group.
const SRP_A: &str = "7b3f9c4e21";

impl Stage {
    async fn ask_for_srp(&self, name: &str, srp_a: &str) -> (u16, Value) {
        let parameters = json!({ "USERNAME": name, "SRP_A": srp_a });
        self.person("InitiateAuth", json!({ "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters }))
            .await
    }

    /// An answer with a proof that is none.
    async fn prove(&self, name: &str, asked: &Value) -> (u16, Value) {
        let responses = json!({
            "USERNAME": name, "PASSWORD_CLAIM_SECRET_BLOCK": asked["ChallengeParameters"]["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": "bm90aGluZw==", "TIMESTAMP": "Sat Nov 21 00:16:09 UTC 2026",
        });
        let answer = json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses });
        self.person("RespondToAuthChallenge", answer).await
    }
}

fn with_srp() -> Value {
    json!({ "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"] })
}

#[tokio::test]
async fn srp_is_open_only_where_the_client_says_so() {
    let stage = Stage::usual().await;
    let closed = "400 InvalidParameterException: USER_SRP_AUTH is not enabled for the client.";
    assert_eq!(told(&stage.ask_for_srp("ana", SRP_A).await), closed);
    assert_eq!(
        told(&stage.prove("ana", &json!({ "ChallengeParameters": { "SECRET_BLOCK": "AA==" } })).await),
        closed
    );
    let made = json!({ "ClientName": "of no flows" });
    let (_, made) = stage.admin("CreateUserPoolClient", made).await;
    assert_eq!(made["UserPoolClient"]["ExplicitAuthFlows"], json!(["ALLOW_REFRESH_TOKEN_AUTH"]));
}

#[tokio::test]
async fn srp_tells_nobody_from_somebody() {
    let stage = Stage::open(json!({ "UsernameAttributes": ["email"] }), with_srp()).await;
    for name in ["ana@example.com", "nobody@example.com"] {
        let (status, asked) = stage.ask_for_srp(name, SRP_A).await;
        assert_eq!((status, &asked["ChallengeName"]), (200, &json!("PASSWORD_VERIFIER")));
        let given = &asked["ChallengeParameters"];
        let again = stage.ask_for_srp(name, SRP_A).await.1;
        for stays in ["SALT", "USER_ID_FOR_SRP", "USERNAME"] {
            assert_eq!(given[stays], again["ChallengeParameters"][stays], "{stays} of {name}");
        }
        for drawn in ["SRP_B", "SECRET_BLOCK"] {
            assert_ne!(given[drawn], again["ChallengeParameters"][drawn], "{drawn} of {name}");
        }
        let id = given["USER_ID_FOR_SRP"].as_str().unwrap();
        assert!(id.len() == 36 && id.as_bytes().get(14) == Some(&b'4'), "{id}");
        assert_eq!(given["SALT"].as_str().unwrap().len(), 32);
        // Sent passwords and proofs are counted together.
        for _ in 0..3 {
            assert_eq!(told(&stage.prove(id, &asked).await), WRONG);
        }
        for _ in 0..2 {
            assert_eq!(told(&stage.sign_in(name, "Wrong-password-1").await), WRONG);
        }
        let exceeded = "400 NotAuthorizedException: Password attempts exceeded";
        assert_eq!(told(&stage.prove(name, &asked).await), exceeded);
        assert_eq!(told(&stage.sign_in(name, PASSWORD).await), exceeded);
        let alien = "400 NotAuthorizedException: Invalid session for the user.";
        assert_eq!(told(&stage.prove("another@example.com", &asked).await), alien);
    }
}

#[tokio::test]
async fn srp_values_that_settle_the_answer_are_refused() {
    let stage = Stage::open(json!({}), with_srp()).await;
    for srp_a in ["0", "00", "xyz", &"f".repeat(1_000)] {
        let refused = told(&stage.ask_for_srp("ana", srp_a).await);
        assert_eq!(refused, "400 InvalidParameterException: `SRP_A` is not a valid public value");
    }
    let asked = stage.ask_for_srp("ana", SRP_A).await.1;
    stage.advance(180);
    let late = told(&stage.prove("ana", &asked).await);
    assert_eq!(late, "400 NotAuthorizedException: Invalid session for the user.");
}
