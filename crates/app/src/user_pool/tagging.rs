//! Tags of user pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{PoolFault, PoolId, extension};
use garita_model::{
    KeyStage, Object, Plain as _, Result, Tag, TokenAlgorithm, TokenKey, TokenUse, UserPool, tag,
};

use super::ask::{ask, find, judged};
use super::invalid;
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::token::key;

impl App {
    /// Sets tags of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for tags that cannot be.
    pub async fn tag_user_pool(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<()> {
        let id = id_in(arn)?;
        let pairs: Vec<(String, String)> = tags.into_iter().collect();
        self.change(cx, move |change| {
            let permit = ask(change.state(), change.cx(), "cognito-idp:TagResource", &id, Some(&pairs))?;
            may_extend(change, &id, pairs.iter().map(|(key, _)| key))?;
            let mut pool = UserPool::clone(&*find(change.state(), change.cx(), &id)?);
            pool.tags.extend(pairs);
            pool.tags = checked(pool.tags)?;
            put_missing_keys(change, &permit, &pool)?;
            change.put(&permit, Object::UserPool(Arc::new(pool)));
            Ok(())
        })
        .await
    }

    /// Takes tags from a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub async fn untag_user_pool(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
        keys: Vec<String>,
    ) -> Result<()> {
        let id = id_in(arn)?;
        self.change(cx, move |change| {
            let named: Vec<(String, String)> = keys.iter().map(|key| (key.clone(), String::new())).collect();
            let permit = ask(change.state(), change.cx(), "cognito-idp:UntagResource", &id, Some(&named))?;
            may_extend(change, &id, keys.iter())?;
            let mut pool = UserPool::clone(&*find(change.state(), change.cx(), &id)?);
            pool.tags.retain(|key, _| !keys.contains(key));
            change.put(&permit, Object::UserPool(Arc::new(pool)));
            Ok(())
        })
        .await
    }

    /// The tags of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn user_pool_tags(&self, cx: &RequestContext, arn: &str) -> Result<BTreeMap<String, String>> {
        let (_, pool) = self.read_pool(cx, "cognito-idp:ListTagsForResource", &id_in(arn)?)?;
        Ok(pool.tags.clone())
    }
}

/// The pool that an ARN names.
fn id_in(arn: &str) -> Result<PoolId> {
    let absent =
        || PoolFault::ResourceNotFound.because(format!("there is no user pool with the ARN `{arn}`"));
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", "aws", "cognito-idp", _, _, resource] => {
            resource.strip_prefix("userpool/").and_then(|id| id.parse().ok()).ok_or_else(absent)
        }
        _ => Err(absent()),
    }
}

/// Tags that may stand on one pool.
pub(super) fn checked(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let parsed: Result<Vec<Tag>> = tags.iter().map(|(key, value)| Tag::new(key, value)).collect();
    parsed.and_then(|all| tag::check_all(&all)).map_err(|error| invalid(error.to_string()))?;
    extension::check(&tags)?;
    Ok(tags)
}

/// Who sets what a tag says to Garita changes the pool, and must be allowed to.
fn may_extend<'a>(
    change: &Change<'_>,
    id: &PoolId,
    mut keys: impl Iterator<Item = &'a String>,
) -> Result<()> {
    if keys.any(|key| extension::is_extension(key)) {
        judged(change, "cognito-idp:UpdateUserPool", id)?;
    }
    Ok(())
}

/// Makes the keys for the ways of signing that a pool's tags ask for. They sign at once: who meets a name of a key that
/// is new fetches the key set anew. None of these is of the kind that takes long to make, RSA: every pool has that.
pub(super) fn put_missing_keys(change: &mut Change<'_>, permit: &Permit, pool: &UserPool) -> Result<()> {
    let app = change.app();
    let (state, now) = (change.state(), change.cx().now());
    let held: Vec<_> =
        state.list::<TokenKey>(pool.account, &TokenKey::prefix(pool.id.as_str())).cloned().collect();
    let mut made = Vec::new();
    for algorithm in pool.token_algorithms() {
        for signs in [TokenUse::Id, TokenUse::Access] {
            let fits = |key: &&Arc<TokenKey>| key.algorithm == algorithm && key.signs == signs;
            let signing = held.iter().filter(fits).any(|key| key.stage(now) == KeyStage::Current);
            if algorithm != TokenAlgorithm::Rs256 && !signing {
                let new = key::NewKey { account: pool.account, pool: pool.id.as_str(), algorithm, signs };
                made.push(key::generate(new, &app.keyring, app.entropy(), now, now)?);
            }
        }
    }
    for key in made {
        change.put(permit, key.into_object());
    }
    Ok(())
}
