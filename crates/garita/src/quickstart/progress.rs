//! What the quickstart is doing, on standard error: one line a step, alive on a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

const FRAMES: [&str; 4] = ["|", "/", "-", "\\"];
const COLUMNS: usize = 78;
const ON_TERMINAL: Duration = Duration::from_millis(120);
/// Without a terminal, a sign of life this often.
const ELSEWHERE: Duration = Duration::from_secs(20);

/// A step that is being done. Dropped before [`Step::done`], it has failed or was given up.
pub(super) struct Step {
    what: &'static str,
    started: Instant,
    terminal: bool,
    note: Arc<Mutex<String>>,
    ticker: JoinHandle<()>,
}

impl Step {
    /// Begins a step.
    pub(super) fn begin(what: &'static str) -> Self {
        let (started, terminal) = (Instant::now(), std::io::stderr().is_terminal());
        let note = Arc::new(Mutex::new(String::new()));
        let ticker = tokio::spawn(tick(what, started, terminal, note.clone()));
        Self { what, started, terminal, note, ticker }
    }

    /// What the step is at.
    pub(super) fn note(&self, text: &str) {
        text.trim().clone_into(&mut self.note.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Ends it well.
    pub(super) fn done(self, result: &str) {
        self.ticker.abort();
        self.clear();
        let seconds = self.started.elapsed().as_secs_f32();
        let took = if seconds < 0.5 { String::new() } else { format!(" ({seconds:.0} s)") };
        eprintln!("{}: {result}{took}", self.what);
    }

    fn clear(&self) {
        if self.terminal {
            eprint!("\r{:COLUMNS$}\r", "");
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.ticker.is_finished() {
            self.ticker.abort();
            self.clear();
        }
    }
}

async fn tick(what: &'static str, started: Instant, terminal: bool, note: Arc<Mutex<String>>) {
    let mut frames = FRAMES.iter().cycle();
    let mut every = tokio::time::interval(if terminal { ON_TERMINAL } else { ELSEWHERE });
    every.tick().await;
    loop {
        every.tick().await;
        let seconds = started.elapsed().as_secs();
        let note = note.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let frame = if terminal { frames.next().unwrap_or(&"") } else { "" };
        let line: String = format!("{frame} {what}, {seconds} s  {note}").chars().take(COLUMNS).collect();
        if terminal {
            eprint!("\r{line:COLUMNS$}");
            // A terminal that cannot be written to has nobody looking at it.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{}", line.trim());
        }
    }
}
