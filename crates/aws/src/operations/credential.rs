//! Rows of what users prove themselves with, beside access keys.

use super::*;
use crate::services::iam::login_profile;

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = rows! {
    "iam" "CreateLoginProfile" Write USER
        ["UserName" "Password" "PasswordResetRequired"] login_profile::create;
    "iam" "GetLoginProfile" Read USER ["UserName"] login_profile::get;
    "iam" "UpdateLoginProfile" Write USER
        ["UserName" "Password" "PasswordResetRequired"] login_profile::update;
    "iam" "DeleteLoginProfile" Write USER ["UserName"] login_profile::delete;
    "iam" "ChangePassword" Write "arn:aws:iam::{account}:user{path}{caller}"
        ["OldPassword" "NewPassword"] login_profile::change_password;
};
