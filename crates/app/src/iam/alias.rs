//! The account's alias: one, or none; unique in this Garita.

use std::sync::Arc;

use garita_model::{Account, AccountAlias, AccountId, Error, Object, Result};
use garita_store::Snapshot;

use super::ask::{Ask, own_account};
use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

impl App {
    /// Gives the account an alias, in place of the one it has.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for another account's alias, and for a word that is reserved.
    pub async fn create_account_alias(
        self: &Arc<Self>,
        cx: &RequestContext,
        alias: AccountAlias,
    ) -> Result<()> {
        self.edit_account(cx, "iam:CreateAccountAlias", move |state, account| {
            if alias.is_reserved() {
                let message =
                    format!("The account alias {alias} already exists: it is reserved, choose another.");
                return Err(Error::AlreadyExists(message));
            }
            let taken = state.accounts().any(|a| a.id != account.id && a.alias.as_ref() == Some(&alias));
            if taken {
                return Err(Error::AlreadyExists(format!("The account alias {alias} already exists.")));
            }
            account.alias = Some(alias);
            Ok(())
        })
        .await
    }

    /// Takes the account's alias away.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when it has another one or none.
    pub async fn delete_account_alias(
        self: &Arc<Self>,
        cx: &RequestContext,
        alias: AccountAlias,
    ) -> Result<()> {
        self.edit_account(cx, "iam:DeleteAccountAlias", move |_, account| {
            if account.alias.as_ref() != Some(&alias) {
                return Err(Error::NotFound(format!("The account alias {alias} cannot be found.")));
            }
            account.alias = None;
            Ok(())
        })
        .await
    }

    /// The account's alias, as a list of one or none.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_account_aliases(
        &self,
        cx: &RequestContext,
        page: &PageRequest,
    ) -> Result<Page<AccountAlias>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = Ask::new("iam:ListAccountAliases", "*", account);
        ask.judge_read(&state, cx)?;
        let alias = state.account(account).and_then(|account| account.alias.clone());
        Ok(self.pager(&ask, page)?.cut(alias.map(|alias| (alias.to_string(), alias))))
    }

    /// Changes what an account as a whole has.
    pub(super) async fn edit_account(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        edit: impl FnOnce(&Snapshot, &mut Account) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let permit = Ask::new(action, "*", account).judge(change)?;
            let mut changed = Account::clone(&*held(change.state(), account)?);
            edit(change.state(), &mut changed)?;
            change.put(&permit, Object::Account(Arc::new(changed)));
            Ok(())
        })
        .await
    }
}

/// The caller's account.
pub(super) fn held(state: &Snapshot, account: AccountId) -> Result<Arc<Account>> {
    state.account(account).cloned().ok_or_else(|| Error::internal("the caller's account is gone"))
}
