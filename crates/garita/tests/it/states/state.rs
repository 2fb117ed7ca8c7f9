//! What happens to people, their pool, their clients and its keys; and what each of that takes away.

use std::sync::Arc;

use garita_app::token::key;
use garita_app::token::rotation::Schedule;
use garita_model::user_pool::UserStatus;
use garita_model::{Clock as _, Object, PoolUser, SystemEntropy, TokenAlgorithm, TokenKey};
use jiff::SignedDuration;
use serde_json::json;

use super::State;
use super::world::{FAY, PEOPLE, World, client_settings, provider_settings};

/// Something that an endpoint rests on when it lets somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    /// A pool that is there.
    Pool,
    /// Its app clients.
    Client,
    /// A user who is there.
    User,
    /// One who is enabled.
    Enabled,
    /// One whose sign-up was confirmed and whose password need not be changed first.
    Settled,
    /// The password of before, good for a sign-in without more ado.
    Password,
    /// The codes that were sent before.
    Code,
    /// The code among them for a forgotten password.
    PasswordCode,
    /// That passwords may be tried.
    Try,
    /// What the user began or got before.
    Former,
    /// The one sign-in at the API that was made before.
    SignIn,
    /// The group with the role.
    Group,
    /// That one factor is enough.
    OneFactor,
    /// The keys that signed before.
    Key,
    /// A provider that the clients send people to.
    Provider,
    /// That it is the one that was asked before.
    Errand,
    /// That whom it vouches for is let in.
    Link,
    /// What came of its word before.
    Vouched,
}

use Thing::{
    Client, Code, Enabled, Errand, Former, Group, Key, Link, OneFactor, Password, PasswordCode, Pool,
    Provider, Settled, SignIn, Try, User, Vouched,
};

const EVERYTHING: &[Thing] = &[
    Pool, Client, User, Enabled, Settled, Password, Try, Former, SignIn, Group, OneFactor, Key, Provider,
    Errand, Link, Vouched,
];

pub(super) const STATES: [State<Thing>; 23] = [
    State::new("as before", &[]),
    State::new("disabled", &[Enabled]),
    State::new("locked out", &[Try]),
    State::new("unconfirmed", &[Settled, PasswordCode]),
    State::new("must change the password", &[Settled, Password, PasswordCode, Former, SignIn]),
    State::new("temporary password expired", &[Settled, Password, PasswordCode, Former, SignIn]),
    State::new("reset required", &[Settled, Password, PasswordCode, Former, SignIn, Code]),
    State::new("password changed by an administrator", &[Password, PasswordCode, Former, SignIn]),
    // Whoever loses a group signs in anew.
    State::new("out of the group", &[Group, Former, SignIn, Vouched]),
    State::new("group asks for a second factor", &[OneFactor]),
    State::new("signed out everywhere", &[Former, SignIn, Vouched]),
    State::new("signed out by an administrator", &[Former, SignIn, Vouched]),
    State::new("refresh token revoked", &[SignIn]),
    State::new("deleted", &[User, Former, SignIn, Vouched]),
    State::new("clients deleted", &[Client]),
    State::new("pool deleted", EVERYTHING),
    State::new("keys rotated", &[]),
    State::new("keys gone", &[Key]),
    State::new("keys denied", &[Key]),
    State::new("provider deleted", &[Provider, Errand, Vouched]),
    State::new("provider is another", &[Errand, Vouched]),
    // Who has signed in to an app stays so there, but gets to no other one.
    State::new("provider taken from the clients", &[Provider, Errand]),
    State::new("kept from the provider", &[Link, Vouched]),
];

impl State<Thing> {
    /// Brings it about.
    pub(super) async fn befall(self, world: &World) {
        match self.name {
            "as before" => {}
            "disabled" => each(world, "AdminDisableUser").await,
            "locked out" => lock_out(world).await,
            "unconfirmed" => amend(world, |user| user.status = UserStatus::Unconfirmed).await,
            "must change the password" => set_password(world, false).await,
            "temporary password expired" => {
                set_password(world, false).await;
                let over = Some(world.doors.garita.clock.now() - SignedDuration::from_secs(1));
                amend(world, |user| user.more_mut().temporary_until = over).await;
            }
            "reset required" => {
                each(world, "AdminResetUserPassword").await;
                // For those who have no password to reset, too.
                amend(world, |user| user.status = UserStatus::ResetRequired).await;
            }
            "password changed by an administrator" => set_password(world, true).await,
            "out of the group" => {
                for name in everybody().filter(|name| *name != "una") {
                    let group = super::world::group_of(name);
                    let left = json!({ "UserPoolId": world.pool, "Username": name, "GroupName": group });
                    world.doors.done("AdminRemoveUserFromGroup", left).await;
                }
            }
            "group asks for a second factor" => {
                let account = world.doors.account;
                let arn = format!("arn:aws:cognito-idp:eu-west-1:{account}:userpool/{}", world.pool);
                let demand = json!({ "ResourceArn": arn, "Tags": { "garita:require-mfa/readers": "true" } });
                world.doors.done("TagResource", demand).await;
            }
            "signed out everywhere" => {
                let own = json!({ "AccessToken": world.tokens.access });
                assert_eq!(world.doors.person("GlobalSignOut", &own).await.status, 200);
                each_but(world, "AdminUserGlobalSignOut", "ana").await;
            }
            "signed out by an administrator" => each(world, "AdminUserGlobalSignOut").await,
            "refresh token revoked" => {
                let revoked = json!({ "ClientId": world.ui, "Token": world.tokens.refresh });
                assert_eq!(world.doors.person("RevokeToken", &revoked).await.status, 200);
            }
            "deleted" => each(world, "AdminDeleteUser").await,
            "clients deleted" => {
                for id in [&world.ui, &world.app.id, &world.job.id] {
                    let client = json!({ "UserPoolId": world.pool, "ClientId": id });
                    world.doors.done("DeleteUserPoolClient", client).await;
                }
            }
            "pool deleted" => {
                world.doors.done("DeleteUserPool", json!({ "UserPoolId": world.pool })).await;
            }
            "keys rotated" => rotate(world, true).await,
            "keys gone" => rotate(world, false).await,
            "keys denied" => {
                for key in keys(world) {
                    let app = &world.doors.garita.app;
                    let account = world.doors.garita.account();
                    app.deny_token_key(account, &world.pool, &key.kid, Schedule::default()).await.unwrap();
                }
            }
            "provider deleted" => {
                let provider = json!({ "UserPoolId": world.pool, "ProviderName": "Corp" });
                world.doors.done("DeleteIdentityProvider", provider).await;
            }
            "provider is another" => {
                let mut settings = provider_settings(&world.pool, &world.issuer());
                settings["ProviderDetails"]["client_id"] = "other".into();
                settings.as_object_mut().unwrap().remove("ProviderType");
                world.doors.done("UpdateIdentityProvider", settings).await;
            }
            "provider taken from the clients" => {
                let ids = [&world.ui, &world.app.id, &world.job.id];
                for (mut settings, id) in client_settings(&world.pool, &["COGNITO"]).into_iter().zip(ids) {
                    settings["ClientId"] = id.as_str().into();
                    world.doors.done("UpdateUserPoolClient", settings).await;
                }
            }
            "kept from the provider" => {
                let user = json!({ "ProviderName": "Corp", "ProviderAttributeName": "Cognito_Subject",
                    "ProviderAttributeValue": "fay" });
                let kept = json!({ "UserPoolId": world.pool, "User": user });
                world.doors.done("AdminDisableProviderForUser", kept).await;
            }
            other => panic!("nothing brings `{other}` about"),
        }
    }
}

async fn each(world: &World, operation: &str) {
    each_but(world, operation, "").await;
}

fn everybody() -> impl Iterator<Item = &'static str> {
    PEOPLE.into_iter().chain([FAY])
}

async fn each_but(world: &World, operation: &str, but: &str) {
    for name in everybody().filter(|name| *name != but) {
        // Who is not confirmed has no password to reset, nor has whom a provider vouches for.
        if !(operation == "AdminResetUserPassword" && matches!(name, "una" | "neo" | FAY)) {
            world.doors.done(operation, json!({ "UserPoolId": world.pool, "Username": name })).await;
        }
    }
}

async fn set_password(world: &World, permanent: bool) {
    for name in PEOPLE.into_iter().filter(|name| *name != "una") {
        let password = if permanent { "Tell-nobody-9" } else { super::world::PASSWORD };
        let set = json!({ "UserPoolId": world.pool, "Username": name, "Password": password, "Permanent": permanent });
        world.doors.done("AdminSetUserPassword", set).await;
    }
}

async fn lock_out(world: &World) {
    for name in PEOPLE {
        for _ in 0..5 {
            let parameters = json!({ "USERNAME": name, "PASSWORD": "Tell-nobody-0" });
            let flow = "USER_PASSWORD_AUTH";
            let input = json!({ "ClientId": world.ui, "AuthFlow": flow, "AuthParameters": parameters });
            assert_eq!(world.doors.person("InitiateAuth", &input).await.status, 400);
        }
    }
}

/// What no operation does to somebody who has signed in.
async fn amend(world: &World, how: impl Fn(&mut PoolUser)) {
    let state = world.doors.garita.app.snapshot();
    let users = state.pool_users(&world.id(), None).filter(|user| PEOPLE.contains(&&*user.name));
    let users = users.map(|user| PoolUser::clone(user));
    let amended = users.map(|mut user| {
        how(&mut user);
        Object::PoolUser(Arc::new(user))
    });
    let amended = amended.collect::<Vec<_>>();
    assert_eq!(amended.len(), PEOPLE.len());
    world.doors.garita.put(amended).await;
}

fn keys(world: &World) -> Vec<Arc<TokenKey>> {
    let state = world.doors.garita.app.snapshot();
    state.list::<TokenKey>(world.doors.garita.account(), &TokenKey::prefix(&world.pool)).cloned().collect()
}

/// Has other keys sign from now on; those of before verify on, or are no more.
async fn rotate(world: &World, overlap: bool) {
    let (garita, now) = (&world.doors.garita, world.doors.garita.clock.now());
    let old = keys(world);
    let made = key::generate_pair(
        garita.account(),
        &world.pool,
        TokenAlgorithm::Rs256,
        &garita.keyring(),
        &SystemEntropy,
        now,
    );
    let retired = old.iter().map(|key| TokenKey {
        signs_until: Some(now),
        verifies_until: Some(now + SignedDuration::from_hours(25)),
        ..TokenKey::clone(key)
    });
    let put = made.unwrap().into_iter().chain(retired.filter(|_| overlap));
    garita.put(put.map(|key| Object::TokenKey(Arc::new(key))).collect()).await;
    if !overlap {
        garita.delete(old.into_iter().map(|key| Object::TokenKey(key).key()).collect()).await;
    }
}
