//! The credential report.

use garita_app::iam::SetPassword;
use garita_model::{PasswordPolicy, Secret};
use jiff::SignedDuration;

use super::Office;
use crate::stage::{told, user};

#[tokio::test]
async fn a_report_has_a_line_for_everyone() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let none = "ReportNotPresent: Credential report is not present: generate one";
    assert_eq!(told(app.credential_report(root)), none);
    let ana = user(garita, "ana", None).await;
    garita.context(&ana).unwrap();
    office.user("bo,x").await.unwrap();
    let policy = PasswordPolicy { max_age: Some(90), ..PasswordPolicy::default() };
    app.update_password_policy(root, policy).await.unwrap();
    let password = Secret::new("Secret-word-1".to_owned());
    let input = SetPassword { user: Some("ana".parse().unwrap()), password, reset_required: false };
    app.create_login_profile(root, input).await.unwrap();

    assert!(app.generate_credential_report(root).unwrap());
    assert!(!app.generate_credential_report(root).unwrap());
    let csv = app.credential_report(root).unwrap().csv;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(
        lines
            .iter()
            .all(|line| line.replace("\"bo,x\"", "").replace("user/bo,x", "").split(',').count() == 22)
    );
    assert!(lines[1].starts_with(
        "<root_account>,arn:aws:iam::111122223333:root,2026-03-01T12:00:00+00:00,not_supported"
    ));
    assert_eq!(
        lines[2],
        "ana,arn:aws:iam::111122223333:user/ana,2026-03-01T12:00:00+00:00,true,no_information,2026-03-01T12:00:00+00:00,2026-05-30T12:00:00+00:00,false,true,2026-03-01T12:00:00+00:00,2026-03-01T12:00:00+00:00,eu-west-1,iam,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    );
    assert!(lines[3].starts_with("\"bo,x\",\"arn:aws:iam::111122223333:user/bo,x\","));
    garita.clock.advance(SignedDuration::from_hours(4));
    assert!(told(app.credential_report(&garita.as_root())).starts_with("ReportExpired"));
}
