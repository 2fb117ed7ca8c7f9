//! Tags of user pools.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{PoolFault, PoolId};
use garita_model::{Object, Result, Tag, UserPool, tag};

use super::ask::{ask, find};
use super::invalid;
use crate::App;
use crate::context::RequestContext;

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
            let mut pool = UserPool::clone(&*find(change.state(), change.cx(), &id)?);
            pool.tags.extend(pairs);
            pool.tags = checked(pool.tags)?;
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
    Ok(tags)
}
