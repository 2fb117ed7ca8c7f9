//! Configuration: one TOML file, and the few environment variables, read in this one place.
//!
//! INVARIANT: an unknown or ill-typed setting is an error that names it; nothing is guessed.

mod api;
mod identity;
mod listener;
mod user_pool;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use garita_gateway::api::Api;
use garita_wire::peer::TrustedProxies;
use serde::Deserialize;

use crate::mail::MailConfig;
pub(crate) use api::ApiConfig;
use identity::{IdentityProviders, TokensConfig, UserPoolsConfig};
use listener::WebConfig;
pub(crate) use listener::{AwsConfig, Listener};
pub(crate) use user_pool::UserPoolConfig;

/// What `garita serve` needs to know. The defaults serve the AWS API on loopback and no API stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Garita's own region; it stands in ARNs.
    pub(crate) region: String,
    /// Further regions that clients may have configured.
    pub(crate) also_regions: Vec<String>,
    /// Addresses of proxies, and networks in CIDR notation: what they say in `X-Forwarded-For` and
    /// `X-Forwarded-Proto` about who sent a request is believed. Of anybody else it is not.
    pub(crate) trusted_proxies: Vec<String>,
    /// The AWS endpoint.
    pub(crate) aws: AwsConfig,
    /// The listener of every API that has none of its own.
    pub(crate) gateway: Listener,
    /// What is allowed of identity providers.
    pub(crate) identity_providers: IdentityProviders,
    /// A listener for sign-in pages and the OIDC provider alone; without it they are at the AWS endpoint.
    pub(crate) web: Option<WebConfig>,
    /// The API stages.
    pub(crate) api: Vec<ApiConfig>,
    /// The keys that sign the tokens of user pools.
    pub(crate) tokens: TokensConfig,
    /// What user pools have that are not told otherwise.
    pub(crate) user_pools: UserPoolsConfig,
    /// How e-mail is sent; without it none is.
    pub(crate) mail: Option<MailConfig>,
    /// Whether all clients are on this machine: a listener on all of its addresses is then known by its loopback address.
    #[serde(skip)]
    pub(crate) nearby: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            region: "eu-west-1".to_owned(),
            also_regions: vec!["us-east-1".to_owned()],
            trusted_proxies: Vec::new(),
            aws: AwsConfig::default(),
            gateway: Listener { listen: ([127, 0, 0, 1], 4580).into() },
            identity_providers: IdentityProviders::default(),
            web: None,
            api: Vec::new(),
            tokens: TokensConfig::default(),
            user_pools: UserPoolsConfig::default(),
            mail: None,
            nearby: false,
        }
    }
}

impl Config {
    /// Reads and checks a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration `{}`", path.display()))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        Self::parse_beside(beside, &text).with_context(|| format!("in `{}`", path.display()))
    }

    /// Parses and checks a text.
    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::parse_beside(Path::new(""), text)
    }

    /// Parses and checks a text; relative paths in it are those in the folder `beside`.
    fn parse_beside(beside: &Path, text: &str) -> Result<Self> {
        let mut config: Self = toml::from_str(text)?;
        for policy in config.api.iter_mut().filter_map(|api| api.policy.as_mut()) {
            *policy = beside.join(&*policy);
        }
        config.check()?;
        Ok(config)
    }

    /// The address that clients find a listener at.
    pub(crate) fn found_at(&self, listening: SocketAddr) -> SocketAddr {
        if !self.nearby || !listening.ip().is_unspecified() {
            return listening;
        }
        let ip = match listening {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        SocketAddr::new(ip, listening.port())
    }

    /// The proxies in front of all listeners.
    pub(crate) fn proxies(&self) -> Result<TrustedProxies> {
        TrustedProxies::parse(&self.trusted_proxies).context("in `trusted_proxies`")
    }

    fn check(&self) -> Result<()> {
        for region in std::iter::once(&self.region).chain(&self.also_regions) {
            let fits = region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            ensure!(fits && !region.is_empty(), "region `{region}` must be like `eu-west-1`");
        }
        self.proxies()?;
        self.aws.check()?;
        self.tokens.check()?;
        if let Some(mail) = &self.mail {
            mail.check().context("in [mail]")?;
        }
        self.identity_providers.check()?;
        if let Some(web) = &self.web {
            web.site(web.listen)?;
        }
        for (index, api) in self.api.iter().enumerate() {
            api.to_api(&self.region)?;
            let place = |api: &ApiConfig| {
                let host = api.host.as_deref().map(str::to_ascii_lowercase);
                (api.stage.clone(), host, api.listen.unwrap_or(self.gateway.listen))
            };
            let twin =
                self.api.iter().take(index).find(|other| other.id == api.id || place(other) == place(api));
            if let Some(other) = twin {
                bail!("api `{}` has the id, or the listener, host and stage, of api `{}`", api.id, other.id);
            }
        }
        self.check_listeners()
    }

    /// Two listeners cannot have one address; those at port 0 each get a port of their own.
    fn check_listeners(&self) -> Result<()> {
        let mut listeners = vec![("[aws]", self.aws.listen)];
        listeners.extend(self.web.iter().map(|web| ("[web]", web.listen)));
        let gateways: BTreeSet<SocketAddr> =
            self.api.iter().map(|api| api.listen.unwrap_or(self.gateway.listen)).collect();
        listeners.extend(gateways.into_iter().map(|address| ("an api", address)));
        for (index, (what, address)) in listeners.iter().enumerate().filter(|(_, (_, at))| at.port() != 0) {
            if let Some((other, _)) = listeners.iter().take(index).find(|(_, taken)| taken == address) {
                bail!(
                    "{what} listens at {address}, which {other} has already: give each a `listen` of its own"
                );
            }
        }
        Ok(())
    }

    /// The addresses that serve APIs, each with its APIs.
    pub(crate) fn gateways(&self) -> Result<Vec<(SocketAddr, Vec<Api>)>> {
        let mut gateways: Vec<(SocketAddr, Vec<Api>)> = Vec::new();
        for config in &self.api {
            let api = config.to_api(&self.region)?;
            let address = config.listen.unwrap_or(self.gateway.listen);
            match gateways.iter_mut().find(|(a, _)| *a == address) {
                Some((_, apis)) => apis.push(api),
                None => gateways.push((address, vec![api])),
            }
        }
        Ok(gateways)
    }
}

/// An environment variable, when it is set and not empty.
#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = r#"
        [[api]]
        id = "ml1"
        account = "111122223333"
        stage = "prod"
        upstream = "unix:/run/mlflow.sock"
    "#;

    #[test]
    fn apis_share_the_gateways_listener_unless_they_have_their_own() {
        let second = API.replace("ml1", "ml2").replace("prod", "dev") + "listen = \"127.0.0.1:9\"";
        let config = Config::parse(&format!("{API}{second}")).unwrap();
        let gateways = config.gateways().unwrap();
        assert_eq!(gateways.len(), 2);
        assert_eq!(gateways[0].0, config.gateway.listen);
    }

    #[test]
    fn listeners_at_port_0_do_not_meet_and_an_endpoint_without_tls_is_for_programs() {
        let text = format!("[aws]\nlisten = \"127.0.0.1:0\"\n[web]\nlisten = \"127.0.0.1:0\"\n{API}");
        Config::parse(&text).unwrap();
        let plain = Config::parse("[aws]\npublic_url = \"http://garita.example.com\"").unwrap();
        assert!(
            plain.aws.site(plain.aws.listen).unwrap_err().to_string().contains("must begin with `https://`")
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, says) in [
            ("regon = \"x\"", "unknown field `regon`"),
            ("region = \"EU\"", "region `EU`"),
            ("trusted_proxies = [\"proxy\"]", "in `trusted_proxies`: `proxy` must be an address"),
            ("trusted_proxies = [\"0.0.0.0/0\"]", "in `trusted_proxies`: `0.0.0.0/0` holds every address"),
            (&API.replace("ml1", "ML 1"), "api id `ML 1`"),
            (&API.replace("111122223333", "1"), "account of api `ml1`"),
            (&API.replace("unix:/run/mlflow.sock", "https://x"), "upstream of api `ml1`"),
            (&API.replace("unix:/run", "unix:run"), "upstream of api `ml1`"),
            (&format!("{API}{API}"), "has the id"),
            (&format!("{API}{}listen = \"127.0.0.1:4580\"", API.replace("ml1", "ml2")), "has the id"),
            (
                &format!("{API}host = \"ml.example\"{}host = \"ML.example\"", API.replace("ml1", "ml2")),
                "has the id",
            ),
            ("[tokens]\nkey_days = 0", "key_days `0`"),
            ("[tokens]\nkey_days = 2\npublish_hours = 25", "publish_hours `25`"),
            ("[aws]\nlisten = \"nowhere\"", "invalid socket address"),
            ("[identity_providers]\nkey_hosts = [\"https://x\"]", "key host `https://x`"),
            (
                "[web]\npublic_url = \"http://id.example.com\"",
                "public_url `http://id.example.com` of [web] must begin",
            ),
            ("[web]\npublic_url = \"https://id.example.com/x\"", "without a path"),
            ("[web]\nlisten = \"0.0.0.0:4590\"", "needs a `public_url`"),
            ("[aws]\npublic_url = \"garita\"", "public_url `garita` of [aws] must be like"),
            (
                "[web]\nlisten = \"127.0.0.1:4510\"",
                "[web] listens at 127.0.0.1:4510, which [aws] has already",
            ),
            (
                &format!("{API}listen = \"127.0.0.1:4510\""),
                "an api listens at 127.0.0.1:4510, which [aws] has already",
            ),
            (&format!("{API}host = \"\""), "host `` of api `ml1`"),
            (&format!("{API}public_url = \"here\""), "public_url `here` of api `ml1` must be like"),
        ] {
            let error = format!("{:#}", Config::parse(text).unwrap_err());
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_policy_is_read_beside_the_configuration_and_what_is_wrong_with_it_is_told_with_its_place() {
        let folder = std::env::temp_dir().join(format!("garita-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("garita.toml");
        std::fs::write(&file, format!("{API}policy = \"stage.json\"")).unwrap();
        let told = || format!("{:#}", Config::read(&file).unwrap_err());
        assert!(told().contains("policy of api `ml1`: cannot read `"), "{}", told());
        std::fs::write(folder.join("stage.json"), "{\n \"Statement\": {\"Effect\": \"allow\"}}").unwrap();
        assert!(
            told()
                .contains("stage.json`: `Effect` must be `Allow` or `Deny`, not `allow` at line 2 column 26")
        );
        std::fs::write(folder.join("stage.json"), " ".repeat(300_000)).unwrap();
        assert!(told().contains("is larger than 262144 bytes"));
        let policy =
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"execute-api:/*"}}"#;
        std::fs::write(folder.join("stage.json"), policy).unwrap();
        let gateways = Config::read(&file).unwrap().gateways().unwrap();
        assert!(gateways[0].1[0].policy.is_some());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
