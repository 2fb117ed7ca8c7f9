//! Which room may know which: the arrows of the architecture, and what is kept to a few rooms.
//!
//! `policy`, `wire` <- `model` <- `store` <- `app` <- the doors; `backends` knows `model`; `garita` sees all.

use super::Finding;
use super::graph::{Graph, Kind, Package};

/// A room and the rooms it may name.
struct Room {
    name: &'static str,
    knows: &'static [&'static str],
}

const fn room(name: &'static str, knows: &'static [&'static str]) -> Room {
    Room { name, knows }
}

/// What a door may name: not `store`, and no other door.
const A_DOOR_KNOWS: &[&str] = &["garita-policy", "garita-wire", "garita-model", "garita-app"];

/// What a door with pages may name.
const A_DOOR_WITH_PAGES_KNOWS: &[&str] =
    &["garita-policy", "garita-wire", "garita-model", "garita-app", "garita-page"];

const ROOMS: &[Room] = &[
    room("garita-policy", &[]),
    room("garita-wire", &[]),
    room("garita-page", &[]),
    room("garita-model", &["garita-policy", "garita-wire"]),
    room("garita-store", &["garita-policy", "garita-wire", "garita-model"]),
    room("garita-app", &["garita-policy", "garita-wire", "garita-model", "garita-store"]),
    room("garita-aws", A_DOOR_KNOWS),
    room("garita-web", A_DOOR_WITH_PAGES_KNOWS),
    room("garita-gateway", A_DOOR_WITH_PAGES_KNOWS),
    room("garita-bastion", A_DOOR_KNOWS),
    room("garita-backends", &["garita-model"]),
    room("garita-testkit", &["garita-policy", "garita-wire", "garita-model", "garita-store", "garita-app"]),
    room("garita", ALL_ROOMS),
    room("xtask", &["garita-wire"]),
];

const ALL_ROOMS: &[&str] = &[
    "garita-policy",
    "garita-wire",
    "garita-model",
    "garita-page",
    "garita-store",
    "garita-app",
    "garita-aws",
    "garita-web",
    "garita-gateway",
    "garita-bastion",
    "garita-backends",
];

/// Packages from elsewhere that only some rooms may name.
struct Kept {
    packages: &'static [&'static str],
    to: &'static [&'static str],
    why: &'static str,
}

const KEPT: &[Kept] = &[
    Kept {
        packages: &["rusqlite", "libsqlite3-sys", "tokio-postgres", "deadpool-postgres", "sqlx"],
        to: &["garita-store"],
        why: "only store knows SQL: add a function to garita-store",
    },
    Kept {
        packages: &[
            "hyper",
            "hyper-util",
            "http-body",
            "http-body-util",
            "axum",
            "tower",
            "tower-http",
            "h2",
        ],
        to: &[
            "garita-aws",
            "garita-web",
            "garita-gateway",
            "garita-bastion",
            "garita-backends",
            "garita",
            "garita-testkit",
        ],
        why: "HTTP is spoken by doors, by the program and by the way out in backends: move the code there",
    },
    Kept {
        packages: &["http"],
        to: &[
            "garita-wire",
            "garita-aws",
            "garita-web",
            "garita-gateway",
            "garita-bastion",
            "garita-backends",
            "garita",
            "garita-testkit",
            "xtask",
        ],
        why: "HTTP types stop at the doors: give the verb plain values",
    },
];

/// Rooms that must run without an async runtime, and what counts as one.
const STILL_ROOMS: &[&str] = &["garita-policy", "garita-wire", "garita-model", "garita-page"];
const RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "futures-executor", "hyper"];

/// All checks of this file.
pub(super) fn check(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for room in graph.rooms() {
        findings.extend(arrows(room));
        findings.extend(kept(room));
        findings.extend(stillness(graph, room));
    }
    findings
}

fn arrows(room: &Package) -> Vec<Finding> {
    let finding = |message: String| Finding::new("dependency-directions", message);
    let Some(known) = ROOMS.iter().find(|known| known.name == room.name) else {
        let message =
            format!("`{}` is not in the table of rooms: add it to xtask/src/tidy/rooms.rs", room.name);
        return vec![finding(message)];
    };
    let is_room = |name: &str| ROOMS.iter().any(|room| room.name == name);
    let allowed = |name: &str, kind: Kind| {
        known.knows.contains(&name) || (name == "garita-testkit" && kind == Kind::Tests) || name == room.name
    };
    let wrong = room.names.iter().filter(|(name, kind)| is_room(name) && !allowed(name, *kind));
    wrong
        .map(|(name, _)| {
            finding(format!(
                "`{}` must not depend on `{name}`: dependencies point policy, wire <- model <- store <- app <- doors",
                room.name
            ))
        })
        .collect()
}

fn kept(room: &Package) -> Vec<Finding> {
    let mut findings = Vec::new();
    for kept in KEPT.iter().filter(|kept| !kept.to.contains(&room.name.as_str())) {
        for (name, _) in room.names.iter().filter(|(name, _)| kept.packages.contains(&name.as_str())) {
            let message = format!("`{}` must not depend on `{name}`: {}", room.name, kept.why);
            findings.push(Finding::new("kept-to-their-rooms", message));
        }
    }
    findings
}

fn stillness(graph: &Graph, room: &Package) -> Vec<Finding> {
    if !STILL_ROOMS.contains(&room.name.as_str()) {
        return Vec::new();
    }
    let closure = graph.closure(room);
    let runtimes = RUNTIMES.iter().filter(|runtime| closure.contains(*runtime));
    runtimes
        .map(|runtime| {
            let message =
                format!("`{}` must have no async runtime, but is built with `{runtime}`", room.name);
            Finding::new("no-runtime", message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::graph::made_up::{graph, outside, room};
    use super::*;

    fn checks(packages: impl IntoIterator<Item = Package>) -> Vec<&'static str> {
        check(&graph(packages)).into_iter().map(|finding| finding.check).collect()
    }

    #[test]
    fn arrows_point_one_way() {
        assert!(
            checks([room("garita-app", &["garita-store"]), room("garita-store", &["garita-model"])])
                .is_empty()
        );
        for (name, names) in [
            ("garita-policy", &["garita-wire"][..]),
            ("garita-store", &["garita-app"]),
            ("garita-aws", &["garita-store"]),
            ("garita-gateway", &["garita-aws"]),
            ("garita-backends", &["garita-app"]),
            ("garita-app", &["garita"]),
        ] {
            assert_eq!(checks([room(name, names)]), ["dependency-directions"], "{name} -> {names:?}");
        }
    }

    #[test]
    fn a_new_room_must_be_in_the_table() {
        assert_eq!(checks([room("garita-utilities", &[])]), ["dependency-directions"]);
    }

    #[test]
    fn testkit_is_for_tests() {
        let mut app = room("garita-app", &[]);
        app.names.push(("garita-testkit".to_owned(), Kind::Tests));
        assert!(checks([app]).is_empty());
        assert_eq!(checks([room("garita-app", &["garita-testkit"])]), ["dependency-directions"]);
    }

    #[test]
    fn sql_and_http_stay_in_their_rooms() {
        assert!(checks([room("garita-store", &["rusqlite"]), room("garita-wire", &["http"])]).is_empty());
        assert_eq!(checks([room("garita-app", &["rusqlite"])]), ["kept-to-their-rooms"]);
        assert_eq!(checks([room("garita-app", &["http"])]), ["kept-to-their-rooms"]);
        assert_eq!(checks([room("garita-store", &["hyper"])]), ["kept-to-their-rooms"]);
    }

    #[test]
    fn a_runtime_is_found_however_deep() {
        let packages = || [outside("inner", "1.0.0", &["tokio"]), outside("tokio", "1.0.0", &[])];
        let model = room("garita-model", &["inner"]);
        assert_eq!(checks(packages().into_iter().chain([model])), ["no-runtime"]);
        let app = room("garita-app", &["inner"]);
        assert!(checks(packages().into_iter().chain([app])).is_empty());
    }
}
