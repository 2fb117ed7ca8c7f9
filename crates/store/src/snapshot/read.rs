//! Reading a snapshot: by name, by id, by ARN, in order.
//!
//! INVARIANT: names are found in any case; lists come in the order of their lower-case names.

use std::ops::Bound;
use std::sync::Arc;

use garita_model::access_key::LastUsed;
use garita_model::{
    AccessKey, AccessKeyId, Account, AccountId, Group, KeyOwner, ManagedPolicy, Object, ObjectKey,
    ObjectKind, Role, User,
};

use super::{Named, PrincipalRef, Snapshot, named, owner};

impl Snapshot {
    /// An account.
    pub fn account(&self, id: AccountId) -> Option<&Arc<Account>> {
        self.accounts.get(&id)
    }
    /// Every account, by number.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.values()
    }

    /// A user.
    pub fn user(&self, account: AccountId, name: &str) -> Option<&Arc<User>> {
        find(&self.users, account, name)
    }
    /// The users of an account that come after a name.
    pub fn users<'a>(
        &'a self,
        account: AccountId,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<User>> + use<'a> {
        list(&self.users, account, after)
    }

    /// A group.
    pub fn group(&self, account: AccountId, name: &str) -> Option<&Arc<Group>> {
        find(&self.groups, account, name)
    }
    /// The groups of an account that come after a name.
    pub fn groups<'a>(
        &'a self,
        account: AccountId,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<Group>> + use<'a> {
        list(&self.groups, account, after)
    }

    /// A role.
    pub fn role(&self, account: AccountId, name: &str) -> Option<&Arc<Role>> {
        find(&self.roles, account, name)
    }
    /// The roles of an account that come after a name.
    pub fn roles<'a>(
        &'a self,
        account: AccountId,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<Role>> + use<'a> {
        list(&self.roles, account, after)
    }

    /// A customer managed policy.
    pub fn managed_policy(&self, account: AccountId, name: &str) -> Option<&Arc<ManagedPolicy>> {
        find(&self.policies, account, name)
    }
    /// The customer managed policies of an account that come after a name.
    pub fn managed_policies<'a>(
        &'a self,
        account: AccountId,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a Arc<ManagedPolicy>> + use<'a> {
        list(&self.policies, account, after)
    }
    /// A customer managed policy by its ARN.
    pub fn managed_policy_by_arn(&self, arn: &str) -> Option<&Arc<ManagedPolicy>> {
        self.by_arn.get(arn).and_then(|key| self.policies.get(key)).map(|entry| &entry.object)
    }

    /// A long-lived access key.
    pub fn access_key(&self, id: &AccessKeyId) -> Option<&Arc<AccessKey>> {
        self.keys.get(id)
    }
    /// The access keys of an owner, oldest first.
    pub fn access_keys_of(
        &self,
        account: AccountId,
        of: &KeyOwner,
    ) -> impl Iterator<Item = &Arc<AccessKey>> + use<'_> {
        let ids = self.keys_of.of(&owner(account, of));
        ids.filter_map(|(_, id)| self.keys.get(&id.parse::<AccessKeyId>().ok()?))
    }
    /// When and for what a key was last used, as far as it was written down.
    pub fn key_use(&self, id: &AccessKeyId) -> Option<&LastUsed> {
        self.uses.get(id)
    }

    /// The members of a group.
    pub fn members(&self, account: AccountId, group: &str) -> impl Iterator<Item = &Arc<User>> + use<'_> {
        let keys = self.members.of(&named(account, group));
        keys.filter_map(|key| self.users.get(key)).map(|entry| &entry.object)
    }
    /// The users, groups and roles a managed policy is attached to.
    pub fn attachments(&self, arn: &str) -> impl Iterator<Item = &ObjectKey> + use<'_> {
        self.attached.of(arn)
    }
    /// The users and roles whose permissions boundary a managed policy is.
    pub fn bounded_by(&self, arn: &str) -> impl Iterator<Item = &ObjectKey> + use<'_> {
        self.bounded.of(arn)
    }

    /// The user or role with a unique id.
    pub fn principal_by_unique_id(&self, id: &str) -> Option<PrincipalRef> {
        let ObjectKey { kind, key } = self.by_id.get(id)?;
        let user = || self.users.get(key.as_str()).map(|e| PrincipalRef::User(Arc::clone(&e.object)));
        let role = || self.roles.get(key.as_str()).map(|e| PrincipalRef::Role(Arc::clone(&e.object)));
        if *kind == ObjectKind::User { user() } else { role() }
    }

    /// Everything in this snapshot.
    pub fn objects(&self) -> impl Iterator<Item = Object> {
        let accounts = self.accounts.values().map(|o| Object::Account(Arc::clone(o)));
        let policies = self.policies.values().map(|e| Object::ManagedPolicy(Arc::clone(&e.object)));
        let groups = self.groups.values().map(|e| Object::Group(Arc::clone(&e.object)));
        let users = self.users.values().map(|e| Object::User(Arc::clone(&e.object)));
        let roles = self.roles.values().map(|e| Object::Role(Arc::clone(&e.object)));
        let keys = self.keys.values().map(|o| Object::AccessKey(Arc::clone(o)));
        let uses = self.uses.iter().map(|(id, used)| Object::KeyUse(id.clone(), used.clone()));
        let plain = self.plain.values().cloned().chain(self.pools.objects());
        accounts.chain(policies).chain(groups).chain(users).chain(roles).chain(keys).chain(uses).chain(plain)
    }
}

fn find<'a, T, P: Clone>(map: &'a Named<T, P>, account: AccountId, name: &str) -> Option<&'a Arc<T>> {
    map.get(named(account, name).as_str()).map(|entry| &entry.object)
}

fn list<'a, T, P: Clone>(
    map: &'a Named<T, P>,
    account: AccountId,
    after: Option<&str>,
) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T, P> {
    let prefix = named(account, "");
    let from: Arc<str> = named(account, after.unwrap_or_default()).into();
    // Without a name this is the bare prefix, which is no object's key.
    map.range((Bound::Excluded(from), Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(&prefix))
        .map(|(_, entry)| &entry.object)
}
