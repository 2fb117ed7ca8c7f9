//! A user pool in the store of a [`TestGarita`], and people signed in to it without a password.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use garita_app::authorize::Question;
use garita_app::mint::token::{Access, Grant, Identity};
use garita_app::token::{RestsOn, Standing, TokenSubject, key};
use garita_model::user_pool::pool::Messages;
use garita_model::user_pool::{
    Attributes, ClientId, FirstFactor, MfaMode, PoolClient, PoolGroup, PoolId, PoolPasswordPolicy,
    PoolSession, PoolUser, TokenHash, TokenValidity, UserPool, UserStatus, Uuid, ValidityUnit,
    WebAuthnSettings,
};
use garita_model::{Clock as _, Object, ObjectKey, Secret, SystemEntropy, TokenAlgorithm};

use crate::TestGarita;

/// Both tokens of a sign-in.
pub struct SignedIn {
    /// The id token.
    pub id: String,
    /// The access token.
    pub access: String,
    /// The sign-in.
    pub session: Uuid,
}

impl TestGarita {
    /// Writes objects as the root user.
    pub async fn put(&self, objects: Vec<Object>) {
        self.write(objects, Vec::new()).await;
    }

    /// Deletes objects as the root user.
    pub async fn delete(&self, keys: Vec<ObjectKey>) {
        self.write(Vec::new(), keys).await;
    }

    async fn write(&self, objects: Vec<Object>, keys: Vec<ObjectKey>) {
        let account = self.account();
        let work = move |change: &mut garita_app::Change<'_>| {
            let permit = change
                .authorize(&Question { account: Some(account), ..Question::new("test:Put", "*", account) })?;
            objects.into_iter().for_each(|object| change.put(&permit, object));
            keys.into_iter().for_each(|key| change.delete(&permit, key));
            Ok(())
        };
        self.app.change(&self.as_root(), work).await.unwrap();
    }

    /// A pool with an app client that may write no attribute but `nickname`, and with keys that sign now.
    pub async fn user_pool(&self, id: &str, client: &str) -> PoolId {
        let (now, pool): (_, PoolId) = (self.clock.now(), id.parse().unwrap());
        let keyring = self.keyring();
        let keys =
            key::generate_pair(self.account(), id, TokenAlgorithm::Rs256, &keyring, &SystemEntropy, now)
                .unwrap();
        let mut objects = vec![self.pool_object(&pool)];
        objects.push(client_object(&pool, client.parse().unwrap(), now));
        objects.extend(keys.into_iter().map(|key| Object::TokenKey(Arc::new(key))));
        self.put(objects).await;
        pool
    }

    fn pool_object(&self, id: &PoolId) -> Object {
        Object::UserPool(Arc::new(UserPool {
            id: id.clone(),
            account: self.account(),
            name: "people".to_owned(),
            created: self.clock.now(),
            modified: self.clock.now(),
            password_policy: PoolPasswordPolicy::default(),
            mfa: MfaMode::Off,
            software_token: false,
            first_factors: FirstFactor::usual(),
            web_authn: WebAuthnSettings::default(),
            deletion_protection: false,
            case_sensitive: true,
            username_attributes: Vec::new(),
            alias_attributes: Vec::new(),
            auto_verified: Vec::new(),
            verified_before_update: Vec::new(),
            recovery: Vec::new(),
            schema: Vec::new(),
            admin_only_sign_up: true,
            messages: Messages::default(),
            tier: "ESSENTIALS".to_owned(),
            advanced_security: None,
            tags: BTreeMap::new(),
        }))
    }

    /// A group of a pool.
    pub async fn pool_group(&self, pool: &PoolId, name: &str, role: Option<&str>, precedence: Option<u32>) {
        let group = PoolGroup {
            pool: pool.clone(),
            name: name.to_owned(),
            description: None,
            role: role.map(str::to_owned),
            precedence,
            created: self.clock.now(),
            modified: self.clock.now(),
        };
        self.put(vec![Object::PoolGroup(Arc::new(group))]).await;
    }

    /// A person of a pool.
    pub async fn person(&self, pool: &PoolId, name: &str, groups: &[&str]) -> PoolUser {
        let user = PoolUser {
            pool: pool.clone(),
            sub: Uuid::draw(&SystemEntropy).unwrap(),
            name: name.into(),
            attributes: Attributes::default(),
            status: UserStatus::Confirmed,
            enabled: true,
            created: 0,
            modified: 0,
            password: None,
            groups: groups.iter().map(|name| Box::from(*name)).collect(),
            min_rev: 0,
            more: None,
        };
        self.put(vec![Object::PoolUser(Arc::new(user.clone()))]).await;
        user
    }

    /// A sign-in by the API, as it is stored.
    pub fn sign_in_object(&self, user: &PoolUser, client: &str, second_factor: bool) -> PoolSession {
        let now = self.clock.now();
        PoolSession {
            pool: user.pool.clone(),
            id: Uuid::draw(&SystemEntropy).unwrap(),
            user: user.sub,
            client: client.parse().unwrap(),
            started: now,
            begun: None,
            expires: now + jiff::SignedDuration::from_hours(24),
            iss_rev: self.app.snapshot().revision(),
            current: TokenHash([0; 32]),
            branches: Vec::new(),
            former: Vec::new(),
            second_factor,
            ended: false,
            provider: None,
            scopes: vec!["aws.cognito.signin.user.admin".to_owned()],
        }
    }

    /// Signs a person in. The tokens are good for an hour.
    pub async fn sign_in(&self, user: &PoolUser, client: &str, second_factor: bool) -> SignedIn {
        let session = self.sign_in_object(user, client, second_factor);
        self.put(vec![Object::PoolSession(Arc::new(session.clone()))]).await;
        let (state, now) = (self.app.snapshot(), self.clock.now());
        let ground = self.app.pool_ground(&state).unwrap();
        let on = RestsOn {
            issuer: ground.issuer_of(state.user_pool(&user.pool).unwrap()),
            client: client.to_owned(),
            subject: TokenSubject::User { sub: user.sub.to_string(), username: user.name.to_string() },
            origin_jti: Some(session.id.to_string()),
        };
        let standing = Standing::check(&ground, on).unwrap();
        let groups: Vec<String> = user.groups.iter().map(ToString::to_string).collect();
        let algorithm = TokenAlgorithm::Rs256;
        let grant = Grant { algorithm, now, auth_time: now, event_id: "e-1", groups: &groups };
        let minter = self.app.minter(&ground);
        let access = Access { life: 3600, scopes: &["openid".to_owned()], by_oidc: false };
        let identity = Identity {
            life: 3600,
            attributes: &[],
            roles: &[],
            preferred_role: None,
            nonce: None,
            access_token: None,
        };
        let text = |token: Secret<String>| token.expose().clone();
        SignedIn {
            id: text(minter.id_token(&standing, &grant, &identity).unwrap()),
            access: text(minter.access_token(&standing, &grant, &access).unwrap()),
            session: session.id,
        }
    }
}

fn client_object(pool: &PoolId, id: ClientId, now: jiff::Timestamp) -> Object {
    let validity = TokenValidity { amount: 1, unit: ValidityUnit::Hours };
    Object::PoolClient(Arc::new(PoolClient {
        pool: pool.clone(),
        id,
        name: "ui".to_owned(),
        secret: None,
        created: now,
        modified: now,
        flows: BTreeSet::new(),
        access_token: validity,
        id_token: validity,
        refresh_token: validity,
        session_minutes: 3,
        rotation: None,
        hides_users: true,
        revocation: true,
        reads: None,
        writes: Some(BTreeSet::from(["nickname".to_owned()])),
        providers: vec!["COGNITO".to_owned()],
        oauth: false,
        oauth_flows: Vec::new(),
        oauth_scopes: Vec::new(),
        callback_urls: Vec::new(),
        logout_urls: Vec::new(),
        default_redirect: None,
        min_rev: 0,
    }))
}
