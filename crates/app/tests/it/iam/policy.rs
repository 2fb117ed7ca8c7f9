//! Managed and inline policies: versions, attachments, sizes.

use garita_app::iam::{
    CreatePolicy, CreatePolicyVersion, EntitiesForPolicy, EntityFilter, ListPolicies, PageRequest,
    PolicyScope, PolicyUsage, PutInlinePolicy, Tagged,
};
use garita_model::{PolicyName, VersionId};

use super::{Office, first, new_policy, of_group, of_role, of_user};
use crate::stage::{allow, role, tag, told, trust};

/// A document of `size` characters that count.
fn document_of(size: usize) -> String {
    let empty = allow("s3:GetObject", "");
    allow("s3:GetObject", &format!("arn:aws:s3:::{}", "x".repeat(size - empty.len() - 13)))
}

#[tokio::test]
async fn a_policy_lives_and_goes() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let input = CreatePolicy {
        path: "/team/".parse().unwrap(),
        description: Some("for tests".to_owned()),
        ..new_policy("Read")
    };
    let made = app.create_policy(root, input).await.unwrap();
    assert_eq!(made.arn, "arn:aws:iam::111122223333:policy/team/Read");
    assert_eq!((made.default_version, made.attachments), (VersionId(1), 0));
    assert_eq!(
        told(office.policy("read").await),
        "EntityAlreadyExists: A policy called read already exists. Duplicate names are not allowed."
    );
    app.tag(root, Tagged::Policy(made.arn.clone()), vec![tag("k", "v")]).await.unwrap();
    assert_eq!(app.get_policy(root, &made.arn).unwrap().tags, [tag("k", "v")]);

    office.user("ana").await.unwrap();
    app.attach_policy(root, of_user("ana"), made.arn.clone()).await.unwrap();
    let kept = app.delete_policy(root, made.arn.clone()).await;
    assert_eq!(told(kept), "DeleteConflict: Cannot delete a policy attached to entities.");
    app.detach_policy(root, of_user("ana"), made.arn.clone()).await.unwrap();
    app.delete_policy(root, made.arn.clone()).await.unwrap();
    let gone = format!("NoSuchEntity: Policy {} was not found.", made.arn);
    assert_eq!(told(app.get_policy(root, &made.arn)), gone);
    assert_eq!(told(app.delete_policy(root, made.arn).await), gone);
}

#[tokio::test]
async fn arns_of_no_policy_are_told_apart() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let (other, _) = office.garita.another_account("other").await;
    let foreign = format!("arn:aws:iam::{other}:policy/p");
    let rows = [
        ("longpolicynamebutnoarn", "ValidationError: Invalid ARN:  Could not be parsed!".to_owned()),
        (
            "arn:aws:iam::111122223333:role/r",
            "InvalidInput: ARN arn:aws:iam::111122223333:role/r is not valid.".to_owned(),
        ),
        (
            "arn:aws:iam::111122223333:policy/none",
            "NoSuchEntity: Policy arn:aws:iam::111122223333:policy/none does not exist or is not attachable."
                .to_owned(),
        ),
        (&foreign, format!("NoSuchEntity: Policy {foreign} does not exist or is not attachable.")),
    ];
    for (arn, wanted) in rows {
        assert_eq!(told(app.attach_policy(root, of_user("ana"), arn.to_owned()).await), wanted);
    }
    let aws = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let changed = app.delete_policy(root, aws.to_owned()).await;
    assert_eq!(told(changed), "AccessDenied: Policy is outside your own account.");
    assert!(app.get_policy_version(root, aws, VersionId(1)).unwrap().is_default);
}

#[tokio::test]
async fn five_versions_and_one_in_force() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let arn = office.policy("p").await.unwrap().arn;
    let version = |default| CreatePolicyVersion {
        arn: arn.clone(),
        document: allow("s3:*", "*"),
        set_as_default: default,
    };
    for n in 2..=5 {
        let made = app.create_policy_version(root, version(n == 3)).await.unwrap();
        assert_eq!((made.id, made.is_default), (VersionId(n), n == 3));
    }
    assert_eq!(
        told(app.create_policy_version(root, version(false)).await),
        "LimitExceeded: A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
    );
    let refused = app.delete_policy_version(root, arn.clone(), VersionId(3)).await;
    assert_eq!(told(refused), "DeleteConflict: Cannot delete the default version of a policy.");
    assert!(
        told(app.delete_policy(root, arn.clone()).await).starts_with("DeleteConflict: This policy has more")
    );
    app.delete_policy_version(root, arn.clone(), VersionId(5)).await.unwrap();
    let made = app.create_policy_version(root, version(false)).await.unwrap();
    assert_eq!(made.id, VersionId(6), "numbers are not used again");
    app.set_default_policy_version(root, arn.clone(), VersionId(1)).await.unwrap();
    let absent = app.set_default_policy_version(root, arn.clone(), VersionId(9)).await;
    assert_eq!(
        told(absent),
        format!("NoSuchEntity: Policy {arn} version v9 does not exist or is not attachable.")
    );
    let page = PageRequest { marker: None, max_items: Some(3) };
    let newest = app.list_policy_versions(root, &arn, &page).unwrap();
    assert_eq!(newest.items.iter().map(|v| v.id.0).collect::<Vec<_>>(), [6, 4, 3]);
    let rest = PageRequest { marker: newest.marker, max_items: None };
    let oldest = app.list_policy_versions(root, &arn, &rest).unwrap();
    assert_eq!(
        oldest.items.iter().map(|v| (v.id.0, v.is_default)).collect::<Vec<_>>(),
        [(2, false), (1, true)]
    );
}

#[tokio::test]
async fn lists_say_who_uses_what() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let used = office.policy("used").await.unwrap().arn;
    let edge = office.policy("edge").await.unwrap().arn;
    office.user("ana").await.unwrap();
    office.group("g").await.unwrap();
    role(&office.garita, "r", trust(r#"{"AWS":"*"}"#, ""), None).await;
    for entity in [of_user("ana"), of_group("g"), of_role("r")] {
        app.attach_policy(root, entity.clone(), used.clone()).await.unwrap();
        app.attach_policy(root, entity.clone(), used.clone()).await.unwrap();
        let attached = app.list_attached_policies(root, &entity, None, &first()).unwrap();
        assert_eq!(attached.items.iter().map(|p| p.arn.as_str()).collect::<Vec<_>>(), [used.as_str()]);
    }
    app.put_permissions_boundary(root, garita_app::iam::Bounded::User("ana".parse().unwrap()), edge.clone())
        .await
        .unwrap();
    let names = |input: ListPolicies| -> Vec<String> {
        app.list_policies(root, &input).unwrap().items.into_iter().map(|p| p.name).collect()
    };
    let local = || ListPolicies { scope: PolicyScope::Local, ..ListPolicies::default() };
    assert_eq!(names(local()), ["edge", "used"]);
    assert_eq!(names(ListPolicies { only_attached: true, ..ListPolicies::default() }), ["used"]);
    assert_eq!(names(ListPolicies { usage: Some(PolicyUsage::Boundary), ..local() }), ["edge"]);
    let aws = ListPolicies { scope: PolicyScope::Aws, ..ListPolicies::default() };
    assert!(names(aws).contains(&"AdministratorAccess".to_owned()));

    let entities = |input: EntitiesForPolicy| -> Vec<String> {
        let page = app.list_entities_for_policy(root, &input).unwrap();
        page.items.into_iter().map(|e| format!("{:?}", e.name)).collect()
    };
    let of = |arn: &str| EntitiesForPolicy { arn: arn.to_owned(), ..EntitiesForPolicy::default() };
    assert_eq!(entities(of(&used)), ["Group(g)", "Role(r)", "User(ana)"]);
    assert_eq!(entities(EntitiesForPolicy { filter: Some(EntityFilter::Role), ..of(&used) }), ["Role(r)"]);
    assert_eq!(entities(of(&edge)), ["User(ana)"]);
    assert!(entities(EntitiesForPolicy { usage: Some(PolicyUsage::Permissions), ..of(&edge) }).is_empty());
}

#[tokio::test]
async fn ten_policies_on_one_entity() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.group("g").await.unwrap();
    for n in 0..11 {
        let arn = office.policy(&format!("p{n}")).await.unwrap().arn;
        let wanted =
            if n < 10 { "ok" } else { "LimitExceeded: Cannot exceed quota for PoliciesPerGroup: 10" };
        assert_eq!(told(app.attach_policy(root, of_group("g"), arn).await), wanted);
    }
    let absent = "arn:aws:iam::111122223333:policy/p10".to_owned();
    let wanted = format!("NoSuchEntity: Policy {absent} was not found.");
    assert_eq!(told(app.detach_policy(root, of_group("g"), absent).await), wanted);
}

#[tokio::test]
async fn an_inline_policy_lives_and_goes() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    office.group("g").await.unwrap();
    role(&office.garita, "r", trust(r#"{"AWS":"*"}"#, ""), None).await;
    let name = |text: &str| text.parse::<PolicyName>().unwrap();
    for (entity, kind) in [(of_user("ana"), "user"), (of_group("g"), "group"), (of_role("r"), "role")] {
        let document = format!(" {}\n", allow("s3:*", "*"));
        for put in [allow("*", "*"), document.clone()] {
            let input = PutInlinePolicy { entity: entity.clone(), name: name("In"), document: put };
            app.put_inline_policy(root, input).await.unwrap();
        }
        assert_eq!(app.get_inline_policy(root, &entity, &name("in")).unwrap(), document);
        assert_eq!(app.list_inline_policies(root, &entity, &first()).unwrap().items, [name("In")]);
        app.delete_inline_policy(root, entity.clone(), name("IN")).await.unwrap();
        let gone = format!("NoSuchEntity: The {kind} policy with name in cannot be found.");
        assert_eq!(told(app.get_inline_policy(root, &entity, &name("in"))), gone);
        assert_eq!(told(app.delete_inline_policy(root, entity, name("in")).await), gone);
    }
}

#[tokio::test]
async fn sizes_count_without_white_space() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let put = async |name: &str, document: String| {
        let input = PutInlinePolicy { entity: of_user("ana"), name: name.parse().unwrap(), document };
        told(app.put_inline_policy(root, input).await)
    };
    assert_eq!(put("a", document_of(1024)).await, "ok");
    assert_eq!(put("b", format!("{}{}", " ".repeat(5000), document_of(1024))).await, "ok");
    let over = "LimitExceeded: Maximum policy size of 2048 bytes exceeded for user ana";
    assert_eq!(put("b", document_of(1025)).await, over);
    let managed = async |size| {
        let input = CreatePolicy { document: document_of(size), ..new_policy(&format!("p{size}")) };
        told(app.create_policy(root, input).await)
    };
    assert_eq!(managed(6144).await, "ok");
    assert_eq!(managed(6145).await, "LimitExceeded: Cannot exceed quota for PolicySize: 6144");
}

#[tokio::test]
async fn malformed_documents_change_nothing() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let arn = office.policy("p").await.unwrap().arn;
    let before = office.revision();
    let documents = [
        ("{", "at line 1 column 2)"),
        (r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#, "at line 1 column 24)"),
        (
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
            "specify a principal. (an identity-based policy takes no `Principal`: it applies to what it is attached to at line 1 column 32)",
        ),
    ];
    for (document, wanted) in documents {
        let inline = PutInlinePolicy {
            entity: of_user("ana"),
            name: "i".parse().unwrap(),
            document: document.to_owned(),
        };
        let version =
            CreatePolicyVersion { arn: arn.clone(), document: document.to_owned(), set_as_default: true };
        let answers = [
            told(app.put_inline_policy(root, inline).await),
            told(
                app.create_policy(root, CreatePolicy { document: document.to_owned(), ..new_policy("q") })
                    .await,
            ),
            told(app.create_policy_version(root, version).await),
        ];
        for answer in answers {
            assert!(answer.starts_with("MalformedPolicyDocument: ") && answer.ends_with(wanted), "{answer}");
        }
    }
    assert_eq!(office.revision(), before);
}
