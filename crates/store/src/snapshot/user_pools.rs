//! User pools in a snapshot: each pool a shelf of its own, with what is in it.
//!
//! A pool may hold many users, so a user is one record, and an index entry is a hash and a `sub`: 24 bytes. What an
//! index finds is compared with the record itself, so a hash that two names share costs a look and nothing else.
//! INVARIANT: a shelf holds nothing of another pool, and goes with its pool.

use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Bound;
use std::sync::Arc;

use garita_model::user_pool::{ClientId, CodePurpose, PoolId, SignInAttribute, Uuid};
use garita_model::{
    AccountId, Error, Object, ObjectKey, ObjectKind, PoolClient, PoolCode, PoolGroup, PoolSession, PoolUser,
    Result, UserPool,
};
use imbl::{OrdMap, OrdSet};

use super::Snapshot;

/// All pools.
#[derive(Clone, Default)]
pub(super) struct Shelves {
    pools: OrdMap<PoolId, Shelf>,
    clients: OrdMap<ClientId, Arc<PoolClient>>,
}

/// One pool with what is in it.
#[derive(Clone)]
struct Shelf {
    pool: Arc<UserPool>,
    clients: OrdSet<ClientId>,
    groups: OrdMap<Arc<str>, Arc<PoolGroup>>,
    users: OrdMap<Uuid, Arc<PoolUser>>,
    /// Hash of a name or sign-in attribute, in lower case, or of who somebody is at a provider, to whose it is.
    names: OrdSet<(u64, Uuid)>,
    /// Hash of a group's name to who is in it.
    members: OrdSet<(u64, Uuid)>,
    sessions: OrdMap<Uuid, Arc<PoolSession>>,
    sessions_of: OrdSet<(Uuid, Uuid)>,
    codes: OrdMap<(Uuid, CodePurpose), Arc<PoolCode>>,
}

/// What a user is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolName {
    /// The user's own name.
    Username,
    /// An attribute, proved or not.
    Attribute(SignInAttribute),
}

impl PoolName {
    /// All of them.
    const ALL: [Self; 4] = [
        Self::Username,
        Self::Attribute(SignInAttribute::Email),
        Self::Attribute(SignInAttribute::PhoneNumber),
        Self::Attribute(SignInAttribute::PreferredUsername),
    ];

    fn of(self, user: &PoolUser) -> Option<&str> {
        match self {
            Self::Username => Some(&user.name),
            Self::Attribute(attribute) => user.attributes.get(attribute.as_str()),
        }
    }

    fn hash(self, text: &str) -> u64 {
        hash((self, text.to_lowercase()))
    }
}

fn hash(what: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

fn identity_hash(provider: &str, subject: &str) -> u64 {
    hash(("identity", provider, subject))
}

impl Shelf {
    fn new(pool: &Arc<UserPool>) -> Self {
        Self {
            pool: Arc::clone(pool),
            clients: OrdSet::new(),
            groups: OrdMap::new(),
            users: OrdMap::new(),
            names: OrdSet::new(),
            members: OrdSet::new(),
            sessions: OrdMap::new(),
            sessions_of: OrdSet::new(),
            codes: OrdMap::new(),
        }
    }

    fn put_user(&mut self, user: &Arc<PoolUser>) {
        self.delete_user(user.sub);
        for name in PoolName::ALL {
            if let Some(text) = name.of(user) {
                self.names.insert((name.hash(text), user.sub));
            }
        }
        for identity in user.identities() {
            self.names.insert((identity_hash(&identity.provider, &identity.subject), user.sub));
        }
        for group in &user.groups {
            self.members.insert((hash(group), user.sub));
        }
        self.users.insert(user.sub, self.sharing_id(user));
    }

    /// The record with the pool's own copy of its id: a user read from the store brings one of its own.
    fn sharing_id(&self, user: &Arc<PoolUser>) -> Arc<PoolUser> {
        if user.pool.shares(&self.pool.id) {
            return Arc::clone(user);
        }
        Arc::new(PoolUser { pool: self.pool.id.clone(), ..PoolUser::clone(user) })
    }

    fn delete_user(&mut self, sub: Uuid) -> bool {
        let Some(user) = self.users.remove(&sub) else { return false };
        for name in PoolName::ALL {
            if let Some(text) = name.of(&user) {
                self.names.remove(&(name.hash(text), sub));
            }
        }
        for identity in user.identities() {
            self.names.remove(&(identity_hash(&identity.provider, &identity.subject), sub));
        }
        for group in &user.groups {
            self.members.remove(&(hash(group), sub));
        }
        true
    }

    /// The users an index leads to.
    fn found<'a>(
        &'a self,
        index: &'a OrdSet<(u64, Uuid)>,
        hash: u64,
        after: Option<Uuid>,
    ) -> impl Iterator<Item = &'a Arc<PoolUser>> + use<'a> {
        let from = match after {
            Some(sub) => Bound::Excluded((hash, sub)),
            None => Bound::Included((hash, Uuid::LEAST)),
        };
        let pairs = index.range((from, Bound::Unbounded)).take_while(move |(held, _)| *held == hash);
        pairs.filter_map(|(_, sub)| self.users.get(sub))
    }
}

impl Shelves {
    pub(super) fn put(&mut self, object: &Object) -> Result<()> {
        match object {
            Object::UserPool(pool) => match self.pools.get_mut(&pool.id) {
                Some(shelf) => shelf.pool = Arc::clone(pool),
                None => {
                    self.pools.insert(pool.id.clone(), Shelf::new(pool));
                }
            },
            Object::PoolClient(client) => {
                self.shelf(&client.pool)?.clients.insert(client.id.clone());
                self.clients.insert(client.id.clone(), Arc::clone(client));
            }
            Object::PoolGroup(group) => {
                let name = group.name.as_str().into();
                self.shelf(&group.pool)?.groups.insert(name, Arc::clone(group));
            }
            Object::PoolUser(user) => self.shelf(&user.pool)?.put_user(user),
            Object::PoolSession(session) => {
                let shelf = self.shelf(&session.pool)?;
                shelf.sessions_of.insert((session.user, session.id));
                shelf.sessions.insert(session.id, Arc::clone(session));
            }
            Object::PoolCode(code) => {
                self.shelf(&code.pool)?.codes.insert((code.user, code.purpose), Arc::clone(code));
            }
            _ => return Err(Error::internal("this is not of a user pool")),
        }
        Ok(())
    }

    fn shelf(&mut self, pool: &PoolId) -> Result<&mut Shelf> {
        let absent = || Error::internal(format!("something is of the user pool {pool}, which is not there"));
        self.pools.get_mut(pool).ok_or_else(absent)
    }

    /// Deletes an object; answers whether it was there.
    pub(super) fn delete(&mut self, key: &ObjectKey) -> bool {
        self.try_delete(key).unwrap_or(false)
    }

    fn try_delete(&mut self, key: &ObjectKey) -> Option<bool> {
        if key.kind == ObjectKind::PoolClient {
            let client = self.clients.remove(&key.key.parse::<ClientId>().ok()?)?;
            self.pools.get_mut(&client.pool)?.clients.remove(&client.id);
            return Some(true);
        }
        let (pool, rest) = key.key.split_once('/').unwrap_or((&key.key, ""));
        let pool: PoolId = pool.parse().ok()?;
        if key.kind == ObjectKind::UserPool {
            let shelf = self.pools.remove(&pool)?;
            for client in &shelf.clients {
                self.clients.remove(client);
            }
            return Some(true);
        }
        let shelf = self.pools.get_mut(&pool)?;
        Some(match key.kind {
            ObjectKind::PoolGroup => shelf.groups.remove(rest).is_some(),
            ObjectKind::PoolUser => shelf.delete_user(rest.parse().ok()?),
            ObjectKind::PoolSession => {
                let session = shelf.sessions.remove(&rest.parse::<Uuid>().ok()?)?;
                shelf.sessions_of.remove(&(session.user, session.id));
                true
            }
            ObjectKind::PoolCode => {
                let (user, purpose) = rest.split_once('/')?;
                let purpose = CodePurpose::ALL.into_iter().find(|known| known.as_str() == purpose)?;
                shelf.codes.remove(&(user.parse::<Uuid>().ok()?, purpose)).is_some()
            }
            _ => false,
        })
    }

    /// Everything, pools before what is in them.
    pub(super) fn objects(&self) -> impl Iterator<Item = Object> {
        let clients = self.clients.values().map(|o| Object::PoolClient(Arc::clone(o)));
        self.pools.values().flat_map(shelved).chain(clients)
    }
}

fn shelved(shelf: &Shelf) -> impl Iterator<Item = Object> + use<'_> {
    let groups = shelf.groups.values().map(|o| Object::PoolGroup(Arc::clone(o)));
    let users = shelf.users.values().map(|o| Object::PoolUser(Arc::clone(o)));
    let sessions = shelf.sessions.values().map(|o| Object::PoolSession(Arc::clone(o)));
    let codes = shelf.codes.values().map(|o| Object::PoolCode(Arc::clone(o)));
    std::iter::once(Object::UserPool(Arc::clone(&shelf.pool)))
        .chain(groups)
        .chain(users)
        .chain(sessions)
        .chain(codes)
}

impl Snapshot {
    fn shelf(&self, pool: &PoolId) -> Option<&Shelf> {
        self.pools.pools.get(pool)
    }

    /// A user pool.
    pub fn user_pool(&self, id: &PoolId) -> Option<&Arc<UserPool>> {
        self.shelf(id).map(|shelf| &shelf.pool)
    }
    /// The user pools of an account, by their ids.
    pub fn user_pools(&self, account: AccountId) -> impl Iterator<Item = &Arc<UserPool>> + use<'_> {
        self.pools.pools.values().map(|shelf| &shelf.pool).filter(move |pool| pool.account == account)
    }

    /// An app client.
    pub fn pool_client(&self, id: &ClientId) -> Option<&Arc<PoolClient>> {
        self.pools.clients.get(id)
    }
    /// The app clients of a pool, by their ids.
    pub fn pool_clients(&self, pool: &PoolId) -> impl Iterator<Item = &Arc<PoolClient>> + use<'_> {
        let ids = self.shelf(pool).into_iter().flat_map(|shelf| shelf.clients.iter());
        ids.filter_map(|id| self.pools.clients.get(id))
    }

    /// A group of a pool.
    pub fn pool_group(&self, pool: &PoolId, name: &str) -> Option<&Arc<PoolGroup>> {
        self.shelf(pool)?.groups.get(name)
    }
    /// The groups of a pool, by their names.
    pub fn pool_groups(&self, pool: &PoolId) -> impl Iterator<Item = &Arc<PoolGroup>> + use<'_> {
        self.shelf(pool).into_iter().flat_map(|shelf| shelf.groups.values())
    }

    /// A user by its `sub`.
    pub fn pool_user(&self, pool: &PoolId, sub: Uuid) -> Option<&Arc<PoolUser>> {
        self.shelf(pool)?.users.get(&sub)
    }
    /// How many users a pool has.
    pub fn pool_user_count(&self, pool: &PoolId) -> usize {
        self.shelf(pool).map_or(0, |shelf| shelf.users.len())
    }
    /// The users of a pool that come after a `sub`, in that order.
    pub fn pool_users(
        &self,
        pool: &PoolId,
        after: Option<Uuid>,
    ) -> impl Iterator<Item = &Arc<PoolUser>> + use<'_> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let shelf = self.shelf(pool).into_iter();
        shelf.flat_map(move |shelf| shelf.users.range((from, Bound::Unbounded)).map(|(_, user)| user))
    }
    /// The users of a pool with a name or attribute, by the pool's rule for case: one at most for a name.
    pub fn pool_users_named(
        &self,
        pool: &PoolId,
        name: PoolName,
        text: &str,
    ) -> impl Iterator<Item = &Arc<PoolUser>> + use<'_> {
        let (hash, shelf) = (name.hash(text), self.shelf(pool));
        let wanted = shelf.map(|shelf| shelf.pool.name_key(text));
        let found = shelf.into_iter().flat_map(move |shelf| shelf.found(&shelf.names, hash, None));
        found.filter(move |user| {
            let held = name.of(user).zip(shelf).map(|(held, shelf)| shelf.pool.name_key(held));
            held.is_some() && held == wanted
        })
    }
    /// The user who somebody is that a provider knows: letter for letter, whatever the pool's rule for case.
    pub fn pool_user_of(&self, pool: &PoolId, provider: &str, subject: &str) -> Option<&Arc<PoolUser>> {
        let shelf = self.shelf(pool)?;
        let mut found = shelf.found(&shelf.names, identity_hash(provider, subject), None);
        found.find(|user| {
            let mut held = user.identities().iter();
            held.any(|held| *held.provider == *provider && *held.subject == *subject)
        })
    }
    /// The members of a group that come after a `sub`, in that order.
    pub fn pool_members(
        &self,
        pool: &PoolId,
        group: &str,
        after: Option<Uuid>,
    ) -> impl Iterator<Item = &Arc<PoolUser>> + use<'_> {
        let (group, key): (Box<str>, u64) = (group.into(), hash(group));
        let shelf = self.shelf(pool).into_iter();
        let found = shelf.flat_map(move |shelf| shelf.found(&shelf.members, key, after));
        found.filter(move |user| user.is_in(&group))
    }

    /// A sign-in.
    pub fn pool_session(&self, pool: &PoolId, id: Uuid) -> Option<&Arc<PoolSession>> {
        self.shelf(pool)?.sessions.get(&id)
    }
    /// The sign-ins of a user.
    pub fn pool_sessions_of(
        &self,
        pool: &PoolId,
        user: Uuid,
    ) -> impl Iterator<Item = &Arc<PoolSession>> + use<'_> {
        let shelf = self.shelf(pool).into_iter();
        shelf.flat_map(move |shelf| {
            let from = Bound::Included((user, Uuid::LEAST));
            let pairs = shelf.sessions_of.range((from, Bound::Unbounded));
            let own = pairs.take_while(move |(of, _)| *of == user);
            own.filter_map(|(_, id)| shelf.sessions.get(id))
        })
    }
    /// Every sign-in of every pool.
    pub fn all_pool_sessions(&self) -> impl Iterator<Item = &Arc<PoolSession>> + use<'_> {
        self.pools.pools.values().flat_map(|shelf| shelf.sessions.values())
    }

    /// A code that was sent to a user.
    pub fn pool_code(&self, pool: &PoolId, user: Uuid, purpose: CodePurpose) -> Option<&Arc<PoolCode>> {
        self.shelf(pool)?.codes.get(&(user, purpose))
    }
    /// Every code of every pool.
    pub fn all_pool_codes(&self) -> impl Iterator<Item = &Arc<PoolCode>> + use<'_> {
        self.pools.pools.values().flat_map(|shelf| shelf.codes.values())
    }

    /// Everything of a pool, but for the pool itself.
    pub fn of_pool(&self, pool: &PoolId) -> Vec<ObjectKey> {
        let clients = self.pool_clients(pool).map(|client| ObjectKey::pool_client(&client.id));
        let rest = self.shelf(pool).into_iter().flat_map(|shelf| shelved(shelf).skip(1));
        clients.chain(rest.map(|object| object.key())).collect()
    }
}
