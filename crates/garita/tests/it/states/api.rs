//! What the AWS API is asked: every operation that needs no signature, and those that sign somebody in for another.

use garita_testkit::{SRP_TIMESTAMP, srp_claim};
use serde_json::{Value, json};

use super::Row;
use super::doors::Reply;
use super::state::Thing::{
    self, Client, Code, Enabled, Former, Key, OneFactor, Password, PasswordCode, Pool, Settled, SignIn, Try,
    User,
};
use super::world::{PASSWORD, World};

const OTHER: &str = "Tell-nobody-3";

/// Rests on an access token.
macro_rules! own {
    ($name:literal) => {
        Row::new($name, "", &[Pool, Client, User, Enabled, Former, SignIn, Key])
    };
}
/// Rests on a password, and on nothing more being asked.
macro_rules! by_password {
    ($name:literal, $variant:literal) => {
        Row::new($name, $variant, &[Pool, Client, User, Enabled, Settled, Password, Try, OneFactor])
    };
}
/// Rests on a challenge of before that stands for one factor.
macro_rules! by_challenge {
    ($name:literal, $variant:literal) => {
        Row::new($name, $variant, &[Pool, Client, User, Enabled, Settled, Former, OneFactor])
    };
}

pub(super) const ROWS: &[Row<Thing>] = &[
    by_password!("InitiateAuth", "USER_PASSWORD_AUTH"),
    // Tells nobody from anybody, so it has the same answer for those who may not.
    Row::new("InitiateAuth", "USER_SRP_AUTH", &[Pool, Client]),
    Row::new("InitiateAuth", "USER_AUTH", &[Pool, Client]),
    by_password!("InitiateAuth", "USER_AUTH with a password"),
    Row::new(
        "InitiateAuth",
        "REFRESH_TOKEN_AUTH",
        &[Pool, Client, User, Enabled, Settled, Former, SignIn, OneFactor],
    ),
    by_password!("RespondToAuthChallenge", "SELECT_CHALLENGE"),
    // What is stored of a password for SRP changes with it, also where it stays the same.
    by_password!("RespondToAuthChallenge", "PASSWORD_VERIFIER"),
    by_password!("RespondToAuthChallenge", "PASSWORD_VERIFIER of before"),
    by_challenge!("RespondToAuthChallenge", "WEB_AUTHN"),
    by_challenge!("RespondToAuthChallenge", "NEW_PASSWORD_REQUIRED"),
    Row::new("RespondToAuthChallenge", "SOFTWARE_TOKEN_MFA", &[Pool, Client, User, Enabled, Settled, Former]),
    Row::new("RespondToAuthChallenge", "MFA_SETUP", &[Pool, Client, User, Enabled, Settled, Former]),
    Row::new(
        "GetTokensFromRefreshToken",
        "",
        &[Pool, Client, User, Enabled, Settled, Former, SignIn, OneFactor],
    ),
    // A token that is known no longer is as good as revoked: RFC 7009 section 2.2.
    Row::new("RevokeToken", "", &[Pool, Client]),
    Row::new("SignUp", "", &[Pool, Client]),
    Row::new("ConfirmSignUp", "", &[Pool, Client, User, Enabled, Code]),
    // Like a name that nobody has.
    Row::new("ResendConfirmationCode", "", &[Pool, Client]),
    Row::new("ForgotPassword", "", &[Pool, Client]),
    Row::new("ConfirmForgotPassword", "", &[Pool, Client, User, Enabled, PasswordCode]),
    own!("GetUser"),
    own!("UpdateUserAttributes"),
    own!("DeleteUserAttributes"),
    own!("GetUserAttributeVerificationCode"),
    own!("VerifyUserAttribute"),
    Row::new("ChangePassword", "", &[Pool, Client, User, Enabled, Former, SignIn, Key, Password]),
    own!("GlobalSignOut"),
    own!("DeleteUser"),
    own!("AssociateSoftwareToken"),
    Row::new("AssociateSoftwareToken", "with a session", &[Pool, Client, User, Enabled, Settled, Former]),
    own!("VerifySoftwareToken"),
    Row::new("VerifySoftwareToken", "with a session", &[Pool, Client, User, Enabled, Settled, Former]),
    // Whoever must have a second factor cannot turn it off.
    Row::new("SetUserMFAPreference", "", &[Pool, Client, User, Enabled, Former, SignIn, Key, OneFactor]),
    own!("GetUserAuthFactors"),
    own!("StartWebAuthnRegistration"),
    own!("CompleteWebAuthnRegistration"),
    own!("ListWebAuthnCredentials"),
    own!("DeleteWebAuthnCredential"),
    by_password!("AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH"),
    by_challenge!("AdminRespondToAuthChallenge", "NEW_PASSWORD_REQUIRED"),
    Row::new(
        "AssumeRoleWithWebIdentity",
        "id token of the pool",
        &[Pool, Client, User, Enabled, Former, SignIn, OneFactor, Key],
    ),
];

pub(super) async fn ask(world: &World, row: &Row<Thing>) -> String {
    let input = match (row.endpoint, row.variant) {
        ("InitiateAuth" | "AdminInitiateAuth", flow) => initiate(world, flow),
        ("RespondToAuthChallenge", name) if name.starts_with("PASSWORD_VERIFIER") => {
            match prove(world, name).await {
                Ok(input) => input,
                Err(refused) => return told(&refused),
            }
        }
        ("RespondToAuthChallenge" | "AdminRespondToAuthChallenge", name) => respond(world, name),
        ("AssumeRoleWithWebIdentity", _) => return assume_role(world).await,
        ("GetTokensFromRefreshToken", _) => {
            with_client(world, json!({ "RefreshToken": world.tokens.refresh }))
        }
        ("RevokeToken", _) => with_client(world, json!({ "Token": world.tokens.refresh })),
        (
            "SignUp"
            | "ConfirmSignUp"
            | "ResendConfirmationCode"
            | "ForgotPassword"
            | "ConfirmForgotPassword",
            _,
        ) => with_client(world, named(world, row.endpoint)),
        ("AssociateSoftwareToken", "with a session") => json!({ "Session": world.sessions["sam"] }),
        ("VerifySoftwareToken", "with a session") => {
            let code = world.one_time(&world.secrets["sam's app"]);
            json!({ "Session": world.sessions["sam's app"], "UserCode": code })
        }
        (operation, _) => own(world, operation),
    };
    let reply = match row.endpoint.starts_with("Admin") {
        true => {
            let mut input = input;
            input["UserPoolId"] = world.pool.as_str().into();
            world.doors.admin(row.endpoint, &input).await
        }
        false => world.doors.person(row.endpoint, &input).await,
    };
    told(&reply)
}

/// What a reply says, without what is drawn for each.
fn told(reply: &Reply) -> String {
    let body = reply.json();
    let text = |name: &str| body[name].as_str();
    match (text("__type"), text("ChallengeName")) {
        (Some(code), _) => format!("{} {code}: {}", reply.status, text("message").unwrap_or_default()),
        (_, Some(challenge)) => format!("{} {challenge}", reply.status),
        _ if body.get("AuthenticationResult").is_some() => format!("{} tokens", reply.status),
        _ => reply.status.to_string(),
    }
}

fn with_client(world: &World, mut input: Value) -> Value {
    input["ClientId"] = world.ui.as_str().into();
    input
}

fn initiate(world: &World, variant: &str) -> Value {
    let password = || json!({ "USERNAME": "ana", "PASSWORD": PASSWORD });
    let (flow, parameters) = match variant {
        "USER_SRP_AUTH" => (variant, json!({ "USERNAME": "ana", "SRP_A": "ab".repeat(384) })),
        "USER_AUTH" => (variant, json!({ "USERNAME": "ana" })),
        "USER_AUTH with a password" => {
            let mut preferred = password();
            preferred["PREFERRED_CHALLENGE"] = "PASSWORD".into();
            ("USER_AUTH", preferred)
        }
        "REFRESH_TOKEN_AUTH" => (variant, json!({ "REFRESH_TOKEN": world.tokens.refresh })),
        _ => (variant, password()),
    };
    with_client(world, json!({ "AuthFlow": flow, "AuthParameters": parameters }))
}

fn respond(world: &World, name: &str) -> Value {
    let session = match name {
        "MFA_SETUP" => "a second factor that was set up",
        other => other,
    };
    let responses = match name {
        "SELECT_CHALLENGE" => json!({ "USERNAME": "ana", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD }),
        "WEB_AUTHN" => {
            let credential = world.sign("ana", &world.options["sign in at the API"]).to_string();
            json!({ "USERNAME": "ana", "CREDENTIAL": credential })
        }
        "SOFTWARE_TOKEN_MFA" => {
            let code = world.one_time(&world.secrets["mia's app"]);
            json!({ "USERNAME": "mia", "SOFTWARE_TOKEN_MFA_CODE": code })
        }
        "MFA_SETUP" => json!({ "USERNAME": "sue" }),
        _ => json!({ "USERNAME": "neo", "NEW_PASSWORD": OTHER }),
    };
    let session = &world.sessions[session];
    with_client(world, json!({ "ChallengeName": name, "Session": session, "ChallengeResponses": responses }))
}

/// The right proof of a password that is not sent: on what is given now, or was before.
async fn prove(world: &World, name: &str) -> Result<Value, Reply> {
    let now = match name {
        "PASSWORD_VERIFIER" => Some(world.begin_srp().await?),
        _ => None,
    };
    let given = now.as_ref().or(world.srp.as_ref()).unwrap();
    let responses = json!({
        "USERNAME": given.user_id_for_srp, "PASSWORD_CLAIM_SECRET_BLOCK": given.secret_block,
        "PASSWORD_CLAIM_SIGNATURE": srp_claim(&world.pool, given, PASSWORD), "TIMESTAMP": SRP_TIMESTAMP,
    });
    Ok(with_client(world, json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses })))
}

/// Of those who bring a name, and a code that was sent.
fn named(world: &World, operation: &str) -> Value {
    match operation {
        "SignUp" => json!({ "Username": "max", "Password": PASSWORD }),
        "ConfirmSignUp" => {
            json!({ "Username": "una", "ConfirmationCode": world.secrets["code for a sign-up"] })
        }
        "ResendConfirmationCode" => json!({ "Username": "una" }),
        "ForgotPassword" => json!({ "Username": "ana" }),
        _ => {
            let code = &world.secrets["code for a password"];
            json!({ "Username": "ana", "ConfirmationCode": code, "Password": OTHER })
        }
    }
}

/// Of those who bring an access token.
fn own(world: &World, operation: &str) -> Value {
    let mut input = match operation {
        "UpdateUserAttributes" => json!({ "UserAttributes": [{ "Name": "nickname", "Value": "a" }] }),
        "DeleteUserAttributes" => json!({ "UserAttributeNames": ["nickname"] }),
        "GetUserAttributeVerificationCode" => json!({ "AttributeName": "email" }),
        "VerifyUserAttribute" => {
            json!({ "AttributeName": "email", "Code": world.secrets["code for an address"] })
        }
        "ChangePassword" => json!({ "PreviousPassword": PASSWORD, "ProposedPassword": OTHER }),
        "VerifySoftwareToken" => json!({ "UserCode": world.one_time(&world.secrets["ana's app"]) }),
        "SetUserMFAPreference" => json!({ "SoftwareTokenMfaSettings": { "Enabled": false } }),
        "CompleteWebAuthnRegistration" => json!({ "Credential": world.new_passkey("make at the API") }),
        "DeleteWebAuthnCredential" => json!({ "CredentialId": world.passkey_id("ana") }),
        _ => json!({}),
    };
    input["AccessToken"] = world.tokens.access.as_str().into();
    input
}

/// The pool as a provider of IAM: its id token is one like any other's.
async fn assume_role(world: &World) -> String {
    let role = format!("arn:aws:iam::{}:role/reader", world.doors.account);
    let parameters = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", role.as_str()),
        ("RoleSessionName", "ana"),
        ("WebIdentityToken", world.tokens.id.as_str()),
    ];
    let reply = world.doors.query("sts", false, &parameters).await;
    match reply.between("<Code>", "</Code>") {
        Some(code) => {
            let message = reply.between("<Message>", "</Message>").unwrap_or_default();
            format!("{} {code}: {message}", reply.status)
        }
        None => format!("{} credentials", reply.status),
    }
}
