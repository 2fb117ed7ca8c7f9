//! Which policies grant services, and who used them when.

use garita_app::audit::Outcome;
use garita_app::authorize::Question;
use garita_app::iam::{AccessedService, EntityName};
use garita_testkit::TestCredentials;
use jiff::SignedDuration;

use super::{Office, first, of_user};
use crate::stage::{allow, told, user};

const ANA: &str = "arn:aws:iam::111122223333:user/ana";

#[tokio::test]
async fn policies_that_grant_services_are_found_wherever_they_are() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    user(&office.garita, "ana", Some(allow("s3:Get*", "*"))).await;
    office.group("g").await.unwrap();
    app.add_user_to_group(root, "g".parse().unwrap(), "ana".parse().unwrap()).await.unwrap();
    let input = garita_app::iam::PutInlinePolicy {
        entity: super::of_group("g"),
        name: "all-but".parse().unwrap(),
        document: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":["s3:*","ec2:Run*"],"Resource":"*"}}"#.to_owned(),
    };
    app.put_inline_policy(root, input).await.unwrap();
    let aws = "arn:aws:iam::aws:policy/AdministratorAccess";
    app.attach_policy(root, of_user("ana"), aws.to_owned()).await.unwrap();
    let names = ["s3", "ec2"].map(str::to_owned);
    let found = app.policies_granting_service_access(root, ANA, &names, &first()).unwrap().items;
    let shown: Vec<String> = found
        .iter()
        .map(|service| {
            let names: Vec<&str> = service.policies.iter().map(|policy| policy.name.as_str()).collect();
            format!("{}: {}", service.namespace, names.join(" "))
        })
        .collect();
    assert_eq!(shown, ["ec2: AdministratorAccess all-but", "s3: inline AdministratorAccess"]);
    assert_eq!(found[0].policies[1].of, EntityName::Group("g".parse().unwrap()));
    let absent = app.policies_granting_service_access(root, &ANA.replace("ana", "bo"), &names, &first());
    assert!(told(absent).starts_with("NoSuchEntity"));
}

/// A request that is judged and recorded.
async fn ask(office: &Office, who: &TestCredentials, action: &str) {
    let cx = office.garita.context(who).unwrap();
    let _ = office.app().authorize(&cx, &Question::new(action, "*", office.garita.account()));
    office.app().audit(&cx, &Outcome::ok(200)).await.unwrap();
}

async fn findings(office: &Office, arn: &str) -> Vec<AccessedService> {
    let (app, root) = (office.app(), &office.root);
    let id = app.generate_service_last_accessed(root, arn).unwrap();
    loop {
        let (job, page) = app.service_last_accessed(root, &id, &first()).unwrap();
        if job.ended.is_some() {
            return page.items;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn use_is_read_from_the_trail() {
    let office = Office::open().await;
    let (garita, app, root) = (&office.garita, office.app(), &office.root);
    let ana = user(garita, "ana", Some(allow("execute-api:*", "*"))).await;
    let bo = user(garita, "bo", None).await;
    let used = office.policy("p").await.unwrap().arn;
    app.attach_policy(root, of_user("bo"), used.clone()).await.unwrap();
    ask(&office, &ana, "execute-api:Invoke").await;
    garita.clock.advance(SignedDuration::from_secs(60));
    ask(&office, &ana, "execute-api:Invoke").await;
    ask(&office, &ana, "sagemaker-mlflow:CreateRun").await;
    ask(&office, &bo, "iam:ListUsers").await;
    let shown = |found: Vec<AccessedService>| -> Vec<String> {
        let one = |service: &AccessedService| {
            let last = service
                .entities
                .first()
                .map_or("never".to_owned(), |e| format!("{} {}", e.arn.rsplit('/').next().unwrap(), e.at));
            format!("{} {last}", service.namespace)
        };
        found.iter().map(one).collect()
    };
    let at = "2026-03-01T12:01:00Z";
    let of_ana = shown(findings(&office, ANA).await);
    assert_eq!(of_ana, [format!("execute-api ana {at}"), format!("sagemaker-mlflow ana {at}")]);
    let of_policy = shown(findings(&office, &used).await);
    assert_eq!(of_policy, [format!("iam bo {at}"), "s3 never".to_owned()]);

    let id = app.generate_service_last_accessed(root, ANA).unwrap();
    let (_, foreign) = garita.another_account("other").await;
    let stranger = garita.context(&foreign).unwrap();
    let gone = format!("NoSuchEntity: Job with ID {id} could not be found.");
    assert_eq!(told(app.service_last_accessed(&stranger, &id, &first())), gone);
}
