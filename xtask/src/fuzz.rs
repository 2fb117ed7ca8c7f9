//! Fuzzing: every target under `fuzz/fuzz_targets`, a bounded time each.
//!
//! libFuzzer needs compiler options that only a nightly toolchain offers. Where none is installed, the pinned stable
//! compiler is told to accept them.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::run::{self, step};
use crate::workspace::Workspace;

/// How long each target runs unless told otherwise.
pub(crate) const SECONDS: u32 = 60;

/// Runs every target.
pub(crate) fn all(workspace: &Workspace, seconds: u32) -> Result<()> {
    if !run::succeeds(&mut workspace.command("cargo", &["fuzz", "--version"])) {
        step("install cargo-fuzz", || {
            run::loudly(&mut workspace.command("cargo", &["install", "cargo-fuzz", "--locked"]))
        })?;
    }
    let targets = targets(workspace)?;
    step("build the fuzz targets", || run::loudly(&mut cargo_fuzz(workspace, &["build"])))?;
    for target in targets {
        step(&format!("fuzz {target} for {seconds} s"), || {
            let limit = format!("-max_total_time={seconds}");
            let arguments =
                ["run", &target, "--", &limit, "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"];
            run::loudly(&mut cargo_fuzz(workspace, &arguments))
        })?;
    }
    Ok(())
}

/// The names of the targets: one file each, and each named in the manifest.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let manifest = fs::read_to_string(workspace.path("fuzz/Cargo.toml"))?;
    let mut names = declared(&manifest)?;
    names.sort();
    for entry in fs::read_dir(workspace.path("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        ensure!(names.contains(&stem), "{} has no [[bin]] in fuzz/Cargo.toml: add one", path.display());
    }
    ensure!(!names.is_empty(), "fuzz/Cargo.toml declares no target");
    Ok(names)
}

fn declared(manifest: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse().context("reading fuzz/Cargo.toml")?;
    let binaries = manifest.get("bin").and_then(toml::Value::as_array);
    let name = |binary: &toml::Value| binary.get("name").and_then(toml::Value::as_str).map(str::to_owned);
    Ok(binaries.into_iter().flatten().filter_map(name).collect())
}

fn cargo_fuzz(workspace: &Workspace, arguments: &[&str]) -> Command {
    let nightly = run::succeeds(&mut workspace.command("cargo", &["+nightly", "--version"]));
    let mut command = workspace.command("cargo", &[]);
    if nightly {
        // The nightly compiler must also serve the cargo that cargo-fuzz starts.
        command.env_remove("RUSTUP_TOOLCHAIN").arg("+nightly");
    } else {
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    command.arg("fuzz").args(arguments);
    // Own artefacts: sanitized objects must not be mixed with the others.
    command.env("CARGO_TARGET_DIR", workspace.target().join("fuzz"));
    // SQLite is C built without the sanitizer's marks, so its globals look as if they were defined twice.
    command.env("ASAN_OPTIONS", "detect_odr_violation=0");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_from_the_manifest() {
        let manifest = "[package]\nname = \"f\"\n[[bin]]\nname = \"policy\"\n[[bin]]\nname = \"route\"\n";
        assert_eq!(declared(manifest).unwrap(), ["policy", "route"]);
        assert!(declared("[package]\nname = \"f\"\n").unwrap().is_empty());
    }
}
