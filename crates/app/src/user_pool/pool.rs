//! User pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::pool::Messages;
use garita_model::user_pool::{
    AttributeSpec, FirstFactor, MfaMode, PoolFault, PoolId, SignInAttribute, WebAuthnSettings,
};
use garita_model::{
    AccountId, Error, Object, ObjectKey, Plain as _, PoolPasskey, Result, TokenAlgorithm, TokenKey, UserPool,
};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::ask::{ask, judged, own_account};
use super::pool_settings::{PoolSettings, settled, with_schema};
use super::{Part, checked_title, invalid, provider, relying_party, resource_server, tagging};
use crate::App;
use crate::authorize::{Permit, Question, judge};
use crate::change::Change;
use crate::context::RequestContext;
use crate::iam::Page;
use crate::token::key;

/// Most pools of an account; Cognito's quota.
const MOST_POOLS: usize = 1_000;

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
            && !relying_party::is_name(id)
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
            // What is in the pool goes first: without its pool it cannot be found any more.
            for key in belongings(change.state(), &pool) {
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

/// Everything in a pool.
fn belongings(state: &Snapshot, pool: &UserPool) -> Vec<ObjectKey> {
    let mut keys = state.of_pool(&pool.id);
    let tokens = state.list::<TokenKey>(pool.account, &TokenKey::prefix(pool.id.as_str()));
    keys.extend(tokens.map(|key| ObjectKey::plain(key.as_ref())));
    let passkeys = state.list::<PoolPasskey>(pool.account, &format!("{}/", pool.id));
    keys.extend(passkeys.map(|passkey| ObjectKey::plain(passkey.as_ref())));
    keys.extend(provider::of_pool(state, pool).map(|provider| ObjectKey::plain(provider.as_ref())));
    keys.extend(resource_server::servers(state, pool).map(|server| ObjectKey::plain(server.as_ref())));
    keys
}
