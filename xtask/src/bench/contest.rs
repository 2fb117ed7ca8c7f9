//! The contest: nginx as a plain proxy, nginx with `auth_request`, and Garita with signatures and with bearer tokens, round
//! after round over one upstream.
//!
//! Nothing is compared across rounds. nginx runs twice in every round; how far the two differ says what the machine
//! itself makes of a figure.

use std::net::TcpStream;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::figure::{Bar, Figure};
use super::garita::{self, Garita};
use super::load::{self, Load};
use super::median;
use super::nginx::{self, Peer};
use super::person;
use super::process::{Scratch, Server};
use crate::workspace::Workspace;

/// Idle connections for the memory figure: below the limit of open files that most systems begin with.
const IDLE_CONNECTIONS: usize = 900;

/// What one contestant did in one round.
struct Lap {
    load: Load,
    processor_micros: f64,
}

/// The laps of one contestant, one for each round.
struct Laps {
    name: &'static str,
    laps: Vec<Lap>,
}

impl Laps {
    fn all(&self, of: impl Fn(&Lap) -> f64) -> Vec<f64> {
        self.laps.iter().map(of).collect()
    }

    fn figure(&self, name: &str, unit: &'static str, of: impl Fn(&Lap) -> f64) -> Figure {
        Figure::new(format!("gateway.{}.{name}", self.name), median(&self.all(of)), unit)
    }

    /// The median over the rounds of this contestant's value divided by another's in the same round.
    fn over(&self, other: &Self, of: impl Fn(&Lap) -> f64) -> f64 {
        let pairs = self.laps.iter().zip(&other.laps);
        median(&pairs.map(|(own, others)| of(own) / of(others)).collect::<Vec<_>>())
    }
}

fn rate(lap: &Lap) -> f64 {
    lap.load.rate
}

fn processor(lap: &Lap) -> f64 {
    lap.processor_micros
}

/// Runs the rounds and returns the figures.
pub(super) fn run(workspace: &Workspace, program: &Path, rounds: usize, seconds: u32) -> Result<Vec<Figure>> {
    let scratch = Scratch::new()?;
    let folder = scratch.path();
    let template = |name: &str| workspace.path("bench").join(name);
    let _upstream = nginx::start("upstream", &template("upstream.conf"), folder)?;
    let plain = nginx::start("plain", &template("plain.conf"), folder)?;
    let asking = nginx::start("auth_request", &template("auth_request.conf"), folder)?;
    let data = garita::initialize(program, folder, Some(&folder.join("upstream.sock")))?;
    let garita = garita::serve(program, &data)?;
    let key = garita::user_with_policy(&garita)?;
    let person = person::make(&garita, &data)?;
    drop(garita);
    let garita = garita::serve(program, &data)?;
    let (pool, tokens) = (folder.join("pool"), folder.join("tokens"));
    let stage = Stage { script: template("pool.lua"), pool, tokens, seconds };
    let mut contest = Contest::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        garita::write_pool(&stage.pool, &garita, &key)?;
        garita::write_token_pool(&stage.tokens, &garita, &person.token(&garita)?)?;
        contest.round(&stage, &plain, &asking, &garita)?;
    }
    let mut figures = contest.figures();
    figures.extend(memory(&plain, &garita)?);
    Ok(figures)
}

/// What is the same for every lap.
struct Stage {
    script: std::path::PathBuf,
    pool: std::path::PathBuf,
    tokens: std::path::PathBuf,
    seconds: u32,
}

impl Stage {
    fn lap(&self, server: &Server, address: &str, pool: &Path) -> Result<Lap> {
        // Connections, keys and caches first: a server that has just started is another figure.
        load::send(&self.script, pool, address, 1)?;
        let before = server.processor_micros()?;
        let load = load::send(&self.script, pool, address, self.seconds)?;
        let used = server.processor_micros()? - before;
        Ok(Lap { processor_micros: used / load.requests, load })
    }
}

struct Contest {
    plain: Laps,
    asking: Laps,
    garita: Laps,
    tokens: Laps,
    again: Laps,
}

impl Contest {
    fn new() -> Self {
        let laps = |name| Laps { name, laps: Vec::new() };
        Self {
            plain: laps("nginx"),
            asking: laps("nginx_auth_request"),
            garita: laps("garita"),
            tokens: laps("garita_tokens"),
            again: laps("nginx_again"),
        }
    }

    fn round(&mut self, stage: &Stage, plain: &Peer, asking: &Peer, garita: &Garita) -> Result<()> {
        let lap = |laps: &mut Laps, server: &Server, address: &str, pool: &Path| -> Result<()> {
            let lap = stage.lap(server, address, pool).with_context(|| laps.name)?;
            println!("  {:20} {:>8.0} req/s {:>7.1} us/req", laps.name, lap.load.rate, lap.processor_micros);
            laps.laps.push(lap);
            Ok(())
        };
        lap(&mut self.plain, &plain.server, &plain.address, &stage.pool)?;
        lap(&mut self.asking, &asking.server, &asking.address, &stage.pool)?;
        lap(&mut self.garita, &garita.server, &garita.gateway, &stage.pool)?;
        lap(&mut self.tokens, &garita.server, &garita.gateway, &stage.tokens)?;
        lap(&mut self.again, &plain.server, &plain.address, &stage.pool)
    }

    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for laps in [&self.plain, &self.asking, &self.garita, &self.tokens] {
            figures.push(laps.figure("rate", "req/s", rate));
            figures.push(laps.figure("p50", "ms", |lap| lap.load.p50));
            figures.push(laps.figure("p99", "ms", |lap| lap.load.p99));
            figures.push(laps.figure("cpu_per_request", "us", processor));
        }
        let (garita, plain, asking) = (&self.garita, &self.plain, &self.asking);
        figures.extend([
            Figure::new("gateway.rate_over_nginx", garita.over(plain, rate), "x"),
            Figure::new("gateway.rate_over_auth_request", garita.over(asking, rate), "x")
                .bar(Bar::AtLeast(1.0)),
            Figure::new("gateway.cpu_over_nginx", garita.over(plain, processor), "x"),
            Figure::new("gateway.cpu_over_auth_request", garita.over(asking, processor), "x")
                .bar(Bar::AtMost(1.5)),
            Figure::new("gateway.token_rate_over_signature", self.tokens.over(garita, rate), "x")
                .bar(Bar::AtLeast(0.9)),
            Figure::new("gateway.token_cpu_over_signature", self.tokens.over(garita, processor), "x"),
            Figure::new("gateway.noise", self.again.over(plain, rate), "x"),
        ]);
        figures
    }
}

/// Resident memory, after the load, while idle connections are open.
fn memory(plain: &Peer, garita: &Garita) -> Result<Vec<Figure>> {
    let nginx = with_idle_connections(&plain.address, &plain.server)?;
    let own = with_idle_connections(&garita.gateway, &garita.server)?;
    let name = |who: &str| format!("gateway.{who}.memory_at_{IDLE_CONNECTIONS}_connections");
    Ok(vec![
        Figure::new(name("nginx"), nginx, "MB"),
        Figure::new(name("garita"), own, "MB").bar(Bar::AtMost(40.0)),
    ])
}

fn with_idle_connections(address: &str, server: &Server) -> Result<f64> {
    let open = || TcpStream::connect(address).with_context(|| format!("connecting to {address}"));
    let connections: Vec<TcpStream> = (0..IDLE_CONNECTIONS).map(|_| open()).collect::<Result<_>>()?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    let memory = server.resident_megabytes();
    drop(connections);
    memory
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laps(rates: &[f64]) -> Laps {
        let lap = |rate: &f64| Lap {
            load: Load { requests: 1.0, rate: *rate, p50: 1.0, p99: 1.0 },
            processor_micros: 1.0,
        };
        Laps { name: "x", laps: rates.iter().map(lap).collect() }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        let (own, other) = (laps(&[10.0, 100.0, 30.0]), laps(&[20.0, 100.0, 10.0]));
        assert!((own.over(&other, rate) - 1.0).abs() < f64::EPSILON);
    }
}
