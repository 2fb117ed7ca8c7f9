//! A stage for the tests: users with keys, roles with trust and rights.

use garita_app::iam::{CreateRole, CreateUser, EntityName, PutInlinePolicy};
use garita_app::sts::AssumeRole;
use garita_model::{Error, Result, Tag};
use garita_testkit::{TestCredentials, TestGarita};

pub(crate) fn allow(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}}}"#
    )
}

pub(crate) fn trust(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]{condition}}}}}"#
    )
}

/// A user with a key; with `policy` as inline policy.
pub(crate) async fn user(garita: &TestGarita, name: &str, policy: Option<String>) -> TestCredentials {
    let (app, root) = (&garita.app, garita.as_root());
    let input = CreateUser {
        name: name.parse().unwrap(),
        path: garita_model::Path::default(),
        boundary: None,
        tags: Vec::new(),
    };
    app.create_user(&root, input).await.unwrap();
    if let Some(document) = policy {
        let entity = EntityName::User(name.parse().unwrap());
        put(garita, entity, document).await;
    }
    let key = app.create_access_key(&root, Some(name.parse().unwrap())).await.unwrap();
    (&key).into()
}

pub(crate) async fn put(garita: &TestGarita, entity: EntityName, document: String) {
    let input = PutInlinePolicy { entity, name: "inline".parse().unwrap(), document };
    garita.app.put_inline_policy(&garita.as_root(), input).await.unwrap();
}

/// A role; with `policy` as inline policy. Returns its ARN.
pub(crate) async fn role(garita: &TestGarita, name: &str, trust: String, policy: Option<String>) -> String {
    let input = CreateRole {
        name: name.parse().unwrap(),
        path: garita_model::Path::default(),
        trust,
        description: None,
        max_session: Some(7200),
        boundary: None,
        tags: Vec::new(),
    };
    let made = garita.app.create_role(&garita.as_root(), input).await.unwrap();
    if let Some(document) = policy {
        put(garita, EntityName::Role(name.parse().unwrap()), document).await;
    }
    made.role.arn().unwrap().to_string()
}

pub(crate) fn ask(role: &str) -> AssumeRole {
    AssumeRole {
        role: role.to_owned(),
        session: "s1".parse().unwrap(),
        duration: None,
        external_id: None,
        policy: None,
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive: Vec::new(),
        source_identity: None,
    }
}

/// Assumes a role and returns the session's credentials.
pub(crate) fn assume(
    garita: &TestGarita,
    who: &TestCredentials,
    ask: &AssumeRole,
) -> Result<TestCredentials> {
    let made = garita.app.assume_role(&garita.context(who)?, ask)?;
    Ok((&made.credentials).into())
}

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag::new(key, value).unwrap()
}

/// The error's kind and text, for tables.
pub(crate) fn told<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let kind = garita_app::audit::error_code(&error);
            format!("{kind}: {error}")
        }
    }
}

pub(crate) fn denied<T>(result: Result<T>) -> bool {
    matches!(result, Err(Error::AccessDenied(_)))
}
