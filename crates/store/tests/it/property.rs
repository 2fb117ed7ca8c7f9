//! Whatever is put and deleted, a reopened store holds what the running one held, and its indexes agree.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::{InstanceProfile, KeyOwner, LoginProfile, MfaDevice, Object, ObjectKey, SshPublicKey};
use garita_store::{Snapshot, Store};
use proptest::prelude::*;

use crate::things::*;

#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8, u8),
    Delete(u8, u8),
}

/// How many kinds [`object`] makes.
const KINDS: u8 = 23;

fn object(kind: u8, name: u8, variant: u8) -> Object {
    let text = format!("n{name}");
    let arn = |n: u8| format!("arn:aws:iam::111122223333:policy/n{n}");
    match kind {
        0 => {
            let mut user = user(&text);
            user.groups.extend([format!("n{}", variant % 3).parse().unwrap()]);
            user.attached = vec![arn(variant % 4)];
            user.boundary = variant.is_multiple_of(2).then(|| arn(variant % 3));
            Object::User(Arc::new(user))
        }
        1 => {
            let mut group = group(&text);
            group.attached = (0..variant % 3).map(arn).collect();
            Object::Group(Arc::new(group))
        }
        2 => {
            let mut role = role(&text);
            role.max_session = 3600 + u32::from(variant);
            role.attached = vec![arn(variant % 2)];
            Object::Role(Arc::new(role))
        }
        3 => {
            let mut policy = policy(&text, ALLOW);
            policy.updated = moment(i64::from(variant));
            Object::ManagedPolicy(Arc::new(policy))
        }
        4 => Object::LoginProfile(Arc::new(login_profile(&text, i64::from(variant)))),
        7 => Object::OidcProvider(Arc::new(oidc_provider(&text, i64::from(variant)))),
        11 => Object::RoleUse(Arc::new(role_use(&text, i64::from(variant)))),
        10 => Object::TokenKey(Arc::new(token_key(&text, i64::from(variant)))),
        8 => Object::SamlProvider(Arc::new(saml_provider(&text, i64::from(variant)))),
        9 => Object::SshPublicKey(Arc::new(ssh_public_key(&text, i64::from(variant)))),
        6 => Object::MfaDevice(Arc::new(mfa_device(&text, i64::from(variant)))),
        5 => Object::InstanceProfile(Arc::new(instance_profile(&text, i64::from(variant)))),
        12 => Object::RoleDeletion(Arc::new(role_deletion(&text, i64::from(variant)))),
        13 => Object::PoolBrowser(Arc::new(pool_browser(&text, i64::from(variant)))),
        17 => Object::TokenIssuer(Arc::new(token_issuer(&text, i64::from(variant)))),
        18 => Object::PoolProvider(Arc::new(pool_provider(&text, i64::from(variant)))),
        14 => Object::PoolDevice(Arc::new(pool_device(&text, i64::from(variant)))),
        15 => Object::StageSession(Arc::new(stage_session(&text, i64::from(variant)))),
        16 => Object::PoolPasskey(Arc::new(pool_passkey(&text, i64::from(variant)))),
        19 => Object::ResourceServer(Arc::new(resource_server(&text, i64::from(variant)))),
        20 => Object::ConsoleSession(Arc::new(console_session(&text, i64::from(variant)))),
        21 => Object::SigninToken(Arc::new(signin_token(&text, i64::from(variant)))),
        _ => {
            let owner = KeyOwner::User(format!("n{}", variant % 3).parse().unwrap());
            let id = format!("AKIAAAAAAAAAAAAAAA{name:02}");
            Object::AccessKey(Arc::new(access_key(&id, owner, i64::from(variant))))
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        3 => (0..KINDS, 0_u8..5, any::<u8>()).prop_map(|(k, n, v)| Step::Put(k, n, v)),
        1 => (0..KINDS, 0_u8..5).prop_map(|(k, n)| Step::Delete(k, n)),
    ];
    prop::collection::vec(prop::collection::vec(step, 0..6), 1..12)
}

/// The indexes, asked for everything they could hold.
fn indexes(snapshot: &Snapshot) -> Vec<String> {
    let mut seen = Vec::new();
    for n in 0..5 {
        let name = format!("n{n}");
        let arn = format!("arn:aws:iam::111122223333:policy/n{n}");
        let owner = KeyOwner::User(name.parse().unwrap());
        seen.extend(snapshot.members(account_id(), &name).map(|u| format!("{name} has {}", u.name)));
        seen.extend(snapshot.attachments(&arn).map(|key| format!("{arn} at {key:?}")));
        seen.extend(snapshot.bounded_by(&arn).map(|key| format!("{arn} bounds {key:?}")));
        seen.extend(snapshot.access_keys_of(account_id(), &owner).map(|k| format!("{name} owns {}", k.id)));
        seen.extend(snapshot.policy_by_arn(&arn).map(|p| p.id().to_owned()));
        let profiles = snapshot.list::<InstanceProfile>(account_id(), &name);
        seen.extend(profiles.map(|p| format!("profile {} {}", p.name, p.created)));
        let devices = snapshot.list::<MfaDevice>(account_id(), &name);
        seen.extend(devices.map(|d| format!("device {} {:?}", d.name, d.assigned)));
        let keys = snapshot.list::<SshPublicKey>(account_id(), &format!("AIDAN{n}/"));
        seen.extend(keys.map(|k| format!("key {} {:?}", k.id, k.status)));
        let login = snapshot.get::<LoginProfile>(account_id(), &format!("AIDAN{n}"));
        seen.extend(login.map(|p| format!("login {} {}", p.user, p.changed)));
        for id in [format!("AIDAN{n}"), format!("AROAN{n}")] {
            seen.extend(snapshot.principal_by_unique_id(&id).map(|p| format!("{p:?}")));
        }
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reopening_changes_nothing(changes in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut model: BTreeMap<ObjectKey, String> = BTreeMap::new();
        for change in changes {
            for step in &change {
                match step {
                    Step::Put(k, n, v) => {
                        let object = object(*k, *n, *v);
                        model.insert(object.key(), object.to_document().unwrap());
                    }
                    Step::Delete(k, n) => {
                        model.remove(&object(*k, *n, 0).key());
                    }
                }
            }
            wait(store.write("test", move |tx| {
                for step in change {
                    match step {
                        Step::Put(k, n, v) => tx.put(object(k, n, v)),
                        Step::Delete(k, n) => tx.delete(object(k, n, 0).key()),
                    }
                }
                Ok(())
            })).unwrap();
        }
        let running = store.snapshot();
        store.close();
        let store = Store::open(folder.path()).unwrap();
        let reopened = store.snapshot();
        prop_assert_eq!(running.revision(), reopened.revision());
        prop_assert_eq!(contents(&running), contents(&reopened));
        prop_assert_eq!(indexes(&running), indexes(&reopened));
        prop_assert_eq!(contents(&running).into_iter().collect::<BTreeMap<_, _>>(), model);
    }
}
