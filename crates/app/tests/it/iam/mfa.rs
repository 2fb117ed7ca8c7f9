//! MFA devices: a seed shown once, codes that count once, and what a second factor opens.

use garita_app::authorize::Question;
use garita_app::iam::{CreateMfaDevice, MfaCodes, MfaStatus, Tagged};
use garita_app::sts::MfaCode;
use garita_model::{Path, Result};
use garita_testkit::TestCredentials;
use jiff::SignedDuration;

use super::{Office, first};
use crate::stage::{allow, ask, role, tag, told, trust, user};

const SERIAL: &str = "arn:aws:iam::111122223333:mfa/ana-phone";
const WRONG: &str = "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code.";

/// A user with a device that is hers, and the device's seed.
async fn ana_with_phone(office: &Office) -> (TestCredentials, Vec<u8>) {
    let ana = user(&office.garita, "ana", Some(allow("*", "*"))).await;
    let seed = device(office, "ana-phone").await.unwrap();
    let codes = codes(office, &seed, -1);
    enable(office, "ana", codes).await.unwrap();
    // The codes that proved the device are used up.
    office.garita.clock.advance(SignedDuration::from_secs(60));
    (ana, seed)
}

async fn device(office: &Office, name: &str) -> Result<Vec<u8>> {
    let input =
        CreateMfaDevice { name: name.parse().unwrap(), path: Path::default(), tags: vec![tag("a", "b")] };
    let made = office.app().create_virtual_mfa_device(&office.root, input).await?;
    assert_eq!(made.seed.expose().len(), 64);
    assert!(made.uri.expose().contains(made.seed.expose().as_str()));
    Ok(garita_testkit::base32(made.seed.expose()))
}

async fn enable(office: &Office, name: &str, codes: MfaCodes) -> Result<()> {
    let (app, root) = (office.app(), &office.root);
    app.enable_mfa_device(root, name.parse().unwrap(), SERIAL.to_owned(), codes).await
}

fn code(office: &Office, seed: &[u8], steps: i64) -> String {
    use garita_model::Clock as _;
    garita_testkit::one_time_code(seed, office.garita.clock.now() + SignedDuration::from_secs(30 * steps))
}

fn codes(office: &Office, seed: &[u8], steps: i64) -> MfaCodes {
    MfaCodes(code(office, seed, steps), code(office, seed, steps + 1))
}

fn given(code: String) -> MfaCode {
    MfaCode { serial: SERIAL.to_owned(), code }
}

#[tokio::test]
async fn a_device_is_given_to_who_shows_two_codes() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let seed = device(&office, "ana-phone").await.unwrap();
    let taken = "EntityAlreadyExists: MFADevice entity at the same path and name already exists.";
    assert_eq!(told(device(&office, "Ana-Phone").await), taken);
    let wrong = "InvalidAuthenticationCode: Authentication code for device is not valid.";
    let same = MfaCodes(code(&office, &seed, 0), code(&office, &seed, 0));
    assert_eq!(told(enable(&office, "ana", same).await), wrong);
    enable(&office, "ana", codes(&office, &seed, -1)).await.unwrap();
    let again = enable(&office, "ana", codes(&office, &seed, -1)).await;
    assert_eq!(told(again), "EntityAlreadyExists: MFA Device is already in use.");

    let listed = |status| app.list_virtual_mfa_devices(root, status, &first()).unwrap().items.len();
    assert_eq!([MfaStatus::Any, MfaStatus::Assigned, MfaStatus::Unassigned].map(listed), [1, 1, 0]);
    let own = app.list_mfa_devices(root, Some("ana".parse().unwrap()), &first()).unwrap().items;
    assert_eq!(own[0].serial, SERIAL);
    assert_eq!(app.get_mfa_device(root, Some("ana".parse().unwrap()), SERIAL).unwrap().serial, SERIAL);
    let used = "DeleteConflict: MFA VirtualDevice in use. Must deactivate first.";
    assert_eq!(told(app.delete_virtual_mfa_device(root, SERIAL).await), used);
    let conflict = "DeleteConflict: Cannot delete entity, must delete MFA device first.";
    assert_eq!(told(app.delete_user(root, "ana".parse().unwrap()).await), conflict);
    let what = || Tagged::MfaDevice(SERIAL.to_owned());
    app.tag(root, what(), vec![tag("a", "c")]).await.unwrap();
    assert_eq!(app.list_tags(root, &what(), &first()).unwrap().items, [tag("a", "c")]);

    app.deactivate_mfa_device(root, Some("ana".parse().unwrap()), SERIAL.to_owned()).await.unwrap();
    let gone = app.deactivate_mfa_device(root, Some("ana".parse().unwrap()), SERIAL.to_owned()).await;
    assert!(told(gone).starts_with("NoSuchEntity"));
    app.delete_virtual_mfa_device(root, SERIAL).await.unwrap();
    app.delete_user(root, "ana".parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn a_code_counts_once() {
    let office = Office::open().await;
    let (ana, seed) = ana_with_phone(&office).await;
    let (garita, app) = (&office.garita, office.app());
    let prove = |code| {
        let cx = garita.context(&ana).unwrap();
        async move { app.get_session_token_with_mfa(&cx, None, given(code)).await }
    };
    let now = code(&office, &seed, 0);
    assert_eq!(told(prove("000000".to_owned()).await), WRONG);
    prove(now.clone()).await.unwrap();
    assert_eq!(told(prove(now).await), WRONG, "it was used");
    assert_eq!(told(prove(code(&office, &seed, -1)).await), WRONG, "it is older than one that was used");
    prove(code(&office, &seed, 1)).await.unwrap();

    garita.clock.advance(SignedDuration::from_secs(300));
    assert_eq!(told(prove(code(&office, &seed, -2)).await), WRONG);
    assert_eq!(told(prove(code(&office, &seed, 2)).await), WRONG);
    prove(code(&office, &seed, 0)).await.unwrap();
}

#[tokio::test]
async fn guesses_are_few() {
    let office = Office::open().await;
    let (ana, seed) = ana_with_phone(&office).await;
    let (garita, app) = (&office.garita, office.app());
    let cx = || garita.context(&ana).unwrap();
    for _ in 0..5 {
        assert_eq!(
            told(app.get_session_token_with_mfa(&cx(), None, given("000000".to_owned())).await),
            WRONG
        );
    }
    let right = app.get_session_token_with_mfa(&cx(), None, given(code(&office, &seed, 0))).await;
    assert_eq!(told(right), WRONG, "even the right code, for a while");
    garita.clock.advance(SignedDuration::from_mins(5));
    app.get_session_token_with_mfa(&cx(), None, given(code(&office, &seed, 0))).await.unwrap();
}

#[tokio::test]
async fn a_device_proves_its_own_user_alone() {
    let office = Office::open().await;
    let (_, seed) = ana_with_phone(&office).await;
    let (garita, app) = (&office.garita, office.app());
    let bo = user(garita, "bo", Some(allow("*", "*"))).await;
    let cx = garita.context(&bo).unwrap();
    let stolen = app.get_session_token_with_mfa(&cx, None, given(code(&office, &seed, 0))).await;
    assert_eq!(told(stolen), WRONG);
    let root = app.get_session_token_with_mfa(&garita.as_root(), None, given(code(&office, &seed, 0))).await;
    assert_eq!(told(root), WRONG);
}

#[tokio::test]
async fn a_second_factor_opens_what_asks_for_it() {
    let office = Office::open().await;
    let (ana, seed) = ana_with_phone(&office).await;
    let (garita, app) = (&office.garita, office.app());
    let condition = r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"600"}}"#;
    let arn = role(garita, "careful", trust(r#"{"AWS":"111122223333"}"#, condition), None).await;
    let cx = || garita.context(&ana).unwrap();
    assert!(told(app.assume_role(&cx(), &ask(&arn))).starts_with("AccessDenied"));
    let one = code(&office, &seed, 0);
    let assumed = app.assume_role_with_mfa(&cx(), ask(&arn), given(one.clone())).await.unwrap();
    assert!(assumed.arn.ends_with("assumed-role/careful/s1"));
    assert_eq!(told(app.assume_role_with_mfa(&cx(), ask(&arn), given(one)).await), WRONG);
    let absent = ask("arn:aws:iam::111122223333:role/absent");
    let two = code(&office, &seed, 1);
    let refused = told(app.assume_role_with_mfa(&cx(), absent, given(two.clone())).await);
    assert!(refused.starts_with("AccessDenied: User: "), "{refused}");
    // What was refused has not used the code up.
    let made = app.get_session_token_with_mfa(&cx(), None, given(two)).await.unwrap();
    let session = (&made).into();
    let cx = garita.context(&session).unwrap();
    assert!(app.list_users(&cx, None, &first()).is_ok(), "with a second factor a session reaches IAM");
    app.assume_role(&cx, &ask(&arn)).unwrap();
    assert_eq!(told(app.authorize(&cx, &Question::new("s3:Get", "*", garita.account()))), "ok");
    garita.clock.advance(SignedDuration::from_mins(11));
    let cx = garita.context(&session).unwrap();
    assert!(told(app.assume_role(&cx, &ask(&arn))).starts_with("AccessDenied"), "the proof is too old");
}

#[tokio::test]
async fn a_device_out_of_step_is_brought_back() {
    let office = Office::open().await;
    let (ana, seed) = ana_with_phone(&office).await;
    let (garita, app, root) = (&office.garita, office.app(), &office.garita.as_root());
    let ahead = 40;
    let cx = || garita.context(&ana).unwrap();
    let early = app.get_session_token_with_mfa(&cx(), None, given(code(&office, &seed, ahead))).await;
    assert_eq!(told(early), WRONG);
    let (name, serial) = (|| "ana".parse().unwrap(), || SERIAL.to_owned());
    app.resync_mfa_device(root, name(), serial(), codes(&office, &seed, ahead)).await.unwrap();
    let again = app.resync_mfa_device(root, name(), serial(), codes(&office, &seed, ahead)).await;
    assert!(told(again).starts_with("InvalidAuthenticationCode"), "these codes are used up");
    garita.clock.advance(SignedDuration::from_secs(60));
    app.get_session_token_with_mfa(&cx(), None, given(code(&office, &seed, ahead + 1))).await.unwrap();
}
