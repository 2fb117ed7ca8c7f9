//! Who a caller is, and whose a key is.

use garita_model::{AccessKeyId, AccountId, Error, Result};
use garita_policy::Principal;

use crate::App;
use crate::authorize::Question;
use crate::context::RequestContext;
use crate::live;

/// What `GetCallerIdentity` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The unique id; of a session, `role id:session name`.
    pub user_id: String,
    /// The account.
    pub account: AccountId,
    /// The ARN.
    pub arn: String,
}

impl App {
    /// Who the caller is. Always allowed, as in AWS.
    ///
    /// # Errors
    /// `Unauthenticated` when the caller is no longer live.
    pub fn caller_identity(&self, cx: &RequestContext) -> Result<CallerIdentity> {
        live::check(&self.snapshot(), cx.caller())?;
        let principal = &cx.caller().principal;
        let account = principal.account().ok_or_else(|| Error::denied("the caller has no account"))?;
        let user_id = match principal {
            Principal::User { id, .. } => id.clone(),
            Principal::RoleSession { role_id, session_name, .. } => format!("{role_id}:{session_name}"),
            Principal::FederatedUser { arn, .. } => {
                format!("{account}:{}", arn.resource().rsplit('/').next().unwrap_or_default())
            }
            _ => account.to_string(),
        };
        Ok(CallerIdentity { user_id, account, arn: principal.arn_text() })
    }

    /// The account a key id belongs to.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for an id that carries no account.
    pub fn access_key_info(&self, cx: &RequestContext, id: &AccessKeyId) -> Result<AccountId> {
        let question = Question {
            action: "sts:GetAccessKeyInfo",
            resource: "*",
            account: cx.caller().account(),
            keys: &[],
            lists: &[],
        };
        self.authorize(cx, &question)?;
        let stored = self.snapshot().access_key(id).map(|key| key.account);
        stored.or_else(|| id.account()).ok_or_else(|| {
            Error::invalid("AccessKeyId", format!("the access key id `{id}` carries no account"))
        })
    }
}
