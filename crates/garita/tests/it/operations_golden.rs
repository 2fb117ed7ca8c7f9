//! The authorization matrix of the AWS API: what typical principals may do with every operation.
//!
//! Made from the operations table, the managed policies that are part of the program and `examples/policies`, and held
//! against the text that people review. With `GARITA_GOLDEN=write` in the environment the text is written anew.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use garita_policy::{
    Context, NamedPolicy, Outcome, Policies, PolicyDocument, PolicyKind, PolicySource, Principal, Request,
    evaluate,
};
use garita_wire::operation::{Access, Authentication, Operation};

use crate::harness::ACCOUNT;

const HEAD: &str = "\
# What typical principals may do with every operation of the AWS API.
# y: allowed, d: explicitly denied, -: not allowed, o: needs no permission, t: not signed, for whoever has a token, a password or a code.
#
# 1 administrator      AdministratorAccess
# 2 IAM administrator  IAMFullAccess
# 3 power user         examples/policies/power-user.json
# 4 read-only          ReadOnlyAccess
# 5 auditor            IAMReadOnlyAccess
# 6 bounded            AdministratorAccess within a permissions boundary of IAMReadOnlyAccess
# 7 self-service       examples/policies/iam-self-service.json: the user itself, with a second factor
# 8 the same           on another user
# 9 the same           the user itself, without a second factor
# A MLflow admin, B MLflow reader, C MLflow model approver: examples/policies
# D none               a user without policies
#
# A resource of every operation is one of the principal's own account; a role trusts the account.
# GARITA_GOLDEN=write with the tests of crate garita writes it anew.
#
# 123456789ABCD
";

/// A column.
struct Who {
    identity: Vec<NamedPolicy>,
    boundary: Option<NamedPolicy>,
    /// The user that operations are about.
    about: &'static str,
    mfa: bool,
}

fn parse(text: &str, kind: PolicyKind, source: PolicySource) -> NamedPolicy {
    let text = text
        .replace("${Region}", "eu-west-1")
        .replace("${Account}", ACCOUNT)
        .replace("${ApiId}", "mlflow0001")
        .replace("${Stage}", "prod");
    NamedPolicy::new("policy", source, Arc::new(PolicyDocument::parse(&text, kind).unwrap()))
}

fn managed(name: &str) -> NamedPolicy {
    let policy = garita_store::aws_managed().iter().find(|policy| policy.name == name).unwrap();
    parse(policy.document, PolicyKind::Identity, PolicySource::AwsManaged)
}

fn example(name: &str) -> NamedPolicy {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/policies").join(name);
    parse(&std::fs::read_to_string(path).unwrap(), PolicyKind::Identity, PolicySource::UserInline)
}

fn everyone() -> Vec<Who> {
    let who = |identity: Vec<NamedPolicy>| Who { identity, boundary: None, about: "ana", mfa: true };
    let self_service = || who(vec![example("iam-self-service.json")]);
    let boundary = Some(managed("IAMReadOnlyAccess"));
    vec![
        who(vec![managed("AdministratorAccess")]),
        who(vec![managed("IAMFullAccess")]),
        who(vec![example("power-user.json")]),
        who(vec![managed("ReadOnlyAccess")]),
        who(vec![managed("IAMReadOnlyAccess")]),
        Who { boundary, ..who(vec![managed("AdministratorAccess")]) },
        self_service(),
        Who { about: "bo", ..self_service() },
        Who { mfa: false, ..self_service() },
        who(vec![example("mlflow-admin.json")]),
        who(vec![example("mlflow-reader.json")]),
        who(vec![example("mlflow-model-approver.json")]),
        who(Vec::new()),
    ]
}

/// The resource that an operation is about.
fn resource(template: &str, user: &str) -> String {
    let mut text = template.to_owned();
    let arn = |resource: &str| format!("arn:aws:iam::{ACCOUNT}:{resource}");
    for (placeholder, value) in [
        ("{account}", ACCOUNT.to_owned()),
        ("{region}", "eu-west-1".to_owned()),
        ("{UserPoolId}", "eu-west-1_people000".to_owned()),
        ("{ResourceArn}", format!("arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_people000")),
        ("{path}", "/".to_owned()),
        ("{UserName}", user.to_owned()),
        ("{caller}", "ana".to_owned()),
        ("{GroupName}", "readers".to_owned()),
        ("{RoleName}", "dev".to_owned()),
        ("{AWSServiceName}", "cloudtrail.amazonaws.com".to_owned()),
        ("{InstanceProfileName}", "notebook".to_owned()),
        ("{VirtualMFADeviceName}", user.to_owned()),
        ("{Name}", "partner".to_owned()),
        ("{Url}", "idp.example.com".to_owned()),
        ("{PolicyArn}", arn("policy/models")),
        ("{PolicySourceArn}", arn(&format!("user/{user}"))),
        ("{RoleArn}", arn("role/dev")),
        ("{OpenIDConnectProviderArn}", arn("oidc-provider/idp.example.com")),
        ("{SAMLProviderArn}", arn("saml-provider/partner")),
        ("{SerialNumber}", arn(&format!("mfa/{user}"))),
        ("{Arn}", arn(&format!("user/{user}"))),
    ] {
        text = text.replace(placeholder, &value);
    }
    assert!(!text.contains('{'), "the matrix has no example for `{template}`: add one");
    text
}

fn mark(operation: &Operation, who: &Who) -> char {
    if matches!(operation.action, "sts:GetCallerIdentity" | "sts:GetSessionToken") {
        return 'o';
    }
    if operation.authentication == Authentication::None {
        return 't';
    }
    let account = ACCOUNT.parse().unwrap();
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ana").parse().unwrap();
    let principal = Principal::User { arn, id: "AIDATESTTESTTESTTEST0".to_owned(), account };
    let mut context = Context::new();
    context.set_principal(&principal);
    context.set("aws:MultiFactorAuthPresent", who.mfa.to_string());
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{ACCOUNT}"}},"Action":"sts:*"}}}}"#
    );
    let trust = parse(&trust, PolicyKind::Trust, PolicySource::Trust);
    let request = Request {
        principal: &principal,
        action: operation.action,
        resource: &resource(operation.resource, who.about),
        resource_account: Some(account),
        context: &context,
    };
    let policies = Policies {
        identity: &who.identity,
        boundary: who.boundary.as_ref(),
        trust: operation.action.starts_with("sts:AssumeRole").then_some(&trust),
        ..Policies::default()
    };
    match evaluate(&request, &policies).outcome() {
        Outcome::Allowed => 'y',
        Outcome::ExplicitDeny => 'd',
        Outcome::ImplicitDeny => '-',
    }
}

fn matrix() -> String {
    let (mut text, everyone) = (HEAD.to_owned(), everyone());
    let mut operations: Vec<&Operation> = garita_aws::operations::operations().collect();
    operations.sort_by_key(|operation| (operation.service, operation.name));
    for operation in operations {
        let marks: String = everyone.iter().map(|who| mark(operation, who)).collect();
        writeln!(text, "{marks}  {}:{}", operation.service, operation.name).unwrap();
    }
    text
}

#[test]
fn the_reviewed_matrix_is_what_the_policies_say() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/operations.txt");
    let made = matrix();
    if std::env::var("GARITA_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&file, &made).unwrap();
    }
    let reviewed = std::fs::read_to_string(&file).unwrap();
    for (made, reviewed) in made.lines().zip(reviewed.lines()) {
        assert_eq!(made, reviewed, "GARITA_GOLDEN=write writes {} anew: review it", file.display());
    }
    assert_eq!(
        made.lines().count(),
        reviewed.lines().count(),
        "an operation has no row in {}",
        file.display()
    );
}

#[test]
fn readers_change_nothing_and_nobody_gets_by_without_policies() {
    let everyone = everyone();
    for operation in garita_aws::operations::operations() {
        let marks: Vec<char> = everyone.iter().map(|who| mark(operation, who)).collect();
        if matches!(marks[0], 'o' | 't') {
            continue;
        }
        let name = operation.name;
        assert_eq!(marks[0], 'y', "the administrator may not {name}");
        assert_eq!(marks[12], '-', "whoever has no policies may {name}");
        let reads = matches!(operation.access, Access::Read | Access::List);
        for reader in [3, 4, 5] {
            assert!(marks[reader] != 'y' || reads, "column {} may {name}", reader + 1);
        }
        assert!(marks[5] != 'y' || marks[4] == 'y', "the boundary does not hold {name}");
        assert!(
            marks[7] != 'y' || reads || !operation.resource.contains("{UserName}"),
            "{name} on another user"
        );
        assert!(marks[8] != 'y' || marks[6] == 'y', "{name} with one factor only");
    }
}
