//! Rows: experiments, runs, metrics, artifacts, logged models, datasets.

use super::Answer::{PresignedDownload, UploadAbort, UploadComplete, UploadCreate};
use super::{Body, Row, delete, get, patch, post, put};

const ORDER_BY: &[&str] = &["order_by"];

pub(super) const ROWS: &[Row] = &[
    // experiments
    get("2.0/mlflow/experiments/get", "GetExperiment"),
    get("2.0/mlflow/experiments/get-by-name", "GetExperimentByName"),
    get("2.0/mlflow/experiments/search", "SearchExperiments").repeats(ORDER_BY),
    post("2.0/mlflow/experiments/search", "SearchExperiments").reading(),
    post("2.0/mlflow/experiments/create", "CreateExperiment"),
    post("2.0/mlflow/experiments/update", "UpdateExperiment"),
    post("2.0/mlflow/experiments/delete", "DeleteExperiment"),
    post("2.0/mlflow/experiments/restore", "RestoreExperiment"),
    post("2.0/mlflow/experiments/set-experiment-tag", "SetExperimentTag"),
    post("2.0/mlflow/experiments/delete-experiment-tag", "DeleteExperimentTag"),
    post("2.0/mlflow/experiments/search-datasets", "SearchDatasets").reading().ajax(),
    post("2.0mlflow/experiments/search-datasets", "SearchDatasets")
        .refused("a misspelt path; use /ajax-api/2.0/mlflow/experiments/search-datasets"),
    // runs
    post("2.0/mlflow/runs/create", "CreateRun"),
    post("2.0/mlflow/runs/create-promptlab-run", "CreateRun").ajax(),
    get("2.0/mlflow/runs/get", "GetRun"),
    post("2.0/mlflow/runs/search", "SearchRuns").reading(),
    post("2.0/mlflow/runs/update", "UpdateRun"),
    post("2.0/mlflow/runs/delete", "DeleteRun"),
    post("2.0/mlflow/runs/restore", "RestoreRun"),
    post("2.0/mlflow/runs/set-tag", "SetTag"),
    post("2.0/mlflow/runs/delete-tag", "DeleteTag"),
    post("2.0/mlflow/runs/log-parameter", "LogParam"),
    post("2.0/mlflow/runs/log-metric", "LogMetric"),
    post("2.0/mlflow/runs/log-batch", "LogBatch"),
    post("2.0/mlflow/runs/log-inputs", "LogInputs"),
    post("2.0/mlflow/runs/outputs", "LogOutputs"),
    post("2.0/mlflow/runs/log-model", "LogModel"),
    // metrics
    get("2.0/mlflow/metrics/get-history", "GetMetricHistory"),
    get("2.0/mlflow/metrics/get-history-bulk", "GetMetricHistory").ajax().repeats(&["run_id"]),
    get("2.0/mlflow/metrics/get-history-bulk-interval", "GetMetricHistory").repeats(&["run_ids"]),
    // artifacts, by run
    get("2.0/mlflow/artifacts/list", "ListArtifacts"),
    post("2.0/mlflow/artifacts/presigned-download-url", "GetArtifact").reading(),
    post("2.0/mlflow/artifacts/presigned-upload-url", "PutArtifact"),
    post("2.0/mlflow/upload-artifact", "PutArtifact").ajax().body(Body::File),
    get("get-artifact", "GetArtifact").root(),
    // artifacts, by path
    get("2.0/mlflow-artifacts/artifacts", "ListArtifacts"),
    get("2.0/mlflow-artifacts/artifacts/{*}", "GetArtifact"),
    put("2.0/mlflow-artifacts/artifacts/{*}", "PutArtifact").body(Body::File),
    delete("2.0/mlflow-artifacts/artifacts/{*}", "DeleteArtifact").body(Body::None),
    post("2.0/mlflow-artifacts/mpu/create/{*}", "PutArtifact").answered(UploadCreate),
    post("2.0/mlflow-artifacts/mpu/complete/{*}", "PutArtifact").answered(UploadComplete),
    post("2.0/mlflow-artifacts/mpu/abort/{*}", "PutArtifact").answered(UploadAbort),
    get("2.0/mlflow-artifacts/presigned/{*}", "GetArtifact").answered(PresignedDownload),
    // logged models
    post("2.0/mlflow/logged-models", "CreateLoggedModel"),
    post("2.0/mlflow/logged-models/search", "SearchLoggedModels").reading(),
    get("2.0/mlflow/logged-models/{}", "GetLoggedModel"),
    patch("2.0/mlflow/logged-models/{}", "FinalizeLoggedModel"),
    delete("2.0/mlflow/logged-models/{}", "DeleteLoggedModel"),
    post("2.0/mlflow/logged-models/{}/params", "LogLoggedModelParams"),
    patch("2.0/mlflow/logged-models/{}/tags", "SetLoggedModelTags"),
    delete("2.0/mlflow/logged-models/{}/tags/{}", "DeleteLoggedModelTag"),
    get("2.0/mlflow/logged-models/{}/artifacts/directories", "ListLoggedModelArtifacts"),
    get("2.0/mlflow/logged-models/{}/artifacts/files", "GetArtifact").ajax(),
    // evaluation datasets
    post("3.0/mlflow/datasets/create", "CreateDataset"),
    get("3.0/mlflow/datasets/search", "SearchDatasets").repeats(&["experiment_ids", "order_by"]),
    post("3.0/mlflow/datasets/search", "SearchDatasets").reading(),
    get("3.0/mlflow/datasets/{}", "GetDataset"),
    delete("3.0/mlflow/datasets/{}", "DeleteDataset"),
    get("3.0/mlflow/datasets/{}/experiment-ids", "GetDataset"),
    post("3.0/mlflow/datasets/{}/add-experiments", "UpdateDataset"),
    post("3.0/mlflow/datasets/{}/remove-experiments", "UpdateDataset"),
    get("3.0/mlflow/datasets/{}/records", "GetDatasetRecords"),
    post("3.0/mlflow/datasets/{}/records", "UpsertDatasetRecords"),
    delete("3.0/mlflow/datasets/{}/records", "DeleteDatasetRecords"),
    patch("3.0/mlflow/datasets/{}/tags", "SetDatasetTags"),
    delete("3.0/mlflow/datasets/{}/tags/{}", "DeleteDatasetTag"),
];
