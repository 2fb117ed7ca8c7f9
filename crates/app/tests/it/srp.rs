//! SRP as a door takes it, with a client of the tests' own on the other side.

use garita_app::srp::{Answer, Beginning, Parameters, Proved};
use garita_model::{Clock as _, Error, Sealed, Secret};
use garita_testkit::{SRP_TIMESTAMP, TestGarita, srp_a, srp_claim};
use jiff::SignedDuration;

const POOL: &str = "eu-west-1_Team";

async fn begin(garita: &TestGarita, verifier: Option<Sealed>, srp_a: String) -> Result<Parameters, Error> {
    let from = Beginning {
        pool: POOL.to_owned(),
        client: "c1".to_owned(),
        username: "ana".to_owned(),
        id: [5; 16],
        verifier,
        srp_a,
        now: garita.clock.now(),
        within: SignedDuration::from_mins(3),
    };
    garita.app.begin_srp(from).await
}

async fn finish(
    garita: &TestGarita,
    given: &Parameters,
    verifier: Option<Sealed>,
    password: &str,
) -> Option<Proved> {
    let pending = garita.app.open_srp(POOL, "c1", &given.secret_block, garita.clock.now())?;
    assert_eq!(pending.username(), "ana");
    let (pool, timestamp) = (POOL.to_owned(), SRP_TIMESTAMP.to_owned());
    let answer = Answer { pending, pool, verifier, signature: srp_claim(POOL, given, password), timestamp };
    garita.app.finish_srp(answer).await.unwrap()
}

#[tokio::test]
async fn a_password_is_proved_without_being_sent() {
    let garita = TestGarita::new().await;
    let stored = async |password: &str| {
        let password = Secret::new(password.to_owned());
        Some(garita.app.srp_verifier(POOL, "ana", &password).await.unwrap())
    };
    let verifier = stored("Passw0rd!").await;
    let given = begin(&garita, verifier.clone(), srp_a()).await.unwrap();
    let proved = finish(&garita, &given, verifier.clone(), "Passw0rd!").await;
    assert_eq!(proved, Some(Proved { username: "ana".to_owned(), id: [5; 16] }));
    assert_eq!(finish(&garita, &given, verifier.clone(), "passw0rd!").await, None);
    let changed = stored("another").await;
    assert_eq!(finish(&garita, &given, changed, "Passw0rd!").await, None, "changed meanwhile");
    assert_eq!(finish(&garita, &given, None, "Passw0rd!").await, None, "deleted meanwhile");
    garita.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(finish(&garita, &given, verifier, "Passw0rd!").await, None, "too late");
}

#[tokio::test]
async fn somebody_who_is_not_there_fails_in_the_end() {
    let garita = TestGarita::new().await;
    let one = begin(&garita, None, srp_a()).await.unwrap();
    let two = begin(&garita, None, srp_a()).await.unwrap();
    assert_eq!(one.salt, two.salt);
    assert_ne!(one.srp_b, two.srp_b);
    assert_eq!(finish(&garita, &one, None, "Passw0rd!").await, None);
    let refused = begin(&garita, None, "0".to_owned()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Invalid { field: "SRP_A", .. }), "{refused}");
}

#[tokio::test]
async fn a_verifier_is_bound_to_its_user() {
    let garita = TestGarita::new().await;
    let password = Secret::new("Passw0rd!".to_owned());
    let bobs = garita.app.srp_verifier(POOL, "bob", &password).await.unwrap();
    let refused = begin(&garita, Some(bobs), srp_a()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Internal(_)), "a verifier in the wrong place is a damaged store");
}
