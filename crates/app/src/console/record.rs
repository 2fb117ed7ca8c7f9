//! What the audit trail says of sign-ins at the console: CloudTrail User Guide, "AWS Management Console sign-in events".
//!
//! INVARIANT: a name that no user of the account has stands in no record: people type passwords into the wrong field.

use garita_model::{AccountId, User};
use serde_json::{Map, Value, json};

use crate::audit::{Event, Failure, Outcome};
use crate::context::{RequestContext, Told};

/// The source of these events.
pub const SOURCE: &str = "signin.amazonaws.com";
/// Most characters of an address in a record: a broker writes it.
const LONGEST: usize = 2_048;
/// What stands in place of a name that is nobody's.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// An event of signing in.
pub(super) fn event(name: &'static str) -> Event {
    let parameters = Value::Null;
    Event { source: SOURCE, name: name.to_owned(), parameters, read_only: false, management: true }
}

/// What the record of a sign-in tells.
pub(super) struct Note<'a> {
    /// The account, if there is one of that name.
    pub(super) account: Option<AccountId>,
    /// Where the browser is led.
    pub(super) leads_to: &'a str,
    /// Whether a code was shown.
    pub(super) mfa: bool,
}

impl Note<'_> {
    fn told(&self) -> Told {
        let mut data = Map::new();
        let leads_to: String = self.leads_to.chars().take(LONGEST).collect();
        data.insert("LoginTo".to_owned(), leads_to.into());
        data.insert("MobileVersion".to_owned(), "No".into());
        data.insert("MFAUsed".to_owned(), if self.mfa { "Yes" } else { "No" }.into());
        Told { account: self.account, data }
    }

    /// A sign-in of who is known.
    pub(super) fn of_user(&self, cx: &RequestContext, user: &User) -> RequestContext {
        cx.claims(json!({
            "type": "IAMUser",
            "principalId": user.id.as_str(),
            "arn": user.arn().map(|arn| arn.to_string()).unwrap_or_default(),
            "accountId": user.account.to_string(),
            "userName": user.name.as_str(),
        }));
        self.noted(cx)
    }

    /// A sign-in of who says to be a user, or says nothing that can be told.
    pub(super) fn of_stranger(&self, cx: &RequestContext, user: Option<&User>) -> RequestContext {
        let name = user.map_or(HIDDEN, |user| user.name.as_str());
        let mut identity = json!({ "type": "IAMUser", "accessKeyId": "", "userName": name });
        if let (Some(account), Some(identity)) = (self.account, identity.as_object_mut()) {
            identity.insert("accountId".to_owned(), account.to_string().into());
        }
        cx.claims(identity);
        self.noted(cx)
    }

    /// A sign-in of a caller that the record tells of by itself.
    pub(super) fn noted(&self, cx: &RequestContext) -> RequestContext {
        cx.tells(self.told());
        cx.clone().for_event(event("ConsoleLogin"))
    }
}

/// A step that succeeded.
pub(super) fn succeeded(step: &str) -> Outcome {
    Outcome { response: json!({ step: "Success" }), ..Outcome::ok(303) }
}

/// A step that failed: why, in words alone.
pub(super) fn failed(step: &str, why: &str) -> Outcome {
    let error = Failure { code: None, message: why.to_owned() };
    Outcome { status: 400, error: Some(error), response: json!({ step: "Failure" }) }
}

/// That a second factor is asked for.
pub(super) fn asked_for_mfa(cx: &RequestContext, account: AccountId) -> RequestContext {
    let data = Map::from_iter([("MfaType".to_owned(), Value::from("Virtual MFA"))]);
    cx.tells(Told { account: Some(account), data });
    cx.clone().for_event(event("CheckMfa"))
}
