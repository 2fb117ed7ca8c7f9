//! Configuration: one TOML file, and the few environment variables, read in this one place.
//!
//! INVARIANT: an unknown or ill-typed setting is an error that names it; nothing is guessed.

mod user_pool;

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use garita_app::ProviderRules;
use garita_app::token::rotation::Schedule;
use garita_gateway::api::{Api, Target};
use garita_gateway::stage_policy::Owner;
use garita_gateway::{Place, StagePolicy};
use garita_model::AccountId;
use garita_model::user_pool::PasswordProfile;
use garita_web::Site;
use garita_wire::peer::TrustedProxies;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::mail::MailConfig;
pub(crate) use user_pool::UserPoolConfig;

/// Most bytes of a file with a stage's policy.
const MAX_POLICY_FILE: u64 = 256 * 1024;

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
}

/// Where browsers sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebConfig {
    /// `address:port`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// The URL browsers reach it by, when it is not `http://{listen}`: what issuers of tokens begin with.
    pub(crate) public_url: Option<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 4590).into(), public_url: None }
    }
}

impl WebConfig {
    /// Where browsers find it, once it listens at an address.
    pub(crate) fn site(&self, listening: SocketAddr) -> Result<Site> {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{listening}"));
        Site::new(&url).map_err(|bad| match self.public_url {
            Some(_) => anyhow!("public_url `{url}` of [web] {}", bad.text()),
            None => anyhow!("[web] listens at {listening}, so it needs a `public_url`, which {}", bad.text()),
        })
    }
}

/// The AWS endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AwsConfig {
    /// `address:port`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// The URL clients reach it by, when it is not `http://{listen}`: what issuers of tokens begin with.
    pub(crate) public_url: Option<String>,
}

/// What is allowed of OpenID Connect providers that roles trust.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IdentityProviders {
    /// Whether one on this machine's loopback may be spoken to over plain HTTP: for trying things out.
    pub(crate) loopback_http: bool,
    /// Hosts that may hold the keys of providers beside the providers' own.
    pub(crate) key_hosts: Vec<String>,
}

impl Default for IdentityProviders {
    fn default() -> Self {
        // Google's keys are not where Google's issuer is.
        Self { loopback_http: false, key_hosts: vec!["www.googleapis.com".to_owned()] }
    }
}

impl IdentityProviders {
    pub(crate) fn rules(&self) -> ProviderRules {
        ProviderRules { loopback_http: self.loopback_http, key_hosts: self.key_hosts.clone() }
    }

    fn check(&self) -> Result<()> {
        for host in &self.key_hosts {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b);
            ensure!(
                !host.is_empty() && host.bytes().all(fits),
                "key host `{host}` must be a host name in lower case, with its port if that is not 443"
            );
        }
        Ok(())
    }
}

/// A listening address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listener {
    /// `address:port`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
}

/// What user pools have that are not told otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserPoolsConfig {
    /// What is asked of passwords where a pool is made without `Policies.PasswordPolicy`.
    pub(crate) passwords: PasswordProfile,
}

/// How long signing keys do what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokensConfig {
    /// Days a key signs, 1 to 3650.
    pub(crate) key_days: u32,
    /// Hours it is published before that: at least as long as others keep the key set.
    pub(crate) publish_hours: u32,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self { key_days: 90, publish_hours: 48 }
    }
}

impl TokensConfig {
    fn check(&self) -> Result<()> {
        let Self { key_days, publish_hours } = self;
        ensure!((1..=3650).contains(key_days), "key_days `{key_days}` in [tokens] must be 1 to 3650");
        ensure!(
            (1..=key_days * 12).contains(publish_hours),
            "publish_hours `{publish_hours}` in [tokens] must be at least 1, and at most half of `key_days`"
        );
        Ok(())
    }

    /// The schedule of the keys.
    pub(crate) fn schedule(&self) -> Schedule {
        Schedule {
            signs_for: SignedDuration::from_hours(i64::from(self.key_days) * 24),
            published_before: SignedDuration::from_hours(i64::from(self.publish_hours)),
            ..Schedule::default()
        }
    }
}

/// One API with its one stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiConfig {
    /// Its id in ARNs: 1 to 32 lower-case letters and digits.
    pub(crate) id: String,
    /// The account that owns it.
    pub(crate) account: String,
    /// The first segment of its paths: 1 to 128 letters, digits, `_` or `-`.
    pub(crate) stage: String,
    /// `unix:/path/to/socket` or `http://host:port`.
    pub(crate) upstream: String,
    /// A listener of its own.
    pub(crate) listen: Option<SocketAddr>,
    /// The host name it answers to on its listener; any when absent.
    pub(crate) host: Option<String>,
    /// The URL clients reach the stage by, when it is not `http://{Host}/{stage}`.
    pub(crate) public_url: Option<String>,
    /// The file with its resource policy; a relative path is one beside the configuration.
    pub(crate) policy: Option<PathBuf>,
    /// The user pools whose tokens it takes beside AWS signatures.
    #[serde(default)]
    pub(crate) user_pool: Vec<UserPoolConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            region: "eu-west-1".to_owned(),
            also_regions: vec!["us-east-1".to_owned()],
            trusted_proxies: Vec::new(),
            aws: AwsConfig { listen: ([127, 0, 0, 1], 4510).into(), public_url: None },
            gateway: Listener { listen: ([127, 0, 0, 1], 4580).into() },
            identity_providers: IdentityProviders::default(),
            web: None,
            api: Vec::new(),
            tokens: TokensConfig::default(),
            user_pools: UserPoolsConfig::default(),
            mail: None,
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

impl ApiConfig {
    fn to_api(&self, region: &str) -> Result<Api> {
        let id = &self.id;
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        ensure!(
            (1..=32).contains(&id.len()) && id.bytes().all(lower),
            "api id `{id}` must be 1 to 32 lower-case letters and digits"
        );
        let account: AccountId = self.account.parse().with_context(|| format!("account of api `{id}`"))?;
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let stage = &self.stage;
        ensure!(
            (1..=128).contains(&stage.len()) && stage.bytes().all(word),
            "stage `{stage}` of api `{id}` must be 1 to 128 letters, digits, `_` or `-`"
        );
        if let Some(host) = &self.host {
            ensure!(
                !host.contains([':', '/']),
                "host `{host}` of api `{id}` must be a host name without port or path"
            );
        }
        let user_pools = user_pool::accepted(&self.user_pool).with_context(|| format!("in api `{id}`"))?;
        if user_pools.iter().any(|pool| pool.sign_in.is_some())
            && let Some(url) = &self.public_url
        {
            let place = Place::parse(url).with_context(|| {
                format!("public_url `{url}` of api `{id}` must be like `https://ml.example.com/prod`")
            })?;
            ensure!(
                place.keeps_cookies(),
                "public_url `{url}` of api `{id}` must begin with `https://` unless it names a loopback address: browsers \
                 keep the cookies of sessions to secure origins"
            );
        }
        Ok(Api {
            id: id.clone(),
            account,
            region: region.to_owned(),
            stage: stage.clone(),
            upstream: target(&self.upstream).with_context(|| format!("upstream of api `{id}`"))?,
            host: self.host.clone(),
            public_url: self.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            policy: self
                .policy
                .as_deref()
                .map(|path| read_policy(path, Owner { account, region, api: id, stage }))
                .transpose()
                .with_context(|| format!("policy of api `{id}`"))?,
            user_pools,
        })
    }
}

fn read_policy(path: &Path, owner: Owner<'_>) -> Result<StagePolicy> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read `{shown}`"))?;
    let mut text = String::new();
    file.take(MAX_POLICY_FILE + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read `{shown}`"))?;
    ensure!(text.len() as u64 <= MAX_POLICY_FILE, "`{shown}` is larger than {MAX_POLICY_FILE} bytes");
    StagePolicy::parse(&text, owner).with_context(|| format!("in `{shown}`"))
}

fn target(text: &str) -> Result<Target> {
    if let Some(path) = text.strip_prefix("unix:") {
        ensure!(path.starts_with('/'), "`{text}`: a socket's path must be absolute");
        return Ok(Target::Unix(PathBuf::from(path)));
    }
    let authority = text
        .strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'))
        .filter(|rest| !rest.is_empty() && !rest.contains(['/', '?', '#', '@']))
        .with_context(|| format!("`{text}` must be `unix:/path` or `http://host:port` without a path"))?;
    let with_port = if authority.rsplit(']').next().is_some_and(|end| end.contains(':')) {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    Ok(Target::Http(with_port))
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
