//! Access keys: two for each owner, a secret once, use noted.

use garita_app::iam::UpdateAccessKey;
use garita_model::{KeyOwner, KeyStatus};
use garita_testkit::TestCredentials;

use super::{Office, first};
use crate::stage::{allow, told, user};

#[tokio::test]
async fn two_keys_for_each_owner() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let ana = || Some("Ana".parse().unwrap());
    let one = app.create_access_key(root, ana()).await.unwrap();
    assert_eq!(one.key.owner, KeyOwner::User("ana".parse().unwrap()));
    app.create_access_key(root, ana()).await.unwrap();
    let full = "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2";
    assert_eq!(told(app.create_access_key(root, ana()).await), full);
    let keys = app.list_access_keys(root, ana().as_ref(), &first()).unwrap().items;
    assert!(keys.len() == 2 && keys.iter().any(|key| key.id == one.key.id));

    app.create_access_key(root, None).await.unwrap();
    assert_eq!(app.list_access_keys(root, None, &first()).unwrap().items.len(), 2);
    assert_eq!(told(app.create_access_key(root, None).await), full, "the root user has no more than others");
}

#[tokio::test]
async fn a_key_belongs_to_its_owner_alone() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    office.user("bo").await.unwrap();
    let id = app.create_access_key(root, Some("ana".parse().unwrap())).await.unwrap().key.id;
    let absent = format!("NoSuchEntity: The Access Key with id {id} cannot be found.");
    let bo = || Some("bo".parse().unwrap());
    let off = |user| UpdateAccessKey { user, id: id.clone(), status: KeyStatus::Inactive };
    assert_eq!(told(app.update_access_key(root, off(bo())).await), absent);
    assert_eq!(told(app.update_access_key(root, off(None)).await), absent);
    assert_eq!(told(app.delete_access_key(root, bo(), id.clone()).await), absent);

    let (_, foreign) = office.garita.another_account("other").await;
    let stranger = office.garita.context(&foreign).unwrap();
    assert_eq!(told(app.access_key_last_used(&stranger, &id)), absent);
    let nobody = "NoSuchEntity: The user with name ana cannot be found.";
    assert_eq!(told(app.delete_access_key(&stranger, Some("ana".parse().unwrap()), id).await), nobody);
}

#[tokio::test]
async fn users_care_for_their_own_keys() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let own = allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}");
    let first_key = user(garita, "ana", Some(own)).await;
    user(garita, "bo", None).await;
    let cx = garita.context(&first_key).unwrap();
    let second: TestCredentials = (&app.create_access_key(&cx, None).await.unwrap()).into();
    let with_second = garita.context(&second).unwrap();
    let old = first_key.key.parse().unwrap();
    app.delete_access_key(&with_second, None, old).await.unwrap();
    assert_eq!(app.list_access_keys(&with_second, None, &first()).unwrap().items.len(), 1);
    assert!(garita.context(&first_key).is_err());
    let other = app.create_access_key(&with_second, Some("bo".parse().unwrap())).await;
    assert!(told(other).starts_with("AccessDenied: "));
}

#[tokio::test]
async fn last_use_is_told() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let ana = user(garita, "ana", None).await;
    let id = ana.key.parse().unwrap();
    assert_eq!(app.access_key_last_used(root, &id).unwrap().used, None);
    garita.context(&ana).unwrap();
    let told_use = app.access_key_last_used(root, &id).unwrap();
    assert_eq!(told_use.owner, KeyOwner::User("ana".parse().unwrap()));
    let used = told_use.used.unwrap();
    assert_eq!((used.service.as_str(), used.region.as_str()), ("iam", "eu-west-1"));

    app.save_use().await.unwrap();
    app.delete_access_key(root, Some("ana".parse().unwrap()), id.clone()).await.unwrap();
    assert!(app.snapshot().key_use(&id).is_none());
    let gone = format!("NoSuchEntity: The Access Key with id {id} cannot be found.");
    assert_eq!(told(app.access_key_last_used(root, &id)), gone);
}
