//! Laps: one contestant under load for some seconds, round after round.
//!
//! Nothing is compared across rounds; a ratio is the median of the ratios within each round.

use anyhow::Result;

use super::figure::Figure;
use super::load::{Generator, Load};
use super::median;
use super::process::Server;

/// What one contestant did in one round.
pub(super) struct Lap {
    pub(super) load: Load,
    /// Of the server, for one answered request.
    pub(super) processor_micros: f64,
}

/// Requests answered in a second.
pub(super) fn rate(lap: &Lap) -> f64 {
    lap.load.rate
}

/// Microseconds of processor time for a request.
pub(super) fn processor(lap: &Lap) -> f64 {
    lap.processor_micros
}

/// What is the same for every lap of a benchmark.
pub(super) struct Course {
    pub(super) generator: Generator,
    /// How long a lap takes after a second of warming up.
    pub(super) seconds: u32,
}

impl Course {
    /// Runs one lap: requests of `pool` to a server at `address`.
    pub(super) fn lap(&self, server: &Server, address: &str, pool: &std::path::Path) -> Result<Lap> {
        // Connections, keys and caches first: a server that has just started is another figure.
        self.generator.send(pool, address, 1)?;
        server.settle()?;
        let before = server.processor_micros()?;
        let load = self.generator.send(pool, address, self.seconds)?;
        let used = server.processor_micros()? - before;
        // Whatever is measured next has the processors for itself.
        server.settle()?;
        Ok(Lap { processor_micros: used / load.requests, load })
    }
}

/// The laps of one contestant, one for each round.
pub(super) struct Laps {
    pub(super) name: &'static str,
    pub(super) laps: Vec<Lap>,
}

impl Laps {
    /// None yet.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, laps: Vec::new() }
    }

    /// Adds one, and says what it was.
    pub(super) fn push(&mut self, lap: Lap) {
        println!("  {:20} {:>8.0} req/s {:>7.1} us/req", self.name, lap.load.rate, lap.processor_micros);
        self.laps.push(lap);
    }

    /// The median over the rounds.
    pub(super) fn median(&self, of: impl Fn(&Lap) -> f64) -> f64 {
        median(&self.laps.iter().map(of).collect::<Vec<_>>())
    }

    /// The rate, the latencies and the processor time, as figures of a benchmark.
    pub(super) fn figures(&self, benchmark: &str) -> [Figure; 4] {
        let figure = |name: &str, unit, of: fn(&Lap) -> f64| {
            Figure::new(format!("{benchmark}.{}.{name}", self.name), self.median(of), unit)
        };
        [
            figure("rate", "req/s", rate),
            figure("p50", "ms", |lap| lap.load.p50),
            figure("p99", "ms", |lap| lap.load.p99),
            figure("cpu_per_request", "us", processor),
        ]
    }

    /// The median over the rounds of this contestant's value divided by another's in the same round.
    pub(super) fn over(&self, other: &Self, of: impl Fn(&Lap) -> f64) -> f64 {
        let pairs = self.laps.iter().zip(&other.laps);
        median(&pairs.map(|(own, others)| of(own) / of(others)).collect::<Vec<_>>())
    }
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
