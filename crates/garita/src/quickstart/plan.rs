//! What the quickstart serves, and what its scripts are told.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::keys::{Keys, PLATFORM};
use super::paste::ClientSettings;
use crate::config::{ApiConfig, AwsConfig, Config, Listener};
use crate::mail::MailConfig;
use crate::serve::Serving;

const API_ID: &str = "mlflow";
/// The stage: the first segment of every path.
pub(super) const STAGE: &str = "prod";

const POLICIES: [(&str, &str); 3] = [
    ("mlflow-admin", include_str!("../../../../examples/policies/mlflow-admin.json")),
    ("mlflow-reader", include_str!("../../../../examples/policies/mlflow-reader.json")),
    ("mlflow-model-approver", include_str!("../../../../examples/policies/mlflow-model-approver.json")),
];

const SIGNING_IN_HERE: &str = "Programs of other machines can reach this, but people sign in on this machine alone: browsers keep \
    the cookies of\nsign-ins to HTTPS and loopback addresses. For a team, put `garita serve` behind TLS and set `public_url`.";
const NOBODY_SIGNS_IN: &str = "Nobody can sign in with a browser here: browsers keep the cookies of sign-ins to HTTPS and loopback \
    addresses.\nLeave the listeners on 127.0.0.1 to try it; for a team, put `garita serve` behind TLS and set `public_url`.";

/// MLflow's folder, beside the quickstart's own.
pub(super) fn mlflow_folder(place: &Path) -> PathBuf {
    place.with_file_name("mlflow")
}

/// One API in front of one MLflow.
pub(super) struct Plan {
    socket: PathBuf,
    /// Where letters to the people are put.
    pub(super) letters: PathBuf,
    aws: SocketAddr,
    gateway: SocketAddr,
    /// Garita's region.
    pub(super) region: String,
}

impl Plan {
    /// A plan for these listeners.
    pub(super) fn new(place: &Path, aws: SocketAddr, gateway: SocketAddr) -> Self {
        let socket = mlflow_folder(place).join("mlflow.sock");
        let letters = place.join("letters");
        Self { socket, letters, aws, gateway, region: Config::default().region }
    }

    /// The configuration to serve by.
    pub(super) fn config(&self) -> Result<Config> {
        let socket = self.socket.to_str().context("the path of the data folder is not UTF-8")?;
        let api = ApiConfig {
            id: API_ID.to_owned(),
            account: Keys::id_of(PLATFORM).to_owned(),
            stage: STAGE.to_owned(),
            upstream: format!("unix:{socket}"),
            listen: None,
            host: None,
            public_url: None,
            policy: None,
            user_pool: Vec::new(),
        };
        Ok(Config {
            aws: AwsConfig { listen: self.aws, public_url: None },
            gateway: Listener { listen: self.gateway },
            api: vec![api],
            nearby: true,
            mail: Some(MailConfig::into_folder("Garita <garita@example.com>", self.letters.clone())),
            ..Config::default()
        })
    }

    /// Where MLflow's clients go.
    pub(super) fn tracking_uri(serving: &Serving) -> String {
        let base = serving.gateway_endpoints.first().map_or("", String::as_str);
        format!("{base}/{STAGE}")
    }

    /// From where browsers cannot sign in, and why; none when both listeners are on loopback.
    pub(super) fn out_of_reach(&self) -> Option<&'static str> {
        let ips = [self.aws.ip(), self.gateway.ip()];
        if ips.iter().all(IpAddr::is_loopback) {
            return None;
        }
        let nobody = ips.iter().any(|ip| !ip.is_loopback() && !ip.is_unspecified());
        Some(if nobody { NOBODY_SIGNS_IN } else { SIGNING_IN_HERE })
    }

    /// What `provision.py` is told.
    pub(super) fn provision(&self, serving: &Serving, keys: &Keys) -> Result<Value> {
        let policies: serde_json::Map<String, Value> =
            POLICIES.iter().map(|(role, text)| ((*role).to_owned(), self.policy(text).into())).collect();
        let mut input = self.common(serving, keys)?;
        add(&mut input, "policies", policies.into());
        add(&mut input, "tracking_uri", Self::tracking_uri(serving).into());
        Ok(input)
    }

    /// What `demo.py` is told.
    pub(super) fn demo(&self, serving: &Serving, keys: &Keys, settings: &ClientSettings) -> Result<Value> {
        let mut input = self.common(serving, keys)?;
        add(&mut input, "tracking_uri", Self::tracking_uri(serving).into());
        let settings: serde_json::Map<String, Value> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        add(&mut input, "client_settings", settings.into());
        Ok(input)
    }

    fn common(&self, serving: &Serving, keys: &Keys) -> Result<Value> {
        let mut input = serde_json::to_value(keys)?;
        add(&mut input, "endpoint", serving.aws_endpoint.as_str().into());
        add(&mut input, "region", self.region.as_str().into());
        Ok(input)
    }

    /// An example policy with its placeholders filled in.
    fn policy(&self, text: &str) -> String {
        text.replace("${Region}", &self.region)
            .replace("${Account}", Keys::id_of(PLATFORM))
            .replace("${ApiId}", API_ID)
            .replace("${Stage}", STAGE)
    }
}

fn add(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let any = ([127, 0, 0, 1], 0).into();
        Plan::new(Path::new("/data/quickstart"), any, any)
    }

    #[test]
    fn no_placeholder_is_left_in_a_policy() {
        for (role, text) in POLICIES {
            let policy = plan().policy(text);
            assert!(!policy.contains("${"), "{role}");
            assert!(policy.contains("arn:aws:execute-api:eu-west-1:111122223333:mlflow/prod/"), "{role}");
            garita_policy::PolicyDocument::parse(&policy, garita_policy::PolicyKind::Identity).unwrap();
        }
    }

    #[test]
    fn a_listener_on_all_addresses_is_known_by_one_that_browsers_can_sign_in_at() {
        for (listen, found, told) in [
            ("127.0.0.1:4580", "127.0.0.1:4580", None),
            ("0.0.0.0:4580", "127.0.0.1:4580", Some(SIGNING_IN_HERE)),
            ("[::]:4580", "[::1]:4580", Some(SIGNING_IN_HERE)),
            ("192.0.2.7:4580", "192.0.2.7:4580", Some(NOBODY_SIGNS_IN)),
        ] {
            let listen: SocketAddr = listen.parse().unwrap();
            let plan = Plan::new(Path::new("/data/quickstart"), listen, listen);
            let config = plan.config().unwrap();
            assert_eq!((config.aws.listen, config.gateway.listen), (listen, listen), "as it was asked for");
            assert_eq!(config.found_at(listen).to_string(), found);
            assert_eq!(plan.out_of_reach(), told);
        }
        let listen: SocketAddr = "0.0.0.0:4510".parse().unwrap();
        assert_eq!(Config::default().found_at(listen), listen, "a server of a team has a `public_url`");
    }

    #[test]
    fn the_configuration_is_one_that_can_be_served() {
        let gateways = plan().config().unwrap().gateways().unwrap();
        assert_eq!(gateways.len(), 1);
        assert_eq!(gateways[0].1[0].upstream.to_string(), "unix:/data/mlflow/mlflow.sock");
        let mail = plan().config().unwrap().mail.unwrap();
        mail.check().unwrap();
        assert!(mail.goes_to().contains("/data/quickstart/letters"), "{}", mail.goes_to());
    }
}
