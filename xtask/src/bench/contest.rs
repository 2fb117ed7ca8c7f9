//! The contest: nginx as a plain proxy, nginx with `auth_request`, and Garita with signatures and with bearer tokens, round
//! after round over one upstream.
//!
//! Nothing is compared across rounds. nginx runs twice in every round; how far the two differ says what the machine
//! itself makes of a figure.

use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::figure::{Bar, Figure};
use super::garita::{self, Garita};
use super::lap::{Course, Laps, processor, rate};
use super::load::Generator;
use super::nginx::{self, Peer};
use super::person;
use super::process::{Scratch, Server};
use crate::workspace::Workspace;

/// Idle connections for the memory figure: below the limit of open files that most systems begin with.
const IDLE_CONNECTIONS: usize = 900;

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
    let pools = Pools { signed: folder.join("pool"), tokens: folder.join("tokens") };
    let course = Course { generator: Generator { script: template("pool.lua"), processor: None }, seconds };
    let mut contest = Contest::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        garita::write_pool(&pools.signed, &garita, &key)?;
        garita::write_token_pool(&pools.tokens, &garita, &person.token(&garita)?)?;
        contest.round(&course, &pools, &plain, &asking, &garita)?;
    }
    let mut figures = contest.figures();
    figures.extend(memory(&plain, &garita)?);
    Ok(figures)
}

/// The requests of one round: the same ones, by signature and by token.
struct Pools {
    signed: PathBuf,
    tokens: PathBuf,
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
        Self {
            plain: Laps::new("nginx"),
            asking: Laps::new("nginx_auth_request"),
            garita: Laps::new("garita"),
            tokens: Laps::new("garita_tokens"),
            again: Laps::new("nginx_again"),
        }
    }

    fn round(
        &mut self,
        course: &Course,
        pools: &Pools,
        plain: &Peer,
        asking: &Peer,
        garita: &Garita,
    ) -> Result<()> {
        let lap = |laps: &mut Laps, server: &Server, address: &str, pool: &Path| -> Result<()> {
            laps.push(course.lap(server, address, pool).with_context(|| laps.name)?);
            Ok(())
        };
        lap(&mut self.plain, &plain.server, &plain.address, &pools.signed)?;
        lap(&mut self.asking, &asking.server, &asking.address, &pools.signed)?;
        lap(&mut self.garita, &garita.server, &garita.gateway, &pools.signed)?;
        lap(&mut self.tokens, &garita.server, &garita.gateway, &pools.tokens)?;
        lap(&mut self.again, &plain.server, &plain.address, &pools.signed)
    }

    fn figures(&self) -> Vec<Figure> {
        let contestants = [&self.plain, &self.asking, &self.garita, &self.tokens];
        let mut figures: Vec<Figure> = contestants.iter().flat_map(|laps| laps.figures("gateway")).collect();
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
