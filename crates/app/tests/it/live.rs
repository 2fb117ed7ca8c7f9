//! Taking access away: when the call returns, nothing accepts it any more.

use garita_app::authorize::Question;
use garita_app::iam::{EntityName, UpdateAccessKey, UpdateUser};
use garita_model::KeyStatus;
use garita_testkit::TestGarita;

use crate::stage::{allow, ask, assume, role, told, trust, user};

const DEAD: &str = "InvalidClientTokenId: The security token included in the request is invalid.";

#[tokio::test]
async fn a_key_made_inactive_is_dead_with_all_its_sessions() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let anyone = trust(r#"{"AWS":"*"}"#, "");
    let first = role(&garita, "first", anyone.clone(), Some(allow("sts:AssumeRole", "*"))).await;
    let second = role(&garita, "second", anyone, None).await;
    let session = assume(&garita, &ana, &ask(&first)).unwrap();
    let chained = assume(&garita, &session, &ask(&second)).unwrap();
    let set = async |status| {
        let input =
            UpdateAccessKey { user: Some("ana".parse().unwrap()), id: ana.key.parse().unwrap(), status };
        garita.app.update_access_key(&garita.as_root(), input).await.unwrap();
    };
    set(KeyStatus::Inactive).await;
    for credentials in [&ana, &session, &chained] {
        assert_eq!(told(garita.context(credentials)), DEAD);
    }
    set(KeyStatus::Active).await;
    assert!(garita.context(&ana).is_ok());
    for credentials in [&session, &chained] {
        assert_eq!(told(garita.context(credentials)), DEAD, "a session does not come alive with its key");
    }
    let new = assume(&garita, &ana, &ask(&first)).unwrap();
    assert!(garita.context(&new).is_ok());
}

#[tokio::test]
async fn a_session_stays_dead_when_its_user_gets_the_old_name_back() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let arn = role(&garita, "r", trust(r#"{"AWS":"*"}"#, ""), None).await;
    let session = assume(&garita, &ana, &ask(&arn)).unwrap();
    for (name, new_name) in [("ana", "bo"), ("bo", "ana")] {
        let new_name = Some(new_name.parse().unwrap());
        let input = UpdateUser { name: name.parse().unwrap(), new_name, new_path: None };
        garita.app.update_user(&garita.as_root(), input).await.unwrap();
        assert_eq!(told(garita.context(&session)), DEAD);
    }
    assert!(garita.context(&ana).is_ok(), "the key is still the user's");
    let new = assume(&garita, &ana, &ask(&arn)).unwrap();
    assert!(garita.context(&new).is_ok());
}

#[tokio::test]
async fn a_principal_made_anew_is_another_one() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let named = trust(r#"{"AWS":"arn:aws:iam::111122223333:user/ana"}"#, "");
    let arn = role(&garita, "r", named, None).await;
    let session = assume(&garita, &ana, &ask(&arn)).unwrap();
    let (app, root) = (&garita.app, garita.as_root());
    app.delete_access_key(&root, Some("ana".parse().unwrap()), ana.key.parse().unwrap()).await.unwrap();
    app.delete_user(&root, "ana".parse().unwrap()).await.unwrap();
    assert_eq!(told(garita.context(&session)), DEAD);

    let again = user(&garita, "ana", None).await;
    assert_eq!(told(garita.context(&session)), DEAD, "the old session does not come alive");
    let refused = told(assume(&garita, &again, &ask(&arn)));
    assert!(refused.starts_with("AccessDenied"), "the trust policy meant the ana of then: {refused}");
}

#[tokio::test]
async fn a_caller_is_judged_again_at_the_head() {
    let garita = TestGarita::new().await;
    let bo = user(&garita, "bo", Some(allow("iam:*", "*"))).await;
    let before = garita.context(&bo).unwrap();
    let (app, root) = (&garita.app, garita.as_root());
    let off = UpdateAccessKey {
        user: Some("bo".parse().unwrap()),
        id: bo.key.parse().unwrap(),
        status: KeyStatus::Inactive,
    };
    app.update_access_key(&root, off).await.unwrap();
    // The request was authenticated while the key was good: it must fail all the same.
    let rearm = app.create_access_key(&before, None).await;
    assert_eq!(told(rearm), DEAD);
    assert_eq!(told(app.authorize(&before, &Question::new("iam:ListUsers", "*", garita.account()))), DEAD);
}

#[tokio::test]
async fn rights_taken_away_are_gone_at_once() {
    let garita = TestGarita::new().await;
    let bo = user(&garita, "bo", Some(allow("iam:*", "*"))).await;
    let cx = garita.context(&bo).unwrap();
    let question = Question::new("iam:ListUsers", "*", garita.account());
    assert!(garita.app.authorize(&cx, &question).is_ok());
    let of = EntityName::User("bo".parse().unwrap());
    garita.app.delete_inline_policy(&garita.as_root(), of, "inline".parse().unwrap()).await.unwrap();
    assert!(garita.app.authorize(&cx, &question).is_err());
}

#[tokio::test]
async fn tokens_are_bound_to_their_key_and_cannot_be_changed() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", None).await;
    let arn = role(&garita, "r", trust(r#"{"AWS":"*"}"#, ""), None).await;
    let one = assume(&garita, &ana, &ask(&arn)).unwrap();
    let two = assume(&garita, &ana, &ask(&arn)).unwrap();
    let mut swapped = one.clone();
    swapped.token = two.token.clone();
    assert_eq!(told(garita.context(&swapped)), DEAD);
    let mut bare = one.clone();
    bare.token = None;
    assert_eq!(told(garita.context(&bare)), DEAD);
    let mut long = ana.clone();
    long.token = one.token.clone();
    assert_eq!(told(garita.context(&long)), DEAD);
    let token = one.token.clone().unwrap();
    for at in [0, token.len() / 2, token.len() - 3] {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let mut changed = one.clone();
        changed.token = Some(String::from_utf8(bytes).unwrap());
        assert_eq!(told(garita.context(&changed)), DEAD, "byte {at}");
    }
    let mut forged = one.clone();
    forged.secret = two.secret;
    assert!(told(garita.context(&forged)).starts_with("SignatureDoesNotMatch"));
}
