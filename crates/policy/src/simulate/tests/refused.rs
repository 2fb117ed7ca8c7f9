//! What cannot be simulated, and what is said of it.

use super::*;

#[test]
fn what_cannot_be_simulated_is_refused() {
    let with = |change: &dyn Fn(&mut Supposition)| {
        let mut supposed = suppose(&[ALL], "s3:GetObject", &[OBJECT]);
        change(&mut supposed);
        refusal(&supposed)
    };
    assert!(with(&|s| s.actions.clear()).ends_with("names no action; name at least one"));
    for action in ["s3:*", "s3:Get?bject"] {
        let told = format!("ActionNames: `{action}` has a wildcard; name each action");
        assert_eq!(with(&|s| s.actions = texts(&[action])), told);
    }
    for action in ["", "s3", "s3:", ":GetObject", "s3:Get Object", &format!("s3:{}", "a".repeat(126))] {
        assert!(
            with(&|s| s.actions = texts(&[action])).contains("is not an action with its service"),
            "{action}"
        );
    }
    for caller in [
        "ana",
        "arn:aws:sts::111122223333:assumed-role/job/s",
        "arn:aws:sts::111122223333:federated-user/bo",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam:eu-west-1:111122223333:user/ana",
        "arn:aws:s3::111122223333:user/ana",
    ] {
        let told = with(&|s| s.caller = Some(caller.to_owned()));
        assert!(told.starts_with(&format!("CallerArn: `{caller}` is not the ARN of an IAM user")), "{told}");
    }
    for owner in ["me", "arn:aws:sts::444455556666:root", "arn:aws:iam::444455556666:user/ana"] {
        let told = with(&|s| s.resource_owner = Some(owner.to_owned()));
        assert_eq!(told, format!("ResourceOwner: `{owner}` is not an account of twelve digits"));
    }
    assert_eq!(
        with(&|s| s.resources = texts(&["models"])),
        "ResourceArns: `models` is neither an ARN nor `*`"
    );
    assert!(
        with(&|s| s.policies = texts(&[ALL, "{}"]))
            .starts_with("PolicyInputList: `PolicyInputList.2` is no identity-based policy: ")
    );
    assert!(with(&|s| s.boundaries = texts(&[ALL, ALL])).contains("a principal has one boundary"));
    assert!(with(&|s| s.organization = vec![texts(&[ALL]); 8]).contains("an organization has at most 7"));
    assert!(with(&|s| s.policies = vec![" ".repeat(131_073)]).ends_with("is longer than 131072 characters"));
    let scenario = with(&|s| s.scenario = Some("EC2-Classic".to_owned()));
    assert!(scenario.starts_with(
        "ResourceHandlingOption: `EC2-Classic` is no scenario; known are EC2-VPC-InstanceStore,"
    ));
}

#[test]
fn a_resource_policy_that_does_not_go_with_the_rest_is_refused() {
    let bucket =
        statement(r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::models/*""#);
    let with = |caller: Option<&str>, resources: &[&str]| {
        let mut supposed = suppose(&[], "s3:GetObject", resources);
        (supposed.caller, supposed.resource_policy) = (caller.map(str::to_owned), Some(bucket.clone()));
        refusal(&supposed)
    };
    assert!(with(None, &[OBJECT]).contains("give a user or role as `CallerArn`"));
    assert!(
        with(Some("arn:aws:iam::111122223333:group/g"), &[OBJECT])
            .contains("give a user or role as `CallerArn`")
    );
    let other = "arn:aws:s3:::other/1";
    assert_eq!(
        with(Some(ANA), &[OBJECT, other]),
        format!(
            "ResourceArns: `{other}` is a resource that `ResourcePolicy` does not cover: it must cover every one"
        )
    );
    assert!(with(Some(ANA), &[]).contains("does not cover"));
    assert!(
        with(Some(ANA), &[OBJECT, JOB])
            .contains("cannot be the policy of roles and of other resources at once")
    );
    assert!(with(Some(ANA), &[JOB]).contains("is no role trust policy"));
}

#[test]
fn a_scenario_needs_its_resources() {
    let arns = ["instance", "image", "security-group", "network-interface", "volume"]
        .map(|kind| format!("arn:aws:ec2:eu-west-1:111122223333:{kind}/x"));
    let with = |scenario: &str| {
        let resources: Vec<&str> = arns.iter().map(String::as_str).collect();
        let supposed = suppose(&[ALL], "ec2:RunInstances", &resources);
        Simulation::new(&Supposition { scenario: Some(scenario.to_owned()), ..supposed }, Held::default())
    };
    assert!(with("EC2-VPC-InstanceStore").is_ok() && with("EC2-VPC-EBS").is_ok());
    let told = with("EC2-VPC-EBS-Subnet").unwrap_err().to_string();
    assert_eq!(
        told,
        "ResourceHandlingOption: `EC2-VPC-EBS-Subnet` needs a resource of type `subnet` in `ResourceArns`"
    );
}
