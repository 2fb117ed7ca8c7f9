//! What is allowed: the IAM policy language, pure and synchronous.
//!
//! A text becomes a [`PolicyDocument`] once, strictly ([`document`]); a [`Request`] is then decided against a set
//! of [`Policies`] by [`evaluate()`], and the [`Decision`] says which statements settled it and why.
//! Where it must be quick, the policies become a [`PolicyIndex`] once and [`decide()`] gives a [`Verdict`] without
//! taking memory; the two must agree, and a naive evaluator in the tests with both.
//! INVARIANT: nothing in this crate reads a clock, a file, a socket or an environment variable.
//!
//! The language is described in the IAM User Guide, "IAM JSON policy element reference" and "Policy evaluation
//! logic". Where that leaves room, this crate takes the side that lets less through:
//! - a multi-valued key without a set operator never matches, whatever the operator;
//! - a request's value of the wrong type equals nothing, is before and after nothing and lies in no network;
//! - a policy's value of the wrong type is refused when the policy is parsed;
//! - an unresolved variable in `NotResource` leaves a deny in force and puts an allow out of force;
//! - `*` in a trust policy lets in neither services nor web identities, and denies both;
//! - a resource's service must be spelt out, its partition may hold wildcards;
//! - `NotPrincipal` in a deny spares a session only when session, role and account are all listed.
//!
//! ```
//! use std::sync::Arc;
//! use garita_policy::{
//!     Context, NamedPolicy, Policies, PolicyDocument, PolicyKind, PolicySource, Principal, Request, evaluate,
//! };
//!
//! let text = r#"{"Version":"2012-10-17","Statement":{
//!     "Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::models/${aws:username}/*"}}"#;
//! let document = PolicyDocument::parse(text, PolicyKind::Identity).unwrap();
//! let policies = [NamedPolicy::new("read-own", PolicySource::UserInline, Arc::new(document))];
//!
//! let principal = Principal::User {
//!     arn: "arn:aws:iam::111122223333:user/ana".parse().unwrap(),
//!     id: "AIDAEXAMPLE".to_owned(),
//!     account: "111122223333".parse().unwrap(),
//! };
//! let mut context = Context::new();
//! context.set_principal(&principal);
//! let request = Request {
//!     principal: &principal,
//!     action: "s3:GetObject",
//!     resource: "arn:aws:s3:::models/ana/weights",
//!     resource_account: principal.account(),
//!     context: &context,
//! };
//! let decision = evaluate(&request, &Policies { identity: &policies, ..Policies::default() });
//! assert!(decision.is_allowed());
//! ```

pub mod arn;
pub mod cases;
pub mod condition;
pub mod context;
pub mod decide;
pub mod decision;
pub mod document;
pub mod evaluate;
mod hash;
pub mod index;
pub mod json;
mod parse_error;
pub mod pattern;
pub mod reach;
pub mod resource;
pub mod simulate;

pub use arn::{AccountId, Arn};
pub use context::{Context, Principal, Request, Values};
pub use decide::{CompiledPolicies, StatementRef, Verdict, decide};
pub use decision::{Decision, MatchedStatement, Outcome, PolicyType, denial_message};
pub use document::{Effect, PolicyDocument, PolicyKind, PrincipalPattern, Statement, Version};
pub use evaluate::{NamedPolicy, Policies, PolicySource, evaluate, explain};
pub use index::{IndexCache, PolicyIndex};
pub use parse_error::{ParseError, Position, Span};
pub use reach::{Aim, Answer, Known, Population};
