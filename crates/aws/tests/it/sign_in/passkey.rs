//! Passkeys over the wire: registered, signed in with, alone and as the second factor; and what is refused.

use garita_testkit::{Authenticator, Kind, Says};

use super::*;

const SITE: &str = "http://garita.test";

/// A pool where people may begin with a passkey, and whoever has made one.
struct Passkeys {
    stage: Stage,
    tokens: Tokens,
}

impl Passkeys {
    async fn open(more: Value) -> Self {
        let policies = json!({ "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"] } });
        let mut pool = json!({ "Policies": policies });
        join(&mut pool, more);
        let flows = [
            "ALLOW_USER_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ];
        let stage = Stage::open(pool, json!({ "ExplicitAuthFlows": flows })).await;
        let tokens = stage.signed_in().await;
        Self { stage, tokens }
    }

    async fn own(&self, operation: &str, more: Value) -> (u16, Value) {
        let mut input = json!({ "AccessToken": self.tokens.access });
        join(&mut input, more);
        self.stage.door.person(operation, input).await
    }

    async fn begin(&self) -> Value {
        let (status, body) = self.own("StartWebAuthnRegistration", json!({})).await;
        assert_eq!(status, 200, "{body}");
        body["CredentialCreationOptions"].clone()
    }

    async fn complete(&self, credential: Value) -> String {
        told(&self.own("CompleteWebAuthnRegistration", json!({ "Credential": credential })).await)
    }

    async fn register(&self) -> Authenticator {
        let mut authenticator = Authenticator::new(Kind::Es256);
        let made = authenticator.create(&self.begin().await, &Says::at(SITE));
        assert_eq!(self.complete(made).await, "200");
        authenticator
    }

    async fn user_auth(&self, name: &str, more: Value) -> (u16, Value) {
        let mut parameters = json!({ "USERNAME": name });
        join(&mut parameters, more);
        let input = json!({ "AuthFlow": "USER_AUTH", "AuthParameters": parameters });
        self.stage.person("InitiateAuth", input).await
    }

    /// A challenge for a passkey: the session and what is to be signed.
    async fn asked(&self) -> (Value, Value) {
        let asked = self.user_auth("ana", json!({ "PREFERRED_CHALLENGE": "WEB_AUTHN" })).await;
        assert_eq!(asked.1["ChallengeName"], "WEB_AUTHN", "{}", asked.1);
        (asked.1["Session"].clone(), options(&asked.1))
    }

    async fn answer(&self, session: &Value, credential: &Value) -> (u16, Value) {
        self.stage.respond("WEB_AUTHN", session, json!({ "CREDENTIAL": credential.to_string() })).await
    }

    async fn configure(&self, config: Value) {
        assert_eq!(told(&self.stage.admin("SetUserPoolMfaConfig", config).await), "200");
    }
}

fn options(body: &Value) -> Value {
    serde_json::from_str(body["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap()).unwrap()
}

fn failed(answer: &(u16, Value)) -> String {
    told(answer).replace("400 NotAuthorizedException: Passkey sign-in failed: ", "")
}

#[tokio::test]
async fn a_passkey_is_registered_listed_and_taken_away() {
    let passkeys = Passkeys::open(json!({})).await;
    let asked = passkeys.begin().await;
    assert_eq!(asked["rp"]["id"], "garita.test");
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!((&asked["user"]["name"], &asked["attestation"]), (&json!("ana"), &json!("none")));
    let mut authenticator = Authenticator::new(Kind::Es256);
    let made = authenticator.create(&asked, &Says::at(SITE));
    assert_eq!(passkeys.complete(made.clone()).await, "200");
    assert!(passkeys.complete(made.clone()).await.contains("WebAuthnChallengeNotFoundException"), "used");

    let listed = passkeys.own("ListWebAuthnCredentials", json!({ "MaxResults": 1 })).await.1;
    let shown = &listed["Credentials"][0];
    assert_eq!((&shown["CredentialId"], &shown["RelyingPartyId"]), (&made["id"], &json!("garita.test")));
    assert_eq!(shown["AuthenticatorTransports"], json!(["internal", "hybrid"]), "known words only");
    assert_eq!(
        (&shown["AuthenticatorAttachment"], &shown["FriendlyCredentialName"]),
        (&json!("platform"), &json!("Passkey 1"))
    );
    let factors = passkeys.own("GetUserAuthFactors", json!({})).await.1;
    assert_eq!(factors["ConfiguredUserAuthFactors"], json!(["PASSWORD", "WEB_AUTHN"]));

    let again = passkeys.begin().await;
    assert_eq!(again["excludeCredentials"][0]["id"], made["id"]);
    let twice = passkeys.complete(authenticator.create(&again, &Says::at(SITE))).await;
    assert!(twice.contains("registered already"), "{twice}");

    let other = json!({ "CredentialId": "AAAA" });
    assert!(
        told(&passkeys.own("DeleteWebAuthnCredential", other).await).contains("ResourceNotFoundException")
    );
    let id = json!({ "CredentialId": made["id"] });
    assert_eq!(told(&passkeys.own("DeleteWebAuthnCredential", id).await), "200");
    assert_eq!(passkeys.own("ListWebAuthnCredentials", json!({})).await.1["Credentials"], json!([]));
}

#[tokio::test]
async fn registrations_that_are_not_right_are_refused() {
    let passkeys = Passkeys::open(json!({})).await;
    let truth = || Says::at(SITE);
    for (says, code) in [
        (Says::at("https://evil.example"), "WebAuthnOriginNotAllowedException"),
        (
            Says { relying_party: Some("evil.example".into()), ..truth() },
            "WebAuthnRelyingPartyMismatchException",
        ),
        (Says { challenge: Some("AAAA".into()), ..truth() }, "WebAuthnChallengeNotFoundException"),
        (Says { present: false, ..truth() }, "InvalidParameterException"),
        (Says { ceremony: Some("webauthn.get"), ..truth() }, "InvalidParameterException"),
    ] {
        let asked = passkeys.begin().await;
        let refused = passkeys.complete(Authenticator::new(Kind::Es256).create(&asked, &says)).await;
        assert!(refused.contains(code), "{says:?}: {refused}");
    }
    let asked = passkeys.begin().await;
    passkeys.stage.advance(300);
    let late = passkeys.complete(Authenticator::new(Kind::Es256).create(&asked, &truth())).await;
    assert!(late.contains("WebAuthnChallengeNotFoundException"), "{late}");
    let aligned = Says::at("https://app.garita.test:8443");
    let made = Authenticator::new(Kind::EdDsa).create(&passkeys.begin().await, &aligned);
    assert_eq!(passkeys.complete(made).await, "200", "an app's own page below the relying party");
    assert!(passkeys.complete(json!({ "id": 1 })).await.contains("InvalidParameterException"));

    let without = Stage::usual().await;
    let tokens = without.signed_in().await;
    let refused =
        without.door.person("StartWebAuthnRegistration", json!({ "AccessToken": tokens.access })).await;
    assert!(told(&refused).contains("WebAuthnNotEnabledException"), "{}", told(&refused));
}

#[tokio::test]
async fn another_client_cannot_finish_what_one_began() {
    let mut passkeys = Passkeys::open(json!({})).await;
    let asked = passkeys.begin().await;
    let made = Authenticator::new(Kind::Es256).create(&asked, &Says::at(SITE));
    let flows = json!({ "ClientName": "b", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"] });
    let other = passkeys.stage.admin("CreateUserPoolClient", flows).await.1;
    passkeys.stage.client = other["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    passkeys.tokens = passkeys.stage.signed_in().await;
    assert!(passkeys.complete(made).await.contains("WebAuthnClientMismatchException"));
}

#[tokio::test]
async fn a_passkey_alone_signs_in_and_is_good_once() {
    let passkeys = Passkeys::open(json!({})).await;
    let mut authenticator = passkeys.register().await;
    let (session, asked) = passkeys.asked().await;
    assert_eq!(asked["allowCredentials"].as_array().unwrap().len(), 1);
    let credential = authenticator.get(&asked, &Says::at(SITE));
    let signed_in = passkeys.answer(&session, &credential).await;
    assert_eq!(passkeys.stage.get_user(&Tokens::of(&signed_in)).await, "200");
    assert_eq!(told(&passkeys.answer(&session, &credential).await), SPENT);
    let (later, _) = passkeys.asked().await;
    assert_eq!(failed(&passkeys.answer(&later, &credential).await), "the answer is to another challenge.");

    // By way of a choice, in two steps and in one.
    let chosen = passkeys.user_auth("ana", json!({})).await.1;
    assert_eq!(chosen["AvailableChallenges"], json!(["WEB_AUTHN", "PASSWORD_SRP", "PASSWORD"]));
    let next = passkeys
        .stage
        .respond("SELECT_CHALLENGE", &chosen["Session"], json!({ "ANSWER": "WEB_AUTHN" }))
        .await
        .1;
    assert_eq!(next["ChallengeName"], "WEB_AUTHN");
    let credential = authenticator.get(&options(&next), &Says::at(SITE));
    Tokens::of(&passkeys.answer(&next["Session"], &credential).await);
    let chosen = passkeys.user_auth("ana", json!({})).await.1;
    let credential = authenticator.get(&options(&chosen), &Says::at(SITE)).to_string();
    let both = json!({ "ANSWER": "WEB_AUTHN", "CREDENTIAL": credential });
    Tokens::of(&passkeys.stage.respond("SELECT_CHALLENGE", &chosen["Session"], both).await);
}

#[tokio::test]
async fn a_passkey_that_lies_or_is_another_ones_is_refused() {
    let passkeys = Passkeys::open(json!({})).await;
    let mut authenticator = passkeys.register().await;
    let truth = || Says::at(SITE);
    for (says, why) in [
        (Says::at("https://evil.example"), "the page that asked is not one of this relying party."),
        (Says { relying_party: Some("x".into()), ..truth() }, "the passkey is for another relying party."),
        (Says { ceremony: Some("webauthn.create"), ..truth() }, "the answer is to another kind of question."),
        (Says { present: false, ..truth() }, "the authenticator did not see that somebody is there."),
        (Says { handle: Some(vec![1; 16]), ..truth() }, "the answer is of another passkey."),
        (Says { extra: vec![0], ..truth() }, "the answer is not well-formed."),
    ] {
        let (session, asked) = passkeys.asked().await;
        let answer = passkeys.answer(&session, &authenticator.get(&asked, &says)).await;
        assert_eq!(failed(&answer), why, "{says:?}");
    }
    let (session, asked) = passkeys.asked().await;
    Tokens::of(&passkeys.answer(&session, &authenticator.get(&asked, &truth())).await);
    let (session, asked) = passkeys.asked().await;
    let copied = Says { counter: Some(1), ..truth() };
    let answer = passkeys.answer(&session, &authenticator.get(&asked, &copied)).await;
    assert_eq!(failed(&answer), "the counter of the authenticator did not move on.");

    passkeys.stage.user("bo").await;
    let bo =
        Passkeys { tokens: Tokens::of(&passkeys.stage.sign_in("bo", PASSWORD).await), stage: passkeys.stage };
    let mut of_bo = bo.register().await;
    let (session, asked) = bo.asked().await;
    let answer = bo.answer(&session, &of_bo.get(&asked, &Says::at(SITE))).await;
    assert_eq!(failed(&answer), "the answer is of another passkey.", "bo's passkey for ana");
}

#[tokio::test]
async fn passwords_may_be_chosen_and_names_stay_hidden() {
    let passkeys = Passkeys::open(json!({})).await;
    for (name, right) in [("ana", true), ("nobody", false)] {
        let asked = passkeys.user_auth(name, json!({ "PREFERRED_CHALLENGE": "WEB_AUTHN" })).await;
        assert_eq!(told(&asked), "200");
        assert_eq!(asked.1["ChallengeName"], "SELECT_CHALLENGE");
        assert_eq!(asked.1["AvailableChallenges"], json!(["PASSWORD_SRP", "PASSWORD"]), "{name}");
        assert_eq!(asked.1["ChallengeParameters"], json!({}));
        let answer = json!({ "USERNAME": name, "ANSWER": "PASSWORD", "PASSWORD": PASSWORD });
        let input = json!({ "ChallengeName": "SELECT_CHALLENGE", "Session": asked.1["Session"], "ChallengeResponses": answer });
        let answered = passkeys.stage.person("RespondToAuthChallenge", input).await;
        assert_eq!(told(&answered), if right { "200" } else { WRONG });
    }
    let once = json!({ "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD });
    Tokens::of(&passkeys.user_auth("ana", once).await);
    let asked = passkeys.user_auth("ana", json!({ "PREFERRED_CHALLENGE": "PASSWORD" })).await.1;
    assert_eq!(asked["ChallengeName"], "PASSWORD");
    let wrong = passkeys.stage.respond("PASSWORD", &asked["Session"], json!({ "PASSWORD": "wrong" })).await;
    assert_eq!(told(&wrong), WRONG);
    Tokens::of(&passkeys.stage.respond("PASSWORD", &asked["Session"], json!({ "PASSWORD": PASSWORD })).await);
    let srp = passkeys.user_auth("ana", json!({ "PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": "2" })).await;
    assert_eq!(srp.1["ChallengeName"], "PASSWORD_VERIFIER");
    let step_up = passkeys.user_auth("ana", json!({ "TARGET_ACR_VALUES": "x" })).await;
    assert!(told(&step_up).contains("not supported"), "{}", told(&step_up));
    let closed = Stage::usual().await;
    let input = json!({ "AuthFlow": "USER_AUTH", "AuthParameters": { "USERNAME": "ana" } });
    assert!(told(&closed.person("InitiateAuth", input).await).contains("not enabled for the client"));
}

/// A pool that asks a second factor of everyone, with a passkey that stands for two and an authenticator app.
async fn with_two_factors() -> (Passkeys, Authenticator) {
    let passkeys = Passkeys::open(json!({})).await;
    let authenticator = passkeys.register().await;
    let made = passkeys.own("AssociateSoftwareToken", json!({})).await.1;
    let code = passkeys.stage.code(made["SecretCode"].as_str().unwrap(), 0);
    assert_eq!(told(&passkeys.own("VerifySoftwareToken", json!({ "UserCode": code })).await), "200");
    let multi = json!({ "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION", "UserVerification": "preferred" });
    passkeys.configure(json!({ "WebAuthnConfiguration": multi })).await;
    let alone = json!({ "WebAuthnMfaSettings": { "Enabled": true } });
    assert!(
        told(&passkeys.own("SetUserMFAPreference", alone.clone()).await).contains("another second factor")
    );
    let token = json!({ "SoftwareTokenMfaSettings": { "Enabled": true } });
    assert_eq!(told(&passkeys.own("SetUserMFAPreference", token).await), "200");
    assert_eq!(told(&passkeys.own("SetUserMFAPreference", alone).await), "200");
    let shown = passkeys.own("GetUser", json!({})).await.1;
    assert_eq!(shown["UserMFASettingList"], json!(["SOFTWARE_TOKEN_MFA", "WEB_AUTHN"]));
    passkeys
        .configure(json!({ "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": { "Enabled": true } }))
        .await;
    (passkeys, authenticator)
}

#[tokio::test]
async fn the_last_second_factor_stays_whatever_it_is() {
    const NEEDED: &str = "400 InvalidParameterException: User pool requires MFA: it cannot be turned off";
    let (passkeys, _) = with_two_factors().await;
    let off = json!({ "SoftwareTokenMfaSettings": { "Enabled": false } });
    assert_eq!(told(&passkeys.own("SetUserMFAPreference", off).await), "200", "the passkey is there");
    let listed = passkeys.own("ListWebAuthnCredentials", json!({})).await.1;
    let delete = async |id: &Value| {
        told(&passkeys.own("DeleteWebAuthnCredential", json!({ "CredentialId": id })).await)
    };
    let first = &listed["Credentials"][0]["CredentialId"];
    assert_eq!(delete(first).await, NEEDED);
    passkeys.register().await;
    assert_eq!(delete(first).await, "200", "one of two");
    let listed = passkeys.own("ListWebAuthnCredentials", json!({})).await.1;
    let second = &listed["Credentials"][0]["CredentialId"];
    assert_eq!(delete(second).await, NEEDED);

    // A group that asks for one does as well as the pool.
    passkeys.configure(json!({ "MfaConfiguration": "OPTIONAL" })).await;
    passkeys.stage.admin("CreateGroup", json!({ "GroupName": "g" })).await;
    passkeys.stage.admin("AdminAddUserToGroup", json!({ "Username": "ana", "GroupName": "g" })).await;
    let arn = passkeys.stage.admin("DescribeUserPool", json!({})).await.1["UserPool"]["Arn"].clone();
    let tags = json!({ "ResourceArn": arn, "Tags": { "garita:require-mfa/g": "true" } });
    assert_eq!(told(&passkeys.stage.door.pools("TagResource", tags).await), "200");
    assert_eq!(delete(second).await, NEEDED);
    let free = json!({ "Username": "ana", "WebAuthnMfaSettings": { "Enabled": false } });
    assert_eq!(told(&passkeys.stage.admin("AdminSetUserMFAPreference", free).await), "200");
    assert_eq!(delete(second).await, "200", "it is none any more");
}

#[tokio::test]
async fn a_verified_passkey_stands_for_two_factors_where_the_pool_says_so() {
    let (passkeys, mut authenticator) = with_two_factors().await;
    let (session, asked) = passkeys.asked().await;
    assert_eq!(asked["userVerification"], "required");
    let unverified = Says { verified: false, ..Says::at(SITE) };
    let refused = passkeys.answer(&session, &authenticator.get(&asked, &unverified)).await;
    assert_eq!(failed(&refused), "the authenticator did not verify its user.");
    let credential = authenticator.get(&asked, &Says::at(SITE));
    Tokens::of(&passkeys.answer(&session, &credential).await);

    passkeys.configure(json!({ "WebAuthnConfiguration": { "FactorConfiguration": "SINGLE_FACTOR" } })).await;
    let offered = passkeys.user_auth("ana", json!({ "PREFERRED_CHALLENGE": "WEB_AUTHN" })).await.1;
    assert_eq!(
        offered["AvailableChallenges"],
        json!(["PASSWORD_SRP", "PASSWORD"]),
        "one factor is not enough"
    );
    let shown = passkeys.stage.admin("GetUserPoolMfaConfig", json!({})).await.1;
    assert_eq!(shown["WebAuthnConfiguration"]["FactorConfiguration"], "SINGLE_FACTOR");
}

#[tokio::test]
async fn a_challenge_given_before_the_rules_changed_is_held_to_the_new_ones() {
    let (passkeys, mut authenticator) = with_two_factors().await;
    let (session, asked) = passkeys.asked().await;
    passkeys.configure(json!({ "WebAuthnConfiguration": { "FactorConfiguration": "SINGLE_FACTOR" } })).await;
    let late = passkeys.answer(&session, &authenticator.get(&asked, &Says::at(SITE))).await;
    assert_eq!(failed(&late), "the answer is of another passkey.");
}

#[tokio::test]
async fn a_passkey_is_the_second_factor_of_who_has_no_other() {
    let (passkeys, mut authenticator) = with_two_factors().await;
    let off = json!({ "SoftwareTokenMfaSettings": { "Enabled": false } });
    assert_eq!(told(&passkeys.own("SetUserMFAPreference", off).await), "200");
    let asked = passkeys.stage.sign_in("ana", PASSWORD).await.1;
    assert_eq!(asked["ChallengeName"], "WEB_AUTHN");
    let set_up =
        passkeys.stage.door.person("AssociateSoftwareToken", json!({ "Session": asked["Session"] })).await;
    assert_eq!(told(&set_up), SPENT, "who has a factor does not set another one up instead");
    let credential = authenticator.get(&options(&asked), &Says::at(SITE));
    Tokens::of(&passkeys.answer(&asked["Session"], &credential).await);
    assert_eq!(told(&passkeys.answer(&asked["Session"], &credential).await), SPENT);
}

#[tokio::test]
async fn a_group_asks_a_second_factor_of_its_members_alone() {
    let stage = Stage::usual().await;
    stage.user("bo").await;
    let arn = stage.admin("DescribeUserPool", json!({})).await.1["UserPool"]["Arn"].clone();
    let tags = json!({ "ResourceArn": arn, "Tags": { "garita:require-mfa/admins": "true" } });
    assert_eq!(told(&stage.door.pools("TagResource", tags).await), "200");
    stage.admin("CreateGroup", json!({ "GroupName": "admins" })).await;
    let before = stage.signed_in().await;
    let join = json!({ "GroupName": "admins", "Username": "ana" });
    assert_eq!(told(&stage.admin("AdminAddUserToGroup", join).await), "200");
    assert_eq!(stage.sign_in("ana", PASSWORD).await.1["ChallengeName"], "MFA_SETUP");
    Tokens::of(&stage.sign_in("bo", PASSWORD).await);
    let refused = told(&stage.refresh(&before.refresh).await);
    assert!(refused.contains("second factor"), "no new tokens for a sign-in without one: {refused}");
    let tags = json!({ "ResourceArn": arn, "Tags": { "garita:require-mfa/admins": "false" } });
    stage.door.pools("TagResource", tags).await;
    Tokens::of(&stage.sign_in("ana", PASSWORD).await);
    assert_eq!(told(&stage.refresh(&before.refresh).await), "200");
}
