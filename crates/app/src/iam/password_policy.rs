//! What an account asks of the passwords of its users.

use std::sync::Arc;

use garita_model::{Error, PasswordPolicy, Result};

use super::alias::held;
use super::ask::{Ask, own_account};
use crate::App;
use crate::context::RequestContext;

impl App {
    /// Sets the policy; what is not given gets its default. Passwords that are there stay good until they change.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn update_password_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        policy: PasswordPolicy,
    ) -> Result<()> {
        self.edit_account(cx, "iam:UpdateAccountPasswordPolicy", move |_, account| {
            account.password_policy = Some(policy);
            Ok(())
        })
        .await
    }

    /// The policy.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when none is set.
    pub fn password_policy(&self, cx: &RequestContext) -> Result<PasswordPolicy> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:GetAccountPasswordPolicy", "*", account).judge_read(&state, cx)?;
        held(&state, account)?.password_policy.clone().ok_or_else(|| absent(&account.to_string()))
    }

    /// Takes the policy away: AWS's default holds again.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when none is set.
    pub async fn delete_password_policy(self: &Arc<Self>, cx: &RequestContext) -> Result<()> {
        self.edit_account(cx, "iam:DeleteAccountPasswordPolicy", |_, account| {
            let id = account.id.to_string();
            account.password_policy.take().map(drop).ok_or_else(|| absent(&id))
        })
        .await
    }
}

fn absent(account: &str) -> Error {
    Error::NotFound(format!("The Password Policy with domain name {account} cannot be found."))
}
