//! The load: `wrk` with a fixed number of connections, each sending its next request when it has its answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::run;

/// Connections that `wrk` holds open.
const CONNECTIONS: u32 = 64;

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Load {
    /// Answered requests.
    pub(super) requests: f64,
    /// Requests a second.
    pub(super) rate: f64,
    /// Milliseconds that half of the requests took at most.
    pub(super) p50: f64,
    /// Milliseconds that all but one percent took at most.
    pub(super) p99: f64,
}

/// Where the load comes from.
#[derive(Clone)]
pub(super) struct Generator {
    /// The script of `wrk`.
    pub(super) script: PathBuf,
    /// The number of the processor it keeps to.
    pub(super) processor: Option<usize>,
}

impl Generator {
    /// Sends the pool of requests to an address for some seconds. An answer other than 2xx or 3xx voids the run.
    pub(super) fn send(&self, pool: &Path, address: &str, seconds: u32) -> Result<Load> {
        let mut command = self.command();
        command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), "-s"]).arg(&self.script);
        command.arg(format!("http://{address}")).arg("--").arg(pool);
        parse(&run::output(&mut command)?)
    }

    fn command(&self) -> Command {
        let Some(processor) = self.processor else { return Command::new("wrk") };
        let mut command = Command::new("taskset");
        command.args(["-c", &processor.to_string(), "wrk"]);
        command
    }
}

fn parse(text: &str) -> Result<Load> {
    let line = text.lines().find_map(|line| line.strip_prefix("POOL ")).context("wrk printed no summary")?;
    let summary: Value = serde_json::from_str(line)?;
    let number = |name: &str| {
        summary.get(name).and_then(Value::as_f64).with_context(|| format!("no `{name}` in {line}"))
    };
    let (requests, failed) = (number("requests")?, number("failed")?);
    ensure!(failed == 0.0, "{failed} of {requests} requests failed: the run is void");
    ensure!(requests > 0.0, "no request was answered");
    Ok(Load {
        requests,
        rate: requests / number("micros")? * 1e6,
        p50: number("p50")? / 1e3,
        p99: number("p99")? / 1e3,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries() {
        let good =
            "Running\nPOOL {\"requests\":4000,\"micros\":2000000,\"failed\":0,\"p50\":500,\"p99\":2500}\n";
        assert_eq!(parse(good).unwrap(), Load { requests: 4000.0, rate: 2000.0, p50: 0.5, p99: 2.5 });
        assert!(parse("Running").is_err());
        let failed = good.replace("\"failed\":0", "\"failed\":3");
        assert!(parse(&failed).unwrap_err().to_string().contains("3 of 4000 requests failed"));
    }
}
