//! Rows of what an account has as a whole.

use super::*;
use crate::services::iam::{
    account, authorization_details, credential_report, last_accessed, password_policy,
};

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

    "iam" "GenerateCredentialReport" Read ANY [] credential_report::generate;
    "iam" "GetCredentialReport" Read ANY [] credential_report::get;
    "iam" "ListPoliciesGrantingServiceAccess" List "{Arn}"
        ["Arn" "ServiceNamespaces" "Marker"] last_accessed::granting;
    "iam" "GenerateServiceLastAccessedDetails" Read "{Arn}" ["Arn" "Granularity"] last_accessed::generate;
    "iam" "GetServiceLastAccessedDetails" Read ANY ["JobId" "Marker" "MaxItems"] last_accessed::get;
    "iam" "GetServiceLastAccessedDetailsWithEntities" Read ANY
        ["JobId" "ServiceNamespace" "Marker" "MaxItems"] last_accessed::get_with_entities;
};
