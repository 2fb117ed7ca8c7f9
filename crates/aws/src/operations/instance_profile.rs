//! Rows of instance profiles.

use super::*;
use crate::services::iam::{instance_profile, tag};

const PROFILE: &str = "arn:aws:iam::{account}:instance-profile{path}{InstanceProfileName}";

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = rows! {
    "iam" "CreateInstanceProfile" Write PROFILE ["InstanceProfileName" "Path" "Tags"] instance_profile::create;
    "iam" "GetInstanceProfile" Read PROFILE ["InstanceProfileName"] instance_profile::get;
    "iam" "ListInstanceProfiles" List ANY ["PathPrefix" "Marker" "MaxItems"] instance_profile::list;
    "iam" "ListInstanceProfilesForRole" List ROLE
        ["RoleName" "Marker" "MaxItems"] instance_profile::list_for_role;
    "iam" "AddRoleToInstanceProfile" Write PROFILE
        ["InstanceProfileName" "RoleName"] instance_profile::add_role;
    "iam" "RemoveRoleFromInstanceProfile" Write PROFILE
        ["InstanceProfileName" "RoleName"] instance_profile::remove_role;
    "iam" "DeleteInstanceProfile" Write PROFILE ["InstanceProfileName"] instance_profile::delete;
    "iam" "TagInstanceProfile" Tagging PROFILE
        ["InstanceProfileName" "Tags"] tag::put(tag::Bearer::InstanceProfile);
    "iam" "UntagInstanceProfile" Tagging PROFILE
        ["InstanceProfileName" "TagKeys"] tag::remove(tag::Bearer::InstanceProfile);
    "iam" "ListInstanceProfileTags" List PROFILE
        ["InstanceProfileName" "Marker" "MaxItems"] tag::list(tag::Bearer::InstanceProfile);
};
