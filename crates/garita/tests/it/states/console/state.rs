//! What happens to IAM users and to a role; and what each of that takes away.

use super::super::State;
use super::office::{OTHER, Office, PASSWORD, PEOPLE};

/// Something that a page rests on when it lets somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    /// The user by this name; a user made anew is another.
    User,
    /// The password of before.
    Password,
    /// That passwords may be tried.
    Try,
    /// The devices that were there before.
    Device,
    /// That there is a device of who has one.
    Asked,
    /// That there is none of who has none.
    Alone,
    /// The key of the broker.
    Key,
    /// The role that it has.
    Role,
    /// That it was a moment ago.
    Time,
}

use Thing::{Alone, Asked, Device, Key, Password, Role, Time, Try, User};

pub(super) const STATES: [State<Thing>; 14] = [
    State::new("as before", &[]),
    State::new("password set anew", &[Password]),
    State::new("password taken away", &[Password]),
    State::new("locked out", &[Try]),
    State::new("another name", &[User]),
    State::new("user made anew", &[User, Password, Device, Asked, Key]),
    State::new("a device more", &[Device, Alone]),
    State::new("device taken off", &[Device, Asked]),
    State::new("device enabled anew", &[Device]),
    State::new("key inactive", &[Key]),
    State::new("key deleted", &[Key]),
    State::new("role deleted", &[Role]),
    State::new("role made anew", &[Role]),
    State::new("an hour later", &[Time]),
];

impl State<Thing> {
    /// Brings it about.
    pub(super) async fn befall(self, office: &Office) {
        let key = [("UserName", "bob"), ("AccessKeyId", office.key.key.as_str())];
        match self.name {
            "as before" => {}
            "password set anew" => {
                for name in PEOPLE {
                    office.iam("UpdateLoginProfile", &[("UserName", name), ("Password", OTHER)]).await;
                }
            }
            "password taken away" => each(office, "DeleteLoginProfile").await,
            "locked out" => {
                for name in PEOPLE {
                    for _ in 0..5 {
                        assert_eq!(office.try_password(name, "Wrong-Horse-9").await.1.status, 400);
                    }
                    assert_eq!(office.try_password(name, PASSWORD).await.1.status, 400);
                }
            }
            "another name" => {
                for name in PEOPLE.into_iter().chain(["bob"]) {
                    let new = format!("{name}-{name}");
                    office.iam("UpdateUser", &[("UserName", name), ("NewUserName", &new)]).await;
                }
            }
            "user made anew" => {
                take_off(office).await;
                each(office, "DeleteLoginProfile").await;
                office.iam("DeleteAccessKey", &key).await;
                for name in PEOPLE.into_iter().chain(["bob"]) {
                    office.iam("DeleteUserPolicy", &[("UserName", name), ("PolicyName", "all")]).await;
                    office.iam("DeleteUser", &[("UserName", name)]).await;
                    office.make_user(name).await;
                }
            }
            "a device more" => {
                for name in PEOPLE {
                    office.make_device(name, &format!("tablet-of-{name}")).await;
                }
            }
            "device taken off" => take_off(office).await,
            "device enabled anew" => {
                take_off(office).await;
                office.enable("mia", "phone", &office.seed).await;
            }
            "key inactive" => {
                office.iam("UpdateAccessKey", &[&key[..], &[("Status", "Inactive")]].concat()).await;
            }
            "key deleted" => drop(office.iam("DeleteAccessKey", &key).await),
            "role deleted" => delete_role(office).await,
            "role made anew" => {
                delete_role(office).await;
                office.make_role().await;
            }
            "an hour later" => office.pass(3_601),
            other => panic!("nothing brings `{other}` about"),
        }
    }
}

async fn each(office: &Office, operation: &str) {
    for name in PEOPLE {
        office.iam(operation, &[("UserName", name)]).await;
    }
}

async fn take_off(office: &Office) {
    let serial = office.serial("phone");
    office.iam("DeactivateMFADevice", &[("UserName", "mia"), ("SerialNumber", &serial)]).await;
}

async fn delete_role(office: &Office) {
    office.iam("DeleteRolePolicy", &[("RoleName", "work"), ("PolicyName", "all")]).await;
    office.iam("DeleteRole", &[("RoleName", "work")]).await;
}
