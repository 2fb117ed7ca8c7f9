//! What `ana`, `mia` and the others hold that comes of the API of user pools.

use std::sync::Mutex;

use garita_app::srp::Parameters;
use garita_testkit::{Authenticator, Kind, Says, srp_a};
use serde_json::{Value, json};

use super::super::doors::{Reply, SITE};
use super::World;

impl World {
    pub(crate) async fn sign_in(&self, name: &str) -> Reply {
        let parameters = json!({ "USERNAME": name, "PASSWORD": self.password });
        let flow = "USER_PASSWORD_AUTH";
        let input = json!({ "ClientId": self.ui, "AuthFlow": flow, "AuthParameters": parameters });
        self.doors.person("InitiateAuth", &input).await
    }

    /// What `eve` is given to prove her password with, or the refusal.
    pub(crate) async fn begin_srp(&self) -> Result<Parameters, Reply> {
        let parameters = json!({ "USERNAME": "eve", "SRP_A": srp_a() });
        let input = json!({ "ClientId": self.ui, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters });
        let reply = self.doors.person("InitiateAuth", &input).await;
        let asked = reply.json();
        let given = |name: &str| asked["ChallengeParameters"][name].as_str().map(str::to_owned);
        let (salt, srp_b) = (given("SALT"), given("SRP_B"));
        let (secret_block, user_id_for_srp) = (given("SECRET_BLOCK"), given("USER_ID_FOR_SRP"));
        match (salt, srp_b, secret_block, user_id_for_srp) {
            (Some(salt), Some(srp_b), Some(secret_block), Some(user_id_for_srp)) => {
                Ok(Parameters { salt, srp_b, secret_block, user_id_for_srp })
            }
            _ => Err(reply),
        }
    }

    async fn own(&self, operation: &str, token: &str, more: Value) -> Value {
        let mut input = json!({ "AccessToken": token });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = self.doors.person(operation, &input).await;
        assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
        reply.json()
    }

    async fn passkey(&mut self, whose: &'static str, token: &str) {
        let asked = self.own("StartWebAuthnRegistration", token, json!({})).await;
        let mut authenticator = Authenticator::new(Kind::Es256);
        let made = authenticator.create(&asked["CredentialCreationOptions"], &Says::at(SITE));
        self.own("CompleteWebAuthnRegistration", token, json!({ "Credential": made })).await;
        self.passkeys.insert(whose, Mutex::new(authenticator));
    }

    async fn app(&mut self, whose: &'static str, who: Value) {
        let made = self.doors.person("AssociateSoftwareToken", &who).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let made = made.json();
        self.secrets.insert(whose, made["SecretCode"].as_str().unwrap().to_owned());
        if let Some(session) = made.get("Session") {
            self.sessions.insert(whose, session.clone());
        }
    }

    /// What comes of the API of user pools.
    pub(super) async fn hold_at_api(&mut self) {
        self.tokens = self.sign_in("ana").await.tokens();
        let access = self.tokens.access.clone();
        self.passkey("ana", &access).await;
        let mia = self.sign_in("mia").await.tokens().access;
        self.passkey("mia", &mia).await;
        self.app("mia's app", json!({ "AccessToken": mia })).await;
        let code = self.one_time(&self.secrets["mia's app"]);
        self.own("VerifySoftwareToken", &mia, json!({ "UserCode": code })).await;
        let preferred = json!({
            "SoftwareTokenMfaSettings": { "Enabled": true, "PreferredMfa": true },
            "WebAuthnMfaSettings": { "Enabled": true },
        });
        self.own("SetUserMFAPreference", &mia, preferred).await;
        for (name, waits_for) in [
            ("mia", "SOFTWARE_TOKEN_MFA"),
            ("neo", "NEW_PASSWORD_REQUIRED"),
            ("sue", "MFA_SETUP"),
            ("sam", "MFA_SETUP"),
        ] {
            let asked = self.sign_in(name).await.json();
            assert_eq!(asked["ChallengeName"], waits_for, "{asked}");
            self.sessions.insert(if name == "sam" { name } else { waits_for }, asked["Session"].clone());
        }
        self.app("ana's app", json!({ "AccessToken": access })).await;
        self.app("sam's app", json!({ "Session": self.sessions["sam"] })).await;
        self.app("sue's app", json!({ "Session": self.sessions["MFA_SETUP"] })).await;
        let code = self.one_time(&self.secrets["sue's app"]);
        let proof = json!({ "Session": self.sessions["sue's app"], "UserCode": code });
        let proved = self.doors.person("VerifySoftwareToken", &proof).await.json();
        self.sessions.insert("a second factor that was set up", proved["Session"].clone());
        for preferred in ["WEB_AUTHN", "SELECT_CHALLENGE"] {
            let mut parameters = json!({ "USERNAME": "ana" });
            if preferred == "WEB_AUTHN" {
                parameters["PREFERRED_CHALLENGE"] = preferred.into();
            }
            let input = json!({ "ClientId": self.ui, "AuthFlow": "USER_AUTH", "AuthParameters": parameters });
            let asked = self.doors.person("InitiateAuth", &input).await.json();
            assert_eq!(asked["ChallengeName"], preferred, "{asked}");
            if preferred == "WEB_AUTHN" {
                let options = asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
                self.options.insert("sign in at the API", serde_json::from_str(options).unwrap());
            }
            self.sessions.insert(preferred, asked["Session"].clone());
        }
        self.srp = Some(self.begin_srp().await.unwrap());
        let asked = self.own("StartWebAuthnRegistration", &access, json!({})).await;
        self.options.insert("make at the API", asked["CredentialCreationOptions"].clone());
        self.doors.garita.mail.take();
        self.own("GetUserAttributeVerificationCode", &access, json!({ "AttributeName": "email" })).await;
        let code = self.mailed().await;
        self.secrets.insert("code for an address", code);
        let una = json!({
            "ClientId": self.ui, "Username": "una", "Password": self.password,
            "UserAttributes": [{ "Name": "email", "Value": "una@example.com" }],
        });
        assert_eq!(self.doors.person("SignUp", &una).await.status, 200);
        let code = self.mailed().await;
        self.secrets.insert("code for a sign-up", code);
    }
}
