//! Objects and records for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use garita_model::managed_policy::{PolicyVersion, VersionId};
use garita_model::session::{Session, Subject};
use garita_model::user_pool::{DeviceDecision, PoolId, ResourceScope, ResourceServer, TokenHash, Uuid};
use garita_model::{
    AccessKey, Account, AccountId, AuditRecord, ConsoleSession, DeletionEnd, DeletionFailure, Group,
    InstanceProfile, KeyOwner, KeyStatus, LoginProfile, ManagedPolicy, MfaAssignment, MfaDevice, Object,
    ObjectKey, ObjectKind, OidcProvider, PasswordHash, Path, PoolBrowser, PoolDevice, PoolPasskey,
    PoolProvider, PublicKey, Role, RoleDeletion, RoleUse, SamlProvider, Sealed, SigninToken, SshPublicKey,
    StageSession, TokenAlgorithm, TokenIssuer, TokenKey, TokenUse, User,
};
use garita_store::{Record, Snapshot};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) const ALLOW: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#;
pub(crate) const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;

pub(crate) fn account_id() -> AccountId {
    "111122223333".parse().unwrap()
}

pub(crate) fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(crate) fn account(min_rev: u64) -> Object {
    let name = "main".parse().unwrap();
    Object::Account(Arc::new(Account {
        id: account_id(),
        name,
        alias: None,
        password_policy: None,
        created: moment(0),
        min_rev,
    }))
}

fn unique<T: serde::de::DeserializeOwned>(prefix: &str, name: &str) -> T {
    serde_json::from_value(Value::from(format!("{prefix}{}", name.to_ascii_uppercase()))).unwrap()
}

pub(crate) fn user(name: &str) -> User {
    User {
        account: account_id(),
        name: name.parse().unwrap(),
        path: Path::default(),
        id: unique("AIDA", name),
        created: moment(1),
        attached: Vec::new(),
        inline: BTreeMap::new(),
        boundary: None,
        groups: BTreeSet::new(),
        tags: Vec::new(),
        min_rev: 0,
    }
}

pub(crate) fn group(name: &str) -> Group {
    Group {
        account: account_id(),
        name: name.parse().unwrap(),
        path: Path::default(),
        id: unique("AGPA", name),
        created: moment(2),
        attached: Vec::new(),
        inline: BTreeMap::from([("read".parse().unwrap(), ALLOW.to_owned())]),
    }
}

pub(crate) fn role(name: &str) -> Role {
    Role {
        account: account_id(),
        name: name.parse().unwrap(),
        path: Path::default(),
        id: unique("AROA", name),
        created: moment(3),
        description: None,
        trust: TRUST.to_owned(),
        max_session: 3600,
        attached: Vec::new(),
        inline: BTreeMap::new(),
        boundary: None,
        tags: Vec::new(),
        min_rev: 0,
    }
}

pub(crate) fn policy(name: &str, document: &str) -> ManagedPolicy {
    ManagedPolicy {
        account: account_id(),
        name: name.parse().unwrap(),
        path: Path::default(),
        id: unique("ANPA", name),
        created: moment(4),
        updated: moment(4),
        description: None,
        versions: vec![PolicyVersion { id: VersionId(1), document: document.to_owned(), created: moment(4) }],
        default_version: VersionId(1),
        next_version: 2,
        tags: Vec::new(),
    }
}

pub(crate) fn access_key(id: &str, owner: KeyOwner, second: i64) -> AccessKey {
    AccessKey {
        id: id.parse().unwrap(),
        account: account_id(),
        owner,
        secret: Sealed::from_bytes(vec![1, 2, 3]),
        status: KeyStatus::Active,
        created: moment(second),
        min_rev: 0,
    }
}

pub(crate) fn login_profile(name: &str, second: i64) -> LoginProfile {
    let (salt, hash) = ("c2FsdA".to_owned(), "aGFzaA".to_owned());
    LoginProfile {
        account: account_id(),
        user: unique("AIDA", name),
        created: moment(5),
        changed: moment(second),
        reset_required: second % 2 == 0,
        password: PasswordHash { memory: 19_456, passes: 2, salt, hash },
        former: Vec::new(),
        last_used: (second % 3 == 0).then(|| moment(6)),
    }
}

pub(crate) fn mfa_device(name: &str, second: i64) -> MfaDevice {
    let user = unique("AIDA", name);
    MfaDevice {
        account: account_id(),
        name: name.parse().unwrap(),
        path: Path::default(),
        created: moment(6),
        seed: Sealed::from_bytes(vec![4, 5, 6]),
        assigned: (second % 2 == 0).then(|| MfaAssignment {
            user,
            enabled: moment(7),
            last_step: second,
            drift: 0,
        }),
        tags: Vec::new(),
    }
}

pub(crate) fn role_use(name: &str, second: i64) -> RoleUse {
    let role = serde_json::from_value(Value::from(format!("AROA{name}"))).unwrap();
    RoleUse {
        account: "111122223333".parse().unwrap(),
        role,
        at: moment(second),
        region: "eu-west-1".to_owned(),
    }
}

pub(crate) fn token_key(name: &str, second: i64) -> TokenKey {
    TokenKey {
        account: account_id(),
        pool: "eu-west-1_pool".to_owned(),
        kid: name.to_owned(),
        algorithm: TokenAlgorithm::EdDsa,
        signs: TokenUse::Id,
        public: PublicKey::Ed25519 { x: "AA".to_owned() },
        private: Sealed::from_bytes(vec![1, 2, 3]),
        created: moment(0),
        signs_from: moment(second),
        signs_until: None,
        verifies_until: None,
        denied: None,
    }
}

pub(crate) fn role_deletion(name: &str, second: i64) -> RoleDeletion {
    let failed = DeletionFailure {
        reason: "in use".to_owned(),
        region: "eu-west-1".to_owned(),
        resource: "arn:aws:iam::111122223333:role/r".to_owned(),
    };
    RoleDeletion {
        account: account_id(),
        task: Uuid::from_bytes(bytes(name)),
        service: "cloudtrail.amazonaws.com".to_owned(),
        name: name.parse().unwrap(),
        role: unique("AROA", name),
        asked: moment(second),
        end: (second % 2 == 0).then(|| DeletionEnd {
            at: moment(second + 1),
            failed: (second % 4 == 0).then(|| failed.clone()),
        }),
    }
}

pub(crate) fn token_issuer(name: &str, second: i64) -> TokenIssuer {
    TokenIssuer {
        account: account_id(),
        id: Uuid::from_bytes(bytes(name)),
        created: moment(second),
        enabled: second % 2 == 0,
    }
}

pub(crate) fn pool_browser(name: &str, second: i64) -> PoolBrowser {
    PoolBrowser {
        account: account_id(),
        pool: pool_id(),
        cookie: TokenHash(bytes(name)),
        user: Uuid::from_bytes(bytes(name)),
        signed_in: moment(9),
        used: moment(second),
        iss_rev: 1,
        mfa: second % 2 == 0,
        client: (second % 3 == 0).then(|| "1client".parse().unwrap()),
        provider: (second % 3 == 0).then(|| "Corp".into()),
    }
}

pub(crate) fn pool_passkey(name: &str, second: i64) -> PoolPasskey {
    PoolPasskey {
        account: account_id(),
        pool: pool_id(),
        user: Uuid::from_bytes(bytes(name)),
        place: TokenHash(bytes(name)),
        id: "AAAA".to_owned(),
        key: "oQ".to_owned(),
        relying_party: "example.com".to_owned(),
        counter: u32::try_from(second).unwrap(),
        backup_eligible: second % 2 == 0,
        backed_up: second % 4 == 0,
        attachment: None,
        transports: Vec::new(),
        name: name.to_owned(),
        created: moment(9),
        used: Some(moment(second)),
        answered: Vec::new(),
    }
}

pub(crate) fn pool_provider(name: &str, second: i64) -> PoolProvider {
    PoolProvider {
        account: account_id(),
        pool: pool_id(),
        name: name.to_owned(),
        client: "app".to_owned(),
        secret: (second % 2 == 0).then(|| Sealed::from_bytes(vec![7, 8, 9])),
        issuer: format!("https://idp.example/{name}"),
        scopes: "openid".to_owned(),
        userinfo_by_post: second % 2 == 0,
        own_redirect: second % 3 == 0,
        endpoints: None,
        mapping: BTreeMap::from([("email".to_owned(), "email".to_owned())]),
        identifiers: vec![format!("{name}.example")],
        groups_claim: None,
        created: moment(9),
        modified: moment(second),
        min_rev: 3,
    }
}

pub(crate) fn resource_server(name: &str, scopes: i64) -> ResourceServer {
    let scope = |n| ResourceScope { name: format!("s{n}"), description: name.to_owned() };
    ResourceServer {
        account: account_id(),
        pool: pool_id(),
        identifier: format!("https://{name}.example/api"),
        name: name.to_owned(),
        scopes: (0..scopes % 3).map(scope).collect(),
    }
}

pub(crate) fn pool_device(name: &str, second: i64) -> PoolDevice {
    let allowed = DeviceDecision::Allowed {
        user: Uuid::from_bytes(bytes(name)),
        signed_in: moment(second),
        second_factor: second % 2 == 0,
        iss_rev: 1,
        provider: None,
    };
    PoolDevice {
        account: account_id(),
        pool: pool_id(),
        code: TokenHash(bytes(name)),
        shown: TokenHash(bytes(name)),
        client: "1client".parse().unwrap(),
        scopes: vec![name.to_owned()],
        started: moment(10),
        decision: [DeviceDecision::Pending, allowed, DeviceDecision::Denied]
            .into_iter()
            .nth(usize::try_from(second).unwrap() % 3)
            .unwrap(),
    }
}

pub(crate) fn stage_session(name: &str, second: i64) -> StageSession {
    StageSession {
        account: account_id(),
        pool: pool_id(),
        api: "mlflow".to_owned(),
        cookie: TokenHash(bytes(name)),
        browser: TokenHash(bytes(&second.to_string())),
        sign_in: Uuid::from_bytes(bytes(name)),
    }
}

fn session(name: &str, second: i64) -> Session {
    Session {
        key: "ASIATESTTESTTESTTEST".parse().unwrap(),
        account: account_id(),
        subject: Subject::User { user: name.parse().unwrap(), id: unique("AIDA", name) },
        issued: moment(11),
        expires: moment(second),
        iss_rev: 1,
        policies: Vec::new(),
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive: Vec::new(),
        source_identity: None,
        mfa_at: (second % 2 == 0).then(|| moment(11)),
        web_identity: None,
        chain: Vec::new(),
    }
}

pub(crate) fn console_session(name: &str, second: i64) -> ConsoleSession {
    ConsoleSession {
        account: account_id(),
        cookie: TokenHash(bytes(name)),
        session: session(name, second),
        basis: (second % 3 == 0).then(|| TokenHash(bytes(name))),
        used: moment(12),
    }
}

pub(crate) fn signin_token(name: &str, second: i64) -> SigninToken {
    SigninToken {
        account: account_id(),
        token: TokenHash(bytes(name)),
        session: session(name, second),
        seconds: (second % 2 == 0).then_some(900),
        until: moment(second),
    }
}

fn pool_id() -> PoolId {
    "eu-west-1_Ab3dE5gH9".parse().unwrap()
}

/// A name, as so many bytes.
fn bytes<const N: usize>(name: &str) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    bytes
}

pub(crate) fn oidc_provider(name: &str, second: i64) -> OidcProvider {
    OidcProvider {
        account: account_id(),
        url: format!("idp.example/{name}"),
        plain_http: false,
        created: moment(second),
        client_ids: vec![name.to_owned()],
        thumbprints: Vec::new(),
        tags: Vec::new(),
    }
}

pub(crate) fn saml_provider(name: &str, second: i64) -> SamlProvider {
    SamlProvider {
        account: account_id(),
        name: name.parse().unwrap(),
        metadata: "<EntityDescriptor/>".to_owned(),
        created: moment(8),
        valid_until: moment(second),
        tags: Vec::new(),
    }
}

pub(crate) fn ssh_public_key(name: &str, second: i64) -> SshPublicKey {
    SshPublicKey {
        account: account_id(),
        user: unique("AIDA", name),
        id: unique("APKA", name),
        body: "ssh-rsa AAAA".to_owned(),
        fingerprint: "00:11".to_owned(),
        status: if second % 2 == 0 { KeyStatus::Active } else { KeyStatus::Inactive },
        uploaded: moment(second),
    }
}

pub(crate) fn instance_profile(name: &str, second: i64) -> InstanceProfile {
    InstanceProfile {
        account: account_id(),
        name: name.parse().unwrap(),
        path: Path::default(),
        id: unique("AIPA", name),
        created: moment(second),
        role: (second % 2 == 0).then(|| name.parse().unwrap()),
        tags: Vec::new(),
    }
}

pub(crate) fn user_key(name: &str) -> ObjectKey {
    ObjectKey::named(ObjectKind::User, account_id(), &name.to_ascii_lowercase())
}

pub(crate) fn put_user(name: &str) -> Object {
    Object::User(Arc::new(user(name)))
}

/// A record as it is kept.
pub(crate) fn record(event_id: &str) -> Record {
    kept(&event(event_id))
}

pub(crate) fn kept(record: &AuditRecord) -> Record {
    Record::of(&record.event_id, record).unwrap()
}

pub(crate) fn event(event_id: &str) -> AuditRecord {
    AuditRecord {
        event_version: "1.11".to_owned(),
        user_identity: json!({"type": "Root"}),
        event_time: "2026-01-01T00:00:00Z".to_owned(),
        event_source: "iam.amazonaws.com".to_owned(),
        event_name: "CreateUser".to_owned(),
        aws_region: "eu-west-1".to_owned(),
        source_ip_address: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
        error_code: None,
        error_message: None,
        request_parameters: Value::Null,
        response_elements: Value::Null,
        additional_event_data: Value::Null,
        request_id: event_id.to_owned(),
        event_id: event_id.to_owned(),
        read_only: false,
        resources: Value::Null,
        event_type: "AwsApiCall".to_owned(),
        management_event: true,
        recipient_account_id: "111122223333".to_owned(),
        event_category: "Management".to_owned(),
    }
}

/// Everything in a snapshot, as text.
pub(crate) fn contents(snapshot: &Snapshot) -> Vec<(ObjectKey, String)> {
    snapshot.objects().map(|object| (object.key(), object.to_document().unwrap())).collect()
}

/// Runs a future to its end.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
