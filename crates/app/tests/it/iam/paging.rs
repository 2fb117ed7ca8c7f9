//! Paging: everything once, whatever happens meanwhile.

use std::collections::BTreeSet;

use garita_app::iam::PageRequest;

use super::{Office, first};
use crate::stage::told;

#[tokio::test]
async fn what_stays_is_given_out_once_while_others_come_and_go() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    for n in 0..250 {
        office.user(&format!("User-{n:03}")).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut page = first();
    for round in 0.. {
        let part = app.list_users(root, None, &page).unwrap();
        assert!(part.items.len() <= 100);
        seen.extend(part.items.iter().map(|u| u.name.to_string()));
        let Some(marker) = part.marker else { break };
        // Behind, ahead of and at the place where the list goes on.
        office.user(&format!("User-000-{round}")).await.unwrap();
        office.user(&format!("User-249-{round}")).await.unwrap();
        let last = part.items.last().unwrap().name.clone();
        app.delete_user(root, last).await.unwrap();
        page = PageRequest { marker: Some(marker), max_items: None };
    }
    let old: Vec<&String> = seen.iter().filter(|name| name.len() == 8).collect();
    assert_eq!(old.len(), 250, "each of the first ones");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "and nothing twice");
    assert!(seen.iter().any(|name| name.starts_with("User-249-")), "what comes ahead is seen");
}

#[tokio::test]
async fn the_last_part_says_so() {
    let office = Office::open().await;
    for name in ["a", "B", "c"] {
        office.user(name).await.unwrap();
    }
    let (app, root) = (office.app(), &office.root);
    let page = |marker, most| PageRequest { marker, max_items: Some(most) };
    assert_eq!(app.list_users(root, None, &page(None, 3)).unwrap().marker, None);
    let part = app.list_users(root, None, &page(None, 2)).unwrap();
    assert_eq!(part.items.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), ["a", "B"]);
    let rest = app.list_users(root, None, &page(part.marker, 2)).unwrap();
    assert_eq!((rest.items.len(), rest.marker), (1, None));
}

#[tokio::test]
async fn markers_are_not_made_up() {
    let office = Office::open().await;
    for name in ["a", "b", "c"] {
        office.user(name).await.unwrap();
        office.group(name).await.unwrap();
    }
    let (app, root) = (office.app(), &office.root);
    let marker =
        app.list_users(root, None, &PageRequest { marker: None, max_items: Some(1) }).unwrap().marker;
    let marker = marker.unwrap();
    let with = |marker: &str| PageRequest { marker: Some(marker.to_owned()), max_items: None };
    assert!(app.list_users(root, None, &with(&marker)).is_ok());
    let invalid = "ValidationError: Invalid Marker.";
    assert_eq!(told(app.list_groups(root, None, &with(&marker))), invalid);
    assert_eq!(told(app.list_users(root, Some("/x/"), &with(&marker))), invalid);
    for forged in ["", "b", "!!", &marker[1..], &format!("{marker}AA")] {
        assert_eq!(told(app.list_users(root, None, &with(forged))), invalid, "{forged}");
    }
    let (_, other) = office.garita.another_account("other").await;
    let stranger = office.garita.context(&other).unwrap();
    assert_eq!(told(app.list_users(&stranger, None, &with(&marker))), invalid);
    for most in [0, 1001] {
        let refused = app.list_users(root, None, &PageRequest { marker: None, max_items: Some(most) });
        assert!(told(refused).starts_with("ValidationError: 1 validation error detected: Value"));
    }
}
