//! The OIDC provider of user pools: what browsers and relying parties may ask for, and what they get.
//!
//! An app sends a browser with an [`Ask`]; someone signs in, with the verbs that the API of user pools uses too; the
//! browser keeps a session ([`browser`]) and goes back with a code ([`code`]); the app exchanges the code for tokens
//! ([`grant`]). A device that has no browser asks with a code of its own ([`device`]).
//!
//! INVARIANT: a redirect URI is compared as text with those the app client has registered, before anything is sent to
//! it; until then a fault is told to the person at the browser and to nobody else. A code is good once.
//!
//! Spec: OpenID Connect Core 1.0; RFC 6749, 7636, 8628, 9207; RFC 9700 for what they leave open.

pub mod ask;
mod browser;
mod claims;
mod client;
mod code;
pub mod continuation;
mod device;
pub mod errand;
pub mod fault;
mod grant;
mod hint;
pub(crate) mod polls;
mod sign_in;
mod sign_out;
pub mod stage;
mod told;

pub use ask::{Ask, AskFault, RawAsk, Shown};
pub use browser::{NewBrowser, SignedIn};
pub(crate) use browser::{Opening, open as open_browser};
pub use client::{ClientCredentials, ProvenClient};
pub use code::code_challenge;
pub use device::{DeviceCodes, WaitingDevice};
pub use errand::{Arrived, Departure, Errand, ErrandFault, Homecoming};
pub use fault::{OAuthCode, OAuthFault};
pub use grant::{Grant, GrantedTokens};
pub use sign_in::{Challenge, ChallengeAnswer, ChallengeKind, NewAccount, Progress};
pub use sign_out::{Location, SignOut, WayOut};
