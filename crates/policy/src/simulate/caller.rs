//! Who asks in a simulation: a user or role by its ARN, or somebody of whom no more is known than the account.
//!
//! A group asks for nothing itself; policies are tried as if one of its members asked. Without a caller the one who
//! asks belongs to whatever account owns the resource.

use super::input::BadInput;
use crate::arn::{AccountId, Arn};
use crate::context::Principal;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user, or a session of a role.
    Known(Principal),
    /// Somebody of an account; of any account when there is none.
    Nameless(Option<AccountId>),
}

impl Caller {
    /// Reads the ARN of a user, group or role. `id` is its unique id; empty when that is not known.
    ///
    /// # Errors
    /// When it is the ARN of something else.
    pub fn parse(field: &str, text: &str, id: &str) -> Result<Self, BadInput> {
        let bad = || {
            BadInput::new(
                field,
                text,
                "is not the ARN of an IAM user, group or role, such as `arn:aws:iam::111122223333:user/ana`",
            )
        };
        let arn: Arn = text.parse().map_err(|_| bad())?;
        let account: AccountId = arn.account().parse().map_err(|_| bad())?;
        let is_iam = arn.service() == "iam" && arn.region().is_empty();
        let (kind, name) = arn.resource().split_once('/').filter(|_| is_iam).ok_or_else(bad)?;
        match kind {
            _ if name.is_empty() || name.ends_with('/') => Err(bad()),
            "user" => Ok(Self::Known(Principal::User { arn, id: id.to_owned(), account })),
            "role" => Principal::session_of(arn, id).map(Self::Known).ok_or_else(bad),
            "group" => Ok(Self::Nameless(Some(account))),
            _ => Err(bad()),
        }
    }

    /// The account of the caller, when it is known.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Known(principal) => principal.account(),
            Self::Nameless(account) => *account,
        }
    }

    /// Whom policies are tried with, on a resource of `owner`.
    pub(super) fn principal(&self, owner: Option<AccountId>) -> Principal {
        match self {
            Self::Known(principal) => principal.clone(),
            Self::Nameless(account) => nameless(account.or(owner)),
        }
    }
}

/// A user of an account, without a name: no policy can name it, for principals have no wildcards. Where no account is
/// known it has one that nobody has, and asks within it.
fn nameless(account: Option<AccountId>) -> Principal {
    let known = account.map_or_else(|| "0".repeat(12), |account| account.to_string());
    match (format!("arn:aws:iam::{known}:user/*").parse(), known.parse()) {
        (Ok(arn), Ok(account)) => Principal::User { arn, id: String::new(), account },
        _ => Principal::Anonymous,
    }
}
