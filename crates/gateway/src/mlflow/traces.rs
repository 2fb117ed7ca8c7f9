//! Rows: traces, assessments, and the OTLP endpoint.

use super::{Body, Row, delete, get, patch, post};

const SEARCH: &[&str] = &["experiment_ids", "order_by"];

pub(super) const ROWS: &[Row] = &[
    // version 2 of the trace API
    get("2.0/mlflow/traces", "SearchTraces").repeats(SEARCH),
    post("2.0/mlflow/traces", "StartTrace"),
    patch("2.0/mlflow/traces/{}", "EndTrace"),
    get("2.0/mlflow/traces/{}/info", "GetTraceInfo"),
    patch("2.0/mlflow/traces/{}/tags", "SetTraceTag"),
    delete("2.0/mlflow/traces/{}/tags", "DeleteTraceTag"),
    post("2.0/mlflow/traces/delete-traces", "DeleteTraces"),
    post("2.0/mlflow/traces/link-to-run", "LinkTraces"),
    post("2.0/mlflow/traces/link-prompts", "LinkTraces"),
    get("2.0/mlflow/unified-traces", "SearchTraces").repeats(SEARCH),
    get("2.0/mlflow/get-online-trace-details", "GetTrace"),
    get("2.0/mlflow/get-trace-artifact", "GetTrace").ajax(),
    // version 3
    post("3.0/mlflow/traces", "StartTrace"),
    get("3.0/mlflow/traces/get", "GetTrace"),
    get("3.0/mlflow/traces/batchGet", "GetTrace").repeats(&["trace_ids", "experiment_ids"]),
    post("3.0/mlflow/traces/batchGetInfos", "GetTraceInfo").reading(),
    post("3.0/mlflow/traces/search", "SearchTraces").reading(),
    post("3.0/mlflow/traces/metrics", "SearchTraces").reading(),
    post("3.0/mlflow/traces/calculate-filter-correlation", "SearchTraces").reading(),
    post("3.0/mlflow/traces/delete-traces", "DeleteTraces"),
    get("3.0/mlflow/traces/{}", "GetTraceInfo"),
    patch("3.0/mlflow/traces/{}/tags", "SetTraceTag"),
    delete("3.0/mlflow/traces/{}/tags", "DeleteTraceTag"),
    post("3.0/mlflow/traces/{}/assessments", "CreateAssessment"),
    get("3.0/mlflow/traces/{}/assessments/{}", "GetAssessment"),
    patch("3.0/mlflow/traces/{}/assessments/{}", "UpdateAssessment"),
    delete("3.0/mlflow/traces/{}/assessments/{}", "DeleteAssessment"),
    get("3.0/mlflow/get-trace-artifact", "GetTrace").ajax(),
    // OpenTelemetry
    post("v1/traces", "StartTrace").root().body(Body::Telemetry),
];
