//! The data folder: the store, the audit trail and the master key, readable by nobody else.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use garita_app::{App, Keyring, Parts};
use garita_backends::egress::Egress;
use garita_model::{Entropy as _, Secret, SystemClock, SystemEntropy};

use crate::config::{Config, environment};
use crate::mail::MailConfig;

const MASTER_KEY: &str = "master.key";

/// A data folder, by its path.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// A data folder; it need not be there yet.
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
    /// Whether `garita init` has been here.
    pub(crate) fn is_initialized(&self) -> bool {
        self.0.join(MASTER_KEY).exists()
    }
    /// The socket on which a running server takes commands of the operator.
    pub(crate) fn control_socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }
    /// The configuration used when none is named.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.0.join("garita.toml")
    }

    /// Creates the folder, unless it is there. One that was there, and is open, must not become half a data folder.
    pub(crate) fn create_empty(&self) -> Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .with_context(|| format!("cannot create the data folder `{}`", self.0.display()))?;
        self.check_permissions()
    }

    /// Creates the folder and its master key.
    pub(crate) fn create(&self) -> Result<()> {
        self.create_empty()?;
        ensure!(!self.is_initialized(), "`{}` is a data folder already", self.0.display());
        let mut key = [0_u8; 32];
        SystemEntropy.fill(&mut key)?;
        write_private(&self.0.join(MASTER_KEY), &format!("{}\n", hex::encode(key)))
    }

    /// Opens the application over this folder.
    pub(crate) async fn open(&self, config: &Config) -> Result<Arc<App>> {
        if !self.is_initialized() && environment("GARITA_MASTER_KEY").is_none() {
            bail!("`{}` is no data folder yet: run `garita init --data {0}`", self.0.display());
        }
        self.check_permissions()?;
        let parts = Parts {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            keyring: Keyring::new(&self.master_key()?),
            region: config.region.clone(),
            also_regions: config.also_regions.clone(),
            mailer: config.mail.as_ref().map(MailConfig::queue).transpose()?,
            pool_passwords: config.user_pools.passwords,
            key_source: Arc::new(Egress::new()),
            provider_rules: config.identity_providers.rules(),
        };
        Ok(App::open(&self.0, parts).await?)
    }

    fn check_permissions(&self) -> Result<()> {
        let metadata = std::fs::metadata(&self.0)
            .with_context(|| format!("cannot read the data folder `{}`", self.0.display()))?;
        let mode = metadata.permissions().mode() & 0o777;
        ensure!(
            mode & 0o077 == 0,
            "the data folder `{0}` is open to others (mode {mode:o}): run `chmod 700 {0}`",
            self.0.display()
        );
        Ok(())
    }

    /// The owner of the folder: the only user the control socket obeys.
    pub(crate) fn owner(&self) -> Result<u32> {
        Ok(std::fs::metadata(&self.0)?.uid())
    }

    /// From `GARITA_MASTER_KEY` (64 hexadecimal digits), else from the folder's file.
    fn master_key(&self) -> Result<Secret<[u8; 32]>> {
        if let Some(text) = environment("GARITA_MASTER_KEY") {
            return parse_key(&text).context("GARITA_MASTER_KEY");
        }
        let path = self.0.join(MASTER_KEY);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        parse_key(&text).with_context(|| format!("in `{}`", path.display()))
    }
}

/// Writes a new file that only its owner can read, and makes sure it is on disk.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create `{}`", path.display()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

fn parse_key(text: &str) -> Result<Secret<[u8; 32]>> {
    let wanted = "a master key has 64 hexadecimal digits";
    let text = text.trim();
    let mut key = [0_u8; 32];
    hex::decode_to_slice(text, &mut key).ok().context(wanted)?;
    Ok(Secret::new(key))
}
