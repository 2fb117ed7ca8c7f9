//! The whole program, driven from outside: one binary for all of it, so that it links once.

mod account;
mod audit;
mod crash;
mod disk_full;
mod harness;
mod help;
mod start;
