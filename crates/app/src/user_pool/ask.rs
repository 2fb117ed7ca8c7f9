//! What an administrator's operation begins with: the caller is judged on the pool, then the pool is found.
//!
//! Service Authorization Reference, "Actions, resources, and condition keys for Amazon Cognito User Pools". A pool of
//! another account is not there: its operations know no resource policies.

use std::sync::Arc;

use garita_model::user_pool::{PoolFault, PoolId};
use garita_model::{AccountId, Error, Result, UserPool};
use garita_store::Snapshot;

use crate::App;
use crate::authorize::{Permit, Question, judge};
use crate::change::Change;
use crate::context::RequestContext;

/// The account whose pools a request concerns: always the caller's own.
pub(super) fn own_account(cx: &RequestContext) -> Result<AccountId> {
    cx.caller().account().ok_or_else(|| Error::denied("the caller has no account"))
}

/// A question on a pool with the tags it has and those it is to have.
pub(super) fn ask(
    state: &Snapshot,
    cx: &RequestContext,
    action: &str,
    id: &PoolId,
    tagging: Option<&[(String, String)]>,
) -> Result<Permit> {
    let account = own_account(cx)?;
    let held = state.user_pool(id).filter(|pool| pool.account == account);
    let absent = || format!("arn:aws:cognito-idp:{}:{account}:userpool/{id}", id.region());
    let resource = held.map_or_else(absent, |pool| pool.arn());
    let mut named = Vec::new();
    for (key, value) in held.iter().flat_map(|pool| &pool.tags) {
        named.push((format!("aws:ResourceTag/{key}"), value.clone()));
    }
    for (key, value) in tagging.unwrap_or_default() {
        named.push((format!("aws:RequestTag/{key}"), value.clone()));
    }
    let keys: Vec<(&str, String)> = named.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    let tag_keys = tagging.map(|tags| ("aws:TagKeys", tags.iter().map(|(key, _)| key.clone()).collect()));
    let lists: Vec<(&str, Vec<String>)> = tag_keys.into_iter().collect();
    let account = Some(account);
    judge(state, cx, &Question { action, resource: &resource, account, keys: &keys, lists: &lists }, None)
}

/// The pool, if it is the caller's account's.
pub(super) fn find(state: &Snapshot, cx: &RequestContext, id: &PoolId) -> Result<Arc<UserPool>> {
    let account = own_account(cx)?;
    let pool = state.user_pool(id).filter(|pool| pool.account == account);
    pool.cloned()
        .ok_or_else(|| PoolFault::ResourceNotFound.because(format!("User pool {id} does not exist.")))
}

/// Judges the caller of a change on a pool, and finds the pool.
pub(super) fn judged(change: &Change<'_>, action: &str, id: &PoolId) -> Result<(Permit, Arc<UserPool>)> {
    let permit = ask(change.state(), change.cx(), action, id, None)?;
    Ok((permit, find(change.state(), change.cx(), id)?))
}

impl App {
    /// Judges the caller of a read on a pool, and finds the pool.
    pub(super) fn read_pool(
        &self,
        cx: &RequestContext,
        action: &str,
        id: &PoolId,
    ) -> Result<(Arc<Snapshot>, Arc<UserPool>)> {
        let state = self.snapshot();
        ask(&state, cx, action, id, None)?;
        let pool = find(&state, cx, id)?;
        Ok((state, pool))
    }
}
