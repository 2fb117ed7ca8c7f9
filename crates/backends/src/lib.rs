//! The real parts: MLflow as a process Garita starts, and the way out to identity providers.
//!
//! [`python`] makes an environment in the data folder and installs packages into it; [`mlflow`] runs the MLflow server
//! from such an environment, behind a socket that only this user can open, and starts it again when it dies.
//! [`process`] is what both need of a child process: its last lines, and that it never outlives Garita. [`mail`] sends
//! e-mail. [`egress`] fetches what identity providers publish, and nothing else.

pub mod egress;
pub mod mail;
pub mod mlflow;
pub mod process;
pub mod python;
