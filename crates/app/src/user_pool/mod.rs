//! The verbs of user pools: administrators' operations, and what people do for themselves.
//!
//! Two kinds of callers come here. An administrator signs, and is judged like any caller ([`ask`]). A person signs
//! nothing: their app names its client, and [`admit`] is the one place that checks the client, its secret and the
//! person's access token, and answers an [`AdmittedClient`], without which nothing of a pool is written. Who signs in with a
//! password or a code goes through [`sign_in`], where failures are counted before anything is hashed.
//!
//! INVARIANT: what a person is told does not depend on whether a user of that name is there, where the client hides
//! it; neither does the work done. INVARIANT: a password, a code or a token goes into no record, log or error.
//!
//! Semantics and texts are those of the Amazon Cognito user pools API reference (2016-04-18).

mod admit;
mod ask;
mod attribute;
mod bearer;
mod challenge;
mod choice;
mod client;
mod code;
pub(crate) mod federated;
mod filter;
pub(crate) mod finish;
mod forgotten;
pub(crate) mod ground;
mod group;
mod linking;
mod mail;
mod new_user;
mod next_step;
pub(crate) mod other_way;
mod own;
pub(crate) mod passkey;
mod passkey_registration;
pub(crate) mod passkey_sign_in;
mod password;
mod pool;
mod pool_settings;
mod provider;
mod provider_groups;
mod provider_settings;
mod recovery;
pub(crate) mod refresh;
mod relying_party;
mod renewal;
mod resource_server;
mod second_factor;
pub(crate) mod session;
pub(crate) mod sign_in;
mod sign_up;
mod software_token;
mod srp_sign_in;
mod stand_in_passkey;
mod sweep;
mod tagging;
pub(crate) mod tokens;
mod transfer;
mod user;
mod user_password;
mod username;

pub use admit::AdmittedClient;
pub use challenge::ChallengeAnswer;
pub use client::{ClientDetail, ClientSettings};
pub use code::Delivery;
pub(crate) use code::too_often;
pub use federated::PendingLink;
pub(crate) use federated::{Met, Vouch, identities};
pub use filter::UserFilter;
pub use forgotten::ConfirmForgotten;
pub use group::{GroupSettings, NewGroup};
pub use linking::{ProviderUser, SELF_PROVIDER};
pub use new_user::CreatePoolUser;
pub use next_step::{Challenge, SecondFactors};
pub use own::OwnPassword;
pub use passkey::Who;
pub use pool::{NewPool, PoolDetail};
pub use pool_settings::PoolSettings;
pub use provider::ProviderDetail;
pub(crate) use provider::{provider_called, provider_of};
pub use provider_settings::{ProviderDetails, ProviderSettings};
pub use recovery::RECOVERY_CODES;
pub use relying_party::PasskeyChallenge;
pub use resource_server::ResourceServerSettings;
pub use second_factor::MfaPreference;
pub use session::ChallengeName;
pub use sign_in::{SignIn, SignInFlow, SignedIn};
pub use sign_up::{Named, SignUp, SignedUp};
pub use software_token::{NewSeed, SettingUp};
pub use tokens::IssuedTokens;
pub use transfer::{
    Export, Exported, GroupLine, Imported, Line, MOST_LINE, TokenLine, UserLine, UsersFile, UsersFileReader,
};
pub use user::UserListing;
pub use user_password::SetPoolPassword;

use std::collections::BTreeMap;

use garita_model::user_pool::{PoolFault, is_shown};
use garita_model::{Error, Result};

/// Most items of a part of a list, and how many there are when the caller does not say.
const MOST_ITEMS: u32 = 60;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default)]
pub struct Part {
    /// Where the part before ended.
    pub token: Option<String>,
    /// Most items, up to 60.
    pub limit: Option<u32>,
}

impl Part {
    /// How many items are wanted.
    fn most(&self) -> Result<usize> {
        match self.limit {
            None | Some(0) => Ok(usize::try_from(MOST_ITEMS).unwrap_or(60)),
            Some(limit @ 1..=MOST_ITEMS) => Ok(usize::try_from(limit).unwrap_or(60)),
            Some(limit) => Err(invalid(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have value less than or equal to {MOST_ITEMS}"
            ))),
        }
    }
}

/// A value that cannot be accepted.
fn invalid(message: impl Into<String>) -> Error {
    PoolFault::InvalidParameter.because(message)
}

/// `UsernameType` and `GroupNameType`: 1 to 128 visible characters.
fn check_name(member: &str, name: &str) -> Result<()> {
    if (1..=128).contains(&name.chars().count()) && name.chars().all(is_shown) {
        return Ok(());
    }
    Err(invalid(format!(
        r"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{{L}}\p{{M}}\p{{S}}\p{{N}}\p{{P}}]+"
    )))
}

/// `ClientNameType` and `UserPoolNameType`: 1 to 128 letters, digits, spaces and a few signs.
fn checked_title(member: &str, name: String) -> Result<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_+=,.@-".contains(c);
    if (1..=128).contains(&name.chars().count()) && name.chars().all(fits) {
        return Ok(name);
    }
    Err(invalid(format!(
        r"1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w\s+=,.@-]+"
    )))
}

/// A parameter that must be there.
fn given<'a>(parameters: &'a BTreeMap<String, String>, name: &str) -> Result<&'a String> {
    let value = parameters.get(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| invalid(format!("Missing required parameter {name}")))
}

/// The error for a user that is not there, said to an administrator.
fn no_user() -> Error {
    PoolFault::UserNotFound.because("User does not exist.")
}
