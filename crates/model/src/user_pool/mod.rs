//! User pools: the people a team lets in, the apps they sign in to, and what a sign-in leaves behind.
//!
//! A pool belongs to an account and is found by its id alone, as app clients are: who signs in is no principal of the
//! account and brings nothing but the client's id. Everything else is found within its pool. Names, lengths and
//! defaults are those of the Amazon Cognito user pools API reference (2016-04-18).
//!
//! INVARIANT: a user is known by its `sub`, which is never used twice; a user made anew under an old name is another
//! one. INVARIANT: nothing here holds a password, code or token in the clear.

pub mod attribute;
pub mod browser;
pub mod client;
pub mod code;
pub mod device;
pub mod extension;
pub mod fault;
pub mod group;
pub mod id;
pub mod passkey;
pub mod pool;
pub mod provider;
pub mod resource_server;
pub mod session;
pub mod shown;
pub mod stage_session;
pub mod user;
pub mod weakness;

pub use attribute::{AttributeSpec, AttributeType, Attributes};
pub use browser::PoolBrowser;
pub use client::{AuthFlow, PoolClient, TokenValidity, ValidityUnit};
pub use code::{CodePurpose, PoolCode};
pub use device::{DeviceDecision, PoolDevice};
pub use fault::PoolFault;
pub use group::PoolGroup;
pub use id::{ClientId, PoolId, Uuid};
pub use passkey::{AnsweredChallenge, PendingPasskey, PoolPasskey};
pub use pool::{
    FirstFactor, MfaMode, PasswordProfile, PoolPasswordPolicy, SignInAttribute, UserPool, WebAuthnSettings,
};
pub use provider::{Identity, PoolProvider, ProviderEndpoints};
pub use resource_server::{ResourceScope, ResourceServer};
pub use session::{FormerToken, PoolSession, TokenHash};
pub use shown::is_shown;
pub use stage_session::StageSession;
pub use user::{PoolUser, SoftwareToken, UserStatus};
pub use weakness::Weakness;
