//! Rows of the policy simulator.

use super::*;
use crate::services::iam::simulator;

const SOURCE: &str = "{PolicySourceArn}";

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = rows! {
    "iam" "SimulatePrincipalPolicy" Read SOURCE
        ["PolicySourceArn" "PolicyInputList" "PermissionsBoundaryPolicyInputList" "PolicyExclusionList" "ActionNames"
         "ResourceArns" "ResourcePolicy" "ResourceOwner" "CallerArn" "ContextEntries" "ResourceHandlingOption" "MaxItems"
         "Marker"] simulator::principal;
    "iam" "SimulateCustomPolicy" Read ANY
        ["PolicyInputList" "PermissionsBoundaryPolicyInputList" "OrderedOrganizationPolicyInputList" "ActionNames"
         "ResourceArns" "ResourcePolicy" "ResourceOwner" "CallerArn" "ContextEntries" "ResourceHandlingOption" "MaxItems"
         "Marker"] simulator::custom;
    "iam" "GetContextKeysForPrincipalPolicy" Read SOURCE
        ["PolicySourceArn" "PolicyInputList"] simulator::keys_of_principal;
    "iam" "GetContextKeysForCustomPolicy" Read ANY ["PolicyInputList"] simulator::keys_of_custom;
};
