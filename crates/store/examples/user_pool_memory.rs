//! How much memory the users of a pool take: `cargo run --release -p garita-store --example user_pool_memory`.
//!
//! Writes so many users into a new store, closes it, and opens it again in a process of its own, which tells its
//! resident memory before and after.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be taken must fail loudly"
)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use garita_model::user_pool::{
    Attributes, FirstFactor, MfaMode, PoolId, PoolPasswordPolicy, UserStatus, Uuid, WebAuthnSettings,
};
use garita_model::{Object, PoolUser, SystemEntropy, UserPool};
use garita_store::Store;
use jiff::Timestamp;

const MEASURE: &str = "--measure";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let (Some(MEASURE), Some(folder)) = (arguments.first().map(String::as_str), arguments.get(1)) {
        return measure(Path::new(folder));
    }
    let count = arguments.first().map_or(100_000, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), count);
    let program = std::env::current_exe().unwrap();
    let told = Command::new(program).arg(MEASURE).arg(folder.path()).output().unwrap();
    print!("{}", String::from_utf8_lossy(&told.stdout));
    assert!(told.status.success());
}

fn write(folder: &Path, count: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Store::open(folder).unwrap();
    put(&runtime, &store, vec![Object::UserPool(Arc::new(pool()))]);
    for batch in 0..count.div_ceil(1_000) {
        let users = batch * 1_000..((batch + 1) * 1_000).min(count);
        put(&runtime, &store, users.map(user).collect());
    }
    store.close();
}

fn put(runtime: &tokio::runtime::Runtime, store: &Store, objects: Vec<Object>) {
    let change = store.write("put", move |tx| {
        objects.into_iter().for_each(|object| tx.put(object));
        Ok(())
    });
    runtime.block_on(change).unwrap();
}

fn measure(folder: &Path) {
    let before = resident();
    let store = Store::open(folder).unwrap();
    let after = resident();
    let users = store.snapshot().pool_user_count(&id());
    let each = (after - before) * 1_024 / users.max(1);
    println!("{users} users: {} MB before, {} MB after, {each} B a user", before / 1_024, after / 1_024);
    store.close();
}

/// Resident memory in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn id() -> PoolId {
    "eu-west-1_Ab3dE5gH9".parse().unwrap()
}

fn pool() -> UserPool {
    UserPool {
        id: id(),
        account: "111122223333".parse().unwrap(),
        name: "people".to_owned(),
        created: Timestamp::UNIX_EPOCH,
        modified: Timestamp::UNIX_EPOCH,
        password_policy: PoolPasswordPolicy::default(),
        mfa: MfaMode::Off,
        software_token: false,
        first_factors: FirstFactor::usual(),
        web_authn: WebAuthnSettings::default(),
        deletion_protection: false,
        case_sensitive: false,
        username_attributes: Vec::new(),
        alias_attributes: Vec::new(),
        auto_verified: Vec::new(),
        verified_before_update: Vec::new(),
        recovery: Vec::new(),
        schema: Vec::new(),
        admin_only_sign_up: true,
        messages: garita_model::user_pool::pool::Messages::default(),
        tier: "ESSENTIALS".to_owned(),
        advanced_security: None,
        tags: std::collections::BTreeMap::new(),
    }
}

/// A user as most are: a name, a proved address, a password, a group.
fn user(n: u64) -> Object {
    let mut attributes = Attributes::default();
    let given = [
        ("email", format!("person.number{n}@example.com")),
        ("email_verified", "true".to_owned()),
        ("name", format!("Person Number {n}")),
    ];
    for (name, value) in given {
        attributes.set(name, &value).unwrap();
    }
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$";
    Object::PoolUser(Arc::new(PoolUser {
        pool: id(),
        sub: Uuid::draw(&SystemEntropy).unwrap(),
        name: format!("person.number{n}").into(),
        attributes,
        status: UserStatus::Confirmed,
        enabled: true,
        created: 1_772_366_400,
        modified: 1_772_366_400,
        password: Some(format!("{hash}{n:043}").into()),
        groups: [Box::from("readers")].into(),
        min_rev: 0,
        more: None,
    }))
}
