//! What a step needs of the machine: found, or installed as a Debian package when this runs as root.
//!
//! INVARIANT: what cannot be found nor installed is an error that names the package; nothing is skipped over.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::run;

/// A program that must be there.
pub(crate) struct Need {
    /// The command that ends well when it is there.
    probe: &'static [&'static str],
    /// The Debian package it comes from.
    package: &'static str,
}

/// A C compiler: AWS-LC and SQLite are C.
pub(crate) const COMPILER: Need = Need { probe: &["cc", "--version"], package: "build-essential" };
/// Python, for the client tests.
pub(crate) const PYTHON: Need = Need { probe: &["python3", "--version"], package: "python3" };
/// Python's virtual environments, which Debian packages apart.
pub(crate) const VENV: Need =
    Need { probe: &["python3", "-c", "import ensurepip, venv"], package: "python3-venv" };
/// Makes the certificate of the mail server that client tests run.
pub(crate) const OPENSSL: Need = Need { probe: &["openssl", "version"], package: "openssl" };
/// The browser of the client tests.
pub(crate) const CHROMIUM: Need = Need { probe: &["chromium", "--version"], package: "chromium" };
/// What runs the relying parties of the client tests.
pub(crate) const NODE: Need = Need { probe: &["node", "--version"], package: "nodejs" };
/// What installs them.
pub(crate) const NPM: Need = Need { probe: &["npm", "--version"], package: "npm" };
/// The peer of the gateway benchmark.
pub(crate) const NGINX: Need = Need { probe: &["nginx", "-v"], package: "nginx-light" };
/// The load generator of the gateway benchmark.
pub(crate) const WRK: Need = Need { probe: &["sh", "-c", "command -v wrk"], package: "wrk" };

/// The instruction counter of `bench --gate`.
pub(crate) const VALGRIND: Need = Need { probe: &["valgrind", "--version"], package: "valgrind" };

/// Refuses to begin on a disk that is nearly full: what follows would fail in ways that say nothing of why.
pub(crate) fn must_have_room(folder: &Path, least: u64) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let said = run::output(Command::new("df").args(["-P", "-m"]).arg(folder))?;
    let free = free(&said).with_context(|| format!("`df` says nothing of {}", folder.display()))?;
    ensure!(
        free >= least,
        "{free} MiB are free in {}, {least} are needed: make room first",
        folder.display()
    );
    Ok(())
}

/// The fourth column of the last line that `df -P` prints.
fn free(said: &str) -> Option<u64> {
    said.lines().next_back()?.split_whitespace().nth(3)?.parse().ok()
}

/// Finds everything, or installs what is missing.
pub(crate) fn provide(needs: &[Need]) -> Result<()> {
    let missing: Vec<&str> = needs.iter().filter(|need| !is_there(need)).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root() {
        bail!("missing: {list}. Install the Debian packages of these names: apt-get install {list}");
    }
    let install = || {
        run::loudly(apt(&["update", "--quiet"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
        let mut command = apt(&["install", "--yes", "--quiet", "--no-install-recommends"]);
        run::loudly(command.args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    install().with_context(|| format!("installing {list}"))?;
    match needs.iter().find(|need| !is_there(need)) {
        Some(need) => {
            bail!("`{}` is still not usable after installing {}", need.probe.join(" "), need.package)
        }
        None => Ok(()),
    }
}

fn is_there(need: &Need) -> bool {
    let mut words = need.probe.iter();
    words.next().is_some_and(|program| run::succeeds(Command::new(program).args(words)))
}

fn is_root() -> bool {
    run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments);
    command
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_room_is_the_fourth_column() {
        let said = "Filesystem     1048576-blocks  Used Available Capacity Mounted on\n/dev/vda               257897 17400     75000      19% /\n";
        assert_eq!(free(said), Some(75_000));
        assert_eq!(free(""), None);
        assert_eq!(free("df: no such folder"), None);
    }

    #[test]
    fn a_disk_without_room_is_refused_with_what_is_needed() {
        let folder = std::env::temp_dir();
        must_have_room(&folder, 0).unwrap();
        let error = must_have_room(&folder, u64::MAX).unwrap_err().to_string();
        assert!(error.ends_with("are needed: make room first"), "{error}");
    }
}
