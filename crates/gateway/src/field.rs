//! What must hold of field names and identifiers, in a query as in a JSON body.
//!
//! MLflow reads `run_id` and `run_uuid`, and often `runId`, as one field, and experiment ids with Python's
//! `int()`, which takes blanks, signs and full-width digits.
//!
//! INVARIANT: after these checks a field has one name and one value, whoever reads it.

/// Why a field is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A name that no field has.
    #[error("`{0}` is not a field name")]
    Name(String),
    /// A name that stands twice, perhaps in two spellings.
    #[error("`{0}` stands more than once")]
    Repeated(String),
    /// `run_id` and `run_uuid` differ.
    #[error("`run_id` and `run_uuid` must be equal when both are given")]
    RunIds,
    /// Not an experiment id.
    #[error("`{0}` must be a decimal number of 1 to 19 digits")]
    ExperimentId(String),
    /// A place for artifacts on the MLflow server's own disk, or where it would be made to call.
    #[error("`{0}` must lie in an object store ({schemes}): a path of the MLflow server's own disk, or another URL, is not taken", schemes = STORES.join(", "))]
    ArtifactLocation(String),
}

/// Schemes of places where artifacts may lie. A path or `file:` would let a client write and read files as MLflow's
/// user; `http:` and the like would make MLflow call where the client says.
const STORES: &[&str] =
    &["mlflow-artifacts", "s3", "gs", "wasb", "wasbs", "abfs", "abfss", "hdfs", "dbfs", "r2", "b2"];

/// The tag in which MLflow keeps where a trace's artifacts lie.
const LOCATION_TAG: &str = "mlflow.artifactLocation";

/// Checks where a client wants artifacts to lie; nothing said leaves it to MLflow.
pub(crate) fn check_artifact_location(name: &str, value: &str) -> Result<(), FieldError> {
    let known = |(scheme, _): (&str, &str)| STORES.contains(&scheme.to_ascii_lowercase().as_str());
    if value.is_empty() || value.split_once(':').is_some_and(known) {
        return Ok(());
    }
    Err(FieldError::ArtifactLocation(name.to_owned()))
}

/// Checks a tag: the one that says where artifacts lie is held to the same rule.
pub(crate) fn check_tag(key: Option<&str>, value: Option<&str>) -> Result<(), FieldError> {
    match (key, value) {
        (Some(LOCATION_TAG), value) => check_artifact_location(LOCATION_TAG, value.unwrap_or_default()),
        _ => Ok(()),
    }
}

/// Checks that names are names, and that none stands twice in any spelling but those in `repeats`.
pub(crate) fn check_names<'n>(
    names: impl Iterator<Item = &'n str>,
    repeats: &[&str],
) -> Result<(), FieldError> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for name in names {
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || name.len() > 128 || !name.chars().all(valid) {
            return Err(FieldError::Name(name.chars().take(64).collect()));
        }
        let folded = snake_case(name);
        let before = seen.iter().find(|(other, _)| *other == folded);
        if before.is_some_and(|(_, other)| *other != name || !repeats.contains(&name)) {
            return Err(FieldError::Repeated(name.to_owned()));
        }
        seen.push((folded, name));
    }
    Ok(())
}

/// Checks a value whose name says that it is an experiment id.
pub(crate) fn check_experiment_id(name: &str, value: &str) -> Result<(), FieldError> {
    let is_id = matches!(snake_case(name).as_str(), "experiment_id" | "experiment_ids");
    let digits = (1..=19).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    if is_id && !digits { Err(FieldError::ExperimentId(name.to_owned())) } else { Ok(()) }
}

/// Checks the two names of a run's id against each other.
pub(crate) fn check_run_id(run_id: Option<&str>, run_uuid: Option<&str>) -> Result<(), FieldError> {
    match (run_id, run_uuid) {
        (Some(id), Some(uuid)) if id != uuid => Err(FieldError::RunIds),
        _ => Ok(()),
    }
}

/// `runId` as `run_id`, the way protobuf's JSON mapping pairs them.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
