//! A server process of a benchmark: stopped when dropped, and read through `/proc`.
//!
//! What it used is that of the process and its direct children together: nginx works in children.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// A folder that goes away with its owner; short, because socket paths must be.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new one.
    pub(super) fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("garita-bench-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {error}", self.0.display());
        }
    }
}

/// A running server.
pub(super) struct Server {
    child: Child,
    name: &'static str,
}

impl Server {
    /// Starts it.
    pub(super) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { child, name })
    }

    /// Its standard output, if it was piped; once.
    pub(super) fn stdout(&mut self) -> Result<std::process::ChildStdout> {
        self.child.stdout.take().with_context(|| format!("{} has no standard output", self.name))
    }

    /// Waits until something is true of it.
    pub(super) fn wait_until(&mut self, what: &str, is_so: impl Fn() -> bool) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(20);
        while !is_so() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended before {what}: {status}", self.name);
            }
            if Instant::now() > end {
                bail!("{}: {what} did not come in 20 s", self.name);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Processor time used so far, user and system, in microseconds.
    pub(super) fn processor_micros(&self) -> Result<f64> {
        let mut ticks = 0;
        for id in self.ids()? {
            ticks += stat(id).map_or(0, |stat| stat.ticks);
        }
        // Linux reports in hundredths of a second on every platform it runs on (USER_HZ).
        Ok(f64::from(u32::try_from(ticks)?) * 10_000.0)
    }

    /// Waits until it does nothing: work of clients that went away is not to be counted for those who come next.
    pub(super) fn settle(&self) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(20);
        let mut used = self.processor_micros()?;
        loop {
            std::thread::sleep(Duration::from_millis(60));
            let now = self.processor_micros()?;
            // One tick may be housekeeping.
            if now - used <= 10_000.0 {
                return Ok(());
            }
            ensure!(Instant::now() < end, "{} does not come to rest", self.name);
            used = now;
        }
    }

    /// Resident memory, in MB of 10^6 bytes.
    pub(super) fn resident_megabytes(&self) -> Result<f64> {
        self.megabytes("VmRSS:")
    }

    /// The most resident memory it has had since it began, in MB of 10^6 bytes.
    pub(super) fn peak_megabytes(&self) -> Result<f64> {
        self.megabytes("VmHWM:")
    }

    /// The sum of a line of `/proc/ID/status`.
    fn megabytes(&self, line: &str) -> Result<f64> {
        let mut kilobytes = 0;
        for id in self.ids()? {
            kilobytes += status_kilobytes(id, line).unwrap_or(0);
        }
        Ok(f64::from(u32::try_from(kilobytes)?) * 1024.0 / 1_000_000.0)
    }

    /// The process and its direct children.
    fn ids(&self) -> Result<Vec<u32>> {
        let own = self.child.id();
        let processes = fs::read_dir("/proc")?.flatten();
        let numbers = processes.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
        let children = numbers.filter(|id| stat(*id).is_some_and(|stat| stat.parent == own));
        Ok(std::iter::once(own).chain(children).collect())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers when it is told to end; when it is killed they stay.
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let patience = Instant::now() + Duration::from_secs(12);
        while told.as_ref().is_ok_and(std::process::ExitStatus::success) && Instant::now() < patience {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("cannot stop {}: {error}", self.name);
        }
    }
}

/// What is wanted of `/proc/ID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

fn stat(id: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The name in parentheses may hold spaces and parentheses; fields are counted behind it. See proc_pid_stat(5).
fn parse_stat(text: &str) -> Option<Stat> {
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let parent = fields.nth(1)?.parse().ok()?;
    let user: u64 = fields.nth(9)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Stat { parent, ticks: user + system })
}

fn status_kilobytes(id: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines() {
        let line = "77 (a ) b) S 5 77 77 0 -1 4194560 1 2 3 4 120 30 0 0 20 0 1 0 100 0 0";
        assert_eq!(parse_stat(line), Some(Stat { parent: 5, ticks: 150 }));
        assert_eq!(parse_stat("77 (cut"), None);
    }
}
