//! User pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::attribute::MAX_CUSTOM;
use garita_model::user_pool::pool::{Messages, RecoveryMechanism};
use garita_model::user_pool::{
    AttributeSpec, FirstFactor, MfaMode, PasswordProfile, PoolFault, PoolId, PoolPasswordPolicy,
    SignInAttribute, WebAuthnSettings,
};
use garita_model::{
    AccountId, Error, Object, ObjectKey, Plain as _, PoolPasskey, Result, TokenAlgorithm, TokenKey, UserPool,
};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::ask::{ask, judged, own_account};
use super::{Part, checked_title, invalid, passkey, tagging};
use crate::App;
use crate::authorize::{Permit, Question, judge};
use crate::change::Change;
use crate::context::RequestContext;
use crate::iam::Page;
use crate::token::key;

/// Most pools of an account; Cognito's quota.
const MOST_POOLS: usize = 1_000;

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

/// What `CreateUserPool` asks for.
#[derive(Debug, Clone, Default)]
pub struct NewPool {
    /// Its name.
    pub name: String,
    /// What can be changed later.
    pub settings: PoolSettings,
    /// Whether case matters in names.
    pub case_sensitive: bool,
    /// What people sign up with in place of a name.
    pub username_attributes: Vec<SignInAttribute>,
    /// What people may sign in with besides.
    pub alias_attributes: Vec<SignInAttribute>,
    /// Attributes of its own, and standard ones that are to be different.
    pub schema: Vec<AttributeSpec>,
}

/// A pool with what is counted.
#[derive(Debug, Clone)]
pub struct PoolDetail {
    /// The pool.
    pub pool: Arc<UserPool>,
    /// How many users it has.
    pub users: usize,
}

impl App {
    /// Makes a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidParameter` for settings that cannot be; `LimitExceeded`.
    pub async fn create_user_pool(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: NewPool,
    ) -> Result<PoolDetail> {
        let account = own_account(cx)?;
        // Judged for a first time before work is done that takes long; with the pool's tags in the change.
        judge_creation(&self.snapshot(), cx, account, &input)?;
        let id = PoolId::draw(self.region(), self.entropy())?;
        let keys = self.new_pool_keys(account, &id, cx.now()).await?;
        self.change(cx, move |change| {
            let now = change.now();
            let permit = judge_creation(change.state(), change.cx(), account, &input)?;
            if change.state().user_pools(account).count() >= MOST_POOLS {
                return Err(PoolFault::LimitExceeded.because("Maximum number of user pools reached."));
            }
            let pool = UserPool {
                id,
                account,
                name: checked_title("poolName", input.name)?,
                created: now,
                modified: now,
                password_policy: change.app().pool_passwords.policy(),
                mfa: MfaMode::Off,
                software_token: false,
                first_factors: FirstFactor::usual(),
                web_authn: WebAuthnSettings::default(),
                deletion_protection: false,
                case_sensitive: input.case_sensitive,
                username_attributes: input.username_attributes,
                alias_attributes: input.alias_attributes,
                auto_verified: Vec::new(),
                verified_before_update: Vec::new(),
                recovery: Vec::new(),
                schema: Vec::new(),
                admin_only_sign_up: false,
                messages: Messages::default(),
                tier: "ESSENTIALS".to_owned(),
                advanced_security: None,
                tags: BTreeMap::new(),
            };
            let profile = change.app().pool_passwords;
            let pool = settled(with_schema(pool, input.schema)?, input.settings, profile)?;
            change.made(
                json!({ "userPool": { "id": pool.id.as_str(), "name": pool.name, "arn": pool.arn() } }),
            );
            let pool = Arc::new(pool);
            tagging::put_missing_keys(change, &permit, &pool)?;
            change.put(&permit, Object::UserPool(Arc::clone(&pool)));
            for key in keys {
                change.put(&permit, key.into_object());
            }
            Ok(PoolDetail { pool, users: 0 })
        })
        .await
    }

    /// A pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn describe_user_pool(&self, cx: &RequestContext, id: &PoolId) -> Result<PoolDetail> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:DescribeUserPool", id)?;
        Ok(detail(&state, pool))
    }

    /// The pools of the caller's account.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidParameter` for a part that cannot be.
    pub fn list_user_pools(&self, cx: &RequestContext, part: &Part) -> Result<Page<Arc<UserPool>>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let action = "cognito-idp:ListUserPools";
        judge(&state, cx, &Question::new(action, "*", account), None)?;
        let pager = self.pager_over(format!("{account}\0{action}"), part.token.as_deref(), part.most()?)?;
        Ok(pager.cut(state.user_pools(account).map(|pool| (pool.id.to_string(), Arc::clone(pool)))))
    }

    /// Sets what can be changed of a pool: what is not named goes back to its default.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter`.
    pub async fn update_user_pool(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: PoolId,
        name: Option<String>,
        settings: PoolSettings,
    ) -> Result<()> {
        let profile = self.pool_passwords;
        self.edit_pool(cx, "cognito-idp:UpdateUserPool", id, move |pool| {
            if let Some(name) = name {
                pool.name = checked_title("poolName", name)?;
            }
            *pool = settled(pool.clone(), settings, profile)?;
            Ok(())
        })
        .await
    }

    /// Adds attributes to a pool's schema.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for one that is there or cannot be.
    pub async fn add_custom_attributes(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: PoolId,
        more: Vec<AttributeSpec>,
    ) -> Result<()> {
        self.edit_pool(cx, "cognito-idp:AddCustomAttributes", id, move |pool| {
            *pool = with_schema(pool.clone(), more)?;
            Ok(())
        })
        .await
    }

    /// What a pool says of second factors.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn user_pool_mfa(&self, cx: &RequestContext, id: &PoolId) -> Result<Arc<UserPool>> {
        self.read_pool(cx, "cognito-idp:GetUserPoolMfaConfig", id).map(|(_, pool)| pool)
    }

    /// Sets whether second factors are asked for, and which.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` when a factor is asked for and none is open.
    pub async fn set_user_pool_mfa(
        self: &Arc<Self>,
        cx: &RequestContext,
        id: PoolId,
        mode: Option<MfaMode>,
        software_token: Option<bool>,
        web_authn: Option<WebAuthnSettings>,
    ) -> Result<Arc<UserPool>> {
        if let Some(id) = web_authn.as_ref().and_then(|settings| settings.relying_party.as_deref())
            && !passkey::is_name(id)
        {
            return Err(invalid(format!("`{id}` is no name of a host, in small letters and without a port")));
        }
        self.edit_pool(cx, "cognito-idp:SetUserPoolMfaConfig", id.clone(), move |pool| {
            pool.software_token = software_token.unwrap_or(pool.software_token);
            pool.web_authn = web_authn.unwrap_or_else(|| pool.web_authn.clone());
            pool.mfa = mode.unwrap_or(pool.mfa);
            if pool.mfa != MfaMode::Off && !pool.software_token {
                return Err(invalid(
                    "Invalid MFA configuration given, can't turn on MFA and disable all MFAs together.",
                ));
            }
            Ok(Arc::new(pool.clone()))
        })
        .await
    }

    /// Deletes a pool with everything in it.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` while it is protected.
    pub async fn delete_user_pool(self: &Arc<Self>, cx: &RequestContext, id: PoolId) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:DeleteUserPool", &id)?;
            if pool.deletion_protection {
                return Err(invalid(
                    "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.",
                ));
            }
            let keys = change.state().list::<TokenKey>(pool.account, &TokenKey::prefix(id.as_str()));
            let keys: Vec<ObjectKey> =
                keys.map(|key| ObjectKey::named(TokenKey::KIND, key.account, &key.local())).collect();
            let passkeys = change.state().list::<PoolPasskey>(pool.account, &format!("{id}/"));
            let passkeys: Vec<ObjectKey> = passkeys.map(|passkey| ObjectKey::plain(passkey.as_ref())).collect();
            let providers = super::provider::of_pool(change.state(), &pool);
            let providers: Vec<ObjectKey> = providers.map(|one| ObjectKey::plain(one.as_ref())).collect();
            let servers = super::resource_server::servers(change.state(), &pool);
            let servers: Vec<ObjectKey> = servers.map(|server| ObjectKey::plain(server.as_ref())).collect();
            // What is in the pool goes first: without its pool it cannot be found any more.
            for key in change.state().of_pool(&id).into_iter().chain(keys).chain(passkeys).chain(providers).chain(servers) {
                change.delete(&permit, key);
            }
            change.delete(&permit, ObjectKey::user_pool(&id));
            Ok(())
        })
        .await
    }

    /// Changes a pool.
    pub(super) async fn edit_pool<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        id: PoolId,
        edit: impl FnOnce(&mut UserPool) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.change(cx, move |change: &mut Change<'_>| {
            let (permit, held) = judged(change, action, &id)?;
            let mut pool = UserPool::clone(&held);
            let answer = edit(&mut pool)?;
            pool.modified = change.now();
            if pool.tags != held.tags {
                let tags: Vec<(String, String)> =
                    pool.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                ask(change.state(), change.cx(), action, &id, Some(&tags))?;
                tagging::put_missing_keys(change, &permit, &pool)?;
            }
            change.put(&permit, Object::UserPool(Arc::new(pool)));
            Ok(answer)
        })
        .await
    }
}

impl App {
    /// The keys that a new pool signs with. RSA takes a while: not on a thread that serves others.
    async fn new_pool_keys(
        self: &Arc<Self>,
        account: AccountId,
        id: &PoolId,
        now: Timestamp,
    ) -> Result<[TokenKey; 2]> {
        let (app, id) = (Arc::clone(self), id.clone());
        let work = move || {
            let (pool, algorithm) = (id.as_str(), TokenAlgorithm::Rs256);
            key::generate_pair(account, pool, algorithm, &app.keyring, app.entropy(), now)
        };
        let made = tokio::task::spawn_blocking(work).await;
        made.map_err(|e| Error::internal(format!("the keys of a pool were not made: {e}")))?
    }
}

/// Judges the caller who makes a pool.
fn judge_creation(
    state: &Snapshot,
    cx: &RequestContext,
    account: AccountId,
    input: &NewPool,
) -> Result<Permit> {
    let tags = tagging::checked(input.settings.tags.clone().unwrap_or_default())?;
    let named: Vec<(String, String)> =
        tags.iter().map(|(key, value)| (format!("aws:RequestTag/{key}"), value.clone())).collect();
    let keys: Vec<(&str, String)> = named.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    let tag_keys = (!tags.is_empty()).then(|| ("aws:TagKeys", tags.keys().cloned().collect::<Vec<_>>()));
    let lists: Vec<_> = tag_keys.into_iter().collect();
    let action = "cognito-idp:CreateUserPool";
    let question = Question { action, resource: "*", account: Some(account), keys: &keys, lists: &lists };
    judge(state, cx, &question, None)
}

fn detail(state: &Snapshot, pool: Arc<UserPool>) -> PoolDetail {
    PoolDetail { users: state.pool_user_count(&pool.id), pool }
}

/// A pool with its settings, checked against one another.
fn settled(pool: UserPool, settings: PoolSettings, profile: PasswordProfile) -> Result<UserPool> {
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
fn with_schema(pool: UserPool, more: Vec<AttributeSpec>) -> Result<UserPool> {
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
