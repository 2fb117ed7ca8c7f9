//! From nothing to the first signed answer, and what an idle server holds in memory.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::figure::{Bar, Figure};
use super::process::Scratch;
use super::{garita, median};

/// Starts the server again and again over one data folder.
pub(super) fn run(program: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let scratch = Scratch::new()?;
    let data = garita::initialize(program, scratch.path(), None)?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        let garita = garita::serve(program, &data)?;
        garita::who_am_i(&garita)?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_secs(1));
        memory.push(garita.server.resident_megabytes()?);
    }
    let binary = u32::try_from(std::fs::metadata(program)?.len())?;
    Ok(vec![
        Figure::new("startup.first_answer", median(&times), "ms").bar(Bar::AtMost(1000.0)),
        Figure::new("startup.idle_memory", median(&memory), "MB").bar(Bar::AtMost(40.0)),
        Figure::new("startup.binary", f64::from(binary) / 1e6, "MB"),
    ])
}
