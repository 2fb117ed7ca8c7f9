//! Who asks in a case: from the text of the principal to what the engine decides about.
//!
//! | text | principal |
//! |---|---|
//! | `arn:aws:iam::ACCOUNT:user/PATH/NAME` | a user |
//! | `arn:aws:iam::ACCOUNT:role/PATH/NAME` | a session of that role whose name is unknown |
//! | `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` | a session of a role |
//! | `arn:aws:sts::ACCOUNT:federated-user/NAME` | a federated user |
//! | `arn:aws:iam::ACCOUNT:root`, `ACCOUNT` | the root user |
//! | `arn:aws:iam::ACCOUNT:oidc-provider/...`, `saml-provider/...`, and the four built-in web providers | a web identity |
//! | `NAME.amazonaws.com` and other host names | a service |
//! | `*` | a caller without credentials |
//!
//! What the text does not tell, the context and the policies may: unique ids stand in `aws:userid`; the ARN of a
//! session's role in `aws:PrincipalArn`, or in a policy that names a role of that name in that account (a session's
//! ARN does not have the role's path). A federated user without an issuer counts as issued by the user of its name.

use super::Set;
use crate::arn::{AccountId, Arn};
use crate::context::{Context, Principal, Values};
use crate::document::PrincipalPattern;

/// Providers that trust policies name without an ARN.
const WEB_PROVIDERS: [&str; 4] =
    ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// What the text of a principal says.
pub(super) struct Named<'a> {
    pub(super) text: &'a str,
    pub(super) issuer: Option<&'a str>,
    pub(super) given: &'a Context,
}

impl Named<'_> {
    /// The principal; `set` may name its role.
    pub(super) fn principal(&self, set: Option<&Set>) -> Result<Principal, String> {
        let text = self.text;
        if text == "*" {
            return Ok(Principal::Anonymous);
        }
        if let Ok(account) = text.parse::<AccountId>() {
            return Ok(Principal::Root { account });
        }
        if WEB_PROVIDERS.contains(&text) {
            return Ok(Principal::WebIdentity { provider: text.to_owned() });
        }
        let Ok(arn) = text.parse::<Arn>() else {
            let host =
                text.contains('.') && !text.contains(|c: char| c.is_whitespace() || ":/*?".contains(c));
            let unknown = || format!("principal `{text}` is neither an ARN, an account, a service nor `*`");
            return host.then(|| Principal::Service { name: text.to_owned() }).ok_or_else(unknown);
        };
        let account = arn.account().parse().map_err(|_| format!("principal `{text}` names no account"))?;
        let (kind, name) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
        match (arn.service(), kind) {
            ("iam", "root") if name.is_empty() => Ok(Principal::Root { account }),
            ("iam", "user") if !name.is_empty() => Ok(Principal::User { id: self.unique_id(), account, arn }),
            ("iam", "role") if !name.is_empty() => self.unnamed_session(arn),
            ("iam", "oidc-provider" | "saml-provider") => {
                Ok(Principal::WebIdentity { provider: text.to_owned() })
            }
            ("sts", "assumed-role") => self.session(arn, account, set),
            ("sts", "federated-user") if !name.is_empty() => self.federated(arn, account),
            _ => Err(format!("principal `{text}` is no user, role, session, federated user or root user")),
        }
    }

    fn unnamed_session(&self, role_arn: Arn) -> Result<Principal, String> {
        let unknown = format!("principal `{role_arn}` names no role");
        Principal::session_of(role_arn, self.unique_id()).ok_or(unknown)
    }

    fn session(&self, session_arn: Arn, account: AccountId, set: Option<&Set>) -> Result<Principal, String> {
        let whole =
            session_arn.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/'));
        let Some((role, session)) = whole.filter(|(role, session)| !role.is_empty() && !session.is_empty())
        else {
            return Err(format!("principal `{session_arn}` must be `assumed-role/ROLE/SESSION`"));
        };
        let told = self.given_text("aws:PrincipalArn").and_then(|text| text.parse::<Arn>().ok());
        let is_it = |arn: &Arn| is_role(arn, account, role);
        let role_arn = match told.filter(is_it).or_else(|| named_role(set?, account, role)) {
            Some(arn) => arn,
            None => format!("arn:{}:iam::{account}:role/{role}", session_arn.partition())
                .parse()
                .map_err(|error| format!("{error}"))?,
        };
        let session_name = session.to_owned();
        Ok(Principal::RoleSession { role_id: self.unique_id(), session_name, session_arn, role_arn, account })
    }

    fn federated(&self, arn: Arn, account: AccountId) -> Result<Principal, String> {
        let by_name = || format!("arn:{}:iam::{account}:user/{}", arn.partition(), last(arn.resource()));
        let issuer = self.issuer.map_or_else(by_name, str::to_owned);
        let issuer = issuer.parse().map_err(|error| format!("issuer: {error}"))?;
        Ok(Principal::FederatedUser { arn, issuer, account })
    }

    /// The unique id in `aws:userid`; empty when it is unknown, which is nobody's.
    fn unique_id(&self) -> String {
        let text = self.given_text("aws:userid").unwrap_or_default();
        text.split(':').next().unwrap_or_default().to_owned()
    }

    fn given_text(&self, key: &str) -> Option<&str> {
        match self.given.get(key) {
            Some(Values::One(text)) => Some(text),
            Some(Values::Many(_)) | None => None,
        }
    }

    /// The condition keys: those that follow from the principal, and over them those that were given.
    pub(super) fn keys(&self, principal: &Principal, resource_account: Option<AccountId>) -> Context {
        Context::supposed(principal, resource_account, self.given)
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_role(arn: &Arn, account: AccountId, name: &str) -> bool {
    arn.service() == "iam"
        && arn.account().parse() == Ok(account)
        && arn.resource().starts_with("role/")
        && last(arn.resource()) == name
}

fn named_role(set: &Set, account: AccountId, name: &str) -> Option<Arn> {
    let patterns = set.naming().flat_map(|policy| policy.document().principals());
    let mut arns = patterns.filter_map(|(pattern, _)| match pattern {
        PrincipalPattern::Aws(text) => text.parse::<Arn>().ok(),
        _ => None,
    });
    arns.find(|arn| is_role(arn, account, name))
}
