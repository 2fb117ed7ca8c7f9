//! Tokens of user pools: what they say, how long they are good, and what attackers try.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::Keyring;
use garita_app::authorize::Question;
use garita_app::mint::token::{Access, Grant, Identity, Minter};
use garita_app::token::rotation::{Schedule, deny, plan};
use garita_app::token::{
    Audience, Expected, Standing, TokenError, TokenSubject, Tokens, Verified, jwks, key,
};
use garita_model::{
    Clock as _, KeyStage, Plain as _, Secret, SystemEntropy, TokenAlgorithm, TokenKey, TokenUse,
};
use garita_testkit::{OnePool, TestGarita};
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

/// A token of any header, claims and signature.
fn forged(header: &str, claims: &str, signature: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()), encode(signature))
}

fn claims_text(token: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn signature(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap()
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
fn attributes_cannot_cover_claims() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let names = ["sub", "iss", "aud", "exp", "token_use", "cognito:groups", "garita:rev", "nbf", "at_hash"];
    let attributes = names.map(|name| (name.to_owned(), "evil".to_owned()));
    let token = world.id_by(TokenAlgorithm::Es256, &attributes);
    assert!(!claims_text(&token).contains("evil"), "{}", claims_text(&token));
    assert!(world.verify_at(&token, TokenUse::Id, world.now).is_ok());
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

#[test]
fn no_algorithm_but_the_keys_own() {
    let world = World::new(&TokenAlgorithm::ALL);
    let token = world.access_by(TokenAlgorithm::Rs256, &world.standing("ana"));
    let (claims, kid) = (claims_text(&token), part(&token, 0)["kid"].as_str().unwrap().to_owned());
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "RS512", "PS256", "ES256", "EdDSA", "rs256"] {
        let header = format!(r#"{{"kid":"{kid}","alg":"{alg}"}}"#);
        for signature in [Vec::new(), signature(&token)] {
            assert_eq!(world.refused(&forged(&header, &claims, &signature)), TokenError::Algorithm, "{alg}");
        }
    }
    // The public key, in any of its forms, as the secret of an HMAC.
    let published = jwks::document(&world.pool.all_keys(), world.now);
    let mine = published["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(mine["n"].as_str().unwrap()).unwrap();
    for secret in [mine.to_string().into_bytes(), modulus, mine["n"].as_str().unwrap().into(), Vec::new()] {
        let header = format!(r#"{{"kid":"{kid}","alg":"HS256"}}"#);
        let unsigned = forged(&header, &claims, b"");
        let message = unsigned.trim_end_matches('.');
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        assert_eq!(world.refused(&forged(&header, &claims, tag.as_ref())), TokenError::Algorithm);
        // The same with the right name of the wrong algorithm: the key decides, so this is just no signature.
        let header = format!(r#"{{"kid":"{kid}","alg":"RS256"}}"#);
        assert_eq!(world.refused(&forged(&header, &claims, tag.as_ref())), TokenError::Signature);
    }
}

#[test]
fn keys_that_a_token_brings_are_nobodys() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let attacker = World::new(&[TokenAlgorithm::Es256]);
    let token = attacker.access();
    assert_eq!(world.refused(&token), TokenError::Key, "another's key under the right issuer");
    let (claims, kid) = (claims_text(&token), world.kid());
    let jwk = jwks::document(&attacker.pool.all_keys(), world.now)["keys"][0].clone();
    for extra in [
        json!({ "jwk": jwk }),
        json!({ "jku": "https://attacker.example/jwks.json" }),
        json!({ "x5u": "https://attacker.example/cert.pem" }),
        json!({ "x5c": ["MIIB"] }),
    ] {
        let mut header = json!({ "kid": kid, "alg": "ES256" });
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let made = forged(&header.to_string(), &claims, &signature(&token));
        assert_eq!(world.refused(&made), TokenError::Signature, "{extra}");
    }
    for kid in [
        "../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "x' UNION SELECT 'key' --",
        "|sleep 10",
        "",
        "eu-west-1_Other/key",
        &format!("{kid}\0"),
        &kid.to_ascii_lowercase(),
    ] {
        let header = json!({ "kid": kid, "alg": "ES256" }).to_string();
        assert_eq!(world.refused(&forged(&header, &claims, &signature(&token))), TokenError::Key, "{kid}");
    }
}

#[test]
fn a_changed_token_is_refused() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let token = world.access();
    assert!(world.verify(&token).is_ok(), "remembered from here on");
    let (header, claims) = (part(&token, 0).to_string(), claims_text(&token));
    for (from, to) in [
        ("sub-of-ana", "sub-of-bob"),
        (r#"["admins"]"#, r#"["root"]"#),
        (r#""exp":"#, r#""exp":9"#),
        (r#""garita:rev":5"#, r#""garita:rev":4"#),
    ] {
        assert!(claims.contains(from), "{claims}");
        let made = forged(&header, &claims.replace(from, to), &signature(&token));
        assert_eq!(world.refused(&made), TokenError::Signature, "{from}");
    }
    let zero = forged(&header, &claims, &[0; 64]);
    assert_eq!(world.refused(&zero), TokenError::Signature, "the psychic signature of CVE-2022-21449");
    let mut parts: Vec<&str> = token.split('.').collect();
    let last = parts.pop().unwrap();
    for end in ["", &last[..last.len() - 1], &format!("{last}="), &format!("{last}AA")] {
        let made = format!("{}.{end}", parts.join("."));
        assert!(world.verify(&made).is_err(), "{end}");
    }
    // A spare bit of base64 would give one token two spellings.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last.chars().last().unwrap()).unwrap();
    let twin = alphabet.chars().nth(place ^ 1).unwrap();
    let respelled = format!("{}.{}{twin}", parts.join("."), &last[..last.len() - 1]);
    assert!(world.verify(&respelled).is_err());
}

#[test]
fn what_cannot_be_read_is_refused() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let token = world.access();
    let (kid, claims, signed) = (world.kid(), claims_text(&token), signature(&token));
    let plain = json!({ "kid": kid, "alg": "ES256" }).to_string();
    let malformed = |made: &str| assert!(matches!(world.refused(made), TokenError::Malformed(_)), "{made}");
    for made in
        ["", ".", "..", "...", "a.b", "a.b.c", "\0.\0.\0", &format!("{token}.x"), &format!(" {token}")]
    {
        malformed(made);
    }
    for header in [
        format!(r#"{{"kid":"{kid}","alg":"ES256","crit":["b64"],"b64":false}}"#),
        format!(r#"{{"kid":"{kid}","alg":"ES256","crit":[]}}"#),
        format!(r#"{{"kid":"{kid}","alg":"none","alg":"ES256"}}"#),
        "[]".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
    ] {
        malformed(&forged(&header, &claims, &signed));
    }
    let doubled = claims.replacen('{', r#"{"sub":"sub-of-bob","#, 1);
    for claims in [doubled.as_str(), "[1]", "{}x", &"[".repeat(9000)] {
        malformed(&forged(&plain, claims, &signed));
    }
    for header in [r#"{"alg":"ES256"}"#, r#"{"kid":["k"],"alg":"ES256"}"#, r#"{"kid":1,"alg":"ES256"}"#] {
        assert_eq!(world.refused(&forged(header, &claims, &signed)), TokenError::Claim("kid"));
    }
    let long = forged(&plain, &claims, &vec![0; 16 * 1024]);
    assert_eq!(world.refused(&long), TokenError::TooLong);
}

#[test]
fn a_denied_key_and_all_its_tokens_are_refused_at_once() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let (token, kid, schedule) = (world.access(), world.kid(), Schedule::default());
    assert!(world.verify(&token).is_ok());
    let key = world.pool.all_keys().into_iter().find(|key| key.kid == kid).unwrap();
    world.pool.put(deny(&key, schedule, world.now));
    assert_eq!(world.refused(&token), TokenError::Key);
    assert!(!jwks::document(&world.pool.all_keys(), world.now).to_string().contains(&kid));
    world.pool.apply(plan(&world.pool.all_keys(), schedule, world.now), world.now);
    let new = world.access();
    assert_ne!(part(&new, 0)["kid"], kid.as_str());
    assert!(world.verify(&new).is_ok());
    assert_eq!(world.refused(&token), TokenError::Key);
}

#[test]
fn keys_follow_one_another_without_a_gap() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let schedule = Schedule {
        signs_for: SignedDuration::from_hours(100),
        published_before: SignedDuration::from_hours(10),
        verifies_after: SignedDuration::from_hours(2),
    };
    let hour = |n: i64| after(world.now, n * 3600);
    let mut tokens: Vec<(i64, String)> = Vec::new();
    let mut signers = Vec::new();
    for now in 0..350 {
        world.pool.apply(plan(&world.pool.all_keys(), schedule, hour(now)), hour(now));
        let again = plan(&world.pool.all_keys(), schedule, hour(now));
        assert!(again.is_empty(), "a plan that was followed asks for nothing more, hour {now}");
        let then =
            World { now: hour(now), pool: OnePool::new(URL, &[], hour(now)), tokens: Tokens::default() };
        let signing: Vec<_> = world
            .pool
            .all_keys()
            .into_iter()
            .filter(|key| key.stage(then.now) == KeyStage::Current && key.signs == TokenUse::Access)
            .collect();
        assert_eq!(signing.len(), 1, "hour {now}");
        if signers.last() != Some(&signing[0].kid) {
            let published_for = now - (signing[0].created.as_second() - world.now.as_second()) / 3600;
            assert!(signers.is_empty() || published_for >= 10, "published before it signs");
            signers.push(signing[0].kid.clone());
        }
        let grant = Grant { now: then.now, ..world.grant(TokenAlgorithm::Es256, &[]) };
        let access = Access { life: 3600, scopes: &[], by_oidc: true };
        let token = world.minter().access_token(&world.standing("ana"), &grant, &access).unwrap();
        tokens.push((now, token.expose().clone()));
        for (made, token) in tokens.iter().filter(|(made, _)| now - made < 1) {
            let seen = world.verify_at(token, TokenUse::Access, then.now);
            assert!(seen.is_ok(), "made at {made}, asked at {now}: {:?}", seen.err());
        }
    }
    assert_eq!(signers.len(), 4);
    let kept = world.pool.all_keys().len();
    assert!(kept <= 4, "{kept} keys are kept: those that are over go");
}

#[test]
fn a_successor_takes_over_when_its_predecessor_is_denied() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let schedule = Schedule::default();
    let soon = world.now + (schedule.signs_for - SignedDuration::from_hours(40));
    world.pool.apply(plan(&world.pool.all_keys(), schedule, soon), soon);
    let kid = world.kid();
    let key = world.pool.all_keys().into_iter().find(|key| key.kid == kid).unwrap();
    world.pool.put(deny(&key, schedule, soon));
    let steps = plan(&world.pool.all_keys(), schedule, soon);
    assert_eq!(steps.len(), 1, "nothing new is made: the successor was ready");
    world.pool.apply(steps, soon);
    let then = World { now: soon, ..world };
    assert!(then.verify(&then.access()).is_ok());
}

/// The keys a Garita holds for a pool, with what they do.
fn stages(garita: &TestGarita) -> Vec<(TokenUse, KeyStage)> {
    let (state, now) = (garita.app.snapshot(), garita.clock.now());
    let keys = state.list::<TokenKey>(garita.account(), &TokenKey::prefix("eu-west-1_Team"));
    let mut stages: Vec<_> = keys.map(|key| (key.signs, key.stage(now))).collect();
    stages.sort_unstable();
    stages
}

async fn with_keys() -> TestGarita {
    let garita = TestGarita::new().await;
    let (account, now) = (garita.account(), garita.clock.now());
    // The master key of every test's Garita.
    let keyring = Keyring::new(&Secret::new([7; 32]));
    let pair =
        key::generate_pair(account, "eu-west-1_Team", TokenAlgorithm::EdDsa, &keyring, &SystemEntropy, now);
    let root = garita.as_root();
    let change = garita.app.change(&root, move |change| {
        let permit = change.authorize(&Question::new("cognito-idp:CreateUserPool", "*", account))?;
        pair?.into_iter().for_each(|key| change.put(&permit, key.into_object()));
        Ok(())
    });
    change.await.unwrap();
    garita
}

#[tokio::test]
async fn the_keys_of_pools_are_kept_in_order() {
    use KeyStage::{Current, Next, Retired};
    use TokenUse::{Access, Id};
    let (garita, schedule) = (with_keys().await, Schedule::default());
    let keep = async || garita.app.keep_token_keys(schedule).await.unwrap();
    let hours = |hours| garita.clock.advance(SignedDuration::from_hours(hours));
    assert_eq!(keep().await, 0);
    assert_eq!(stages(&garita), [(Id, Current), (Access, Current)]);
    hours(90 * 24 - 48);
    assert_eq!((keep().await, keep().await), (1, 0), "done once");
    assert_eq!(stages(&garita), [(Id, Next), (Id, Current), (Access, Next), (Access, Current)]);
    hours(48);
    assert_eq!(stages(&garita), [(Id, Current), (Id, Retired), (Access, Current), (Access, Retired)]);
    hours(25);
    assert_eq!((keep().await, keep().await), (1, 0));
    assert_eq!(stages(&garita), [(Id, Current), (Access, Current)]);
}

#[tokio::test]
async fn a_denied_key_is_replaced_in_the_same_change() {
    use KeyStage::{Current, Denied};
    use TokenUse::{Access, Id};
    let (garita, schedule) = (with_keys().await, Schedule::default());
    let state = garita.app.snapshot();
    let keys = state.list::<TokenKey>(garita.account(), "eu-west-1_Team/");
    let kid = keys.filter(|key| key.signs == Access).map(|key| key.kid.clone()).next().unwrap();
    let deny =
        async |kid: &str| garita.app.deny_token_key(garita.account(), "eu-west-1_Team", kid, schedule).await;
    deny(&kid).await.unwrap();
    assert_eq!(stages(&garita), [(Id, Current), (Access, Current), (Access, Denied)]);
    assert_eq!(garita.app.snapshot().revision(), state.revision() + 1, "one change");
    let unknown = deny("another").await.unwrap_err().to_string();
    assert_eq!(unknown, "user pool `eu-west-1_Team` has no key `another`");
    garita.clock.advance(SignedDuration::from_hours(25));
    garita.app.keep_token_keys(schedule).await.unwrap();
    assert_eq!(stages(&garita), [(Id, Current), (Access, Current)]);
}
