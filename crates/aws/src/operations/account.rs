//! Rows of what an account has as a whole.

use super::*;
use crate::services::iam::{account, authorization_details, password_policy};

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = rows! {
    "iam" "CreateAccountAlias" Write ANY ["AccountAlias"] account::create_alias;
    "iam" "DeleteAccountAlias" Write ANY ["AccountAlias"] account::delete_alias;
    "iam" "ListAccountAliases" List ANY ["Marker" "MaxItems"] account::list_aliases;
    "iam" "GetAccountSummary" List ANY [] account::summary;
    "iam" "GetAccountAuthorizationDetails" Read ANY ["Filter" "Marker" "MaxItems"] authorization_details::get;
    "iam" "UpdateAccountPasswordPolicy" Write ANY
        ["MinimumPasswordLength" "RequireSymbols" "RequireNumbers" "RequireUppercaseCharacters"
         "RequireLowercaseCharacters" "AllowUsersToChangePassword" "MaxPasswordAge" "PasswordReusePrevention"
         "HardExpiry"] password_policy::update;
    "iam" "GetAccountPasswordPolicy" Read ANY [] password_policy::get;
    "iam" "DeleteAccountPasswordPolicy" Write ANY [] password_policy::delete;
};
