//! Roles: made, changed, deleted.

use garita_app::iam::{CreateRole, UpdateRole};
use garita_model::Path;

use super::{Office, first, of_role};
use crate::stage::{told, trust};

fn new_role(name: &str) -> CreateRole {
    CreateRole {
        name: name.parse().unwrap(),
        path: Path::default(),
        trust: trust(r#"{"Service":"lambda.amazonaws.com"}"#, ""),
        description: None,
        max_session: None,
        boundary: None,
        tags: Vec::new(),
    }
}

#[tokio::test]
async fn a_role_lives_and_goes() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let made = app.create_role(root, new_role("Runner")).await.unwrap();
    assert_eq!((made.role.max_session, made.role.id.as_str().get(..4)), (3600, Some("AROA")));
    let again = app.create_role(root, new_role("runner")).await;
    assert_eq!(told(again), "EntityAlreadyExists: Role with name runner already exists.");

    let name = || "runner".parse().unwrap();
    let update = UpdateRole { name: name(), description: Some("runs".to_owned()), max_session: Some(43_200) };
    app.update_role(root, update).await.unwrap();
    app.update_role(root, UpdateRole { name: name(), description: None, max_session: None }).await.unwrap();
    let role = app.get_role(root, &name()).unwrap().role;
    assert_eq!((role.description.as_deref(), role.max_session), (Some("runs"), 43_200));
    let described = app.update_role_description(root, name(), "walks".to_owned()).await.unwrap();
    assert_eq!(described.role.description.as_deref(), Some("walks"));
    assert_eq!(app.list_roles(root, None, &first()).unwrap().items.len(), 1);

    app.attach_policy(root, of_role("runner"), "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        .await
        .unwrap();
    let kept = app.delete_role(root, name()).await;
    assert_eq!(told(kept), "DeleteConflict: Cannot delete entity, must detach all policies first.");
    app.detach_policy(root, of_role("runner"), "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        .await
        .unwrap();
    app.delete_role(root, name()).await.unwrap();
    assert_eq!(told(app.get_role(root, &name())), "NoSuchEntity: The role with name runner cannot be found.");
}

#[tokio::test]
async fn values_out_of_range_change_nothing() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    app.create_role(root, new_role("r")).await.unwrap();
    let before = office.revision();
    let session =
        |seconds| UpdateRole { name: "r".parse().unwrap(), description: None, max_session: Some(seconds) };
    assert_eq!(
        told(app.update_role(root, session(3599)).await),
        "ValidationError: 1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600"
    );
    assert!(told(app.update_role(root, session(43_201)).await).ends_with("less than or equal to 43200"));
    let long = CreateRole { description: Some("x".repeat(1001)), ..new_role("long") };
    assert!(told(app.create_role(root, long).await).starts_with("ValidationError: "));
    let broken = app.update_assume_role_policy(root, "r".parse().unwrap(), "{".to_owned()).await;
    assert_eq!(told(broken), "MalformedPolicyDocument: This policy contains invalid Json");
    assert_eq!(office.revision(), before);
}
