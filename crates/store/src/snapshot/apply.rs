//! Applying one object to a snapshot, with everything that is derived from it.
//!
//! INVARIANT: an object that cannot be applied leaves the snapshot as it was.

use std::sync::Arc;

use garita_model::{AccessKey, Group, ManagedPolicy, Object, ObjectKey, ObjectKind, Result, Role, User};
use garita_policy::PolicySource;

use super::{Entry, Snapshot, named, owner, policies};

impl Snapshot {
    /// Puts an object in place of the one with its key.
    ///
    /// # Errors
    /// `Internal` when a policy of it does not parse.
    pub(crate) fn put(&mut self, object: &Object) -> Result<()> {
        match object {
            Object::Account(account) => {
                self.accounts.insert(account.id, Arc::clone(account));
            }
            Object::User(user) => self.put_user(user)?,
            Object::Group(group) => self.put_group(group)?,
            Object::Role(role) => self.put_role(role)?,
            Object::ManagedPolicy(policy) => self.put_policy(policy)?,
            Object::AccessKey(key) => self.put_key(key),
            Object::KeyUse(id, used) => {
                self.uses.insert(id.clone(), used.clone());
            }
            Object::LoginProfile(_)
            | Object::InstanceProfile(_)
            | Object::MfaDevice(_)
            | Object::SshPublicKey(_)
            | Object::SamlProvider(_)
            | Object::OidcProvider(_)
            | Object::PoolBrowser(_)
            | Object::PoolDevice(_)
            | Object::StageSession(_)
            | Object::PoolPasskey(_)
            | Object::PoolProvider(_)
            | Object::ResourceServer(_)
            | Object::ConsoleSession(_)
            | Object::SigninToken(_)
            | Object::TokenKey(_)
            | Object::RoleDeletion(_)
            | Object::TokenIssuer(_)
            | Object::RoleUse(_) => {
                self.plain.insert(object.key(), object.clone());
            }
            Object::UserPool(_)
            | Object::PoolClient(_)
            | Object::PoolGroup(_)
            | Object::PoolUser(_)
            | Object::PoolSession(_)
            | Object::PoolCode(_) => self.pools.put(object)?,
        }
        Ok(())
    }

    /// Deletes an object; answers whether it was there.
    pub(crate) fn delete(&mut self, key: &ObjectKey) -> bool {
        let text = key.key.as_str();
        match key.kind {
            ObjectKind::Account => {
                text.parse().is_ok_and(|id| self.accounts.remove::<garita_model::AccountId>(&id).is_some())
            }
            ObjectKind::User => self.delete_user(text),
            ObjectKind::Group => self.delete_group(text),
            ObjectKind::Role => self.delete_role(text),
            ObjectKind::ManagedPolicy => self.delete_policy(text),
            ObjectKind::AccessKey => self.delete_key(text),
            ObjectKind::KeyUse => {
                text.parse().is_ok_and(|id| self.uses.remove::<garita_model::AccessKeyId>(&id).is_some())
            }
            ObjectKind::LoginProfile
            | ObjectKind::InstanceProfile
            | ObjectKind::MfaDevice
            | ObjectKind::SshPublicKey
            | ObjectKind::SamlProvider
            | ObjectKind::OidcProvider
            | ObjectKind::PoolBrowser
            | ObjectKind::PoolDevice
            | ObjectKind::StageSession
            | ObjectKind::PoolPasskey
            | ObjectKind::PoolProvider
            | ObjectKind::ResourceServer
            | ObjectKind::ConsoleSession
            | ObjectKind::SigninToken
            | ObjectKind::TokenKey
            | ObjectKind::RoleDeletion
            | ObjectKind::TokenIssuer
            | ObjectKind::RoleUse => self.plain.remove(key).is_some(),
            ObjectKind::UserPool
            | ObjectKind::PoolClient
            | ObjectKind::PoolGroup
            | ObjectKind::PoolUser
            | ObjectKind::PoolSession
            | ObjectKind::PoolCode => self.pools.delete(key),
        }
    }

    fn put_user(&mut self, user: &Arc<User>) -> Result<()> {
        let inline = policies::inline(&user.inline, PolicySource::UserInline)?;
        let key = Object::User(Arc::clone(user)).key();
        self.delete_user(&key.key);
        self.attach(&key, &user.attached, user.boundary.as_deref());
        self.by_id.insert(user.id.as_str().into(), key.clone());
        for group in &user.groups {
            self.members.insert(&named(user.account, group.as_str()), key.key.as_str().into());
        }
        self.users.insert(key.key.into(), Entry { object: Arc::clone(user), policies: inline });
        Ok(())
    }

    fn delete_user(&mut self, key: &str) -> bool {
        let Some(Entry { object: user, .. }) = self.users.remove(key) else { return false };
        let key = ObjectKey { kind: ObjectKind::User, key: key.to_owned() };
        self.detach(&key, &user.attached, user.boundary.as_deref());
        self.forget_id(user.id.as_str(), &key);
        for group in &user.groups {
            self.members.remove(&named(user.account, group.as_str()), key.key.as_str().into());
        }
        true
    }

    fn put_group(&mut self, group: &Arc<Group>) -> Result<()> {
        let inline = policies::inline(&group.inline, PolicySource::GroupInline)?;
        let key = Object::Group(Arc::clone(group)).key();
        self.delete_group(&key.key);
        self.attach(&key, &group.attached, None);
        self.groups.insert(key.key.into(), Entry { object: Arc::clone(group), policies: inline });
        Ok(())
    }

    fn delete_group(&mut self, key: &str) -> bool {
        let Some(Entry { object: group, .. }) = self.groups.remove(key) else { return false };
        let key = ObjectKey { kind: ObjectKind::Group, key: key.to_owned() };
        self.detach(&key, &group.attached, None);
        true
    }

    fn put_role(&mut self, role: &Arc<Role>) -> Result<()> {
        let policies = policies::of_role(role)?;
        let key = Object::Role(Arc::clone(role)).key();
        self.delete_role(&key.key);
        self.attach(&key, &role.attached, role.boundary.as_deref());
        self.by_id.insert(role.id.as_str().into(), key.clone());
        self.roles.insert(key.key.into(), Entry { object: Arc::clone(role), policies });
        Ok(())
    }

    fn delete_role(&mut self, key: &str) -> bool {
        let Some(Entry { object: role, .. }) = self.roles.remove(key) else { return false };
        let key = ObjectKey { kind: ObjectKind::Role, key: key.to_owned() };
        self.detach(&key, &role.attached, role.boundary.as_deref());
        self.forget_id(role.id.as_str(), &key);
        true
    }

    fn put_policy(&mut self, policy: &Arc<ManagedPolicy>) -> Result<()> {
        let (arn, policies) = (policy.arn()?, policies::of_managed(policy)?);
        let key: Arc<str> = Object::ManagedPolicy(Arc::clone(policy)).key().key.into();
        self.delete_policy(&key);
        self.by_arn.insert(arn.as_str().into(), Arc::clone(&key));
        self.policies.insert(key, Entry { object: Arc::clone(policy), policies });
        Ok(())
    }

    fn delete_policy(&mut self, key: &str) -> bool {
        let Some(Entry { policies, .. }) = self.policies.remove(key) else { return false };
        self.by_arn.remove(policies.policy.id());
        true
    }

    fn put_key(&mut self, key: &Arc<AccessKey>) {
        self.delete_key(key.id.as_str());
        self.keys_of.insert(&owner(key.account, &key.owner), (key.created, key.id.as_str().into()));
        self.keys.insert(key.id.clone(), Arc::clone(key));
    }

    fn delete_key(&mut self, id: &str) -> bool {
        let Ok(id) = id.parse::<garita_model::AccessKeyId>() else { return false };
        let Some(key) = self.keys.remove(&id) else { return false };
        self.keys_of.remove(&owner(key.account, &key.owner), (key.created, id.as_str().into()));
        true
    }

    fn attach(&mut self, key: &ObjectKey, attached: &[String], boundary: Option<&str>) {
        for arn in attached {
            self.attached.insert(arn, key.clone());
        }
        if let Some(arn) = boundary {
            self.bounded.insert(arn, key.clone());
        }
    }

    fn detach(&mut self, key: &ObjectKey, attached: &[String], boundary: Option<&str>) {
        for arn in attached {
            self.attached.remove(arn, key.clone());
        }
        if let Some(arn) = boundary {
            self.bounded.remove(arn, key.clone());
        }
    }

    fn forget_id(&mut self, id: &str, key: &ObjectKey) {
        if self.by_id.get(id) == Some(key) {
            self.by_id.remove(id);
        }
    }
}
