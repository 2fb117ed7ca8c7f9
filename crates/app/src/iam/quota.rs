//! How much of everything there may be: AWS's default quotas.
//!
//! IAM User Guide, "IAM and AWS STS quotas".

use garita_model::{Error, Result};

/// A limit on how many things there may be.
pub(super) struct Quota {
    name: &'static str,
    most: usize,
}

const fn quota(name: &'static str, most: usize) -> Quota {
    Quota { name, most }
}

pub(super) const USERS: Quota = quota("UsersPerAccount", 5000);
pub(super) const GROUPS: Quota = quota("GroupsPerAccount", 300);
pub(super) const ROLES: Quota = quota("RolesPerAccount", 1000);
pub(super) const POLICIES: Quota = quota("PoliciesPerAccount", 1500);
pub(super) const INSTANCE_PROFILES: Quota = quota("InstanceProfilesPerAccount", 1000);
pub(super) const GROUPS_OF_USER: Quota = quota("GroupsPerUser", 10);
pub(super) const KEYS_OF_USER: Quota = quota("AccessKeysPerUser", 2);
pub(super) const OIDC_PROVIDERS: Quota = quota("OpenIdConnectProvidersPerAccount", 100);
pub(super) const SAML_PROVIDERS: Quota = quota("SAMLProvidersPerAccount", 100);
pub(super) const CLIENT_IDS: Quota = quota("ClientIdsPerOpenIdConnectProvider", 100);
pub(super) const SSH_KEYS_OF_USER: Quota = quota("SSHPublicKeysPerUser", 5);
pub(super) const MFA_DEVICES_OF_USER: Quota = quota("MFADevicesPerUser", 8);
pub(super) const POLICIES_OF_USER: Quota = quota("PoliciesPerUser", 10);
pub(super) const POLICIES_OF_GROUP: Quota = quota("PoliciesPerGroup", 10);
pub(super) const POLICIES_OF_ROLE: Quota = quota("PoliciesPerRole", 10);
/// Characters of one version of a managed policy; white space is free.
pub(super) const POLICY_SIZE: Quota = quota("PolicySize", 6144);
/// Characters of a trust policy; white space is free.
pub(super) const TRUST_SIZE: Quota = quota("ACLSizePerRole", 2048);

impl Quota {
    /// How many there may be.
    pub(super) fn most(&self) -> usize {
        self.most
    }
    /// Whether one more may join those that are there.
    pub(super) fn one_more(&self, present: usize) -> Result<()> {
        self.fits(present.saturating_add(1))
    }
    /// Whether there may be so many.
    pub(super) fn fits(&self, wanted: usize) -> Result<()> {
        if wanted <= self.most {
            return Ok(());
        }
        Err(Error::LimitExceeded(format!("Cannot exceed quota for {}: {}", self.name, self.most)))
    }
}

/// Checks a description.
pub(super) fn check_description(text: Option<&str>) -> Result<()> {
    if text.is_none_or(|text| text.chars().count() <= 1000) {
        return Ok(());
    }
    let message = "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 1000";
    Err(Error::invalid("description", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_reached_but_not_passed() {
        let quotas = [
            (USERS, 5000, "UsersPerAccount: 5000"),
            (GROUPS, 300, "GroupsPerAccount: 300"),
            (ROLES, 1000, "RolesPerAccount: 1000"),
            (POLICIES, 1500, "PoliciesPerAccount: 1500"),
            (GROUPS_OF_USER, 10, "GroupsPerUser: 10"),
            (KEYS_OF_USER, 2, "AccessKeysPerUser: 2"),
            (POLICIES_OF_ROLE, 10, "PoliciesPerRole: 10"),
            (TRUST_SIZE, 2048, "ACLSizePerRole: 2048"),
        ];
        for (quota, most, text) in quotas {
            assert!(quota.one_more(most - 1).is_ok() && quota.fits(most).is_ok());
            let refused = quota.one_more(most).unwrap_err();
            assert!(matches!(refused, Error::LimitExceeded(_)));
            assert_eq!(refused.to_string(), format!("Cannot exceed quota for {text}"));
        }
    }
}
