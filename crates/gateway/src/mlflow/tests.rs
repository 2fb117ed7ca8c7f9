use std::collections::BTreeSet;

use super::*;

fn registered() -> BTreeSet<String> {
    include_str!("routes-3.18.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn segments(path: &str) -> Vec<String> {
    path.trim_start_matches('/').split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_route_of_mlflow_has_a_row_and_no_row_is_invented() {
    let paths = |row: &'static Row| row.served_paths().into_iter().map(|path| format!("{} {path}", row.verb));
    let all: BTreeSet<String> = rows().flat_map(paths).collect();
    // What a caller asks about itself, or for its password, MLflow serves only with users of its own.
    let own = |row: &&Row| matches!(row.exposure, Exposure::Own(_)) || row.action == "UpdatePassword";
    let rows: BTreeSet<String> = rows().filter(|row| !own(row)).flat_map(paths).collect();
    let known = registered();
    assert_eq!(known.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new(), "routes without a row");
    assert_eq!(rows.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "rows without a route");
}

#[test]
fn every_row_is_found_by_its_own_path() {
    for row in rows().filter(|row| !row.path.ends_with('/')) {
        for path in row.served_paths() {
            let path = path.replace("{*}", "io.example/x").replace("{}", "x1");
            let found = find(row.verb, &segments(&path)).map(|(found, _)| (found.verb, found.path));
            assert_eq!(found, Some((row.verb, row.path)), "{path}");
        }
    }
}

#[test]
fn literals_win_over_parameters() {
    for (verb, path, action) in [
        (Verb::Get, "/api/3.0/mlflow/traces/get", "GetTrace"),
        (Verb::Get, "/api/3.0/mlflow/traces/tr-1", "GetTraceInfo"),
        (Verb::Post, "/ajax-api/2.0/mlflow/logged-models/search", "SearchLoggedModels"),
        (Verb::Get, "/api/3.0/mlflow/mcp-servers/endpoints", "SearchMcpEndpoints"),
        (Verb::Delete, "/api/3.0/mlflow/mcp-servers/a/b/versions/1/tags/k", "DeleteMcpServerVersionTag"),
        (Verb::Delete, "/api/3.0/mlflow/mcp-servers/a/b/versions/1", "DeleteMcpServerVersion"),
        (Verb::Delete, "/api/3.0/mlflow/skills/@o/n", "DeleteSkill"),
        (Verb::Get, "/", "AccessUI"),
    ] {
        assert_eq!(find(verb, &segments(path)).map(|(row, _)| row.action), Some(action), "{path}");
    }
}

#[test]
fn what_mlflow_does_not_serve_has_no_row() {
    for (verb, path) in [
        (Verb::Get, "/api/2.0/mlflow/experiments/list"),
        (Verb::Get, "/api/2.0/preview/mlflow/experiments/get"),
        (Verb::Get, "/api/2.0/mlflow/runs/create"),
        (Verb::Get, "/api/2.0/mlflow/runs/get/x"),
        (Verb::Get, "/API/2.0/mlflow/runs/get"),
        (Verb::Get, "/api/2.0/mlflow/metrics/get-history-bulk"),
        (Verb::Delete, "/api/2.0/mlflow-artifacts/artifacts"),
        (Verb::Delete, "/api/3.0/mlflow/mcp-servers/a/versions"),
        (Verb::Delete, "/api/3.0/mlflow/skills/@o/versions"),
        (Verb::Post, "/api/3.0/mlflow/skills/@o/tags"),
        (Verb::Get, "/static-files"),
        (Verb::Get, "/api/3.0/mlflow/users/current"),
        (Verb::Get, "/api/2.0/mlflow/users/current/permissions"),
    ] {
        assert!(find(verb, &segments(path)).is_none(), "{verb} {path}");
    }
}

#[test]
fn reads_take_no_file_and_gets_take_no_body() {
    for row in rows() {
        assert!(row.verb != Verb::Get || (row.body == Body::None && row.reads), "{}", row.path);
        assert!(!row.reads || row.body != Body::File, "{}", row.path);
        assert!(!row.action.is_empty());
    }
}
