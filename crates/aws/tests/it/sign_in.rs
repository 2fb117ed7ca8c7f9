//! People sign in over the wire, with a password and a second factor; and what is refused to those who try.

mod passkey;
mod refresh;
mod sign_up;
mod srp;
mod states;

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
    let (role, other) = ("arn:aws:iam::111122223333:role/reader", "arn:aws:iam::111122223333:role/approver");
    for (group, precedence, role) in [("readers", 3, role), ("approvers", 2, other), ("admins", 1, role)] {
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
        (&id, "cognito:groups", json!(["admins", "approvers", "readers"])),
        (&access, "cognito:groups", json!(["admins", "approvers", "readers"])),
        (&id, "cognito:roles", json!([role, other])),
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
async fn a_password_set_meanwhile_ends_the_challenges_of_the_one_before() {
    let stage = Stage::usual().await;
    let tokens = stage.signed_in().await;
    let config = json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } });
    assert_eq!(told(&stage.admin("SetUserPoolMfaConfig", config).await), "200");
    let access = tokens.access.as_str();
    let made = stage.door.person("AssociateSoftwareToken", json!({ "AccessToken": access })).await;
    let seed = made.1["SecretCode"].as_str().unwrap().to_owned();
    let verify = json!({ "AccessToken": access, "UserCode": stage.code(&seed, 0) });
    assert_eq!(told(&stage.door.person("VerifySoftwareToken", verify).await), "200");
    let on = json!({ "AccessToken": access, "SoftwareTokenMfaSettings": { "Enabled": true } });
    assert_eq!(told(&stage.door.person("SetUserMFAPreference", on).await), "200");
    let for_code = stage.sign_in("ana", PASSWORD).await;
    assert_eq!(for_code.1["ChallengeName"], "SOFTWARE_TOKEN_MFA");
    let change =
        json!({ "AccessToken": access, "PreviousPassword": PASSWORD, "ProposedPassword": "Another-one-2" });
    assert_eq!(told(&stage.door.person("ChangePassword", change).await), "200");
    stage.advance(30);
    let code = json!({ "SOFTWARE_TOKEN_MFA_CODE": stage.code(&seed, 0) });
    let answered = stage.respond("SOFTWARE_TOKEN_MFA", &for_code.1["Session"], code.clone()).await;
    assert_eq!(told(&answered), SPENT);
    let anew = stage.sign_in("ana", "Another-one-2").await.1["Session"].clone();
    Tokens::of(&stage.respond("SOFTWARE_TOKEN_MFA", &anew, code).await);
}

#[tokio::test]
async fn a_password_set_meanwhile_ends_setting_an_authenticator_up() {
    let stage = Stage::usual().await;
    let tokens = stage.signed_in().await;
    let config = json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } });
    assert_eq!(told(&stage.admin("SetUserPoolMfaConfig", config).await), "200");
    let asked = stage.sign_in("ana", PASSWORD).await;
    assert_eq!(asked.1["ChallengeName"], "MFA_SETUP");
    let change = json!({
        "AccessToken": tokens.access, "PreviousPassword": PASSWORD, "ProposedPassword": "Another-one-2",
    });
    assert_eq!(told(&stage.door.person("ChangePassword", change).await), "200");
    let set_up = stage.door.person("AssociateSoftwareToken", json!({ "Session": asked.1["Session"] })).await;
    assert_eq!(told(&set_up), SPENT);
}
