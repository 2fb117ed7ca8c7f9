//! What any store must do, whatever the database behind it.

use std::sync::Arc;

use garita_model::{AccessKeyId, Error, KeyOwner, Object, ObjectKey, ObjectKind};
use garita_policy::PolicySource;
use garita_store::{PrincipalRef, Store, aws_managed};

use crate::things::*;

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("data")).unwrap();
    (folder, store)
}

fn put(store: &Store, objects: Vec<Object>) -> u64 {
    wait(store.write("test", move |tx| {
        objects.into_iter().for_each(|object| tx.put(object));
        Ok(tx.revision())
    }))
    .unwrap()
}

#[test]
fn a_change_is_seen_when_its_future_resolves_and_after_reopening() {
    let (folder, store) = open();
    assert_eq!(store.snapshot().revision(), 0);
    assert_eq!(put(&store, vec![account(7), put_user("Ana")]), 1);
    let seen = store.snapshot();
    assert_eq!(seen.revision(), 1);
    assert_eq!(seen.user(account_id(), "aNA").unwrap().name.as_str(), "Ana");
    let (before, epoch) = (contents(&seen), seen.epoch().to_owned());
    store.close();
    let store = Store::open(&folder.path().join("data")).unwrap();
    assert_eq!(contents(&store.snapshot()), before);
    assert_eq!((store.snapshot().revision(), store.snapshot().epoch()), (1, epoch.as_str()));
}

#[test]
fn a_refused_change_leaves_nothing() {
    let (_folder, store) = open();
    put(&store, vec![put_user("ana")]);
    let before = contents(&store.snapshot());
    let refused = wait(store.write("test", |tx| {
        tx.put(put_user("bob"));
        tx.delete(user_key("ana"));
        assert!(
            tx.state().user(account_id(), "bob").is_some() && tx.state().user(account_id(), "ana").is_none()
        );
        Err::<(), _>(Error::NotFound("no".to_owned()))
    }));
    assert!(matches!(refused, Err(Error::NotFound(_))));
    assert_eq!(contents(&store.snapshot()), before);
    assert_eq!(put(&store, vec![put_user("bob")]), 2);
}

#[test]
fn a_panic_in_a_change_undoes_it_and_harms_no_other() {
    let (_folder, store) = open();
    let answer = wait(store.write("test", |tx| -> garita_model::Result<()> {
        tx.put(put_user("ana"));
        panic!("on purpose");
    }));
    assert!(matches!(answer, Err(Error::Internal(_))));
    assert!(contents(&store.snapshot()).is_empty());
    assert_eq!(put(&store, vec![put_user("bob")]), 1);
}

#[test]
fn a_change_of_nothing_takes_no_revision() {
    let (_folder, store) = open();
    let name = wait(store.write("test", |tx| {
        tx.delete(user_key("nobody"));
        Ok("answer")
    }));
    assert_eq!(name.unwrap(), "answer");
    assert_eq!(store.snapshot().revision(), 0);
}

#[test]
fn a_policy_that_does_not_parse_fails_the_change() {
    let (_folder, store) = open();
    let mut bad = user("ana");
    bad.inline.insert("p".parse().unwrap(), "{".to_owned());
    let answer = wait(store.write("test", move |tx| {
        tx.put(put_user("bob"));
        tx.put(Object::User(Arc::new(bad)));
        Ok(())
    }));
    assert!(matches!(answer, Err(Error::Internal(_))));
    assert!(contents(&store.snapshot()).is_empty());
}

#[test]
fn changes_see_one_another_in_order() {
    let (_folder, store) = open();
    put(&store, vec![account(0)]);
    let mut tasks = Vec::new();
    wait(async {
        for _ in 0..100 {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let count = |tx: &mut garita_store::Transaction| {
                    let now = tx.state().account(account_id()).unwrap().min_rev;
                    tx.put(account(now + 1));
                    Ok(())
                };
                store.write("count", count).await.unwrap();
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(store.snapshot().account(account_id()).unwrap().min_rev, 100);
    assert_eq!(store.snapshot().revision(), 101);
}

#[test]
fn lists_come_in_order_and_go_on_after_a_name() {
    let (_folder, store) = open();
    put(&store, ["b", "A", "c", "a.b"].map(put_user).to_vec());
    let snapshot = store.snapshot();
    let names = |after| snapshot.users(account_id(), after).map(|u| u.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(None), ["A", "a.b", "b", "c"]);
    assert_eq!(names(Some("A.B")), ["b", "c"]);
    assert_eq!(snapshot.users("999999999999".parse().unwrap(), None).count(), 0);
}

#[test]
fn keys_are_found_by_id_and_by_owner() {
    let (_folder, store) = open();
    let ana = || KeyOwner::User("Ana".parse().unwrap());
    let keys = [
        access_key("AKIAAAAAAAAAAAAAAAA1", ana(), 9),
        access_key("AKIAAAAAAAAAAAAAAAA2", ana(), 5),
        access_key("AKIAAAAAAAAAAAAAAAA3", KeyOwner::Root, 1),
    ];
    put(&store, keys.map(|key| Object::AccessKey(Arc::new(key))).to_vec());
    let snapshot = store.snapshot();
    let of =
        |owner| snapshot.access_keys_of(account_id(), &owner).map(|k| k.id.to_string()).collect::<Vec<_>>();
    assert_eq!(of(ana()), ["AKIAAAAAAAAAAAAAAAA2", "AKIAAAAAAAAAAAAAAAA1"]);
    assert_eq!(of(KeyOwner::Root), ["AKIAAAAAAAAAAAAAAAA3"]);
    let id: AccessKeyId = "AKIAAAAAAAAAAAAAAAA1".parse().unwrap();
    assert!(snapshot.access_key(&id).is_some());
    wait(store.write("test", move |tx| {
        tx.delete(ObjectKey::access_key(&id));
        Ok(())
    }))
    .unwrap();
    assert_eq!(store.snapshot().access_keys_of(account_id(), &ana()).count(), 1);
}

#[test]
fn policies_of_a_user_are_its_own_the_attached_and_its_groups() {
    let (_folder, store) = open();
    let read = policy("Read", ALLOW);
    let arn = read.arn().unwrap().to_string();
    let mut ana = user("ana");
    ana.inline.insert("own".parse().unwrap(), ALLOW.to_owned());
    ana.attached = vec![arn.clone(), "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()];
    ana.groups.insert("Staff".parse().unwrap());
    ana.boundary = Some(arn.clone());
    let (ana, staff) = (Arc::new(ana), Arc::new(group("staff")));
    let objects =
        vec![Object::User(ana.clone()), Object::Group(staff), Object::ManagedPolicy(Arc::new(read))];
    put(&store, objects);
    let snapshot = store.snapshot();
    let ids: Vec<_> = snapshot.user_policies(&ana).iter().map(|p| (p.id().to_owned(), p.source())).collect();
    let expected = [
        ("own".to_owned(), PolicySource::UserInline),
        (arn.clone(), PolicySource::UserManaged),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(), PolicySource::AwsManaged),
        ("read".to_owned(), PolicySource::GroupInline),
    ];
    assert_eq!(ids, expected);
    assert_eq!(snapshot.boundary(&arn).unwrap().source(), PolicySource::Boundary);
    assert_eq!(snapshot.attachments(&arn).collect::<Vec<_>>(), [&user_key("ana")]);
    assert_eq!(snapshot.bounded_by(&arn).collect::<Vec<_>>(), [&user_key("ana")]);
    assert_eq!(snapshot.members(account_id(), "STAFF").count(), 1);
    assert_eq!(snapshot.principal_by_unique_id("AIDAANA"), Some(PrincipalRef::User(ana)));
    assert_eq!(snapshot.managed_policy_by_arn(&arn).unwrap().name.as_str(), "Read");
}

#[test]
fn what_a_principal_rests_on_and_is_missing_denies() {
    let (_folder, store) = open();
    let mut ana = user("ana");
    ana.attached = vec!["arn:aws:iam::111122223333:policy/gone".to_owned()];
    ana.groups.insert("gone".parse().unwrap());
    let ana = Arc::new(ana);
    put(&store, vec![Object::User(ana.clone())]);
    let policies = store.snapshot().user_policies(&ana);
    assert_eq!(policies.len(), 2);
    for policy in policies {
        let effects: Vec<_> =
            policy.document().statements().iter().map(garita_policy::Statement::effect).collect();
        assert_eq!(effects, [garita_policy::Effect::Deny]);
    }
    assert!(store.snapshot().boundary("arn:aws:iam::111122223333:policy/gone").is_none());
}

#[test]
fn trust_follows_the_role() {
    let (_folder, store) = open();
    let admin = Arc::new(role("admin"));
    put(&store, vec![Object::Role(admin.clone())]);
    assert!(store.snapshot().trust(&admin).is_some());
    let key = ObjectKey::named(ObjectKind::Role, account_id(), "admin");
    wait(store.write("test", move |tx| {
        tx.delete(key);
        Ok(())
    }))
    .unwrap();
    assert!(store.snapshot().trust(&admin).is_none());
    assert!(store.snapshot().principal_by_unique_id("AROAADMIN").is_none());
}

#[test]
fn the_policies_with_aws_names_are_there() {
    let (_folder, store) = open();
    for policy in aws_managed() {
        assert_eq!(store.snapshot().policy_by_arn(policy.arn).unwrap().id(), policy.arn);
        assert_eq!((policy.id.len(), policy.arn.rsplit('/').next()), (21, Some(policy.name)));
    }
}

#[test]
fn records_stay_in_the_outbox_until_they_are_shipped() {
    let (folder, store) = open();
    let data = folder.path().join("data");
    for id in ["e1", "e2"] {
        wait(store.write("test", move |tx| {
            tx.put(put_user(id));
            tx.record(record(id));
            Ok(())
        }))
        .unwrap();
    }
    store.shipped("e2");
    store.close();
    let store = Store::open(&data).unwrap();
    let pending = store.pending_records();
    assert_eq!(pending.iter().map(|p| (p.revision, p.record.event_id())).collect::<Vec<_>>(), [(1, "e1")]);
    store.shipped("e1");
    put(&store, vec![put_user("later")]);
    store.close();
    assert!(Store::open(&data).unwrap().pending_records().is_empty());
}

#[test]
fn a_second_holder_of_the_folder_is_refused() {
    let (folder, store) = open();
    let error = Store::open(&folder.path().join("data")).err().unwrap();
    assert_eq!(error.to_string(), "the data folder is in use by another garita process");
    store.close();
    Store::open(&folder.path().join("data")).unwrap();
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, store) = open();
    put(&store, vec![account(0)]);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = folder.path().join("data");
    assert_eq!(
        (mode(&data), mode(&data.join("garita.db")), mode(&data.join("garita.db-wal"))),
        (0o700, 0o600, 0o600)
    );
}

fn tamper(sql: &str) -> Error {
    let (folder, store) = open();
    put(&store, vec![put_user("ana")]);
    store.close();
    let data = folder.path().join("data");
    rusqlite::Connection::open(data.join("garita.db")).unwrap().execute_batch(sql).unwrap();
    Store::open(&data).err().unwrap()
}

#[test]
fn what_a_newer_or_damaged_store_holds_is_refused() {
    let detail = |error: Error| error.cause().unwrap().detail().to_owned();
    let newer = detail(tamper("INSERT INTO migration VALUES (2, 'later', 'x')"));
    assert!(newer.contains("written by a newer garita: schema 2"), "{newer}");
    let edited = detail(tamper("UPDATE migration SET checksum = 'x'"));
    assert!(edited.contains("is not the one this garita knows"), "{edited}");
    let kind = detail(tamper("INSERT INTO object VALUES ('comet', 'x', 1, '{}')"));
    assert!(kind.contains("does not know: `comet`"), "{kind}");
    let broken = detail(tamper("UPDATE object SET document = '{}'"));
    assert!(broken.contains("stored user cannot be read"), "{broken}");
    let renamed = detail(tamper("UPDATE object SET key = '111122223333/bob'"));
    assert!(renamed.contains("names itself otherwise"), "{renamed}");
}
