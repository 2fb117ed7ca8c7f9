//! Groups: members, names, limits.

use garita_app::authorize::Question;
use garita_app::iam::{PutInlinePolicy, UpdateGroup};

use super::{Office, first, of_group};
use crate::stage::{allow, told, user};

#[tokio::test]
async fn a_group_lives_and_goes() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let made = office.group("Devs").await.unwrap();
    assert!(made.id.as_str().starts_with("AGPA"));
    assert_eq!(told(office.group("devs").await), "EntityAlreadyExists: Group with name devs already exists.");
    office.user("ana").await.unwrap();
    let (devs, ana) = (|| "devs".parse().unwrap(), || "ana".parse().unwrap());
    app.add_user_to_group(root, devs(), ana()).await.unwrap();
    app.add_user_to_group(root, devs(), ana()).await.unwrap();
    let detail = app.get_group(root, &devs(), &first()).unwrap();
    assert_eq!(detail.members.items.len(), 1);
    assert_eq!(app.list_groups_for_user(root, &ana(), &first()).unwrap().items, [made]);

    let refused = async || told(app.delete_group(root, devs()).await);
    assert_eq!(refused().await, "DeleteConflict: Cannot delete entity, must remove users from group first.");
    app.remove_user_from_group(root, devs(), ana()).await.unwrap();
    app.remove_user_from_group(root, devs(), ana()).await.unwrap();
    app.attach_policy(root, of_group("devs"), "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        .await
        .unwrap();
    assert_eq!(refused().await, "DeleteConflict: Cannot delete entity, must detach all policies first.");
    app.detach_policy(root, of_group("devs"), "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        .await
        .unwrap();
    assert_eq!(refused().await, "ok");
    assert_eq!(refused().await, "NoSuchEntity: The group with name devs cannot be found.");
}

#[tokio::test]
async fn members_follow_a_group_to_its_new_name() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    office.group("devs").await.unwrap();
    office.group("ops").await.unwrap();
    let ana = user(garita, "ana", None).await;
    app.add_user_to_group(root, "devs".parse().unwrap(), "ana".parse().unwrap()).await.unwrap();
    let right = PutInlinePolicy {
        entity: of_group("devs"),
        name: "list".parse().unwrap(),
        document: allow("iam:ListUsers", "*"),
    };
    app.put_inline_policy(root, right).await.unwrap();
    let rename = |to: &str| UpdateGroup {
        name: "devs".parse().unwrap(),
        new_name: Some(to.parse().unwrap()),
        new_path: None,
    };
    let taken = app.update_group(root, rename("Ops")).await;
    assert_eq!(told(taken), "EntityAlreadyExists: Group with name Ops already exists.");
    app.update_group(root, rename("makers")).await.unwrap();

    let cx = garita.context(&ana).unwrap();
    let question = Question::new("iam:ListUsers", "*", garita.account());
    assert!(app.authorize(&cx, &question).is_ok(), "rights of the group go on");
    let members = app.get_group(root, &"makers".parse().unwrap(), &first()).unwrap().members;
    assert_eq!(members.items.len(), 1);
    assert!(app.get_group(root, &"devs".parse().unwrap(), &first()).is_err());
}

#[tokio::test]
async fn a_user_is_in_ten_groups_at_most() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    for n in 0..11 {
        let name = format!("g{n}");
        office.group(&name).await.unwrap();
        let added = app.add_user_to_group(root, name.parse().unwrap(), "ana".parse().unwrap()).await;
        let wanted = if n < 10 { "ok" } else { "LimitExceeded: Cannot exceed quota for GroupsPerUser: 10" };
        assert_eq!(told(added), wanted);
    }
}

#[tokio::test]
async fn an_account_has_three_hundred_groups_at_most() {
    let office = Office::open().await;
    for n in 0..300 {
        office.group(&format!("g{n}")).await.unwrap();
    }
    let refused = told(office.group("one-more").await);
    assert_eq!(refused, "LimitExceeded: Cannot exceed quota for GroupsPerAccount: 300");
    office.app().delete_group(&office.root, "g7".parse().unwrap()).await.unwrap();
    assert!(office.group("one-more").await.is_ok());
}
