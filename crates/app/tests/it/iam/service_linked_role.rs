//! Service-linked roles: made for a service, changed by nobody else, deleted on request.

use std::sync::Arc;

use garita_app::iam::{
    Bounded, CreateInstanceProfile, CreateRole, CreateServiceLinkedRole, EntityName, PutInlinePolicy,
    UpdateRole,
};
use garita_model::{Clock as _, Object, Path, Plain as _, RoleDeletion, RoleName, RoleUse};
use jiff::SignedDuration;

use super::{Office, first, of_role};
use crate::stage::{allow, denied, told, trust, user};

const TRAIL: &str = "cloudtrail.amazonaws.com";
const ROLE: &str = "AWSServiceRoleForCloudTrail";
const PROTECTED: &str = "UnmodifiableEntity: Cannot perform the operation on the protected role 'AWSServiceRoleForCloudTrail' - this role is only modifiable by AWS";

fn of(service: &str) -> CreateServiceLinkedRole {
    CreateServiceLinkedRole { service: service.to_owned(), description: None, suffix: None }
}

fn name() -> RoleName {
    ROLE.parse().unwrap()
}

#[tokio::test]
async fn a_service_has_one_role_that_trusts_it_alone() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let described = CreateServiceLinkedRole { description: Some("writes".to_owned()), ..of(TRAIL) };
    let made = app.create_service_linked_role(root, described).await.unwrap();
    let arn = made.role.arn().unwrap();
    assert_eq!(
        arn.as_str(),
        "arn:aws:iam::111122223333:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"
    );
    assert_eq!(
        made.trust,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#
    );
    assert_eq!((made.role.linked_service(), made.role.description.as_deref()), (Some(TRAIL), Some("writes")));
    assert_eq!(app.list_roles(root, Some("/aws-service-role/"), &first()).unwrap().items.len(), 1);

    let before = office.revision();
    let refused = async |input| told(app.create_service_linked_role(root, input).await);
    assert_eq!(
        refused(of(TRAIL)).await,
        "InvalidInput: Service role name AWSServiceRoleForCloudTrail has been taken in this account, please try a different suffix."
    );
    let suffix = CreateServiceLinkedRole { suffix: Some("2".to_owned()), ..of("sso.amazonaws.com") };
    assert_eq!(refused(suffix).await, "InvalidInput: Custom suffix is not allowed for sso.amazonaws.com");
    assert_eq!(
        refused(of("autoscaling.amazonaws.com")).await,
        "InvalidInput: Cannot find Service Linked Role template for autoscaling.amazonaws.com"
    );
    let forged = CreateRole {
        name: "mine".parse().unwrap(),
        path: "/aws-service-role/cloudtrail.amazonaws.com/".parse().unwrap(),
        trust: trust(r#"{"AWS":"*"}"#, ""),
        description: None,
        max_session: None,
        boundary: None,
        tags: Vec::new(),
    };
    let forged = told(app.create_role(root, forged).await);
    assert!(forged.starts_with("InvalidInput: a role under `/aws-service-role/`"), "{forged}");
    assert_eq!(office.revision(), before);
}

#[tokio::test]
async fn nobody_else_changes_what_it_may_do_and_for_whom() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    app.create_service_linked_role(root, of(TRAIL)).await.unwrap();
    let policy = || "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned();
    let inline = PutInlinePolicy {
        entity: of_role(ROLE),
        name: "own".parse().unwrap(),
        document: allow("s3:GetObject", "*"),
    };
    let bounded = || Bounded::Role(name());
    let profile = "machine".parse::<garita_model::name::InstanceProfileName>().unwrap();
    let new = CreateInstanceProfile { name: profile.clone(), path: Path::default(), tags: Vec::new() };
    app.create_instance_profile(root, new).await.unwrap();
    let before = office.revision();
    let longer = UpdateRole { name: name(), description: None, max_session: Some(7_200) };
    let attempts = [
        told(app.attach_policy(root, of_role(ROLE), policy()).await),
        told(app.detach_policy(root, of_role(ROLE), policy()).await),
        told(app.put_inline_policy(root, inline).await),
        told(app.delete_inline_policy(root, of_role(ROLE), "own".parse().unwrap()).await),
        told(app.put_permissions_boundary(root, bounded(), policy()).await),
        told(app.delete_permissions_boundary(root, bounded()).await),
        told(app.update_assume_role_policy(root, name(), trust(r#"{"AWS":"*"}"#, "")).await),
        told(app.update_role(root, longer).await),
        told(app.add_role_to_instance_profile(root, profile, name()).await),
        told(app.delete_role(root, name()).await),
    ];
    for attempt in attempts {
        assert_eq!(attempt, PROTECTED);
    }
    assert_eq!(office.revision(), before);
    let described = app.update_role_description(root, name(), "writes".to_owned()).await.unwrap();
    assert_eq!(described.role.description.as_deref(), Some("writes"));
}

#[tokio::test]
async fn a_deletion_is_carried_out_and_remembered_for_a_while() {
    let office = Office::open().await;
    let (app, root, clock) = (office.app(), &office.root, &office.garita.clock);
    let made = app.create_service_linked_role(root, of(TRAIL)).await.unwrap();
    let used = RoleUse {
        account: made.role.account,
        role: made.role.id.clone(),
        at: clock.now(),
        region: "eu-west-1".to_owned(),
    };
    office.garita.put(vec![used.into_object()]).await;
    let end = |id: &str| app.service_linked_role_deletion(root, id).unwrap().end.clone();

    let id = app.delete_service_linked_role(root, name()).await.unwrap();
    assert!(id.starts_with(&format!("task/aws-service-role/{TRAIL}/{ROLE}/")), "{id}");
    app.delete_linked_roles().await.unwrap();
    let failed = end(&id).unwrap().failed.expect("a session of it may be alive");
    assert_eq!(
        (failed.reason.as_str(), failed.region.as_str()),
        ("A session of the role was used at 2026-03-01T12:00:00Z; wait until it has ended.", "eu-west-1")
    );
    assert!(app.get_role(root, &name()).is_ok());

    clock.advance(SignedDuration::from_hours(1));
    let root = &office.garita.as_root();
    let second = app.delete_service_linked_role(root, name()).await.unwrap();
    assert_ne!(second, id);
    app.delete_linked_roles().await.unwrap();
    assert_eq!(end(&second).unwrap().failed, None);
    assert!(app.get_role(root, &name()).is_err());
    assert!(told(app.delete_service_linked_role(root, name()).await).starts_with("NoSuchEntity: "));

    app.create_service_linked_role(root, of(TRAIL)).await.unwrap();
    assert_eq!(end(&second).unwrap().failed, None, "that was another role");
    clock.advance(SignedDuration::from_hours(24 * 31));
    app.delete_linked_roles().await.unwrap();
    for forgotten in [&id, &second] {
        let asked = told(app.service_linked_role_deletion(root, forgotten));
        assert_eq!(asked, format!("NoSuchEntity: Deletion task {forgotten} cannot be found."));
    }
    assert!(app.get_role(root, &name()).is_ok());
    assert!(told(app.service_linked_role_deletion(root, "task/1")).starts_with("InvalidInput: "));
}

#[tokio::test]
async fn one_that_was_cut_short_goes_on_and_is_asked_for_once() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let role = app.create_service_linked_role(root, of(TRAIL)).await.unwrap().role;
    let waiting = RoleDeletion {
        account: role.account,
        task: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
        service: TRAIL.to_owned(),
        name: role.name.clone(),
        role: role.id.clone(),
        asked: office.garita.clock.now(),
        end: None,
    };
    office.garita.put(vec![Object::RoleDeletion(Arc::new(waiting.clone()))]).await;
    assert_eq!(app.delete_service_linked_role(root, name()).await.unwrap(), waiting.id());
    app.delete_linked_roles().await.unwrap();
    let end = app.service_linked_role_deletion(root, &waiting.id()).unwrap().end.clone();
    assert!(end.is_some_and(|end| end.failed.is_none()));
    assert!(app.get_role(root, &name()).is_err());
    let own = app.create_role(
        root,
        CreateRole {
            name: "own".parse().unwrap(),
            path: Path::default(),
            trust: trust(r#"{"Service":"cloudtrail.amazonaws.com"}"#, ""),
            description: None,
            max_session: None,
            boundary: None,
            tags: Vec::new(),
        },
    );
    own.await.unwrap();
    let refused = told(app.delete_service_linked_role(root, "own".parse().unwrap()).await);
    assert_eq!(refused, "NoSuchEntity: The role with name own is not a service-linked role.");
}

#[tokio::test]
async fn policies_say_who_makes_and_deletes_which() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole",
        "Resource":"arn:aws:iam::*:role/aws-service-role/*",
        "Condition":{"StringEquals":{"iam:AWSServiceName":"cloudtrail.amazonaws.com"}}}}"#;
    let ana = user(garita, "ana", Some(document.to_owned())).await;
    let cx = || garita.context(&ana).unwrap();
    app.create_service_linked_role(&cx(), of(TRAIL)).await.unwrap();
    assert!(denied(app.create_service_linked_role(&cx(), of("sso.amazonaws.com")).await));
    assert!(denied(app.create_service_linked_role(&cx(), of("nosuch.amazonaws.com")).await));
    assert!(denied(app.delete_service_linked_role(&cx(), name()).await));
    assert!(denied(app.service_linked_role_deletion(&cx(), "task/1")));
    let entity = EntityName::User("ana".parse().unwrap());
    let arn = format!("arn:aws:iam::111122223333:role/aws-service-role/{TRAIL}/{ROLE}");
    let document = allow("iam:*ServiceLinkedRole*", &arn);
    crate::stage::put(garita, entity, document).await;
    let id = app.delete_service_linked_role(&cx(), name()).await.unwrap();
    assert!(app.service_linked_role_deletion(&cx(), &id).is_ok());
}
