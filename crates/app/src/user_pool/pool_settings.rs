//! What a user pool is set to, and what of it does not go together.
//!
//! INVARIANT: a pool that was settled can be kept: whatever cannot be is refused here, in words that say what to change.

use std::collections::BTreeMap;

use garita_model::user_pool::attribute::MAX_CUSTOM;
use garita_model::user_pool::pool::{Messages, RecoveryMechanism};
use garita_model::user_pool::{
    AttributeSpec, FirstFactor, MfaMode, PasswordProfile, PoolFault, PoolPasswordPolicy, SignInAttribute,
};
use garita_model::{Result, UserPool};

use super::{invalid, tagging};

/// What can be changed of a pool; `UpdateUserPool` sets all of it, to what it names or to the default.
#[derive(Debug, Clone, Default)]
pub struct PoolSettings {
    /// What is asked of passwords.
    pub password_policy: Option<PoolPasswordPolicy>,
    /// Days a password set by an administrator is good for, where no policy is given.
    pub temporary_days: Option<u32>,
    /// Whether a second factor is asked for.
    pub mfa: Option<MfaMode>,
    /// What a sign-in may begin with.
    pub first_factors: Option<Vec<FirstFactor>>,
    /// Whether it cannot be deleted.
    pub deletion_protection: Option<bool>,
    /// What is proved by a code at sign-up.
    pub auto_verified: Option<Vec<SignInAttribute>>,
    /// What is only changed once it is proved.
    pub verified_before_update: Option<Vec<SignInAttribute>>,
    /// Where codes for forgotten passwords go.
    pub recovery: Option<Vec<RecoveryMechanism>>,
    /// Whether only administrators make users.
    pub admin_only_sign_up: Option<bool>,
    /// What the e-mails say.
    pub messages: Messages,
    /// The feature plan.
    pub tier: Option<String>,
    /// The mode of advanced security.
    pub advanced_security: Option<String>,
    /// Its tags.
    pub tags: Option<BTreeMap<String, String>>,
}

/// A pool with its settings, checked against one another.
pub(super) fn settled(pool: UserPool, settings: PoolSettings, profile: PasswordProfile) -> Result<UserPool> {
    let usual = profile.policy();
    let temporary_days = settings.temporary_days.unwrap_or(usual.temporary_days);
    let policy = settings.password_policy.unwrap_or(PoolPasswordPolicy { temporary_days, ..usual });
    if !(6..=99).contains(&policy.min_length) || policy.temporary_days > 365 || policy.history > 24 {
        return Err(invalid(
            "the password policy asks for 6 to 99 characters, temporary passwords of up to 365 days, and up to 24 former passwords",
        ));
    }
    let mfa = settings.mfa.unwrap_or_default();
    let auto_verified = settings.auto_verified.unwrap_or_default();
    if auto_verified.contains(&SignInAttribute::PhoneNumber) {
        return Err(invalid(
            "there are no text messages here: leave `phone_number` out of `AutoVerifiedAttributes`",
        ));
    }
    let before = settings.verified_before_update.unwrap_or_default();
    if before.iter().any(|attribute| !auto_verified.contains(attribute)) {
        return Err(invalid(
            "Please use only auto-verified attributes in AttributesRequireVerificationBeforeUpdate.",
        ));
    }
    if pool.id.as_str().len() > 55 {
        return Err(invalid("the region's name is too long for a user pool id"));
    }
    Ok(UserPool {
        password_policy: policy,
        // CreateUserPool opens authenticator apps with MFA, as there is nothing else; SetUserPoolMfaConfig says more.
        software_token: pool.software_token || mfa != MfaMode::Off,
        mfa,
        first_factors: checked_first(settings.first_factors)?,
        deletion_protection: settings.deletion_protection.unwrap_or_default(),
        auto_verified,
        verified_before_update: before,
        recovery: settings.recovery.unwrap_or_else(|| vec![RecoveryMechanism::VerifiedEmail]),
        admin_only_sign_up: settings.admin_only_sign_up.unwrap_or_default(),
        messages: settings.messages,
        tier: settings.tier.unwrap_or_else(|| "ESSENTIALS".to_owned()),
        advanced_security: settings.advanced_security,
        tags: match settings.tags {
            Some(tags) => in_place_of_tags(&pool, tags)?,
            None => pool.tags,
        },
        ..pool
    })
}

/// Other tags in the place of a pool's. What a group is asked for does not go by being left out: scripts that set tags of
/// their own know nothing of it.
fn in_place_of_tags(pool: &UserPool, tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let tags = tagging::checked(tags)?;
    match pool.demand_lost(&tags) {
        None => Ok(tags),
        Some(lost) => Err(invalid(format!(
            "`UserPoolTags` leaves out `{lost}`, by which a second factor is asked of a group: name it too, or take it away \
             with UntagResource first"
        ))),
    }
}

/// What a sign-in may begin with: always with a password.
fn checked_first(given: Option<Vec<FirstFactor>>) -> Result<Vec<FirstFactor>> {
    let mut first = given.unwrap_or_else(FirstFactor::usual);
    first.dedup();
    if first.contains(&FirstFactor::Password) {
        return Ok(first);
    }
    Err(invalid("`AllowedFirstAuthFactors` must have PASSWORD"))
}

/// A pool with attributes joined to its schema.
pub(super) fn with_schema(pool: UserPool, more: Vec<AttributeSpec>) -> Result<UserPool> {
    let mut schema = pool.schema.clone();
    for spec in more {
        let standard = AttributeSpec::standard(&spec.name);
        let bare = spec.name.strip_prefix("custom:").or_else(|| spec.name.strip_prefix("dev:custom:"));
        let named = bare.is_some_and(|name| {
            (1..=20).contains(&name.len()) && name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
        });
        if standard.is_none() && !named {
            return Err(invalid(format!(
                "`{}` is no name of an attribute: 1 to 20 letters, digits, `_`, `.` or `-`",
                spec.name
            )));
        }
        if standard.as_ref().is_some_and(|standard| standard.kind != spec.kind) {
            return Err(invalid(format!(
                "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute {}",
                spec.name
            )));
        }
        if standard.is_none() && spec.required {
            return Err(invalid("Required custom attributes are not supported currently."));
        }
        if schema.iter().any(|held| held.name == spec.name) {
            return Err(invalid(format!(
                "{}: Existing attribute already has name {}.",
                spec.name, spec.name
            )));
        }
        schema.push(spec);
    }
    let pool = UserPool { schema, ..pool };
    if pool.custom().count() > MAX_CUSTOM {
        return Err(PoolFault::LimitExceeded
            .because(format!("a user pool has at most {MAX_CUSTOM} attributes of its own")));
    }
    Ok(pool)
}
