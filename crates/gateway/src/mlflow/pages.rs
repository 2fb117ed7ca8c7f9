//! Rows: the pages of the UI, the server's own answers, and GraphQL.

use super::{Answer, Own, Row, get, patch, post};

/// The account page of MLflow offers to change a password of its own.
const NO_PASSWORDS: &str =
    "passwords are kept where people sign in: sign out, and choose `Forgotten password?` there";

pub(super) const ROWS: &[Row] = &[
    get("", "AccessUI").root(),
    get("static-files/{*}", "AccessUI").root(),
    get("build/{*}", "AccessUI").root(),
    get("version", "GetServerInfo").root(),
    get("health", "GetServerInfo").root(),
    get("3.0/mlflow/server-info", "GetServerInfo").answered(Answer::ServerInfo),
    get("2.0/mlflow/users/current", "GetCurrentUser").own(Own::User),
    patch("2.0/mlflow/users/update-password", "UpdatePassword").refused(NO_PASSWORDS),
    get("3.0/mlflow/users/current/permissions", "ListCurrentUserPermissions").own(Own::Permissions),
    get("3.0/mlflow/users/roles/list", "ListCurrentUserRoles").own(Own::Roles),
    get("3.0/mlflow/ui-telemetry", "AccessUI").ajax(),
    post("3.0/mlflow/ui-telemetry", "AccessUI").ajax().reading(),
    get("graphql", "QueryGraphQL").root().refused("MLflow reads the body of a GET; use POST"),
    post("graphql", "QueryGraphQL").root().reading(),
];
