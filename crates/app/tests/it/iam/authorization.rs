//! Who may: judged before anything is looked up, again at the head, and with the condition keys of IAM.

use garita_app::iam::{Bounded, CreateUser, Tagged, UpdateAccessKey, UpdateUser};
use garita_model::KeyStatus;

use super::{Office, first, new_user, of_user};
use crate::stage::{allow, denied, tag, told, user};

fn allow_if(action: &str, operator: &str, key: &str, value: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{action},"Resource":"*","Condition":{{"{operator}":{{"{key}":"{value}"}}}}}}}}"#
    )
}

#[tokio::test]
async fn who_has_no_rights_learns_nothing() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    office.user("bo").await.unwrap();
    let ana = garita.context(&user(garita, "ana", None).await).unwrap();
    for name in ["bo", "none"] {
        let refused = told(app.get_user(&ana, Some(&name.parse().unwrap())));
        assert_eq!(
            refused,
            format!(
                "AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:GetUser on resource: arn:aws:iam::111122223333:user/{name} because no identity-based policy allows the iam:GetUser action"
            )
        );
        assert!(denied(app.delete_user(&ana, name.parse().unwrap()).await));
        assert!(denied(app.create_user(&ana, new_user(name)).await));
        assert!(denied(app.list_inline_policies(&ana, &of_user(name), &first())));
        let absent = format!("arn:aws:iam::111122223333:policy/{name}");
        assert!(denied(app.get_policy(&ana, &absent)));
        assert!(denied(app.attach_policy(&ana, of_user(name), absent).await));
    }
}

#[tokio::test]
async fn a_caller_cut_off_while_the_change_waits_is_refused() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let bo = user(garita, "bo", Some(allow("iam:*", "*"))).await;
    let cx = garita.context(&bo).unwrap();
    let off = UpdateAccessKey {
        user: Some("bo".parse().unwrap()),
        id: bo.key.parse().unwrap(),
        status: KeyStatus::Inactive,
    };
    // Both are in the queue before either is done: the first in line decides.
    let (cut, made) =
        tokio::join!(app.update_access_key(&office.root, off), app.create_user(&cx, new_user("mole")));
    cut.unwrap();
    assert!(told(made).starts_with("InvalidClientTokenId: "));
    assert!(app.snapshot().user(garita.account(), "mole").is_none());
}

#[tokio::test]
async fn a_rename_needs_rights_on_both_names() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    office.user("dev-1").await.unwrap();
    let only_dev = allow("iam:UpdateUser", "arn:aws:iam::*:user/dev-*");
    let ana = garita.context(&user(garita, "ana", Some(only_dev)).await).unwrap();
    let rename = |from: &str, to: &str| UpdateUser {
        name: from.parse().unwrap(),
        new_name: Some(to.parse().unwrap()),
        new_path: None,
    };
    assert!(denied(app.update_user(&ana, rename("dev-1", "admin")).await));
    assert!(denied(app.update_user(&ana, rename("ana", "dev-2")).await));
    app.update_user(&ana, rename("dev-1", "dev-2")).await.unwrap();
}

#[tokio::test]
async fn attaching_can_be_limited_to_a_policy() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let good = office.policy("good").await.unwrap().arn;
    let bad = office.policy("bad").await.unwrap().arn;
    let right =
        allow_if(r#"["iam:AttachUserPolicy","iam:DetachUserPolicy"]"#, "ArnEquals", "iam:PolicyARN", &good);
    let ana = garita.context(&user(garita, "ana", Some(right)).await).unwrap();
    assert!(denied(app.attach_policy(&ana, of_user("ana"), bad).await));
    app.attach_policy(&ana, of_user("ana"), good.clone()).await.unwrap();
    app.detach_policy(&ana, of_user("ana"), good).await.unwrap();
}

#[tokio::test]
async fn delegation_under_a_boundary() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let edge = office.policy("edge").await.unwrap().arn;
    let wide = office.policy("wide").await.unwrap().arn;
    let right = allow_if(r#""iam:*User*""#, "StringEquals", "iam:PermissionsBoundary", &edge);
    let lead = garita.context(&user(garita, "lead", Some(right)).await).unwrap();
    let bounded = |name: &str, arn: &str| CreateUser { boundary: Some(arn.to_owned()), ..new_user(name) };
    assert!(denied(app.create_user(&lead, new_user("free")).await));
    assert!(denied(app.create_user(&lead, bounded("free", &wide)).await));
    app.create_user(&lead, bounded("ana", &edge)).await.unwrap();
    app.attach_policy(&lead, of_user("ana"), wide.clone()).await.unwrap();
    let ana = || Bounded::User("ana".parse().unwrap());
    assert!(denied(app.put_permissions_boundary(&lead, ana(), wide.clone()).await));
    assert!(
        denied(app.attach_policy(&lead, of_user("lead"), wide.clone()).await),
        "who has no boundary is off limits"
    );
    app.put_permissions_boundary(root, ana(), wide.clone()).await.unwrap();
    assert!(denied(app.detach_policy(&lead, of_user("ana"), wide).await));
    app.put_permissions_boundary(&lead, ana(), edge).await.unwrap();
}

#[tokio::test]
async fn tags_decide() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    office.user("x").await.unwrap();
    let x = || Tagged::User("x".parse().unwrap());
    let own = allow_if(r#""iam:DeleteUser""#, "StringEquals", "aws:ResourceTag/team", "red");
    let red = garita.context(&user(garita, "red", Some(own)).await).unwrap();
    let only = allow_if(r#"["iam:TagUser","iam:CreateUser"]"#, "StringEquals", "aws:RequestTag/team", "red");
    let tagger = garita.context(&user(garita, "tagger", Some(only)).await).unwrap();

    assert!(denied(app.delete_user(&red, "x".parse().unwrap()).await));
    assert!(denied(app.tag(&tagger, x(), vec![tag("team", "blue")]).await));
    app.tag(&tagger, x(), vec![tag("team", "red")]).await.unwrap();
    app.delete_user(&red, "x".parse().unwrap()).await.unwrap();

    let tagged = |name: &str| CreateUser { tags: vec![tag("team", "red")], ..new_user(name) };
    app.create_user(&tagger, tagged("y")).await.unwrap();
    let maker = garita.context(&user(garita, "maker", Some(allow("iam:CreateUser", "*"))).await).unwrap();
    let refused = told(app.create_user(&maker, tagged("z")).await);
    assert!(refused.contains("iam:TagUser"), "making with tags needs the right to tag: {refused}");
    assert!(app.get_user(root, Some(&"z".parse().unwrap())).is_err());
}

#[tokio::test]
async fn accounts_are_apart() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let (_, foreign) = garita.another_account("other").await;
    let other = garita.context(&foreign).unwrap();
    office.user("ana").await.unwrap();
    let arn = office.policy("p").await.unwrap().arn;
    assert_eq!(app.list_users(&other, None, &first()).unwrap().items.len(), 0);
    app.create_user(&other, new_user("ana")).await.unwrap();
    app.delete_user(&other, "ana".parse().unwrap()).await.unwrap();
    assert!(app.get_user(root, Some(&"ana".parse().unwrap())).is_ok());
    for refused in [told(app.get_policy(&other, &arn)), told(app.delete_policy(&other, arn.clone()).await)] {
        assert!(refused.starts_with("AccessDenied") || refused.starts_with("NoSuchEntity"), "{refused}");
    }
    assert!(app.get_policy(root, &arn).is_ok());
}
