//! Garita: the identity and access plane of a machine-learning platform.
//!
//! This crate only wires: [`cli`] says what can be asked for, [`config`] what can be set, [`serve`] joins the doors to
//! their listeners. No rule lives here.

mod audit_log;
mod cli;
mod config;
mod control;
mod data_folder;
mod explain;
mod listen;
mod mail;
mod policy_test;
mod quickstart;
mod reference;
mod serve;
mod signals;
mod users;
mod who_can;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request is some hundred small pieces of memory, and a password 19 MiB at once: this allocator is quicker with the
/// first than the system's, and gives the second back. `cargo xtask bench` shows both.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("garita: {error:#}");
            ExitCode::FAILURE
        }
    }
}
