//! Roles: made, changed, deleted.

use garita_app::iam::{CreateRole, UpdateRole};
use garita_model::{Path, RoleUse};
use jiff::SignedDuration;

use super::{Office, first, of_role};
use crate::stage::{ask, assume, told, trust, user};

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

#[tokio::test]
async fn a_role_tells_when_it_was_last_used() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let ana = user(garita, "ana", None).await;
    let arn = crate::stage::role(garita, "job", trust(r#"{"AWS":"*"}"#, ""), None).await;
    let name = "job".parse().unwrap();
    let used = || {
        app.get_role(&garita.as_root(), &name).unwrap().used.map(|used| (used.at.to_string(), used.region))
    };
    let session = assume(garita, &ana, &ask(&arn)).unwrap();
    assert_eq!(used(), None, "to take it on is no use of it");
    garita.context(&session).unwrap();
    let noon = Some(("2026-03-01T12:00:00Z".to_owned(), "eu-west-1".to_owned()));
    assert_eq!(used(), noon);
    garita.clock.advance(SignedDuration::from_secs(59));
    garita.context(&session).unwrap();
    assert_eq!(used(), noon, "told to the minute");
    garita.clock.advance(SignedDuration::from_secs(1));
    garita.context(&session).unwrap();
    assert_eq!(used().unwrap().0, "2026-03-01T12:01:00Z");

    app.save_use().await.unwrap();
    let revision = app.snapshot().revision();
    app.save_use().await.unwrap();
    assert_eq!(app.snapshot().revision(), revision, "nothing new, nothing written");
    let id = app.get_role(&garita.as_root(), &name).unwrap().role.id.clone();
    let written = || app.snapshot().get::<RoleUse>(garita.account(), id.as_str()).is_some();
    assert!(written());
    garita.clock.advance(SignedDuration::from_hours(24 * 401));
    assert_eq!(used(), None, "that is too long ago to be told");
    app.delete_role(&garita.as_root(), name.clone()).await.unwrap();
    assert!(!written());
    app.save_use().await.unwrap();
    assert!(!written(), "and does not come back");
}
