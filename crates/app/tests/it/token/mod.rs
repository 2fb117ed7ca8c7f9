//! Tokens of user pools: what they say, and how long and for what they are good.

mod attacks;
mod keys;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::mint::token::{Access, Grant, Identity, Minter};
use garita_app::token::{Audience, Expected, Standing, TokenError, TokenSubject, Tokens, Verified};
use garita_model::{Secret, SystemEntropy, TokenAlgorithm, TokenKey, TokenUse};
use garita_testkit::OnePool;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const URL: &str = "https://idp.example/eu-west-1_Team";
const CLIENT: &str = "7client";
const LIFE: i64 = 3600;

struct World {
    pool: OnePool,
    tokens: Tokens,
    now: Timestamp,
}

impl World {
    fn new(algorithms: &[TokenAlgorithm]) -> Self {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        Self { pool: OnePool::new(URL, algorithms, now), tokens: Tokens::default(), now }
    }

    fn standing(&self, username: &str) -> Standing {
        Standing::check(&self.pool, self.pool.sign_in(CLIENT, username)).unwrap()
    }

    fn minter(&self) -> Minter<'_> {
        let Self { pool, tokens, .. } = self;
        Minter { tokens, keyring: &pool.keyring, entropy: &SystemEntropy, ground: pool }
    }

    fn grant<'a>(&self, algorithm: TokenAlgorithm, groups: &'a [String]) -> Grant<'a> {
        Grant { algorithm, now: self.now, auth_time: self.now, event_id: "event-1", groups }
    }

    fn access_by(&self, algorithm: TokenAlgorithm, standing: &Standing) -> String {
        let scopes = ["aws.cognito.signin.user.admin".to_owned()];
        let access = Access { life: 3600, scopes: &scopes, by_oidc: false };
        let groups = ["admins".to_owned()];
        let token = self.minter().access_token(standing, &self.grant(algorithm, &groups), &access).unwrap();
        token.expose().clone()
    }

    /// An access token of ana's, by ES256: the quickest to make.
    fn access(&self) -> String {
        self.access_by(TokenAlgorithm::Es256, &self.standing("ana"))
    }

    fn id_by(&self, algorithm: TokenAlgorithm, attributes: &[(String, String)]) -> String {
        let roles = ["arn:aws:iam::111122223333:role/admin".to_owned()];
        let access = Secret::new("an.access.token".to_owned());
        let identity = Identity {
            life: 3600,
            attributes,
            roles: &roles,
            preferred_role: Some(&roles[0]),
            nonce: Some("n-1"),
            access_token: Some(&access),
        };
        let groups = ["admins".to_owned(), "readers".to_owned()];
        let grant = self.grant(algorithm, &groups);
        let token = self.minter().id_token(&self.standing("ana"), &grant, &identity).unwrap();
        token.expose().clone()
    }

    fn verify_at(&self, token: &str, usage: TokenUse, now: Timestamp) -> Result<Arc<Verified>, TokenError> {
        let expected = Expected { usage, pool: None, audience: Audience::OneOf(&[CLIENT]) };
        self.tokens.verify(&self.pool, token, &expected, now)
    }

    fn verify(&self, token: &str) -> Result<Arc<Verified>, TokenError> {
        self.verify_at(token, TokenUse::Access, self.now)
    }

    fn refused(&self, token: &str) -> TokenError {
        self.verify(token).map(|_| "accepted").unwrap_err()
    }

    /// The name of the key that signs access tokens.
    fn kid(&self) -> String {
        part(&self.access(), 0).get("kid").and_then(Value::as_str).unwrap().to_owned()
    }
}

fn after(from: Timestamp, seconds: i64) -> Timestamp {
    from + SignedDuration::from_secs(seconds)
}

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[test]
fn tokens_say_what_cognitos_say() {
    let world = World::new(&TokenAlgorithm::ALL);
    for algorithm in TokenAlgorithm::ALL {
        let attributes = [("email", "ana@example.com"), ("email_verified", "true"), ("custom:team", "ml")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let id = world.id_by(algorithm, &attributes);
        let access = world.access_by(algorithm, &world.standing("ana"));
        let (header, other) = (part(&id, 0), part(&access, 0));
        assert_eq!(header["alg"], algorithm.as_str());
        assert_ne!(header["kid"], other["kid"], "id and access tokens have keys of their own");
        assert_eq!(header.as_object().unwrap().len(), 2);

        let mut said = part(&id, 1);
        let jti = said.as_object_mut().unwrap().remove("jti").unwrap();
        assert_eq!(jti.as_str().unwrap().len(), 36);
        let issued = world.now.as_second();
        let at_hash = match algorithm {
            TokenAlgorithm::EdDsa => "vspxlYw8tduXlXZykxNf_W4lu6vuhXj7kxx5IEIpLPI",
            TokenAlgorithm::Es384 => "CyIQMdSVPfvEOEkdorAQ-2RdKUjNCyok",
            TokenAlgorithm::Rs256 | TokenAlgorithm::Es256 => "UkM2b42E54u4hWzuKV_B3w",
        };
        let expected = json!({
            "sub": "sub-of-ana", "cognito:username": "ana", "cognito:groups": ["admins", "readers"],
            "cognito:roles": ["arn:aws:iam::111122223333:role/admin"],
            "cognito:preferred_role": "arn:aws:iam::111122223333:role/admin",
            "email": "ana@example.com", "email_verified": true, "custom:team": "ml",
            "iss": URL, "aud": CLIENT, "token_use": "id", "nonce": "n-1", "at_hash": at_hash,
            "origin_jti": "sign-in-of-ana", "event_id": "event-1", "auth_time": issued, "iat": issued,
            "exp": issued + LIFE, "garita:rev": 5,
        });
        assert_eq!(said, expected);

        let said = part(&access, 1);
        assert_eq!((&said["client_id"], said.get("aud")), (&json!(CLIENT), None));
        assert_eq!((&said["username"], &said["token_use"]), (&json!("ana"), &json!("access")));
        assert_eq!(said["scope"], "aws.cognito.signin.user.admin");
        assert_eq!(said.get("email"), None);

        let seen = world.verify(&access).unwrap();
        assert_eq!(seen.groups, ["admins"]);
        assert!(matches!(&seen.on.subject, TokenSubject::User { username, .. } if username == "ana"));
        let seen = world.verify_at(&id, TokenUse::Id, world.now).unwrap();
        assert_eq!(seen.preferred_role.as_deref(), Some("arn:aws:iam::111122223333:role/admin"));
    }
}

#[test]
fn a_client_can_be_its_own_subject() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let mut on = world.pool.sign_in(CLIENT, "nobody");
    (on.subject, on.origin_jti) = (TokenSubject::Client, None);
    let token = world.access_by(TokenAlgorithm::Es256, &Standing::check(&world.pool, on).unwrap());
    assert_eq!(part(&token, 1)["sub"], CLIENT);
    assert_eq!(world.verify(&token).unwrap().on.subject, TokenSubject::Client);
    world.pool.set_floor(CLIENT, None);
    assert_eq!(world.refused(&token), TokenError::Revoked);
}

#[test]
fn a_token_is_good_for_its_time_use_pool_and_client_only() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let token = world.access();
    let at = |seconds| world.verify_at(&token, TokenUse::Access, after(world.now, seconds)).err();
    // Asked twice each: the second answer comes from what is remembered.
    for _ in 0..2 {
        assert_eq!(at(-61), Some(TokenError::NotYet));
        assert_eq!(at(-60), None);
        assert_eq!(at(LIFE - 1), None);
        assert_eq!(at(LIFE), Some(TokenError::Expired));
    }
    assert_eq!(world.verify_at(&token, TokenUse::Id, world.now).err(), Some(TokenError::Use));
    let ask = |pool, audience| {
        let expected = Expected { usage: TokenUse::Access, pool, audience };
        world.tokens.verify(&world.pool, &token, &expected, world.now).err()
    };
    assert_eq!(ask(Some("eu-west-1_Team"), Audience::AnyClient), None);
    assert_eq!(ask(Some("eu-west-1_Other"), Audience::AnyClient), Some(TokenError::Issuer));
    assert_eq!(ask(None, Audience::OneOf(&["another"])), Some(TokenError::Audience));
    assert_eq!(ask(None, Audience::OneOf(&[])), Some(TokenError::Audience));
}

#[test]
fn what_a_token_rests_on_is_asked_every_time() {
    for what in [CLIENT, "sub-of-ana", "sign-in-of-ana"] {
        let world = World::new(&[TokenAlgorithm::Es256]);
        let token = world.access();
        assert!(world.verify(&token).is_ok());
        world.pool.set_floor(what, Some(world.pool.advance()));
        assert_eq!(world.refused(&token), TokenError::Revoked, "{what} ended it, remembered or not");
        let new = world.access();
        assert!(world.verify(&new).is_ok(), "a token made after is good");
        world.pool.set_floor(what, None);
        assert_eq!(world.refused(&new), TokenError::Revoked, "{what} is gone");
        let gone = Standing::check(&world.pool, world.pool.sign_in(CLIENT, "ana"));
        assert_eq!(gone.err(), Some(TokenError::Revoked), "and nothing new is made");
    }
}

#[test]
fn a_refresh_goes_on_only_from_a_sign_in_that_stands() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let on = || world.pool.sign_in(CLIENT, "ana");
    assert!(Standing::check_since(&world.pool, on(), 5).is_ok());
    world.pool.set_floor("sub-of-ana", Some(world.pool.advance()));
    assert_eq!(Standing::check_since(&world.pool, on(), 5).err(), Some(TokenError::Revoked));
    assert!(Standing::check_since(&world.pool, on(), 6).is_ok());
}

#[test]
fn a_token_of_another_history_is_refused() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let ahead = World { tokens: Tokens::default(), ..World::new(&[TokenAlgorithm::Es256]) };
    for key in world.pool.all_keys() {
        ahead.pool.put(TokenKey::clone(&key));
    }
    world.pool.advance();
    let token = world.access();
    assert!(world.verify(&token).is_ok());
    // A store restored from before the token was made may hand out its revision again.
    assert_eq!(ahead.refused(&token), TokenError::Revoked);
}
