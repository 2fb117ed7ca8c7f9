//! Users brought along and taken away with their hashes, and old hashes that are replaced at the first sign-in.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use garita_app::user_pool::{
    ClientSettings, Imported, NewPool, SetPoolPassword, SignIn, SignInFlow, SignedIn, UsersFile,
    UsersFileReader,
};
use garita_app::{App, RequestContext};
use garita_model::user_pool::{AuthFlow, PoolId, UserStatus};
use garita_model::{AuditRecord, Error, PoolClient, PoolUser, Result, Secret, UserPool};
use garita_store::{PoolName, Trail};
use garita_testkit::TestGarita;
use serde_json::{Value, json};

/// The password of every hash here.
const PASSWORD: &str = "Correct-Horse-7";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS";
const HASHES: [(&str, &str); 5] = [
    ("bcrypt", BCRYPT),
    ("django", "pbkdf2_sha256$1000$c2FsdHNhbHQ$0wUJwvxa6s/y5Lgh5m76VcD1g76H/GPm0J22TeZ5yMw="),
    (
        "passlib",
        "$pbkdf2-sha512$i=1000$c2FsdHNhbHRzYWx0c2FsdA$BQDgfFuFP4tpEschAevrvV214YAZS+wVR8XHpm5935F32aX1nOiS85rUB5fVjBIBrigrzIQlbyq+WHwr7Q2TTQ",
    ),
    ("scrypt", "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$PF1sgvSMc2HNSfU0k5VTUqodYbhtMzWo8U7vJXaii0E"),
    (
        "argon2",
        "$argon2id$v=19$m=64,t=1,p=1$Cfi8Z2foFgibyFryq3mEKg$ul+XIB6YXfsAuCbqFwZX+HjW2z7RddrLixZKOOPGTDY",
    ),
];
const OWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

struct Stage {
    garita: TestGarita,
    pool: Arc<UserPool>,
    client: Arc<PoolClient>,
}

impl Stage {
    async fn with(flows: &[AuthFlow], new: NewPool) -> Self {
        let garita = TestGarita::new().await;
        let root = garita.as_root();
        let new = NewPool { name: "people".to_owned(), ..new };
        let pool = garita.app.create_user_pool(&root, new).await.unwrap().pool;
        let flows = Some(flows.iter().copied().collect::<BTreeSet<_>>());
        let settings = ClientSettings { name: Some("app".to_owned()), flows, ..ClientSettings::default() };
        let client =
            garita.app.create_pool_client(&root, pool.id.clone(), settings, false).await.unwrap().client;
        Self { garita, pool, client }
    }

    async fn new() -> Self {
        Self::with(&[AuthFlow::UserPassword], NewPool::default()).await
    }

    fn app(&self) -> &Arc<App> {
        &self.garita.app
    }

    fn cx(&self) -> RequestContext {
        let arrival = self.app().arrive(IpAddr::V4(Ipv4Addr::LOCALHOST), true, Some("test")).unwrap();
        self.app().nobody(arrival)
    }

    async fn import(&self, lines: &[Value]) -> Result<Imported> {
        let file = read(lines).map_err(|faults| panic!("{faults:?}")).unwrap();
        self.app().import_users(self.pool.id.clone(), file).await
    }

    fn user(&self, name: &str) -> Option<Arc<PoolUser>> {
        let state = self.app().snapshot();
        state.pool_users_named(&self.pool.id, PoolName::Username, name).next().cloned()
    }

    fn hash(&self, name: &str) -> String {
        self.user(name).expect("a user").password.as_deref().expect("a hash").to_owned()
    }

    async fn sign_in(&self, name: &str, password: &str) -> (RequestContext, Result<SignedIn>) {
        let parameters = [("USERNAME", name), ("PASSWORD", password)];
        let parameters: BTreeMap<String, String> =
            parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let input = SignIn { client: self.client.id.clone(), flow: SignInFlow::UserPassword, parameters };
        let cx = self.cx();
        let signed_in = self.app().initiate_auth(&cx, input).await;
        (cx, signed_in)
    }

    async fn signs_in(&self, name: &str) -> RequestContext {
        match self.sign_in(name, PASSWORD).await {
            (cx, Ok(SignedIn::Tokens(_))) => cx,
            (_, Ok(_)) => panic!("{name}: more is asked"),
            (_, Err(error)) => panic!("{name}: {error}"),
        }
    }

    fn records(&self) -> Vec<AuditRecord> {
        let entries = Trail::read(self.garita.folder()).unwrap();
        entries.map(|entry| entry.unwrap().record).collect()
    }

    async fn exported(&self) -> Vec<Value> {
        let export = self.app().export_users(&self.pool.id).await.unwrap();
        export.lines().map(|line| serde_json::from_str(line.unwrap().expose()).unwrap()).collect()
    }
}

fn read(lines: &[Value]) -> Result<UsersFile, Vec<String>> {
    let mut reader = UsersFileReader::default();
    for line in lines {
        reader.take(format!("{line}\n").as_bytes());
    }
    reader.finish()
}

fn person(name: &str, more: &Value) -> Value {
    let mut user = json!({ "username": name, "password_hash": BCRYPT });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "user": user })
}

fn fault(done: Result<Imported>) -> String {
    done.expect_err("a fault").to_string()
}

#[tokio::test]
async fn old_hashes_are_replaced_at_the_first_sign_in_and_only_then() {
    let stage = Stage::new().await;
    let lines: Vec<Value> =
        HASHES.iter().map(|(name, hash)| person(name, &json!({ "password_hash": hash }))).collect();
    stage.import(&lines).await.unwrap();
    for (name, hash) in HASHES {
        let (_, refused) = stage.sign_in(name, "Correct-Horse-8").await;
        assert!(matches!(refused, Err(Error::Rejected { .. })), "{name}");
        let brought = stage.hash(name);
        assert!(
            !brought.starts_with(OWN) && (name == "django" || brought[..20] == hash[..20]),
            "{name}: {brought}"
        );
        let cx = stage.signs_in(name).await;
        let renewed = stage.hash(name);
        assert!(renewed.starts_with(OWN), "{name}: {renewed}");
        let id = cx.request_id().to_string();
        let told: Vec<_> = stage.records().into_iter().filter(|record| record.request_id == id).collect();
        assert_eq!(told.len(), 1, "{name}: the sign-in and the new hash are one record");
        assert_eq!(told[0].response_elements["passwordStoredAnew"], true);
        assert!(told[0].response_elements["originJti"].is_string());
        let again = stage.signs_in(name).await;
        assert_eq!(stage.hash(name), renewed, "{name}: not a second time");
        let id = again.request_id().to_string();
        let told = stage.records().into_iter().find(|record| record.request_id == id).unwrap();
        assert_eq!(told.response_elements["passwordStoredAnew"], Value::Null);
    }
}

#[tokio::test]
async fn sign_ins_at_the_same_time_all_succeed_and_one_hash_is_kept() {
    let stage = Stage::new().await;
    stage.import(&[person("ana", &json!({}))]).await.unwrap();
    let (a, b, c, d) = tokio::join!(
        stage.sign_in("ana", PASSWORD),
        stage.sign_in("ana", PASSWORD),
        stage.sign_in("ana", PASSWORD),
        stage.sign_in("ana", PASSWORD),
    );
    for (_, signed_in) in [a, b, c, d] {
        match signed_in {
            Ok(SignedIn::Tokens(_)) => {}
            Ok(_) => panic!("more is asked"),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(stage.hash("ana").starts_with(OWN));
    let anew = |record: &AuditRecord| record.response_elements["passwordStoredAnew"] == true;
    assert_eq!(stage.records().iter().filter(|record| anew(record)).count(), 1);
}

#[tokio::test]
async fn a_password_that_was_changed_during_the_sign_in_stays_changed() {
    let stage = Stage::new().await;
    stage.import(&[person("ana", &json!({}))]).await.unwrap();
    let other = || SetPoolPassword {
        pool: stage.pool.id.clone(),
        username: "ana".to_owned(),
        password: Secret::new("Another-Horse-8".to_owned()),
        permanent: true,
    };
    let root = stage.garita.as_root();
    let set = stage.app().admin_set_pool_password(&root, other());
    let (set, _) = tokio::join!(set, stage.sign_in("ana", PASSWORD));
    // Whichever came first: the password is the administrator's, or the administrator is told to try again.
    if let Err(error) = set {
        assert!(error.to_string().contains("try again"), "{error}");
        stage.app().admin_set_pool_password(&stage.garita.as_root(), other()).await.unwrap();
    }
    assert!(matches!(stage.sign_in("ana", PASSWORD).await.1, Err(Error::Rejected { .. })));
    assert!(matches!(stage.sign_in("ana", "Another-Horse-8").await.1, Ok(SignedIn::Tokens(_))));
}

#[tokio::test]
async fn before_a_second_factor_the_new_hash_is_the_record_of_the_request() {
    let new = NewPool {
        settings: garita_app::user_pool::PoolSettings {
            mfa: Some(garita_model::user_pool::MfaMode::Optional),
            ..Default::default()
        },
        ..NewPool::default()
    };
    let stage = Stage::with(&[AuthFlow::UserPassword], new).await;
    let token = json!({ "software_token": { "secret": "JBSWY3DPEHPK3PXPJBSWY3DP", "name": "phone" } });
    stage.import(&[person("ana", &token)]).await.unwrap();
    let (cx, asked) = stage.sign_in("ana", PASSWORD).await;
    assert!(matches!(asked, Ok(SignedIn::Challenge(_))));
    assert!(stage.hash("ana").starts_with(OWN));
    let id = cx.request_id().to_string();
    let told: Vec<_> = stage.records().into_iter().filter(|record| record.request_id == id).collect();
    assert_eq!((told.len(), &told[0].response_elements["passwordStoredAnew"]), (1, &json!(true)));
}

#[tokio::test]
async fn a_verifier_for_srp_comes_with_the_first_password_that_is_sent() {
    let stage = Stage::with(&[AuthFlow::UserPassword, AuthFlow::UserSrp], NewPool::default()).await;
    stage.import(&[person("ana", &json!({}))]).await.unwrap();
    let has = || stage.user("ana").unwrap().more.as_ref().is_some_and(|more| more.srp.is_some());
    assert!(!has());
    stage.signs_in("ana").await;
    assert!(has());
}

#[tokio::test]
async fn a_file_comes_whole_with_groups_and_can_come_again() {
    let stage = Stage::new().await;
    let role = "arn:aws:iam::111122223333:role/reader";
    let lines = [
        person(
            "ana",
            &json!({ "sub": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "groups": ["readers", "writers"],
                     "attributes": { "email": "ana@example.com", "email_verified": "true" },
                     "created": "2020-05-01T10:00:00Z", "former_password_hashes": [HASHES[3].1] }),
        ),
        json!({ "group": { "name": "readers", "description": "who reads", "role": role, "precedence": 3 } }),
        json!({ "group": { "name": "writers" } }),
        person("bo", &json!({ "enabled": false })),
        json!({ "user": { "username": "cy" } }),
        person("di", &json!({ "status": "FORCE_CHANGE_PASSWORD" })),
    ];
    let done = stage.import(&lines).await.unwrap();
    assert_eq!(done, Imported { users: 4, users_there: 0, groups: 2, groups_there: 0 });
    let ana = stage.user("ana").unwrap();
    assert_eq!(ana.sub.to_string(), "7c9e6679-7425-40de-944b-e07fc1f90ae7");
    assert_eq!(ana.groups.iter().map(|g| &**g).collect::<Vec<_>>(), ["readers", "writers"]);
    assert_eq!(stage.user("cy").unwrap().status, UserStatus::ResetRequired);
    assert!(stage.user("di").unwrap().more.as_ref().unwrap().temporary_until.is_some());
    assert!(stage.sign_in("bo", PASSWORD).await.1.is_err_and(|e| e.to_string() == "User is disabled."));
    stage.signs_in("ana").await;
    let renewed = stage.hash("ana");
    let again = stage.import(&lines).await.unwrap();
    assert_eq!(again, Imported { users: 0, users_there: 4, groups: 0, groups_there: 2 });
    assert_eq!(stage.hash("ana"), renewed, "what is there stays");
    let told: Vec<_> =
        stage.records().into_iter().filter(|record| record.event_name == "ImportUsers").collect();
    assert_eq!(told.len(), 2, "a file is one record");
    assert_eq!(told[0].response_elements["users"], 4);
    assert_eq!(told[0].request_parameters["users"], 4);
    assert_eq!(told[0].request_parameters["sha256"].as_str().unwrap().len(), 64);
    let text = serde_json::to_string(&told).unwrap();
    assert!(!text.contains("$2b$"), "no hash in a record");
}

#[tokio::test]
async fn what_is_wrong_with_a_line_is_told_and_nothing_of_the_file_is_there() {
    let stage = Stage::new().await;
    stage.import(&[person("old", &json!({ "sub": "7c9e6679-7425-40de-944b-e07fc1f90ae7" }))]).await.unwrap();
    stage.import(&[person("7c9e6679-7425-40de-944b-e07fc1f90ae9", &json!({}))]).await.unwrap();
    let revision = stage.app().snapshot().revision();
    let sub = |last: &str| json!({ "sub": format!("7c9e6679-7425-40de-944b-e07fc1f90a{last}") });
    for (wrong, told) in [
        (person("ana", &json!({})), "line 2: the same user is on line 1 already"),
        (person("ANA", &json!({})), "line 2: the same user is on line 1 already"),
        (person("b o", &json!({})), "line 2: 1 validation error"),
        (person("bo", &json!({ "groups": ["nobody"] })), "line 2: the group `nobody` is neither"),
        (person("bo", &json!({ "attributes": { "email": "x" } })), "line 2: Invalid email address format."),
        (person("bo", &json!({ "attributes": { "custom:x": "y" } })), "line 2: Attributes did not conform"),
        (person("bo", &sub("e7")), "line 2: a user with this `sub` and another name is there"),
        (person("old", &sub("e8")), "line 2: a user of this name with another `sub` is there"),
        (
            person("7C9E6679-7425-40de-944b-e07fc1f90ae7", &json!({})),
            "line 2: the name is the `sub` or an alias",
        ),
        (person("bo", &sub("e9")), "line 2: a user whose name is this `sub` is there"),
        (json!({ "group": { "name": "g", "role": "x" } }), "line 2: `RoleArn` is no ARN of a role"),
    ] {
        assert!(fault(stage.import(&[person("ana", &json!({})), wrong]).await).starts_with(told), "{told}");
        assert!(stage.user("ana").is_none() && stage.user("bo").is_none(), "{told}");
    }
    assert_eq!(stage.app().snapshot().revision(), revision, "nothing was changed");
    let wrong = |record: &AuditRecord| record.event_name == "ImportUsers" && record.error_code.is_some();
    assert_eq!(stage.records().iter().filter(|record| wrong(record)).count(), 11, "each refusal is told");
    let absent: PoolId = "eu-west-1_000000000".parse().unwrap();
    let file = read(&[]).map_err(|_| ()).unwrap();
    assert!(fault(stage.app().import_users(absent, file).await).contains("does not exist"));

    let faults = read(&[json!({ "user": { "username": "a", "password_hash": "x" } }), json!({}), json!(7)]);
    let faults = faults.map(|_| ()).unwrap_err();
    assert_eq!(faults.iter().map(|text| &text[..7]).collect::<Vec<_>>(), ["line 1:", "line 2:", "line 3:"]);
}

#[tokio::test]
async fn what_was_exported_can_be_imported_elsewhere() {
    let one = Stage::new().await;
    let token =
        json!({ "secret": "JBSWY3DPEHPK3PXPJBSWY3DP", "enabled": true, "preferred": true, "name": "phone" });
    let lines = [
        json!({ "group": { "name": "readers", "precedence": 1 } }),
        person(
            "ana",
            &json!({ "groups": ["readers"], "software_token": token,
                               "attributes": { "name": "Ana", "email": "ana@example.com" } }),
        ),
        json!({ "user": { "username": "cy", "status": "UNCONFIRMED" } }),
    ];
    one.import(&lines).await.unwrap();
    let first = one.exported().await;
    assert_eq!(first.len(), 3);
    let ana = first.iter().find(|line| line["user"]["username"] == "ana").unwrap();
    assert_eq!((&ana["user"]["software_token"], &ana["user"]["password_hash"]), (&token, &json!(BCRYPT)));
    let other = Stage::new().await;
    let done = other.import(&first).await.unwrap();
    assert_eq!((done.users, done.groups), (2, 1));
    assert_eq!(other.exported().await, first);
    other.signs_in("ana").await;
    let told = one.records().into_iter().find(|record| record.event_name == "ExportUsers").unwrap();
    assert_eq!((told.read_only, &told.response_elements["users"]), (true, &json!(2)));
}

#[tokio::test]
async fn people_who_sign_up_with_an_address_are_known_by_it() {
    let by_address = || NewPool {
        username_attributes: vec![garita_model::user_pool::SignInAttribute::Email],
        ..NewPool::default()
    };
    let stage = Stage::with(&[AuthFlow::UserPassword], by_address()).await;
    stage.import(&[person("ana@example.com", &json!({}))]).await.unwrap();
    stage.signs_in("ana@example.com").await;
    let lines = stage.exported().await;
    assert_eq!(lines[0]["user"]["username"], "ana@example.com");
    let other = Stage::with(&[AuthFlow::UserPassword], by_address()).await;
    assert_eq!(other.import(&lines).await.unwrap().users, 1);
    assert_eq!(other.import(&lines).await.unwrap().users_there, 1);
    other.signs_in("ana@example.com").await;
    assert!(fault(stage.import(&[person("ana", &json!({}))]).await).contains("should be either an email"));
}

#[tokio::test]
async fn tokens_of_a_user_who_was_deleted_do_not_come_back_with_the_user() {
    let stage = Stage::new().await;
    stage.import(&[person("ana", &json!({}))]).await.unwrap();
    let (_, Ok(SignedIn::Tokens(tokens))) = stage.sign_in("ana", PASSWORD).await else { panic!("no tokens") };
    let lines = stage.exported().await;
    let root = stage.garita.as_root();
    stage.app().admin_delete_pool_user(&root, stage.pool.id.clone(), "ana".to_owned()).await.unwrap();
    stage.import(&lines).await.unwrap();
    assert!(stage.app().get_own_user(&stage.cx(), &tokens.access).is_err(), "an access token came to life");
}
