//! An API with its one stage: what stands in front of an MLflow server, and the file with its resource policy.

use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use garita_gateway::api::{Api, Target};
use garita_gateway::stage_policy::Owner;
use garita_gateway::{Place, StagePolicy};
use garita_model::AccountId;
use serde::Deserialize;

use super::user_pool::{self, UserPoolConfig};

/// Most bytes of a file with a stage's policy.
const MAX_POLICY_FILE: u64 = 256 * 1024;

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

impl ApiConfig {
    /// Checks it, as an API of this region.
    pub(super) fn to_api(&self, region: &str) -> Result<Api> {
        self.check_names()?;
        let (id, stage) = (&self.id, &self.stage);
        let account: AccountId = self.account.parse().with_context(|| format!("account of api `{id}`"))?;
        let user_pools = user_pool::accepted(&self.user_pool).with_context(|| format!("in api `{id}`"))?;
        self.check_public_url(user_pools.iter().any(|pool| pool.sign_in.is_some()))?;
        let policy = self.policy.as_deref().map(|path| {
            let owner = Owner { account, region, api: id, stage };
            read_policy(path, owner).with_context(|| format!("policy of api `{id}`"))
        });
        Ok(Api {
            id: id.clone(),
            account,
            region: region.to_owned(),
            stage: stage.clone(),
            upstream: target(&self.upstream).with_context(|| format!("upstream of api `{id}`"))?,
            host: self.host.clone(),
            public_url: self.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
            policy: policy.transpose()?,
            user_pools,
        })
    }

    fn check_names(&self) -> Result<()> {
        let Self { id, stage, host, .. } = self;
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        ensure!(
            (1..=32).contains(&id.len()) && id.bytes().all(lower),
            "api id `{id}` must be 1 to 32 lower-case letters and digits"
        );
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        ensure!(
            (1..=128).contains(&stage.len()) && stage.bytes().all(word),
            "stage `{stage}` of api `{id}` must be 1 to 128 letters, digits, `_` or `-`"
        );
        if let Some(host) = host {
            ensure!(
                !host.is_empty() && !host.contains([':', '/']),
                "host `{host}` of api `{id}` must be a host name without port or path"
            );
        }
        Ok(())
    }

    /// Checks the URL it is reached by, and that browsers can sign in there if they do.
    fn check_public_url(&self, signs_in: bool) -> Result<()> {
        let (Some(url), id) = (&self.public_url, &self.id) else { return Ok(()) };
        let place = Place::parse(url).with_context(|| {
            format!("public_url `{url}` of api `{id}` must be like `https://ml.example.com/prod`")
        })?;
        ensure!(
            place.keeps_cookies() || !signs_in,
            "public_url `{url}` of api `{id}` must begin with `https://` unless it names a loopback address: browsers \
             keep the cookies of sessions to secure origins"
        );
        Ok(())
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
