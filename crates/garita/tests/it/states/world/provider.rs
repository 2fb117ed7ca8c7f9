//! What `fay` holds, for whom a provider outside vouches.

use garita_testkit::TestIdp;
use serde_json::json;

use super::super::doors::{Doors, encoded};
use super::{BACK, FAY, Waiting, World};

/// The issuer of the provider that a world has.
pub(super) fn issuer(api: &str) -> String {
    format!("https://{api}.idp.example")
}

/// The provider, with its configuration and its key where it is.
pub(super) fn published(doors: &Doors, api: &str) -> TestIdp {
    let issuer = issuer(api);
    let idp = TestIdp::new(&issuer, "k1");
    idp.publish(&doors.garita.documents, &format!("{issuer}/jwks"));
    idp
}

impl World {
    /// The issuer of the provider.
    pub(crate) fn issuer(&self) -> String {
        issuer(self.api)
    }

    pub(super) async fn hold_of_provider(&mut self) {
        let (mut browser, home) = self.on_the_way_home().await;
        let back = self.doors.get(&mut browser, &home).await.location.unwrap();
        assert!(back.starts_with(BACK), "{back}");
        let join = json!({ "UserPoolId": self.pool, "Username": FAY, "GroupName": "readers" });
        self.doors.done("AdminAddUserToGroup", join).await;
        let code = self.code_for_app(&mut browser).await;
        self.vouched = self.exchanged(&code).await.tokens();
        self.vouched_browser = browser;
        let waiting = self.on_the_way_home().await;
        self.steps.insert("idpresponse", waiting);
    }

    /// A browser that the provider sends back with a code for a token about `fay`, and to which address.
    async fn on_the_way_home(&self) -> Waiting {
        let (mut browser, flow) = self.step("").await;
        let target = format!("{}?flow={flow}&name=Corp", self.at("provider"));
        let led = self.doors.get(&mut browser, &target).await.location.unwrap();
        let field = |name: &str| {
            let (_, rest) = led.split_once(&format!("&{name}=")).unwrap_or_else(|| panic!("{led}"));
            rest.split('&').next().unwrap()
        };
        let told = json!({ "sub": "fay", "nonce": field("nonce") });
        let token = self.idp.token(self.now(), &told);
        let answer = json!({ "access_token": "at", "token_type": "Bearer", "id_token": token });
        let address = format!("{}/token", self.issuer());
        self.doors.garita.documents.answer(&address, 200, answer.to_string());
        let home = [("code", "c"), ("state", field("state"))];
        (browser, format!("{}?{}", self.at("oauth2/idpresponse"), encoded(&home)))
    }
}
