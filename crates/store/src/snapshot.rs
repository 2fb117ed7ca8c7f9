//! The state at one revision: immutable, indexed, with every policy compiled.
//!
//! Maps are persistent: a clone shares everything with its origin, and a change copies only the path to what it
//! touches. INVARIANT: every index is a function of the objects; `put` and `delete` keep them
//! in step. INVARIANT: a policy in a snapshot was parsed when it came in; reading never parses.

mod apply;
mod index;
mod plain;
mod policies;
mod read;
mod user_pools;

use std::sync::Arc;

use garita_model::access_key::LastUsed;
use garita_model::{
    AccessKey, AccessKeyId, Account, AccountId, Group, ManagedPolicy, Object, ObjectKey, Result, Role, User,
};
use garita_policy::{IndexCache, NamedPolicy};
use imbl::OrdMap;

use index::Pairs;
use policies::BuiltIn;
pub use user_pools::PoolName;

/// Objects with a name in an account: `{account}/{name in lower case}` to the object and its compiled policies.
type Named<T, P> = OrdMap<Arc<str>, Entry<T, P>>;

/// An object with its compiled policies.
struct Entry<T, P> {
    object: Arc<T>,
    policies: P,
}

impl<T, P: Clone> Clone for Entry<T, P> {
    fn clone(&self) -> Self {
        Self { object: Arc::clone(&self.object), policies: self.policies.clone() }
    }
}

/// A role's compiled policies.
#[derive(Clone)]
struct RolePolicies {
    inline: Arc<[NamedPolicy]>,
    trust: NamedPolicy,
}

/// A managed policy's default version, as a permissions policy and as a boundary.
#[derive(Clone)]
struct Managed {
    policy: NamedPolicy,
    boundary: NamedPolicy,
}

/// The state at one revision.
#[derive(Clone)]
pub struct Snapshot {
    revision: u64,
    epoch: Arc<str>,
    built_in: Arc<BuiltIn>,
    /// Shared by all revisions: what they have in common is indexed once.
    indexes: Arc<IndexCache>,
    accounts: OrdMap<AccountId, Arc<Account>>,
    users: Named<User, Arc<[NamedPolicy]>>,
    groups: Named<Group, Arc<[NamedPolicy]>>,
    roles: Named<Role, RolePolicies>,
    policies: Named<ManagedPolicy, Managed>,
    keys: OrdMap<AccessKeyId, Arc<AccessKey>>,
    uses: OrdMap<AccessKeyId, LastUsed>,
    /// Nouns that nothing is derived from.
    plain: OrdMap<ObjectKey, Object>,
    /// User pools with what is in them.
    pools: user_pools::Shelves,
    /// Unique id of a user or role to its key.
    by_id: OrdMap<Arc<str>, ObjectKey>,
    /// ARN of a customer managed policy to its key in `policies`.
    by_arn: OrdMap<Arc<str>, Arc<str>>,
    /// Key of a group to the keys of its members.
    members: Pairs<Arc<str>>,
    /// ARN of a managed policy to what it is attached to.
    attached: Pairs<ObjectKey>,
    /// ARN of a managed policy to the users and roles it bounds.
    bounded: Pairs<ObjectKey>,
    /// Owner to its access keys, in the order they were made.
    keys_of: Pairs<index::Made>,
}

/// How much memory indexes of policies may take: those of some ten thousand principals with a handful each.
const INDEX_BYTES: u64 = 128 * 1024 * 1024;

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalRef {
    /// A user.
    User(Arc<User>),
    /// A role.
    Role(Arc<Role>),
}

impl Snapshot {
    /// An empty state.
    pub(crate) fn new(revision: u64, epoch: &str) -> Result<Self> {
        Ok(Self {
            revision,
            epoch: epoch.into(),
            built_in: Arc::new(BuiltIn::compile()?),
            indexes: Arc::new(IndexCache::new(INDEX_BYTES)),
            accounts: OrdMap::new(),
            users: OrdMap::new(),
            groups: OrdMap::new(),
            roles: OrdMap::new(),
            policies: OrdMap::new(),
            keys: OrdMap::new(),
            uses: OrdMap::new(),
            plain: OrdMap::new(),
            pools: user_pools::Shelves::default(),
            by_id: OrdMap::new(),
            by_arn: OrdMap::new(),
            members: Pairs::default(),
            attached: Pairs::default(),
            bounded: Pairs::default(),
            keys_of: Pairs::default(),
        })
    }

    /// The revision of the last change in this state.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Names the line of history the revision counts on; a new store has a new one.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    pub(crate) fn advance(&mut self, revision: u64) {
        self.revision = revision;
    }
}

/// The key of something named, in any case, within an account.
fn named(account: AccountId, name: &str) -> String {
    let mut key = format!("{account}/{name}");
    key.make_ascii_lowercase();
    key
}

/// The key of an access key's owner.
fn owner(account: AccountId, owner: &garita_model::KeyOwner) -> String {
    match owner {
        garita_model::KeyOwner::Root => named(account, ""),
        garita_model::KeyOwner::User(name) => named(account, name.as_str()),
    }
}
