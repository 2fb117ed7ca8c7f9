//! Users: made, read, renamed, tagged, deleted.

use garita_app::iam::{Bounded, CreateUser, FoundUser, PutInlinePolicy, Tagged, UpdateUser};
use garita_model::KeyOwner;

use super::{Office, first, new_policy, new_user, of_user};
use crate::stage::{allow, ask, assume, role, tag, told, trust, user};

fn named(found: FoundUser) -> String {
    match found {
        FoundUser::User(user) => user.arn().unwrap().to_string(),
        FoundUser::Root(account) => format!("root of {}", account.id),
    }
}

#[tokio::test]
async fn a_user_lives_and_goes() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let input =
        CreateUser { path: "/team/".parse().unwrap(), tags: vec![tag("Team", "x")], ..new_user("Ana") };
    let made = app.create_user(root, input).await.unwrap();
    assert_eq!(made.arn().unwrap().as_str(), "arn:aws:iam::111122223333:user/team/Ana");
    assert!(made.id.as_str().starts_with("AIDA"));

    let ana = "ANA".parse().unwrap();
    assert_eq!(named(app.get_user(root, Some(&ana)).unwrap()), "arn:aws:iam::111122223333:user/team/Ana");
    assert_eq!(told(office.user("aNa").await), "EntityAlreadyExists: User with name aNa already exists.");
    assert_eq!(app.list_users(root, Some("/team"), &first()).unwrap().items.len(), 1);
    assert_eq!(app.list_users(root, Some("/other/"), &first()).unwrap().items.len(), 0);

    app.delete_user(root, ana.clone()).await.unwrap();
    let gone = "NoSuchEntity: The user with name ANA cannot be found.";
    assert_eq!(told(app.get_user(root, Some(&ana))), gone);
    assert_eq!(told(app.delete_user(root, ana).await), gone);
}

#[tokio::test]
async fn without_a_name_the_caller_is_meant() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    assert_eq!(named(app.get_user(&office.root, None).unwrap()), "root of 111122223333");
    let ana = user(garita, "ana", Some(allow("iam:*", "*"))).await;
    let cx = garita.context(&ana).unwrap();
    assert_eq!(named(app.get_user(&cx, None).unwrap()), "arn:aws:iam::111122223333:user/ana");

    let arn = role(garita, "r", trust(r#"{"AWS":"111122223333"}"#, ""), Some(allow("iam:*", "*"))).await;
    garita
        .app
        .put_inline_policy(
            &office.root,
            PutInlinePolicy {
                entity: of_user("ana"),
                name: "sts".parse().unwrap(),
                document: allow("sts:*", "*"),
            },
        )
        .await
        .unwrap();
    let session = garita.context(&assume(garita, &ana, &ask(&arn)).unwrap()).unwrap();
    assert_eq!(
        told(app.get_user(&session, None)),
        "ValidationError: Must specify userName when calling with non-User credentials"
    );
}

#[tokio::test]
async fn what_hangs_on_a_user_keeps_it() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    office.group("g").await.unwrap();
    let policy = office.policy("p").await.unwrap();
    let name = || "ana".parse().unwrap();
    let inline =
        PutInlinePolicy { entity: of_user("ana"), name: "i".parse().unwrap(), document: allow("*", "*") };
    app.put_inline_policy(root, inline).await.unwrap();
    app.attach_policy(root, of_user("ana"), policy.arn.clone()).await.unwrap();
    app.add_user_to_group(root, "g".parse().unwrap(), name()).await.unwrap();
    let key = app.create_access_key(root, Some(name())).await.unwrap();

    let refused = async || told(app.delete_user(root, name()).await);
    assert_eq!(refused().await, "DeleteConflict: Cannot delete entity, must delete policies first.");
    app.delete_inline_policy(root, of_user("ana"), "i".parse().unwrap()).await.unwrap();
    assert_eq!(refused().await, "DeleteConflict: Cannot delete entity, must detach all policies first.");
    app.detach_policy(root, of_user("ana"), policy.arn).await.unwrap();
    assert_eq!(refused().await, "DeleteConflict: Cannot delete entity, must remove users from group first.");
    app.remove_user_from_group(root, "g".parse().unwrap(), name()).await.unwrap();
    assert_eq!(refused().await, "DeleteConflict: Cannot delete entity, must delete access keys first.");
    app.delete_access_key(root, Some(name()), key.key.id).await.unwrap();
    assert_eq!(refused().await, "ok");
}

#[tokio::test]
async fn a_renamed_user_is_the_same_user() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let key = user(garita, "ana", Some(allow("sts:AssumeRole", "*"))).await;
    office.user("bo").await.unwrap();
    let arn = role(garita, "r", trust(r#"{"AWS":"arn:aws:iam::111122223333:user/ana"}"#, ""), None).await;
    let session = assume(garita, &key, &ask(&arn)).unwrap();
    let before = app.snapshot().user(garita.account(), "ana").unwrap().id.clone();

    let rename = |from: &str, to: &str| UpdateUser {
        name: from.parse().unwrap(),
        new_name: Some(to.parse().unwrap()),
        new_path: Some("/new/".parse().unwrap()),
    };
    let taken = app.update_user(root, rename("ana", "BO")).await;
    assert_eq!(told(taken), "EntityAlreadyExists: User with name BO already exists.");
    app.update_user(root, rename("ana", "eva")).await.unwrap();

    let state = app.snapshot();
    let eva = state.user(garita.account(), "eva").unwrap();
    assert_eq!((&eva.id, eva.path.as_str()), (&before, "/new/"));
    assert!(state.user(garita.account(), "ana").is_none());
    assert_eq!(state.access_keys_of(garita.account(), &KeyOwner::User(eva.name.clone())).count(), 1);
    assert!(garita.context(&session).is_err(), "sessions of the old name end");
    assert!(assume(garita, &key, &ask(&arn)).is_ok(), "the key and the trust in the user go on");

    app.update_user(root, rename("eva", "Eva")).await.unwrap();
    assert_eq!(app.snapshot().user(garita.account(), "eva").unwrap().name.as_str(), "Eva");
    assert!(garita.context(&key).is_ok());
}

#[tokio::test]
async fn tags_are_set_replaced_and_taken_away() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let what = || Tagged::User("ana".parse().unwrap());
    let keys = || -> Vec<String> {
        let page = app.list_tags(root, &what(), &first()).unwrap();
        page.items.iter().map(|t| format!("{}={}", t.key, t.value)).collect()
    };
    app.tag(root, what(), vec![tag("b", "1"), tag("A", "1")]).await.unwrap();
    app.tag(root, what(), vec![tag("B", "2")]).await.unwrap();
    assert_eq!(keys(), ["A=1", "B=2"]);
    let twice = app.tag(root, what(), vec![tag("c", "1"), tag("C", "1")]).await;
    assert!(told(twice).starts_with("ValidationError: Duplicate tag keys found."));
    let many = (0..49).map(|n| tag(&format!("k{n}"), "")).collect();
    assert!(told(app.tag(root, what(), many).await).starts_with("LimitExceeded: "));
    app.untag(root, what(), vec!["a".to_owned(), "none".to_owned()]).await.unwrap();
    assert_eq!(keys(), ["B=2"]);
}

#[tokio::test]
async fn a_boundary_is_a_policy_that_stays() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let policy = app.create_policy(root, new_policy("edge")).await.unwrap();
    let absent = CreateUser { boundary: Some(format!("{}x", policy.arn)), ..new_user("ana") };
    assert_eq!(
        told(app.create_user(root, absent).await),
        "NoSuchEntity: Scope ARN: arn:aws:iam::111122223333:policy/edgex does not exist or is not attachable."
    );
    let bounded = CreateUser { boundary: Some(policy.arn.clone()), ..new_user("ana") };
    app.create_user(root, bounded).await.unwrap();
    assert_eq!(app.get_policy(root, &policy.arn).unwrap().boundary_uses, 1);
    let refused = app.delete_policy(root, policy.arn.clone()).await;
    assert_eq!(told(refused), "DeleteConflict: Cannot delete a policy attached to entities.");

    let ana = || Bounded::User("ana".parse().unwrap());
    app.delete_permissions_boundary(root, ana()).await.unwrap();
    app.delete_permissions_boundary(root, ana()).await.unwrap();
    let aws = "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned();
    app.put_permissions_boundary(root, ana(), aws.clone()).await.unwrap();
    assert_eq!(app.snapshot().user(office.garita.account(), "ana").unwrap().boundary.as_ref(), Some(&aws));
    app.delete_policy(root, policy.arn).await.unwrap();
}
