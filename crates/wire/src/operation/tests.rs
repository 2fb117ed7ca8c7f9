use super::*;

fn routed(scope: &str, target: &str, action: &str, version: &str) -> String {
    let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let leak = |text: &str| some(text.to_owned().leak());
    let routing = Routing {
        scope_service: leak(scope),
        target: leak(target),
        action: leak(action),
        version: leak(version),
    };
    match route(&routing) {
        Ok(found) => format!("{} {}", found.service.signing_name, found.operation),
        Err(error) => format!("{} {}: {}", error.status().as_u16(), error.code(), error.message()),
    }
}

#[test]
fn scope_then_target_then_action_and_version() {
    let cases = [
        (["iam", "", "ListUsers", "2010-05-08"], "iam ListUsers"),
        (["", "", "ListUsers", "2010-05-08"], "iam ListUsers"),
        (["", "", "AssumeRoleWithSAML", "2011-06-15"], "sts AssumeRoleWithSAML"),
        (["", "AWSCognitoIdentityProviderService.SignUp", "", ""], "cognito-idp SignUp"),
        (["sso", "SWBExternalService.ListInstances", "", ""], "sso ListInstances"),
        (
            ["cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents", "", ""],
            "cloudtrail LookupEvents",
        ),
        // A target wins over an action nobody signed for.
        (["", "SageMaker.ListApps", "ListUsers", "2010-05-08"], "sagemaker ListApps"),
        // What is signed for one service never reaches another.
        (
            ["iam", "", "AssumeRole", "2011-06-15"],
            "400 InvalidAction: Could not find operation AssumeRole for version 2011-06-15",
        ),
        (
            ["iam", "SageMaker.ListApps", "ListUsers", "2010-05-08"],
            "400 UnknownOperationException: Could not find operation for target SageMaker.ListApps",
        ),
        (
            ["events", "SageMaker.ListApps", "", ""],
            "400 UnknownOperationException: Could not find operation for target SageMaker.ListApps",
        ),
        (
            ["ec2", "", "RunInstances", "2016-11-15"],
            "403 SignatureDoesNotMatch: Credential should be scoped to correct service: 'ec2' is not served here.",
        ),
        (["", "", "", ""], "400 MissingAction: Missing Action"),
        (["sagemaker", "", "ListApps", ""], "400 MissingAction: Missing Action"),
        (
            ["iam", "", "ListUsers", ""],
            "400 InvalidAction: Could not find operation ListUsers for version NO_VERSION_SPECIFIED",
        ),
        (
            ["", "SageMaker.", "", ""],
            "400 UnknownOperationException: Could not find operation for target SageMaker.",
        ),
    ];
    for ([scope, target, action, version], expected) in cases {
        assert_eq!(routed(scope, target, action, version), expected);
    }
}

#[test]
fn no_two_services_share_an_address() {
    for (i, one) in SERVICES.iter().enumerate() {
        for other in &SERVICES[i + 1..] {
            assert_ne!(one.signing_name, other.signing_name);
            assert!(one.version.is_none() || one.version != other.version);
            assert!(one.target_prefix.is_none() || one.target_prefix != other.target_prefix);
        }
    }
}

#[test]
fn the_table_finds_each_row_and_refuses_a_second() {
    const ROW: Operation = Operation {
        service: "iam",
        name: "CreateUser",
        protocol: Protocol::Query,
        action: "iam:CreateUser",
        resource: "arn:aws:iam::{account}:user{path}{UserName}",
        access: Access::Write,
        authentication: Authentication::Required,
    };
    static ROWS: [Operation; 2] =
        [ROW, Operation { name: "GetUser", action: "iam:GetUser", access: Access::Read, ..ROW }];
    let table = OperationTable::new(&ROWS).unwrap();
    assert_eq!(table.get("iam", "GetUser"), Some(&ROWS[1]));
    assert_eq!((table.get("iam", "getuser"), table.get("sts", "GetUser")), (None, None));
    assert_eq!(table.iter().count(), 2);
    let error = OperationTable::new(ROWS.iter().chain(&ROWS)).unwrap_err();
    assert_eq!(error.to_string(), "the operation `iam:CreateUser` has two rows");
}
