//! Instance profiles: one role each, handed on by who may; and their tags.

use garita_app::iam::{CreateInstanceProfile, Tagged};
use garita_model::{Path, Result};

use super::{Office, first};
use crate::stage::{allow, role, tag, told, trust, user};

async fn profile(office: &Office, name: &str) -> Result<String> {
    let tags = vec![tag("team", "vision")];
    let input = CreateInstanceProfile { name: name.parse().unwrap(), path: Path::default(), tags };
    office.app().create_instance_profile(&office.root, input).await.map(|made| made.arn)
}

#[tokio::test]
async fn a_profile_has_one_role_that_cannot_be_deleted() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let named = |name: &str| name.parse().unwrap();
    assert_eq!(profile(&office, "gpu").await.unwrap(), "arn:aws:iam::111122223333:instance-profile/gpu");
    assert_eq!(
        told(profile(&office, "GPU").await),
        "EntityAlreadyExists: Instance Profile GPU already exists."
    );
    for name in ["train", "other"] {
        role(garita, name, trust(r#"{"AWS":"111122223333"}"#, ""), None).await;
    }
    app.add_role_to_instance_profile(root, named("gpu"), "train".parse().unwrap()).await.unwrap();
    let second = app.add_role_to_instance_profile(root, named("gpu"), "other".parse().unwrap()).await;
    let full = "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
    assert_eq!(told(second), full);
    let of_role = app.list_instance_profiles_for_role(root, &"train".parse().unwrap(), &first()).unwrap();
    assert_eq!(of_role.items.len(), 1);
    assert_eq!(of_role.items[0].role.as_ref().unwrap().role.name.as_str(), "train");

    let conflict = "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.";
    assert_eq!(told(app.delete_role(root, "train".parse().unwrap()).await), conflict);
    assert_eq!(told(app.delete_instance_profile(root, named("gpu")).await), conflict);
    let absent = "NoSuchEntity: Role other in Instance Profile gpu cannot be found.";
    let other = app.remove_role_from_instance_profile(root, named("gpu"), "other".parse().unwrap()).await;
    assert_eq!(told(other), absent);
    app.remove_role_from_instance_profile(root, named("gpu"), "TRAIN".parse().unwrap()).await.unwrap();
    app.delete_instance_profile(root, named("gpu")).await.unwrap();
    assert!(told(app.delete_instance_profile(root, named("gpu")).await).starts_with("NoSuchEntity"));
    app.delete_role(root, "train".parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn who_puts_a_role_into_a_profile_may_pass_it_on() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    profile(&office, "gpu").await.unwrap();
    role(garita, "admin", trust(r#"{"AWS":"111122223333"}"#, ""), None).await;
    let ana = user(garita, "ana", Some(allow("iam:AddRoleToInstanceProfile", "*"))).await;
    let cx = garita.context(&ana).unwrap();
    let refused =
        told(app.add_role_to_instance_profile(&cx, "gpu".parse().unwrap(), "admin".parse().unwrap()).await);
    assert!(refused.contains("iam:PassRole on resource: arn:aws:iam::111122223333:role/admin"), "{refused}");
}

#[tokio::test]
async fn tags_of_a_profile_decide_who_may_touch_it() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    profile(&office, "gpu").await.unwrap();
    let what = || Tagged::InstanceProfile("gpu".parse().unwrap());
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"vision"}}}}"#;
    let ana = user(garita, "ana", Some(document.to_owned())).await;
    let cx = garita.context(&ana).unwrap();
    assert_eq!(app.list_tags(&cx, &what(), &first()).unwrap().items, [tag("team", "vision")]);
    app.tag(root, what(), vec![tag("Team", "speech"), tag("cost", "1")]).await.unwrap();
    assert!(told(app.list_tags(&cx, &what(), &first())).starts_with("AccessDenied"));
    app.untag(root, what(), vec!["cost".to_owned()]).await.unwrap();
    assert_eq!(app.list_tags(root, &what(), &first()).unwrap().items, [tag("Team", "speech")]);
}
