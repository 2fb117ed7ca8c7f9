//! Trust policies: who is there, who was there, who never was.

use garita_model::Error;

use super::Office;
use crate::stage::{ask, assume, role, told, trust, user};

const ANA: &str = "arn:aws:iam::111122223333:user/ana";

#[tokio::test]
async fn principals_are_stored_by_id_and_shown_by_arn() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let id = office.user("ana").await.unwrap().id.clone();
    let text = format!(
        "{{ \"Version\":\"2012-10-17\",\n \"Statement\": [{{\"Effect\":\"Allow\", \"Action\":\"sts:AssumeRole\",\n  \"Principal\": {{\"AWS\": [\"{ANA}\", \"*\", \"111122223333\"], \"Service\":\"lambda.amazonaws.com\"}},\n  \"Condition\":{{\"StringEquals\":{{\"aws:PrincipalArn\":\"{ANA}\"}}}}}}]}}"
    );
    role(garita, "r", text.clone(), None).await;
    let name = "r".parse().unwrap();
    let read = app.get_role(root, &name).unwrap();
    assert_eq!(read.trust, text.replace("\"111122223333\"", "\"arn:aws:iam::111122223333:root\""));
    assert_eq!(read.role.trust.matches(id.as_str()).count(), 1);
    assert_eq!(read.role.trust.matches(ANA).count(), 1, "the condition keeps its name");

    app.delete_user(root, "ana".parse().unwrap()).await.unwrap();
    office.user("ana").await.unwrap();
    let shown = app.get_role(root, &name).unwrap().trust;
    assert!(shown.contains(&format!("[\"{id}\", \"*\"")), "the one that is gone stays visible: {shown}");
}

#[tokio::test]
async fn a_role_made_anew_is_not_trusted() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let ana = user(garita, "ana", Some(crate::stage::allow("sts:AssumeRole", "*"))).await;
    let rights = || Some(crate::stage::allow("sts:AssumeRole", "*"));
    let by_ana = || trust(&format!(r#"{{"AWS":"{ANA}"}}"#), "");
    let first = role(garita, "first", by_ana(), rights()).await;
    let second = role(garita, "second", trust(&format!(r#"{{"AWS":"{first}"}}"#), ""), None).await;
    let chained = || assume(garita, &assume(garita, &ana, &ask(&first)).unwrap(), &ask(&second));
    assert_eq!(told(chained()), "ok");

    let name = || "first".parse().unwrap();
    app.delete_inline_policy(root, super::of_role("first"), "inline".parse().unwrap()).await.unwrap();
    app.delete_role(root, name()).await.unwrap();
    role(garita, "first", by_ana(), rights()).await;
    assert!(told(chained()).starts_with("AccessDenied"), "the old name is not enough");

    let again = trust(&format!(r#"{{"AWS":"{first}"}}"#), "");
    app.update_assume_role_policy(root, "second".parse().unwrap(), again).await.unwrap();
    assert_eq!(told(chained()), "ok");
}

#[tokio::test]
async fn unknown_principals_are_refused() {
    let office = Office::open().await;
    let garita = &office.garita;
    let (other, _) = garita.another_account("other").await;
    office.user("ana").await.unwrap();
    role(garita, "r", trust(&format!(r#"{{"AWS":"{other}"}}"#), ""), None).await;
    let before = office.revision();
    let unknown = [
        "arn:aws:iam::111122223333:user/bo",
        "arn:aws:iam::111122223333:user/Ana",
        "arn:aws:iam::111122223333:user/team/ana",
        "arn:aws:iam::111122223333:group/ana",
        "arn:aws:iam::111122223333:role/new",
        "arn:aws:iam::999999999999:root",
        "999999999999",
        "arn:aws-cn:iam::111122223333:user/ana",
        "arn:aws:sts::111122223333:assumed-role/none/s",
        "AIDAAAAAAAAAAAAAAAAAA",
    ];
    for name in unknown {
        let document = trust(&format!(r#"{{"AWS":["arn:aws:iam::111122223333:root","{name}"]}}"#), "");
        let refused =
            office.app().update_assume_role_policy(&office.root, "r".parse().unwrap(), document).await;
        assert!(matches!(refused, Err(Error::MalformedPolicy(_))), "{name}");
        assert!(told(refused).ends_with(&format!("Invalid principal in policy: \"AWS\":\"{name}\"")));
    }
    assert_eq!(office.revision(), before);
    let known = [
        "arn:aws:iam::111122223333:root".to_owned(),
        "arn:aws:iam::111122223333:role/r".to_owned(),
        "arn:aws:sts::111122223333:assumed-role/r/s".to_owned(),
        format!("arn:aws:iam::{other}:root"),
    ];
    for name in known {
        let document = trust(&format!(r#"{{"AWS":"{name}"}}"#), "");
        let put = office.app().update_assume_role_policy(&office.root, "r".parse().unwrap(), document).await;
        assert_eq!(told(put), "ok", "{name}");
    }
}

#[tokio::test]
async fn escapes_in_a_principal_do_not_hide_it() {
    let office = Office::open().await;
    let ana = office.user("ana").await.unwrap();
    let escaped = trust(r#"{"AWS":"arn:aws:iam::111122223333:user\/\u0061na"}"#, "");
    role(&office.garita, "r", escaped, None).await;
    let read = office.app().get_role(&office.root, &"r".parse().unwrap()).unwrap();
    assert!(read.role.trust.contains(&format!(r#"{{"AWS":"{}"}}"#, ana.id)), "{}", read.role.trust);
    assert!(read.trust.contains(&format!(r#"{{"AWS":"{ANA}"}}"#)));
}
