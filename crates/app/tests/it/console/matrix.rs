//! What happens to a user, times everything that lets the user in: each cell is asserted. An endpoint lets somebody in
//! exactly if nothing was taken away that it rests on.

use std::collections::BTreeSet;

use garita_app::console::{BrokerLogin, ChangedPassword, Proof, Step};
use garita_app::iam::{EntityName, UpdateAccessKey, UpdateLoginProfile, UpdateUser};
use garita_model::KeyStatus;
use garita_testkit::TestCredentials;

use super::{ACCOUNT, House, PASSWORD, SERIAL, cookie, led, secret};
use crate::stage::{role, trust};

/// What can be taken away, or become another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    /// The user by this name; a user made anew is another.
    User,
    Password,
    Devices,
    Key,
    Role,
}

use Thing::{Devices, Key, Password, Role, User};

/// Everything that can be held.
struct World {
    house: House,
    seed: Vec<u8>,
    proof: Proof,
    due: Proof,
    own: String,
    broker: TestCredentials,
    waiting: String,
    led: String,
}

const STATES: [(&str, &[Thing]); 12] = [
    ("nothing happened", &[]),
    ("password set anew", &[Password]),
    ("password taken away", &[Password]),
    ("another name", &[User]),
    ("user made anew", &[User, Password, Devices, Key]),
    ("device enabled", &[Devices]),
    ("device taken off", &[Devices]),
    ("device enabled anew", &[Devices]),
    ("key inactive", &[Key]),
    ("key deleted", &[Key]),
    ("role deleted", &[Role]),
    ("role made anew", &[Role]),
];

const ENDPOINTS: [(&str, &[Thing]); 8] = [
    ("a cookie", &[User, Password, Devices]),
    ("another password with a cookie", &[User, Password, Devices]),
    ("a code on an earlier proof", &[User, Password, Devices]),
    ("another password on an earlier proof", &[User, Password, Devices]),
    ("a cookie of a broker", &[User, Key, Role]),
    ("a waiting sign-in token", &[User, Key, Role]),
    ("a new sign-in token", &[User, Key, Role]),
    // Last: it is answered with whatever the user has now.
    ("name and password", &[User, Password]),
];

impl World {
    async fn new() -> Self {
        let house = House::open().await;
        let seed = house.device().await;
        let own = cookie(house.code(house.proof().await, &house.shown(&seed, -1)).await);
        let broker = house.role_session().await;
        let led = led(house.login(&house.broker(&broker, None).await.unwrap(), None).await);
        let waiting = house.broker(&broker, None).await.unwrap();
        let reset = UpdateLoginProfile { user: ana(), password: None, reset_required: Some(true) };
        house.app().update_login_profile(&house.root(), reset).await.unwrap();
        let proof = house.proof().await;
        let Step::NewPassword(due, _) = house.code(proof.clone(), &house.shown(&seed, 0)).await else {
            panic!("another password is due");
        };
        let reset = UpdateLoginProfile { user: ana(), password: None, reset_required: Some(false) };
        house.app().update_login_profile(&house.root(), reset).await.unwrap();
        Self { house, seed, proof, due, own, broker, waiting, led }
    }

    async fn deactivate(&self) {
        let (app, root) = (self.house.app(), self.house.root());
        app.deactivate_mfa_device(&root, Some(ana()), SERIAL.to_owned()).await.unwrap();
    }

    async fn become_so(&self, state: &str) {
        let (house, app, root) = (&self.house, self.house.app(), self.house.root());
        let key = || house.key.key.parse().unwrap();
        match state {
            "nothing happened" => {}
            "password set anew" => {
                let password = Some(secret("Another-Horse-8"));
                let input = UpdateLoginProfile { user: ana(), password, reset_required: None };
                app.update_login_profile(&root, input).await.unwrap();
            }
            "password taken away" => app.delete_login_profile(&root, Some(ana())).await.unwrap(),
            "another name" => {
                let new_name = Some("anna".parse().unwrap());
                app.update_user(&root, UpdateUser { name: ana(), new_name, new_path: None }).await.unwrap();
            }
            "user made anew" => {
                self.deactivate().await;
                app.delete_login_profile(&root, Some(ana())).await.unwrap();
                app.delete_access_key(&root, Some(ana()), key()).await.unwrap();
                let policy = "inline".parse().unwrap();
                app.delete_inline_policy(&root, EntityName::User(ana()), policy).await.unwrap();
                app.delete_user(&root, ana()).await.unwrap();
                crate::stage::user(&house.garita, "ana", None).await;
            }
            "device enabled" => {
                house.device_named("tablet").await;
            }
            "device taken off" => self.deactivate().await,
            "device enabled anew" => {
                self.deactivate().await;
                house.enable(SERIAL, &self.seed).await;
            }
            "key inactive" => {
                let input = UpdateAccessKey { user: Some(ana()), id: key(), status: KeyStatus::Inactive };
                app.update_access_key(&root, input).await.unwrap();
            }
            "key deleted" => app.delete_access_key(&root, Some(ana()), key()).await.unwrap(),
            "role deleted" | "role made anew" => {
                let work = EntityName::Role("work".parse().unwrap());
                app.delete_inline_policy(&root, work, "inline".parse().unwrap()).await.unwrap();
                app.delete_role(&root, "work".parse().unwrap()).await.unwrap();
                if state == "role made anew" {
                    role(&house.garita, "work", trust(r#"{"AWS":"111122223333"}"#, ""), None).await;
                }
            }
            other => panic!("no such state: {other}"),
        }
    }

    /// Whether an endpoint lets somebody in, or on to the next step.
    async fn lets_in(&self, endpoint: &str) -> bool {
        let house = &self.house;
        match endpoint {
            "a cookie" => house.at(&self.own).is_some(),
            "another password with a cookie" => {
                let Some(at) = house.at(&self.own) else { return false };
                // Held to the end, but for the old password: what follows needs it as it is.
                let (old, new) = (secret("wrong"), secret("Third-Horse-9"));
                let changed = house.app().console_change_password(&at, &old, new).await;
                matches!(changed, Ok(ChangedPassword::OldWrong))
            }
            "a code on an earlier proof" => {
                let code = house.shown(&self.seed, 1);
                matches!(house.code(self.proof.clone(), &code).await, Step::SignedIn(_))
            }
            "another password on an earlier proof" => {
                let told = house.new_password(self.due.clone(), PASSWORD).await;
                // Past the proof, the password itself is looked at: it is the one there is.
                super::step(&told).starts_with("Password(")
            }
            "a cookie of a broker" => house.at(&self.led).is_some(),
            "a waiting sign-in token" => {
                matches!(house.login(&self.waiting, None).await, BrokerLogin::SignedIn(_))
            }
            "a new sign-in token" => house.broker(&self.broker, None).await.is_ok(),
            "name and password" => {
                let told = house.try_at(ACCOUNT, "ana", PASSWORD).await;
                matches!(told, Step::SignedIn(_) | Step::Code(_))
            }
            other => panic!("no such endpoint: {other}"),
        }
    }
}

fn ana() -> garita_model::UserName {
    "ana".parse().unwrap()
}

#[tokio::test]
async fn every_endpoint_stands_as_long_as_what_it_rests_on() {
    let mut seen = BTreeSet::new();
    for (state, taken) in STATES {
        let world = World::new().await;
        world.become_so(state).await;
        for (endpoint, rests_on) in ENDPOINTS {
            let expected = !rests_on.iter().any(|thing| taken.contains(thing));
            assert_eq!(world.lets_in(endpoint).await, expected, "{endpoint}, after: {state}");
            seen.insert((endpoint, expected));
        }
    }
    assert_eq!(seen.len(), 2 * ENDPOINTS.len(), "each endpoint lets in and does not");
}
