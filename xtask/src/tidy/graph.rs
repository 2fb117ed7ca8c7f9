//! The dependency graph, as `cargo metadata` tells it, in the few words that the checks need.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// How a package is depended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// By the code itself, or by its build script.
    Code,
    /// By its tests only.
    Tests,
}

/// A package in the graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Package {
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// The licence expression, empty if it has none.
    pub(super) licence: String,
    /// Whether it is a room of this workspace.
    pub(super) is_ours: bool,
    /// What its manifest names.
    pub(super) names: Vec<(String, Kind)>,
    /// The ids of the packages that its code is built with.
    pub(super) built_with: Vec<String>,
}

/// All packages by id.
#[derive(Debug, Default)]
pub(super) struct Graph(BTreeMap<String, Package>);

impl Graph {
    /// Reads the output of `cargo metadata`.
    pub(super) fn parse(metadata: &Value) -> Result<Self> {
        let ours: BTreeSet<&str> = list(metadata, "workspace_members").filter_map(Value::as_str).collect();
        let nodes = metadata.get("resolve").context("cargo metadata without `resolve`")?;
        let resolved: BTreeMap<&str, &Value> =
            list(nodes, "nodes").filter_map(|node| Some((text(node, "id")?, node))).collect();
        let mut packages = BTreeMap::new();
        let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in list(metadata, "packages") {
            let id = text(package, "id").context("a package without id")?;
            // Packages of other platforms are listed, but not resolved.
            if let Some(node) = resolved.get(id) {
                let used = used(package, node);
                edges.insert(id, used.iter().filter_map(|edge| text(edge, "pkg")).collect());
                packages.insert(id.to_owned(), read(package, &used, ours.contains(id)));
            }
        }
        let (mut open, mut seen) = (Vec::from_iter(ours), BTreeSet::new());
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(edges.get(id).into_iter().flatten());
            }
        }
        packages.retain(|id, _| seen.contains(id.as_str()));
        Ok(Self(packages))
    }

    /// Every package.
    pub(super) fn packages(&self) -> Vec<&Package> {
        self.0.values().collect()
    }

    /// The rooms of this workspace.
    pub(super) fn rooms(&self) -> impl Iterator<Item = &Package> {
        self.0.values().filter(|package| package.is_ours)
    }

    /// The names of everything that a room's code is built with, however far down.
    pub(super) fn closure(&self, room: &Package) -> BTreeSet<&str> {
        let mut open: Vec<&str> = room.built_with.iter().map(String::as_str).collect();
        let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
        while let Some(id) = open.pop() {
            if let (true, Some(package)) = (seen.insert(id), self.0.get(id)) {
                names.insert(package.name.as_str());
                open.extend(package.built_with.iter().map(String::as_str));
            }
        }
        names
    }
}

/// The dependencies of a package that are built. `cargo metadata` also lists optional ones that are only mentioned by
/// a weak feature (`name?/feature`), which does not ask for them.
fn used<'a>(package: &Value, node: &'a Value) -> Vec<&'a Value> {
    let declared = package.get("features").and_then(Value::as_object);
    let asked: BTreeSet<&str> = list(node, "features")
        .filter_map(Value::as_str)
        .flat_map(|feature| {
            let parts = declared.and_then(|all| all.get(feature)).and_then(Value::as_array);
            std::iter::once(feature).chain(parts.into_iter().flatten().filter_map(Value::as_str))
        })
        .filter_map(|part| {
            let (name, inside) = part.split_once('/').unwrap_or((part, ""));
            let name = name.strip_prefix("dep:").unwrap_or(name);
            (inside.is_empty() || !name.ends_with('?')).then_some(name)
        })
        .collect();
    let unasked: BTreeSet<String> = list(package, "dependencies")
        .filter(|dependency| dependency.get("optional").and_then(Value::as_bool) == Some(true))
        .filter_map(|dependency| text(dependency, "rename").or_else(|| text(dependency, "name")))
        .filter(|name| !asked.contains(name))
        .map(|name| name.replace('-', "_"))
        .collect();
    let is_used = |edge: &&Value| text(edge, "name").is_none_or(|name| !unasked.contains(name));
    list(node, "deps").filter(is_used).collect()
}

fn read(package: &Value, used: &[&Value], is_ours: bool) -> Package {
    let own = |name: &str| text(package, name).unwrap_or_default().to_owned();
    Package {
        name: own("name"),
        version: own("version"),
        licence: own("license"),
        is_ours,
        names: list(package, "dependencies")
            .filter_map(|dependency| Some((text(dependency, "name")?.to_owned(), kind(dependency))))
            .collect(),
        built_with: used
            .iter()
            .filter(|edge| list(edge, "dep_kinds").any(|used| kind(used) == Kind::Code))
            .filter_map(|edge| text(edge, "pkg").map(str::to_owned))
            .collect(),
    }
}

fn kind(value: &Value) -> Kind {
    if text(value, "kind") == Some("dev") { Kind::Tests } else { Kind::Code }
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// Made-up graphs for the tests of the checks.
#[cfg(test)]
pub(super) mod made_up {
    use super::{Graph, Kind, Package};

    /// A room that names these packages.
    pub(crate) fn room(name: &str, names: &[&str]) -> Package {
        Package { is_ours: true, licence: "MIT OR Apache-2.0".to_owned(), ..outside(name, "0.1.0", names) }
    }

    /// A package from elsewhere.
    pub(crate) fn outside(name: &str, version: &str, names: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            licence: "MIT".to_owned(),
            is_ours: false,
            names: names.iter().map(|name| ((*name).to_owned(), Kind::Code)).collect(),
            built_with: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The graph of some packages, whose ids are their names, with the version behind a second one.
    pub(crate) fn graph(packages: impl IntoIterator<Item = Package>) -> Graph {
        let mut graph = Graph::default();
        for package in packages {
            let taken = graph.0.contains_key(&package.name);
            let id =
                if taken { format!("{}@{}", package.name, package.version) } else { package.name.clone() };
            graph.0.insert(id, package);
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_cargo_metadata() {
        let metadata = json!({
            "workspace_members": ["a"],
            "packages": [
                {"id": "a", "name": "a", "version": "0.1.0", "license": "MIT",
                 "dependencies": [{"name": "b", "kind": null}, {"name": "t", "kind": "dev"}]},
                {"id": "b", "name": "b", "version": "1.0.0", "license": null, "dependencies": []},
                {"id": "t", "name": "t", "version": "1.0.0", "dependencies": []},
                {"id": "w", "name": "windows-only", "version": "1.0.0", "dependencies": []},
            ],
            "resolve": {"nodes": [
                {"id": "a", "deps": [
                    {"pkg": "b", "dep_kinds": [{"kind": null}]},
                    {"pkg": "t", "dep_kinds": [{"kind": "dev"}]},
                ]},
                {"id": "b", "deps": []},
                {"id": "t", "deps": []},
            ]},
        });
        let graph = Graph::parse(&metadata).unwrap();
        assert_eq!(graph.packages().len(), 3);
        let room = graph.rooms().next().unwrap();
        assert_eq!(room.names, [("b".to_owned(), Kind::Code), ("t".to_owned(), Kind::Tests)]);
        assert_eq!(graph.closure(room), BTreeSet::from(["b"]));
    }
    #[test]
    fn an_optional_package_must_be_asked_for() {
        let optional = |features: &[&str]| {
            json!({
                "workspace_members": ["a"],
                "packages": [
                    {"id": "a", "name": "a", "version": "0.1.0",
                     "features": {"weak": ["b-c?/std"], "strong": ["b-c/std"], "plain": ["dep:b-c"]},
                     "dependencies": [{"name": "b-c", "kind": null, "optional": true}]},
                    {"id": "b", "name": "b-c", "version": "1.0.0", "dependencies": []},
                ],
                "resolve": {"nodes": [
                    {"id": "a", "features": features,
                     "deps": [{"name": "b_c", "pkg": "b", "dep_kinds": [{"kind": null}]}]},
                    {"id": "b", "deps": []},
                ]},
            })
        };
        for (features, packages) in [(&["weak"][..], 1), (&["strong"], 2), (&["plain"], 2), (&["b-c"], 2)] {
            let graph = Graph::parse(&optional(features)).unwrap();
            assert_eq!(graph.packages().len(), packages, "{features:?}");
        }
    }
}
