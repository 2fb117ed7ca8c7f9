//! What is allowed: the IAM policy language, pure and synchronous.
//!
//! A text becomes a [`PolicyDocument`] once, strictly ([`document`]); a [`Request`] is then decided against a set
//! of [`Policies`] by [`evaluate()`], and the [`Decision`] says which statements settled it and why.
//! INVARIANT: nothing in this crate reads a clock, a file, a socket or an environment variable.
//!
//! The language is described in the IAM User Guide, "IAM JSON policy element reference" and "Policy evaluation
//! logic".
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
pub mod condition;
pub mod context;
pub mod decision;
pub mod document;
pub mod evaluate;
pub mod json;
mod parse_error;
pub mod pattern;
pub mod resource;

pub use arn::{AccountId, Arn};
pub use context::{Context, Principal, Request, Values};
pub use decision::{Decision, MatchedStatement, Outcome, PolicyType, denial_message};
pub use document::{Effect, PolicyDocument, PolicyKind, PrincipalPattern, Statement, Version};
pub use evaluate::{NamedPolicy, Policies, PolicySource, evaluate};
pub use parse_error::{ParseError, Position, Span};
