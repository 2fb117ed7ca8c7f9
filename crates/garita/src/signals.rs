//! The signals that ask the program to end well: Ctrl-C and SIGTERM.
//!
//! INVARIANT: from when [`Signals::listen`] has returned neither kills the program; one that comes early is there when
//! [`Signals::told_to_stop`] asks.

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both signals, once they are taken from the system.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes both from the system.
    pub(crate) fn listen() -> Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// Returns when one has come.
    pub(crate) async fn told_to_stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
