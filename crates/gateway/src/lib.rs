//! Door: the data path. API stages in front of MLflow: route, authorize, forward.
//!
//! Read in the order a request meets them: [`admit`] (its shape), [`path`] and [`api`] (whose it is), [`mlflow`]
//! (what it asks for), `caller` (who asks), `serve` (whether they may, with [`stage_policy`]), [`query`] and [`json`]
//! (its parameters, written anew), `payload` (its body, hashed), `forward` and `upstream` (on to MLflow and back),
//! `transfer` (artifacts), [`browser`] (people with a browser).
//!
//! INVARIANT: what reaches an upstream is built from what was judged. An unknown route, method, header that could
//! be misread, encoding or body shape is refused, and said so.

pub mod admit;
mod allowed_actions;
pub mod api;
mod body;
pub mod browser;
mod caller;
mod document;
mod field;
mod forward;
mod gateway;
mod headers;
#[cfg(test)]
mod hostile;
pub mod json;
mod limits;
pub mod mlflow;
mod myself;
pub mod path;
mod payload;
pub mod query;
mod refusal;
mod reply;
mod serve;
pub mod stage_policy;
mod transfer;
mod upstream;

pub use api::{Api, Target};
pub use body::{Body, BodyError, full};
pub use browser::own_pages;
pub use browser::place::Place;
pub use field::FieldError;
pub use gateway::Gateway;
pub use limits::Limits;
pub use stage_policy::StagePolicy;
