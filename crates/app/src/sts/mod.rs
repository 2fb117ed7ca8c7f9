//! The verbs of STS: sessions of roles and users, and who a caller is.
//!
//! Limits and texts are those of the STS API reference (2011-06-15). INVARIANT: a session is minted only after the
//! trust policy was judged in the same snapshot that proves the caller live.

mod assume_role;
mod caller;
mod federation_token;
mod session_policy;
mod session_tag;
mod session_token;
mod trust;
mod web_identity;
mod web_identity_token;

use garita_model::session::{Link, Origin};
use garita_model::{Error, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use assume_role::{AssumeRole, AssumedRole};
pub use caller::CallerIdentity;
pub use federation_token::{FederatedUser, GetFederationToken};
pub(crate) use trust::{role_for_web_identity, trusts_nobody};
pub use web_identity::{AssumeRoleWithWebIdentity, WebIdentitySession};
pub use web_identity_token::{GetWebIdentityToken, WebIdentityToken};

use crate::context::RequestContext;
use crate::live::{Live, Standing};
use crate::mint::SessionCredentials;

/// Shortest session, in seconds.
pub const MIN_DURATION: u32 = 900;
/// Longest role session, in seconds.
pub const MAX_DURATION: u32 = 43_200;
/// Longest session made by another role session, in seconds.
pub const MAX_CHAINED: u32 = 3_600;
/// Longest session of a user, or of a federated user, in seconds.
pub const MAX_USER_DURATION: u32 = 129_600;

/// A one-time code, and the device it is of.
pub struct MfaCode {
    /// The device's serial number.
    pub serial: String,
    /// Six digits.
    pub code: String,
}

fn check_duration(seconds: u32, longest: u32) -> Result<u32> {
    let (relation, bound) = if seconds < MIN_DURATION {
        ("greater than or equal to", MIN_DURATION)
    } else if seconds > longest {
        ("less than or equal to", longest)
    } else {
        return Ok(seconds);
    };
    Err(Error::invalid(
        "durationSeconds",
        format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {relation} {bound}"
        ),
    ))
}

/// The principals a session of this caller rests on: all that its own credentials rest on, and itself.
fn chain(cx: &RequestContext, live: &Live) -> Vec<Link> {
    let caller = cx.caller();
    let mut links = caller.session.as_ref().map(|s| s.session.chain.clone()).unwrap_or_default();
    let key = caller.key.clone().filter(|_| caller.session.is_none());
    let link = match &live.standing {
        Standing::Root(account) => Some((*account, Origin::Root)),
        Standing::User(user) => Some((user.account, Origin::User(user.name.clone(), user.id.clone()))),
        Standing::Role(role) => Some((role.account, Origin::Role(role.name.clone(), role.id.clone()))),
        Standing::Anonymous => None,
    };
    links.extend(link.map(|(account, subject)| Link { account, subject, key }));
    links
}

/// What the audit trail may know of credentials.
fn shown(made: &SessionCredentials) -> Value {
    json!({ "accessKeyId": made.key.as_str(), "expiration": made.expires.to_string() })
}

fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
