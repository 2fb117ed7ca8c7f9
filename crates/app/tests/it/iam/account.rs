//! What an account has as a whole.

use garita_app::iam::{AuthorizationDetail, DetailFilter, PageRequest};

use super::{Office, first, of_user};
use crate::stage::{allow, told, user};

#[tokio::test]
async fn an_account_has_one_alias_that_no_other_has() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    let alias = |text: &str| text.parse().unwrap();
    assert!(app.list_account_aliases(root, &first()).unwrap().items.is_empty());
    app.create_account_alias(root, alias("vision")).await.unwrap();
    app.create_account_alias(root, alias("vision-lab")).await.unwrap();
    assert_eq!(app.list_account_aliases(root, &first()).unwrap().items, [alias("vision-lab")]);

    let (_, foreign) = office.garita.another_account("other").await;
    let stranger = office.garita.context(&foreign).unwrap();
    let taken = "EntityAlreadyExists: The account alias vision-lab already exists.";
    assert_eq!(told(app.create_account_alias(&stranger, alias("vision-lab")).await), taken);
    app.create_account_alias(&stranger, alias("vision")).await.unwrap();

    let absent = "NoSuchEntity: The account alias vision cannot be found.";
    assert_eq!(told(app.delete_account_alias(root, alias("vision")).await), absent);
    app.delete_account_alias(root, alias("vision-lab")).await.unwrap();
    assert!(app.list_account_aliases(root, &first()).unwrap().items.is_empty());
}

#[tokio::test]
async fn the_summary_counts() {
    let office = Office::open().await;
    office.user("ana").await.unwrap();
    office.policy("p").await.unwrap();
    let summary = office.app().account_summary(&office.root).unwrap();
    let count = |name| summary.iter().find(|(n, _)| *n == name).map(|(_, count)| *count);
    assert_eq!((count("Users"), count("Policies"), count("Roles")), (Some(1), Some(1), Some(0)));
    assert_eq!((count("UsersQuota"), count("AccountAccessKeysPresent")), (Some(5000), Some(1)));
}

#[tokio::test]
async fn authorization_details_hold_everything_in_parts() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    user(&office.garita, "ana", Some(allow("s3:*", "*"))).await;
    office.user("bo").await.unwrap();
    office.group("g").await.unwrap();
    let own = office.policy("p").await.unwrap().arn;
    let aws = "arn:aws:iam::aws:policy/AdministratorAccess";
    app.attach_policy(root, of_user("ana"), aws.to_owned()).await.unwrap();
    let mut seen = Vec::new();
    let mut page = PageRequest { marker: None, max_items: Some(2) };
    loop {
        let part = app.account_authorization_details(root, &[], &page).unwrap();
        seen.extend(part.items.iter().map(|detail| match detail {
            AuthorizationDetail::User(user, attached) => format!("{} {}", user.name, attached.len()),
            AuthorizationDetail::Group(group, _) => group.name.to_string(),
            AuthorizationDetail::Role(role, ..) => role.role.name.to_string(),
            AuthorizationDetail::Policy(policy, versions) => format!("{} {}", policy.arn, versions.len()),
        }));
        page.marker = part.marker;
        if page.marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["ana 1", "bo 0", "g", &format!("{aws} 1"), &format!("{own} 1")]);
    let groups = app.account_authorization_details(root, &[DetailFilter::Group], &first()).unwrap().items;
    assert!(matches!(groups.as_slice(), [AuthorizationDetail::Group(..)]));
}
