//! Nouns that a snapshot keeps as they are: nothing is compiled or derived from them.
//!
//! Each is known within its account by a text of its own ([`Plain::local`]), which is part of its key in the store.

use std::sync::Arc;

use garita_policy::AccountId;

use crate::console::{ConsoleSession, SigninToken};
use crate::identity_provider::{OidcProvider, SamlProvider};
use crate::instance_profile::InstanceProfile;
use crate::login_profile::LoginProfile;
use crate::mfa_device::MfaDevice;
use crate::object::{Object, ObjectKind};
use crate::role::RoleUse;
use crate::role_deletion::RoleDeletion;
use crate::ssh_public_key::SshPublicKey;
use crate::token_issuer::TokenIssuer;
use crate::token_key::TokenKey;
use crate::user_pool::{PoolBrowser, PoolDevice, PoolPasskey, PoolProvider, ResourceServer, StageSession};

/// A noun without anything derived from it.
pub trait Plain: Sized {
    /// Its kind.
    const KIND: ObjectKind;
    /// The account it belongs to.
    fn account(&self) -> AccountId;
    /// What it is known by within its account.
    fn local(&self) -> String;
    /// The noun, if an object is of this kind.
    fn of(object: &Object) -> Option<&Arc<Self>>;
    /// The noun as an object.
    fn into_object(self) -> Object;
}

macro_rules! plain {
    ($($noun:ident by |$self:ident| $local:expr;)*) => {$(
        impl Plain for $noun {
            const KIND: ObjectKind = ObjectKind::$noun;
            fn account(&self) -> AccountId {
                self.account
            }
            fn local(&self) -> String {
                let $self = self;
                $local
            }
            fn of(object: &Object) -> Option<&Arc<Self>> {
                match object {
                    Object::$noun(noun) => Some(noun),
                    _ => None,
                }
            }
            fn into_object(self) -> Object {
                Object::$noun(Arc::new(self))
            }
        }
    )*};
}

plain! {
    LoginProfile by |profile| profile.user.to_string();
    InstanceProfile by |profile| profile.name.key();
    OidcProvider by |provider| provider.url.to_ascii_lowercase();
    SamlProvider by |provider| provider.name.key();
    SshPublicKey by |key| format!("{}/{}", key.user, key.id);
    RoleUse by |used| used.role.to_string();
    RoleDeletion by |deletion| deletion.task.to_string();
    TokenIssuer by |_issuer| TokenIssuer::LOCAL.to_owned();
    PoolBrowser by |browser| PoolBrowser::place(&browser.pool, &browser.cookie);
    PoolDevice by |device| PoolDevice::place(&device.pool, &device.code);
    StageSession by |session| StageSession::place(&session.pool, &session.api, &session.cookie);
    ConsoleSession by |session| session.cookie.to_string();
    SigninToken by |token| token.token.to_string();
    PoolPasskey by |passkey| PoolPasskey::place(&passkey.pool, &passkey.place);
    PoolProvider by |provider| PoolProvider::place(&provider.pool, &provider.name);
    ResourceServer by |server| ResourceServer::place(&server.pool, &server.identifier);
    TokenKey by |key| format!("{}{}", TokenKey::prefix(&key.pool), key.kid);
    MfaDevice by |device| format!("{}{}", device.path, device.name).trim_start_matches('/').to_ascii_lowercase();
}
