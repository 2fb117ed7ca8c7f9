//! Signing keys over time: rotation without a gap, and denial at once.

use garita_app::Keyring;
use garita_app::authorize::Question;
use garita_app::mint::token::{Access, Grant};
use garita_app::token::rotation::{Schedule, deny, plan};
use garita_app::token::{TokenError, Tokens, jwks, key};
use garita_model::{
    Clock as _, KeyStage, Plain as _, Secret, SystemEntropy, TokenAlgorithm, TokenKey, TokenUse,
};
use garita_testkit::{OnePool, TestGarita};
use jiff::SignedDuration;

use super::{URL, World, after, part};

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
