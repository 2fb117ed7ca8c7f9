//! Who asks.
//!
//! A principal carries both its ARN and its unique id: documents name principals by either, and a document that
//! was stored with unique ids must not come alive again when a user of the same name is created.
//! IAM User Guide, "AWS JSON policy elements: Principal", "Principal key values" (`aws:userid`).

use super::Context;
use crate::arn::{AccountId, Arn};

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Principal {
    /// The root user of an account.
    Root {
        /// Its account.
        account: AccountId,
    },
    /// An IAM user.
    User {
        /// `arn:aws:iam::account:user/path/name`
        arn: Arn,
        /// `AIDA...`
        id: String,
        /// Its account.
        account: AccountId,
    },
    /// A session of a role.
    RoleSession {
        /// `arn:aws:iam::account:role/path/name`
        role_arn: Arn,
        /// `AROA...`
        role_id: String,
        /// `arn:aws:sts::account:assumed-role/name/session`, without the role's path.
        session_arn: Arn,
        /// The session's name.
        session_name: String,
        /// The role's account.
        account: AccountId,
    },
    /// A session made by `GetFederationToken`.
    FederatedUser {
        /// `arn:aws:sts::account:federated-user/name`
        arn: Arn,
        /// The user, or the root user, that made it.
        issuer: Arn,
        /// Its account.
        account: AccountId,
    },
    /// A service that acts for itself.
    Service {
        /// Such as `lambda.amazonaws.com`.
        name: String,
    },
    /// A caller known only by a token of an identity provider.
    WebIdentity {
        /// The provider, as the `Federated` element of a trust policy names it.
        provider: String,
    },
    /// A caller without credentials.
    Anonymous,
}

impl Principal {
    /// A session of a role, of which nothing but the role is known; `None` when `role_arn` is no role's.
    ///
    /// Its name is `*`, so no policy can name this very session: principals have no wildcards.
    pub fn session_of(role_arn: Arn, role_id: impl Into<String>) -> Option<Self> {
        let account: AccountId = role_arn.account().parse().ok()?;
        let name = role_arn.resource().strip_prefix("role/").filter(|_| role_arn.service() == "iam")?;
        let name = name.rsplit('/').next().filter(|name| !name.is_empty())?;
        let session_arn = format!("arn:{}:sts::{account}:assumed-role/{name}/*", role_arn.partition());
        let session_name = "*".to_owned();
        Some(Self::RoleSession {
            session_arn: session_arn.parse().ok()?,
            role_id: role_id.into(),
            session_name,
            role_arn,
            account,
        })
    }

    /// What messages print after `User:`.
    pub fn arn_text(&self) -> String {
        match self {
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
            Self::User { arn, .. } | Self::FederatedUser { arn, .. } => arn.to_string(),
            Self::RoleSession { session_arn, .. } => session_arn.to_string(),
            Self::Service { name } => name.clone(),
            Self::WebIdentity { provider } => provider.clone(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The account it belongs to; services, web identities and anonymous callers have none.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Root { account }
            | Self::User { account, .. }
            | Self::RoleSession { account, .. }
            | Self::FederatedUser { account, .. } => Some(*account),
            Self::Service { .. } | Self::WebIdentity { .. } | Self::Anonymous => None,
        }
    }

    /// Whether it is a role that a service made for itself.
    pub(crate) fn is_service_linked(&self) -> bool {
        let Self::RoleSession { role_arn, .. } = self else { return false };
        role_arn.resource().starts_with("role/aws-service-role/")
    }

    /// The value of `aws:PrincipalArn`: for a session, the ARN of its role.
    fn principal_arn(&self) -> Option<String> {
        match self {
            Self::RoleSession { role_arn, .. } => Some(role_arn.to_string()),
            _ => self.account().map(|_| self.arn_text()),
        }
    }

    /// The value of `aws:PrincipalType`.
    fn principal_type(&self) -> Option<&'static str> {
        match self {
            Self::Root { .. } => Some("Account"),
            Self::User { .. } => Some("User"),
            Self::RoleSession { .. } => Some("AssumedRole"),
            Self::FederatedUser { .. } => Some("FederatedUser"),
            Self::Anonymous => Some("Anonymous"),
            Self::Service { .. } | Self::WebIdentity { .. } => None,
        }
    }

    /// The value of `aws:userid`.
    fn user_id(&self) -> Option<String> {
        match self {
            Self::Root { account } => Some(account.to_string()),
            Self::User { id, .. } => Some(id.clone()),
            Self::RoleSession { role_id, session_name, .. } => Some(format!("{role_id}:{session_name}")),
            Self::FederatedUser { arn, account, .. } => Some(format!("{account}:{}", last_part(arn))),
            Self::Anonymous => Some("anonymous".to_owned()),
            Self::Service { .. } | Self::WebIdentity { .. } => None,
        }
    }
}

fn last_part(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

impl Context {
    /// Sets the keys that follow from who asks: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`,
    /// `aws:userid`, `aws:username` (users only) and the service keys.
    pub fn set_principal(&mut self, principal: &Principal) {
        let mut put = |key: &str, value: Option<String>| match value {
            Some(value) => self.set(key, value),
            None => self.remove(key),
        };
        put("aws:PrincipalArn", principal.principal_arn());
        put("aws:PrincipalAccount", principal.account().map(|account| account.to_string()));
        put("aws:PrincipalType", principal.principal_type().map(str::to_owned));
        put("aws:userid", principal.user_id());
        let service = match principal {
            Principal::Service { name } => Some(name.clone()),
            _ => None,
        };
        put("aws:PrincipalIsAWSService", Some(service.is_some().to_string()));
        put("aws:PrincipalServiceName", service);
        let user = match principal {
            Principal::User { arn, .. } => Some(last_part(arn).to_owned()),
            _ => None,
        };
        put("aws:username", user);
    }

    /// The keys of a request that nobody made: those that follow from the principal, as far as it is known, and from
    /// the owner of the resource; over them those that were given.
    pub(crate) fn supposed(principal: &Principal, resource_account: Option<AccountId>, given: &Self) -> Self {
        let mut keys = Self::new();
        keys.set_principal(principal);
        let of_unknown_id = match principal {
            Principal::User { id, .. } => id.is_empty(),
            Principal::RoleSession { role_id, session_name, .. } => role_id.is_empty() || session_name == "*",
            _ => false,
        };
        if of_unknown_id {
            keys.remove("aws:userid");
        }
        if let Some(account) = resource_account.or_else(|| principal.account()) {
            keys.set("aws:ResourceAccount", account.to_string());
        }
        keys.overlay(given);
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Values;

    fn keys(principal: &Principal) -> String {
        let mut context = Context::new();
        context.set("AWS:USERNAME", "stale");
        context.set_principal(principal);
        let texts = context.iter().map(|(key, values)| match values {
            Values::One(value) => format!("{key}={value}"),
            Values::Many(values) => format!("{key}={values:?}"),
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_depend_on_the_type_of_principal() {
        let account = "111122223333".parse().unwrap();
        let arn = |text: &str| text.parse::<Arn>().unwrap();
        let user = arn("arn:aws:iam::111122223333:user/team/ana");
        let rows = [
            (
                Principal::Root { account },
                "aws:PrincipalAccount=111122223333 aws:PrincipalArn=arn:aws:iam::111122223333:root \
                 aws:PrincipalIsAWSService=false aws:PrincipalType=Account aws:userid=111122223333",
            ),
            (
                Principal::User { arn: user.clone(), id: "AIDA1".into(), account },
                "aws:PrincipalAccount=111122223333 aws:PrincipalArn=arn:aws:iam::111122223333:user/team/ana \
                 aws:PrincipalIsAWSService=false aws:PrincipalType=User aws:userid=AIDA1 aws:username=ana",
            ),
            (
                Principal::RoleSession {
                    role_arn: arn("arn:aws:iam::111122223333:role/team/dev"),
                    role_id: "AROA1".into(),
                    session_arn: arn("arn:aws:sts::111122223333:assumed-role/dev/ana"),
                    session_name: "ana".into(),
                    account,
                },
                "aws:PrincipalAccount=111122223333 aws:PrincipalArn=arn:aws:iam::111122223333:role/team/dev \
                 aws:PrincipalIsAWSService=false aws:PrincipalType=AssumedRole aws:userid=AROA1:ana",
            ),
            (
                Principal::FederatedUser {
                    arn: arn("arn:aws:sts::111122223333:federated-user/bo"),
                    issuer: user,
                    account,
                },
                "aws:PrincipalAccount=111122223333 aws:PrincipalArn=arn:aws:sts::111122223333:federated-user/bo \
                 aws:PrincipalIsAWSService=false aws:PrincipalType=FederatedUser aws:userid=111122223333:bo",
            ),
            (
                Principal::Service { name: "lambda.amazonaws.com".into() },
                "aws:PrincipalIsAWSService=true aws:PrincipalServiceName=lambda.amazonaws.com",
            ),
            (
                Principal::Anonymous,
                "aws:PrincipalIsAWSService=false aws:PrincipalType=Anonymous aws:userid=anonymous",
            ),
        ];
        for (principal, wanted) in rows {
            assert_eq!(keys(&principal), wanted);
        }
    }
}
