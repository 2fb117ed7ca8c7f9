//! Nouns beside users, groups, roles and policies: what verbs have in common on them.
//!
//! A request names a noun of the caller's account ([`Named`]); reading, editing and deleting ask, find and write alike.

use std::sync::Arc;

use garita_model::{AccountId, Error, ObjectKey, Plain, Result, Tag};
use garita_store::Snapshot;

use super::ask::Ask;
use crate::App;
use crate::context::RequestContext;

/// A noun with an ARN and tags.
pub(super) trait Noun: Plain + Clone + Send + Sync + 'static {
    fn arn(&self) -> String;
    fn tags(&self) -> &[Tag];
    fn tags_mut(&mut self) -> &mut Vec<Tag>;
    /// That it is not there, in AWS's words.
    fn absent(called: &str) -> Error;
}

/// How a request names a noun.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) account: AccountId,
    /// What it is known by within the account.
    pub(super) local: String,
    /// The ARN it is judged by when it is not there.
    pub(super) arn: String,
    /// What the request calls it.
    pub(super) called: String,
}

impl Named {
    /// By an ARN such as `arn:aws:iam::{account}:{kind}/...`. One of another account, or of another kind, names
    /// nothing here.
    pub(super) fn by_arn(account: AccountId, kind: &str, text: &str) -> Self {
        let prefix = format!("arn:aws:iam::{account}:{kind}/");
        let local = text.strip_prefix(&prefix).unwrap_or_default().to_ascii_lowercase();
        Self { account, local, arn: text.to_owned(), called: text.to_owned() }
    }

    pub(super) fn find<N: Noun>(&self, state: &Snapshot) -> Result<Arc<N>> {
        state.get::<N>(self.account, &self.local).cloned().ok_or_else(|| N::absent(&self.called))
    }

    /// The question whether an action is allowed on it.
    pub(super) fn ask<N: Noun>(&self, action: &'static str, state: &Snapshot) -> Ask {
        match state.get::<N>(self.account, &self.local) {
            Some(noun) => Ask::new(action, noun.arn(), self.account).on_tagged(noun.tags()),
            None => Ask::new(action, self.arn.as_str(), self.account),
        }
    }
}

impl App {
    /// The noun, for a caller that may read it.
    pub(super) fn read_noun<N: Noun>(
        &self,
        cx: &RequestContext,
        action: &'static str,
        named: &Named,
    ) -> Result<Arc<N>> {
        let state = self.snapshot();
        named.ask::<N>(action, &state).judge_read(&state, cx)?;
        named.find(&state)
    }

    /// Changes a noun.
    pub(super) async fn edit_noun<N: Noun, T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        named: Named,
        edit: impl FnOnce(&Snapshot, &mut N) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.change(cx, move |change| {
            let permit = named.ask::<N>(action, change.state()).judge(change)?;
            let mut noun = N::clone(&*named.find::<N>(change.state())?);
            let answer = edit(change.state(), &mut noun)?;
            change.put(&permit, noun.into_object());
            Ok(answer)
        })
        .await
    }

    /// Deletes a noun that `check` lets go.
    pub(super) async fn delete_noun<N: Noun>(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        named: Named,
        check: impl FnOnce(&N) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let permit = named.ask::<N>(action, change.state()).judge(change)?;
            let noun = named.find::<N>(change.state())?;
            check(&noun)?;
            change.delete(&permit, ObjectKey::plain(noun.as_ref()));
            Ok(())
        })
        .await
    }
}
