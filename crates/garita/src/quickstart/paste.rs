//! What is left to the user: AWS profiles in files of the quickstart's own, and the variables that name them.
//!
//! Profiles rather than keys: nothing secret is printed, and boto3 takes the role by itself.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use super::files;
use super::keys::{self, Keys, PLATFORM, SCIENCE};
use super::people::People;
use super::plan::Plan;
use crate::config::environment;
use crate::serve::Serving;

/// Settings an MLflow client needs besides the tracking URI.
pub(super) type ClientSettings = Vec<(&'static str, &'static str)>;

/// Profile, whose key it starts from, the role it takes, and the account of that role.
const PROFILES: [(&str, &str, &str, &str); 5] = [
    ("mlflow-admin", "ana", "mlflow-admin", PLATFORM),
    ("mlflow-reader", "bruno", "mlflow-reader", PLATFORM),
    ("mlflow-model-approver", "carla", "mlflow-model-approver", PLATFORM),
    ("training-job", "scheduler", "training-job", SCIENCE),
    ("notebook", "scheduler", "notebook", SCIENCE),
];

/// Until 3.18 MLflow's client cannot sign the upload of a file; it must be told to upload in parts, which are not
/// signed. From 3.18 on the server tells it.
pub(super) fn client_settings(mlflow: &str) -> ClientSettings {
    let mut numbers = mlflow.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= (3, 18) {
        return Vec::new();
    }
    vec![("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true"), ("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "0")]
}

/// Writes the profiles and the users' keys.
pub(super) fn write_profiles(place: &Path, plan: &Plan, keys: &Keys) -> Result<()> {
    let (mut config, mut credentials) = (String::new(), String::new());
    for (profile, user, role, account) in PROFILES {
        let id = Keys::id_of(account);
        write!(
            config,
            "[profile {profile}]\nsource_profile = {user}\nrole_arn = arn:aws:iam::{id}:role/{role}\n\
             role_session_name = {user}\nregion = {}\n\n",
            plan.region
        )?;
    }
    for (user, key) in &keys.users {
        write!(
            credentials,
            "[{user}]\naws_access_key_id = {}\naws_secret_access_key = {}\n\n",
            key.access_key_id, key.secret_access_key
        )?;
    }
    files::replace(&place.join("aws-config"), &config)?;
    files::replace(&place.join("aws-credentials"), &credentials)
}

/// The last words of the quickstart.
pub(super) fn text(
    place: &Path,
    plan: &Plan,
    serving: &Serving,
    python: &Path,
    settings: &ClientSettings,
    keys: &Keys,
) -> String {
    let mut variables = vec![
        ("MLFLOW_TRACKING_URI", Plan::tracking_uri(serving)),
        ("MLFLOW_TRACKING_AWS_SIGV4", "true".to_owned()),
        ("AWS_ENDPOINT_URL", serving.aws_endpoint.clone()),
        ("AWS_DEFAULT_REGION", plan.region.clone()),
        ("AWS_CONFIG_FILE", place.join("aws-config").display().to_string()),
        ("AWS_SHARED_CREDENTIALS_FILE", place.join("aws-credentials").display().to_string()),
        ("AWS_PROFILE", "mlflow-admin".to_owned()),
    ];
    variables.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
    if ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].iter().any(|name| environment(name).is_some()) {
        variables.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
    }
    let exports: String =
        variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
    let profiles: Vec<&str> = PROFILES.iter().map(|(profile, ..)| *profile).collect();
    let kept_in = place.join(keys::FILE).display().to_string();
    let people = keys.people.as_ref().map(|people| people.told(&kept_in)).unwrap_or_default();
    let mlflow = Plan::tracking_uri(serving);
    let console = serving.web_endpoint.as_deref().map(console).unwrap_or_default();
    let reach = plan.out_of_reach().map(|why| format!("{why}\n")).unwrap_or_default();
    format!(
        "\nOpen MLflow in a browser: {mlflow}/\n{people}\
         Who is signed in, and the way out: {mlflow}/garita/account\n{console}\
         Letters to them, such as the code for a forgotten password, are put into: {}\n{reach}\
         \nTry it with code: paste this into another terminal.\n\n{exports}\n\
         Then for instance: {} -c 'import mlflow; mlflow.set_experiment(\"mine\"); mlflow.start_run()'\n\
         Other profiles: {}\n\
         The audit trail: {} audit tail --follow --data {}\n\n\
         Ctrl-C stops everything.\n",
        plan.letters.display(),
        quoted(&python.display().to_string()),
        profiles.join(", "),
        quoted(&program()),
        quoted(&place.parent().unwrap_or(place).display().to_string()),
    )
}

/// What is said of the console.
fn console(site: &str) -> String {
    format!(
        "The console, where IAM users sign in, see who they are and change their passwords: {site}/{}\n   \
         {} are IAM users too, with the same passwords\n",
        Keys::id_of(PLATFORM),
        People::names(),
    )
}

/// This program, as another terminal finds it.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "garita".to_owned(), |path| path.display().to_string())
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:,=@%+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_clients_are_told_to_upload_in_parts() {
        assert_eq!(client_settings("3.17.2").len(), 2);
        assert_eq!(client_settings("3.9.0").len(), 2);
        for version in ["3.18.0", "3.20.1", "3.18.0rc1"] {
            assert!(client_settings(version).is_empty(), "{version}");
        }
    }

    #[test]
    fn what_is_pasted_survives_the_shell() {
        for (word, pasted) in
            [("/a/b-c", "/a/b-c"), ("/my data", "'/my data'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(word), pasted);
        }
    }
}
