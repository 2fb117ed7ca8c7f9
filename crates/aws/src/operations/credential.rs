//! Rows of what users prove themselves with, beside access keys.

use super::*;
use crate::services::iam::{login_profile, mfa, ssh_public_key, tag};

const DEVICE: &str = "{SerialNumber}";

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

    "iam" "CreateVirtualMFADevice" Write "arn:aws:iam::{account}:mfa{path}{VirtualMFADeviceName}"
        ["VirtualMFADeviceName" "Path" "Tags"] mfa::create;
    "iam" "ListVirtualMFADevices" List ANY ["AssignmentStatus" "Marker" "MaxItems"] mfa::list_virtual;
    "iam" "DeleteVirtualMFADevice" Write DEVICE ["SerialNumber"] mfa::delete;
    "iam" "EnableMFADevice" Write USER
        ["UserName" "SerialNumber" "AuthenticationCode1" "AuthenticationCode2"] mfa::enable;
    "iam" "ResyncMFADevice" Write USER
        ["UserName" "SerialNumber" "AuthenticationCode1" "AuthenticationCode2"] mfa::resync;
    "iam" "DeactivateMFADevice" Write USER ["UserName" "SerialNumber"] mfa::deactivate;
    "iam" "ListMFADevices" List USER ["UserName" "Marker" "MaxItems"] mfa::list;
    "iam" "GetMFADevice" Read USER ["UserName" "SerialNumber"] mfa::get;
    "iam" "TagMFADevice" Tagging DEVICE ["SerialNumber" "Tags"] tag::put(tag::Bearer::MfaDevice);
    "iam" "UntagMFADevice" Tagging DEVICE ["SerialNumber" "TagKeys"] tag::remove(tag::Bearer::MfaDevice);
    "iam" "ListMFADeviceTags" List DEVICE
        ["SerialNumber" "Marker" "MaxItems"] tag::list(tag::Bearer::MfaDevice);

    "iam" "UploadSSHPublicKey" Write USER ["UserName" "SSHPublicKeyBody"] ssh_public_key::upload;
    "iam" "GetSSHPublicKey" Read USER ["UserName" "SSHPublicKeyId" "Encoding"] ssh_public_key::get;
    "iam" "ListSSHPublicKeys" List USER ["UserName" "Marker" "MaxItems"] ssh_public_key::list;
    "iam" "UpdateSSHPublicKey" Write USER ["UserName" "SSHPublicKeyId" "Status"] ssh_public_key::update;
    "iam" "DeleteSSHPublicKey" Write USER ["UserName" "SSHPublicKeyId"] ssh_public_key::delete;
};
