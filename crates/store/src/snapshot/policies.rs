//! Compiled policies: parsed when an object is applied, put together when a decision asks for them.
//!
//! INVARIANT: fails closed. A policy that does not parse keeps its object out of the snapshot; an attached policy,
//! a group or a principal that is not there counts as a policy that denies everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::{Error, Group, ManagedPolicy, PolicyName, Result, Role, User};
use garita_policy::{NamedPolicy, PolicyDocument, PolicyIndex, PolicyKind, PolicySource};

use super::{Managed, RolePolicies, Snapshot, named};
use crate::aws_managed::aws_managed;

const DENY_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

/// What every user of an account may do whose password policy says `AllowUsersToChangePassword`. IAM User Guide,
/// "Permit IAM users to change their own passwords".
const OWN_PASSWORD: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"iam:ChangePassword",
 "Resource":["arn:aws:iam::*:user/${aws:username}","arn:aws:iam::*:user/*/${aws:username}"]},
{"Effect":"Allow","Action":"iam:GetAccountPasswordPolicy","Resource":"*"}]}"#;

/// The policies that are part of the program.
pub(super) struct BuiltIn {
    aws: BTreeMap<&'static str, Managed>,
    deny_all: Arc<PolicyDocument>,
    own_password: NamedPolicy,
}

impl BuiltIn {
    pub(super) fn compile() -> Result<Self> {
        let compile = |policy: &crate::AwsManagedPolicy| {
            let document = parse(policy.arn, policy.document, PolicyKind::Identity)?;
            Ok((policy.arn, managed(policy.arn, PolicySource::AwsManaged, document)))
        };
        let aws = aws_managed().iter().map(compile).collect::<Result<_>>()?;
        let own_password = parse("own password", OWN_PASSWORD, PolicyKind::Identity)?;
        Ok(Self {
            aws,
            deny_all: parse("deny all", DENY_ALL, PolicyKind::Identity)?,
            own_password: NamedPolicy::new("account-password-policy", PolicySource::AwsManaged, own_password),
        })
    }

    fn missing(&self, what: &str) -> NamedPolicy {
        tracing::error!(what, "something a principal rests on is missing: everything is denied to it");
        NamedPolicy::new(what, PolicySource::UserManaged, Arc::clone(&self.deny_all))
    }
}

fn parse(name: &str, text: &str, kind: PolicyKind) -> Result<Arc<PolicyDocument>> {
    let parsed = PolicyDocument::parse(text, kind);
    parsed
        .map(Arc::new)
        .map_err(|e| Error::internal(format!("the stored policy `{name}` cannot be used: {e}")))
}

fn managed(arn: &str, source: PolicySource, document: Arc<PolicyDocument>) -> Managed {
    let arn: Arc<str> = arn.into();
    Managed {
        boundary: NamedPolicy::new(Arc::clone(&arn), PolicySource::Boundary, Arc::clone(&document)),
        policy: NamedPolicy::new(arn, source, document),
    }
}

/// Compiles the inline policies of a principal or group.
pub(super) fn inline(
    policies: &BTreeMap<PolicyName, String>,
    source: PolicySource,
) -> Result<Arc<[NamedPolicy]>> {
    let compile = |(name, text): (&PolicyName, &String)| {
        let document = parse(name.as_str(), text, PolicyKind::Identity)?;
        Ok(NamedPolicy::new(name.as_str(), source, document))
    };
    policies.iter().map(compile).collect()
}

/// Compiles what a role holds.
pub(super) fn of_role(role: &Role) -> Result<RolePolicies> {
    let trust = parse("trust policy", &role.trust, PolicyKind::Trust)?;
    Ok(RolePolicies {
        inline: inline(&role.inline, PolicySource::RoleInline)?,
        trust: NamedPolicy::new("trust policy", PolicySource::Trust, trust),
    })
}

/// Compiles the default version of a managed policy.
pub(super) fn of_managed(policy: &ManagedPolicy) -> Result<Managed> {
    let arn = policy.arn()?;
    let version = policy.default();
    let version = version.ok_or_else(|| Error::internal(format!("`{arn}` lacks its default version")))?;
    let document = parse(arn.as_str(), &version.document, PolicyKind::Identity)?;
    Ok(managed(arn.as_str(), PolicySource::UserManaged, document))
}

impl Snapshot {
    /// The permissions policies of a user: inline, attached, those of its groups, and what the account's password
    /// policy grants to every user.
    pub fn user_policies(&self, user: &User) -> Vec<NamedPolicy> {
        let mut policies = self.own_policies(user);
        for name in &user.groups {
            match self.groups.get(named(user.account, name.as_str()).as_str()) {
                Some(entry) => {
                    policies.extend(entry.policies.iter().cloned());
                    self.add_attached(&entry.object.attached, &mut policies);
                }
                None => policies.push(self.built_in.missing(name.as_str())),
            }
        }
        let asked = self.account(user.account).and_then(|account| account.password_policy.as_ref());
        if asked.is_some_and(|policy| policy.users_may_change) {
            policies.push(self.built_in.own_password.clone());
        }
        policies
    }

    /// The permissions policies of a user without those of its groups: inline and attached.
    pub fn own_policies(&self, user: &User) -> Vec<NamedPolicy> {
        let held = self.users.get(named(user.account, user.name.as_str()).as_str());
        let mut policies =
            held.map_or_else(|| self.unknown(user.name.as_str()), |entry| entry.policies.to_vec());
        self.add_attached(&user.attached, &mut policies);
        policies
    }

    /// The permissions policies of a group: inline and attached.
    pub fn group_policies(&self, group: &Group) -> Vec<NamedPolicy> {
        let held = self.groups.get(named(group.account, group.name.as_str()).as_str());
        let mut policies =
            held.map_or_else(|| self.unknown(group.name.as_str()), |entry| entry.policies.to_vec());
        self.add_attached(&group.attached, &mut policies);
        policies
    }

    /// The permissions policies of a role: inline and attached.
    pub fn role_policies(&self, role: &Role) -> Vec<NamedPolicy> {
        let held = self.roles.get(named(role.account, role.name.as_str()).as_str());
        let mut policies =
            held.map_or_else(|| self.unknown(role.name.as_str()), |entry| entry.policies.inline.to_vec());
        self.add_attached(&role.attached, &mut policies);
        policies
    }

    /// Policies as one index, for deciding. Made when they are first asked for, and again when one of them changes.
    pub fn index(&self, policies: &[NamedPolicy]) -> Arc<PolicyIndex> {
        self.indexes.get(policies)
    }

    /// A role's trust policy; none for a role that is not in this snapshot.
    pub fn trust(&self, role: &Role) -> Option<&NamedPolicy> {
        let entry = self.roles.get(named(role.account, role.name.as_str()).as_str())?;
        Some(&entry.policies.trust)
    }

    /// A managed policy, of the account or of AWS, as a permissions boundary. None when it is not there: then nothing
    /// may be allowed.
    pub fn boundary(&self, arn: &str) -> Option<NamedPolicy> {
        self.managed(arn).map(|managed| managed.boundary.clone())
    }

    /// The default version of a managed policy, of an account or of AWS.
    pub fn policy_by_arn(&self, arn: &str) -> Option<NamedPolicy> {
        self.managed(arn).map(|managed| managed.policy.clone())
    }

    fn managed(&self, arn: &str) -> Option<&Managed> {
        let own = self.by_arn.get(arn).and_then(|key| self.policies.get(key));
        own.map(|entry| &entry.policies).or_else(|| self.built_in.aws.get(arn))
    }

    fn unknown(&self, name: &str) -> Vec<NamedPolicy> {
        vec![self.built_in.missing(name)]
    }

    fn add_attached(&self, attached: &[String], policies: &mut Vec<NamedPolicy>) {
        let missing = |arn: &String| self.built_in.missing(arn);
        policies.extend(attached.iter().map(|arn| self.policy_by_arn(arn).unwrap_or_else(|| missing(arn))));
    }
}
