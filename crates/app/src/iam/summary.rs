//! How much of everything an account has, and how much it may have: `GetAccountSummary`.

use garita_model::{InstanceProfile, KeyOwner, MfaDevice, OidcProvider, Result, SamlProvider};

use super::ask::{Ask, own_account};
use super::quota;
use crate::App;
use crate::context::RequestContext;

impl App {
    /// Counts and quotas, by AWS's names for them.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn account_summary(&self, cx: &RequestContext) -> Result<Vec<(&'static str, usize)>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:GetAccountSummary", "*", account).judge_read(&state, cx)?;
        let root_keys = state.access_keys_of(account, &KeyOwner::Root).count();
        let versions: usize = state.managed_policies(account, None).map(|p| p.versions.len()).sum();
        let in_use = state.list::<MfaDevice>(account, "").filter(|d| d.assigned.is_some()).count();
        let providers =
            state.list::<OidcProvider>(account, "").count() + state.list::<SamlProvider>(account, "").count();
        let counts = [
            ("Users", state.users(account, None).count()),
            ("Groups", state.groups(account, None).count()),
            ("Roles", state.roles(account, None).count()),
            ("Policies", state.managed_policies(account, None).count()),
            ("PolicyVersionsInUse", versions),
            ("AccountAccessKeysPresent", usize::from(root_keys > 0)),
            ("InstanceProfiles", state.list::<InstanceProfile>(account, "").count()),
            ("Providers", providers),
            ("MFADevices", state.list::<MfaDevice>(account, "").count()),
            ("MFADevicesInUse", in_use),
            // What the root user cannot have here, and what AWS alone has.
            ("AccountMFAEnabled", 0),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("ServerCertificates", 0),
            ("GlobalEndpointTokenVersion", 2),
        ];
        let quotas = [
            ("UsersQuota", &quota::USERS),
            ("GroupsQuota", &quota::GROUPS),
            ("RolesQuota", &quota::ROLES),
            ("PoliciesQuota", &quota::POLICIES),
            ("InstanceProfilesQuota", &quota::INSTANCE_PROFILES),
            ("GroupsPerUserQuota", &quota::GROUPS_OF_USER),
            ("AccessKeysPerUserQuota", &quota::KEYS_OF_USER),
            ("AttachedPoliciesPerUserQuota", &quota::POLICIES_OF_USER),
            ("AttachedPoliciesPerGroupQuota", &quota::POLICIES_OF_GROUP),
            ("AttachedPoliciesPerRoleQuota", &quota::POLICIES_OF_ROLE),
            ("PolicySizeQuota", &quota::POLICY_SIZE),
            ("AssumeRolePolicySizeQuota", &quota::TRUST_SIZE),
        ];
        let quotas = quotas.into_iter().map(|(name, quota)| (name, quota.most()));
        Ok(counts.into_iter().chain(quotas).collect())
    }
}
