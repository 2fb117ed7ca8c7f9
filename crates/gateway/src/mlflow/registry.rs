//! Rows: registered models, model versions, webhooks, workspaces.

use super::{Body, Row, delete, get, patch, post};

const ORDER_BY: &[&str] = &["order_by"];

pub(super) const ROWS: &[Row] = &[
    // registered models
    post("2.0/mlflow/registered-models/create", "CreateRegisteredModel"),
    post("2.0/mlflow/registered-models/rename", "RenameRegisteredModel"),
    patch("2.0/mlflow/registered-models/update", "UpdateRegisteredModel"),
    delete("2.0/mlflow/registered-models/delete", "DeleteRegisteredModel"),
    get("2.0/mlflow/registered-models/get", "GetRegisteredModel"),
    get("2.0/mlflow/registered-models/search", "SearchRegisteredModels").repeats(ORDER_BY),
    get("2.0/mlflow/registered-models/get-latest-versions", "GetLatestModelVersions").repeats(&["stages"]),
    post("2.0/mlflow/registered-models/get-latest-versions", "GetLatestModelVersions").reading(),
    post("2.0/mlflow/registered-models/set-tag", "SetRegisteredModelTag"),
    delete("2.0/mlflow/registered-models/delete-tag", "DeleteRegisteredModelTag"),
    get("2.0/mlflow/registered-models/alias", "GetModelVersionByAlias"),
    post("2.0/mlflow/registered-models/alias", "SetRegisteredModelAlias"),
    delete("2.0/mlflow/registered-models/alias", "DeleteRegisteredModelAlias"),
    // model versions
    post("2.0/mlflow/model-versions/create", "CreateModelVersion"),
    patch("2.0/mlflow/model-versions/update", "UpdateModelVersion"),
    delete("2.0/mlflow/model-versions/delete", "DeleteModelVersion"),
    get("2.0/mlflow/model-versions/get", "GetModelVersion"),
    get("2.0/mlflow/model-versions/search", "SearchModelVersions").repeats(ORDER_BY),
    get("2.0/mlflow/model-versions/get-download-uri", "GetDownloadURIForModelVersionArtifacts"),
    post("2.0/mlflow/model-versions/transition-stage", "TransitionModelVersionStage"),
    post("2.0/mlflow/model-versions/set-tag", "SetModelVersionTag"),
    delete("2.0/mlflow/model-versions/delete-tag", "DeleteModelVersionTag"),
    get("model-versions/get-artifact", "GetArtifact").root(),
    // webhooks: they make the server call any URL
    get("2.0/mlflow/webhooks", "ListWebhooks"),
    post("2.0/mlflow/webhooks", "CreateWebhook"),
    get("2.0/mlflow/webhooks/{}", "GetWebhook"),
    patch("2.0/mlflow/webhooks/{}", "UpdateWebhook"),
    delete("2.0/mlflow/webhooks/{}", "DeleteWebhook"),
    post("2.0/mlflow/webhooks/{}/test", "TestWebhook").body(Body::JsonOptional),
    // workspaces
    get("3.0/mlflow/workspaces", "ListWorkspaces"),
    post("3.0/mlflow/workspaces", "CreateWorkspace"),
    get("3.0/mlflow/workspaces/{}", "GetWorkspace"),
    patch("3.0/mlflow/workspaces/{}", "UpdateWorkspace"),
    delete("3.0/mlflow/workspaces/{}", "DeleteWorkspace"),
];
