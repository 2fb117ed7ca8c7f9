//! User pools: indexes follow what is put and deleted, and a reopened store holds the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::pool::Messages;
use garita_model::user_pool::{
    Attributes, ClientId, CodePurpose, FirstFactor, Identity, MfaMode, PoolCode, PoolGroup, PoolId,
    PoolPasswordPolicy, PoolSession, PoolUser, SignInAttribute, TokenHash, UserPool, UserStatus, Uuid,
    WebAuthnSettings,
};
use garita_model::{Object, ObjectKey};
use garita_store::{PoolName, Snapshot, Store};

use crate::things::{account_id, contents, moment, wait};

const EMAIL: PoolName = PoolName::Attribute(SignInAttribute::Email);

fn pool_id() -> PoolId {
    "eu-west-1_Ab3dE5gH9".parse().unwrap()
}

fn sub(n: u8) -> Uuid {
    Uuid::from_bytes([n; 16])
}

fn pool(case_sensitive: bool) -> Object {
    Object::UserPool(Arc::new(UserPool {
        id: pool_id(),
        account: account_id(),
        name: "people".to_owned(),
        created: moment(0),
        modified: moment(0),
        password_policy: PoolPasswordPolicy::default(),
        mfa: MfaMode::Off,
        software_token: false,
        first_factors: FirstFactor::usual(),
        web_authn: WebAuthnSettings::default(),
        deletion_protection: false,
        case_sensitive,
        username_attributes: Vec::new(),
        alias_attributes: vec![SignInAttribute::Email],
        auto_verified: Vec::new(),
        verified_before_update: Vec::new(),
        recovery: Vec::new(),
        schema: Vec::new(),
        admin_only_sign_up: false,
        messages: Messages::default(),
        tier: "ESSENTIALS".to_owned(),
        advanced_security: None,
        tags: BTreeMap::new(),
    }))
}

fn user(n: u8, name: &str, email: &str, groups: &[&str]) -> Object {
    let mut attributes = Attributes::default();
    attributes.set("email", email).unwrap();
    Object::PoolUser(Arc::new(PoolUser {
        pool: pool_id(),
        sub: sub(n),
        name: name.into(),
        attributes,
        status: UserStatus::Confirmed,
        enabled: true,
        created: 0,
        modified: 0,
        password: None,
        groups: groups.iter().map(|name| Box::from(*name)).collect(),
        min_rev: 0,
        more: None,
    }))
}

fn group(name: &str) -> Object {
    Object::PoolGroup(Arc::new(PoolGroup {
        pool: pool_id(),
        name: name.to_owned(),
        description: None,
        role: None,
        precedence: None,
        created: moment(0),
        modified: moment(0),
    }))
}

fn session(n: u8, of: u8) -> Object {
    Object::PoolSession(Arc::new(PoolSession {
        pool: pool_id(),
        id: sub(n),
        user: sub(of),
        client: "client".parse::<ClientId>().unwrap(),
        started: moment(0),
        begun: None,
        expires: moment(9),
        iss_rev: 1,
        current: TokenHash([n; 32]),
        branches: Vec::new(),
        former: Vec::new(),
        second_factor: false,
        ended: false,
        provider: None,
        scopes: Vec::new(),
    }))
}

fn code(of: u8) -> Object {
    Object::PoolCode(Arc::new(PoolCode {
        pool: pool_id(),
        user: sub(of),
        purpose: CodePurpose::SignUp,
        mac: TokenHash([7; 32]),
        address: "a@example.com".to_owned(),
        expires: moment(9),
    }))
}

fn put(store: &Store, objects: Vec<Object>) {
    wait(store.write("test", move |tx| {
        objects.into_iter().for_each(|object| tx.put(object));
        Ok(())
    }))
    .unwrap();
}

fn delete(store: &Store, keys: Vec<ObjectKey>) {
    wait(store.write("test", move |tx| {
        keys.into_iter().for_each(|key| tx.delete(key));
        Ok(())
    }))
    .unwrap();
}

fn named(state: &Snapshot, name: PoolName, text: &str) -> Vec<String> {
    state.pool_users_named(&pool_id(), name, text).map(|user| user.name.to_string()).collect()
}

fn members(state: &Snapshot, group: &str, after: Option<Uuid>) -> Vec<String> {
    state.pool_members(&pool_id(), group, after).map(|user| user.name.to_string()).collect()
}

#[test]
fn users_are_found_by_name_attribute_and_group() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let people = [user(1, "Ana", "ana@example.com", &["a", "b"]), user(2, "bo", "ANA@example.com", &["a"])];
    put(&store, [vec![pool(false), group("a")], people.to_vec()].concat());
    let state = store.snapshot();
    assert_eq!(named(&state, PoolName::Username, "aNA"), ["Ana"]);
    assert_eq!(named(&state, EMAIL, "ana@EXAMPLE.com"), ["Ana", "bo"]);
    assert_eq!(named(&state, PoolName::Username, "ana@example.com"), [""; 0]);
    assert_eq!(members(&state, "a", None), ["Ana", "bo"]);
    assert_eq!(members(&state, "a", Some(sub(1))), ["bo"]);
    assert_eq!(members(&state, "A", None), [""; 0]);

    put(&store, vec![pool(true), user(1, "Ana", "x@example.com", &["b"])]);
    let state = store.snapshot();
    assert_eq!(named(&state, PoolName::Username, "ana"), [""; 0], "case matters now");
    assert_eq!(named(&state, EMAIL, "ana@example.com"), [""; 0]);
    assert_eq!(named(&state, EMAIL, "ANA@example.com"), ["bo"]);
    assert_eq!(members(&state, "a", None), ["bo"]);
    delete(&store, vec![ObjectKey::pool_user(&pool_id(), sub(2))]);
    let state = store.snapshot();
    assert_eq!((named(&state, PoolName::Username, "bo").len(), members(&state, "a", None).len()), (0, 0));
    assert_eq!(state.pool_user_count(&pool_id()), 1);
}

#[test]
fn who_somebody_is_at_a_provider_is_found_letter_for_letter_until_it_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let known = |n: u8, subjects: &[&str]| {
        let Object::PoolUser(user) = user(n, &format!("u{n}"), "a@example.com", &[]) else {
            panic!("no user")
        };
        let mut user = PoolUser::clone(&user);
        user.more_mut().identities = subjects.iter().map(|subject| identity(subject)).collect();
        Object::PoolUser(Arc::new(user))
    };
    put(&store, vec![pool(false), known(1, &["ana"]), known(2, &["Ana"])]);
    let found = |provider: &str, subject: &str| {
        store.snapshot().pool_user_of(&pool_id(), provider, subject).map(|user| user.name.to_string())
    };
    assert_eq!((found("Corp", "ana"), found("Corp", "Ana")), (Some("u1".into()), Some("u2".into())));
    assert_eq!((found("corp", "ana"), found("Corp", "an")), (None, None));
    put(&store, vec![known(1, &["bo"])]);
    assert_eq!((found("Corp", "ana"), found("Corp", "bo")), (None, Some("u1".into())));
    delete(&store, vec![ObjectKey::pool_user(&pool_id(), sub(2))]);
    assert_eq!(found("Corp", "Ana"), None);
}

fn identity(subject: &str) -> Identity {
    Identity {
        provider: "Corp".into(),
        issuer: "https://idp.example".into(),
        subject: subject.into(),
        primary: false,
        since: 0,
        groups: [].into(),
    }
}

#[test]
fn a_reopened_store_holds_the_same_pools() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    put(&store, vec![pool(false), group("a"), user(1, "ana", "a@example.com", &["a"])]);
    put(&store, vec![session(8, 1), session(9, 1), session(7, 2), code(1)]);
    delete(&store, vec![session(9, 1).key()]);
    let running = store.snapshot();
    store.close();
    let reopened = Store::open(folder.path()).unwrap().snapshot();
    assert_eq!(contents(&running), contents(&reopened));
    let own = reopened.pool_sessions_of(&pool_id(), sub(1)).map(|session| session.id);
    assert_eq!(own.collect::<Vec<_>>(), [sub(8)]);
    assert!(reopened.pool_code(&pool_id(), sub(1), CodePurpose::SignUp).is_some());
    assert_eq!(members(&reopened, "a", None), ["ana"]);
    assert_eq!(reopened.of_pool(&pool_id()).len(), 5);
}

#[test]
fn a_pool_goes_with_everything_in_it_and_nothing_is_kept_without_its_pool() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    put(
        &store,
        vec![pool(false), group("a"), user(1, "ana", "a@example.com", &["a"]), session(8, 1), code(1)],
    );
    let mut keys = store.snapshot().of_pool(&pool_id());
    keys.push(ObjectKey::user_pool(&pool_id()));
    delete(&store, keys);
    assert!(store.snapshot().objects().next().is_none());
    let orphan = user(1, "ana", "a@example.com", &[]);
    let kept = wait(store.write("test", move |tx| {
        tx.put(orphan);
        Ok(())
    }));
    assert!(kept.is_err());
    store.close();
    assert!(Store::open(folder.path()).unwrap().snapshot().objects().next().is_none());
}
