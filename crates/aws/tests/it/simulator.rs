//! The policy simulator, as it stands on the wire.

use insta::assert_snapshot;

use crate::door::{ALLOW_LIST, Door, TRUST_ALL};

/// A statement whose braces stand where those of AWS's recorded reply do.
const RECORDED: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Write", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}}"#;
const BUCKET: &str = "arn:aws:s3:::bucket";

fn of<'a>(action: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("Action", action)], more].concat()
}

#[tokio::test]
async fn a_principal_is_simulated() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    door.iam(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "p"),
        ("PolicyDocument", RECORDED),
    ])
    .await;
    let ana = ("PolicySourceArn", "arn:aws:iam::111122223333:user/ana");
    let call = [
        ana,
        ("ActionNames.member.1", "s3:PutObject"),
        ("ActionNames.member.2", "s3:GetObjectVersion"),
        ("ResourceArns.member.1", BUCKET),
    ];
    assert_snapshot!(door.iam(&of("SimulatePrincipalPolicy", &call)).await, @r"
    200 SimulatePrincipalPolicy
    <EvaluationResults>
    <member><EvalActionName>s3:PutObject</EvalActionName><EvalResourceName>arn:aws:s3:::bucket</EvalResourceName><EvalDecision>allowed</EvalDecision><MatchedStatements>
    <member><SourcePolicyId>user_ana_p</SourcePolicyId><SourcePolicyType>IAM Policy</SourcePolicyType><StartPosition><Line>1</Line><Column>41</Column></StartPosition><EndPosition><Line>1</Line><Column>113</Column></EndPosition></member>
    </MatchedStatements><MissingContextValues/><EvalDecisionDetails/><ResourceSpecificResults>
    <member><EvalResourceName>arn:aws:s3:::bucket</EvalResourceName><EvalResourceDecision>allowed</EvalResourceDecision><MatchedStatements>
    <member><SourcePolicyId>user_ana_p</SourcePolicyId><SourcePolicyType>IAM Policy</SourcePolicyType><StartPosition><Line>1</Line><Column>41</Column></StartPosition><EndPosition><Line>1</Line><Column>113</Column></EndPosition></member>
    </MatchedStatements><MissingContextValues/></member>
    </ResourceSpecificResults></member>
    <member><EvalActionName>s3:GetObjectVersion</EvalActionName><EvalResourceName>arn:aws:s3:::bucket</EvalResourceName><EvalDecision>implicitDeny</EvalDecision><MatchedStatements/><MissingContextValues/><EvalDecisionDetails/><ResourceSpecificResults>
    <member><EvalResourceName>arn:aws:s3:::bucket</EvalResourceName><EvalResourceDecision>implicitDeny</EvalResourceDecision><MatchedStatements/><MissingContextValues/></member>
    </ResourceSpecificResults></member>
    </EvaluationResults><IsTruncated>false</IsTruncated>
    ");
    let first = [
        ana,
        ("ActionNames.member.1", "s3:PutObject"),
        ("ActionNames.member.2", "s3:GetObject"),
        ("MaxItems", "1"),
    ];
    assert_snapshot!(door.iam(&of("SimulatePrincipalPolicy", &first)).await, @r"
    200 SimulatePrincipalPolicy
    <EvaluationResults>
    <member><EvalActionName>s3:PutObject</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>allowed</EvalDecision><MatchedStatements>
    <member><SourcePolicyId>user_ana_p</SourcePolicyId><SourcePolicyType>IAM Policy</SourcePolicyType><StartPosition><Line>1</Line><Column>41</Column></StartPosition><EndPosition><Line>1</Line><Column>113</Column></EndPosition></member>
    </MatchedStatements><MissingContextValues/></member>
    </EvaluationResults><IsTruncated>true</IsTruncated><Marker>[Marker]</Marker>
    ");
    let keys = [
        ana,
        (
            "PolicyInputList.member.1",
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}"#,
        ),
    ];
    assert_snapshot!(door.iam(&of("GetContextKeysForPrincipalPolicy", &keys)).await, @r"
    200 GetContextKeysForPrincipalPolicy
    <ContextKeyNames>
    <member>aws:username</member>
    </ContextKeyNames>
    ");
}

#[tokio::test]
async fn policies_are_simulated_with_all_that_limits_them() {
    let door = Door::open().await;
    let call = [
        ("PolicyInputList.member.1", RECORDED),
        ("PermissionsBoundaryPolicyInputList.member.1", ALLOW_LIST),
        ("OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList.member.1", RECORDED),
        ("ActionNames.member.1", "s3:PutObject"),
        ("ResourceArns.member.1", BUCKET),
        ("ResourceOwner", "444455556666"),
        ("CallerArn", "arn:aws:iam::111122223333:user/ana"),
        (
            "ResourcePolicy",
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#,
        ),
    ];
    assert_snapshot!(door.iam(&of("SimulateCustomPolicy", &call)).await, @r"
    200 SimulateCustomPolicy
    <EvaluationResults>
    <member><EvalActionName>s3:PutObject</EvalActionName><EvalResourceName>arn:aws:s3:::bucket</EvalResourceName><EvalDecision>implicitDeny</EvalDecision><MatchedStatements/><MissingContextValues/><OrganizationsDecisionDetail><AllowedByOrganizations>true</AllowedByOrganizations></OrganizationsDecisionDetail><PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail><EvalDecisionDetails><entry><key>IAM Policy</key><value>allowed</value></entry><entry><key>Resource Policy</key><value>allowed</value></entry><entry><key>Permissions Boundary Policy</key><value>implicitDeny</value></entry></EvalDecisionDetails><ResourceSpecificResults>
    <member><EvalResourceName>arn:aws:s3:::bucket</EvalResourceName><EvalResourceDecision>implicitDeny</EvalResourceDecision><MatchedStatements/><MissingContextValues/><EvalDecisionDetails><entry><key>IAM Policy</key><value>allowed</value></entry><entry><key>Resource Policy</key><value>allowed</value></entry><entry><key>Permissions Boundary Policy</key><value>implicitDeny</value></entry></EvalDecisionDetails><PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>
    </ResourceSpecificResults></member>
    </EvaluationResults><IsTruncated>false</IsTruncated>
    ");
    let keys = [("PolicyInputList.member.1", RECORDED)];
    assert_snapshot!(door.iam(&of("GetContextKeysForCustomPolicy", &keys)).await, @r"
    200 GetContextKeysForCustomPolicy
    <ContextKeyNames/>
    ");
}

#[tokio::test]
async fn what_cannot_be_simulated_is_refused_by_name() {
    let door = Door::open().await;
    let custom = [("PolicyInputList.member.1", RECORDED), ("ActionNames.member.1", "s3:*")];
    assert_snapshot!(door.iam(&of("SimulateCustomPolicy", &custom)).await, @"400 InvalidInput: ActionNames: `s3:*` has a wildcard; name each action");
    assert_snapshot!(door.iam(&of("SimulateCustomPolicy", &custom[..1])).await, @"400 ValidationError: 1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: Member must not be null");
    let entry = [
        ("PolicyInputList.member.1", RECORDED),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ContextEntries.member.1.ContextKeyName", "aws:SourceIp"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "here"),
        ("ContextEntries.member.1.ContextKeyType", "ip"),
    ];
    assert_snapshot!(door.iam(&of("SimulateCustomPolicy", &entry)).await, @"400 InvalidInput: ContextEntries: `aws:SourceIp` is of type `ip`, but `here` is not an IP address");
    let unknown = [entry[0], entry[1], entry[2], ("ContextEntries.member.1.Value", "x")];
    assert_snapshot!(door.iam(&of("SimulateCustomPolicy", &unknown)).await, @"400 InvalidInput: the member `Value` is not known here; leave it out");
    let gone = [
        ("PolicySourceArn", "arn:aws:iam::111122223333:user/nobody"),
        ("ActionNames.member.1", "s3:GetObject"),
    ];
    assert_snapshot!(door.iam(&of("SimulatePrincipalPolicy", &gone)).await, @"404 NoSuchEntity: The user with name nobody cannot be found.");
    let session = [("PolicySourceArn", "arn:aws:sts::111122223333:assumed-role/r/s"), gone[1]];
    assert_snapshot!(door.iam(&of("SimulatePrincipalPolicy", &session)).await, @"400 InvalidInput: `arn:aws:sts::111122223333:assumed-role/r/s` is not the ARN of a user, group or role");
    let marked = [entry[0], entry[1], ("Marker", "AAAA")];
    assert_snapshot!(door.iam(&of("SimulateCustomPolicy", &marked)).await, @"400 ValidationError: Invalid Marker.");
    let two = [
        ("PolicySourceArn", "arn:aws:iam::111122223333:user/ana"),
        gone[1],
        ("PolicyExclusionList.member.1.PolicyType", "scp"),
        ("PolicyExclusionList.member.1.PolicyArn", "arn:aws:iam::aws:policy/x"),
    ];
    assert_snapshot!(door.iam(&of("SimulatePrincipalPolicy", &two)).await, @"400 InvalidInput: an entry of `PolicyExclusionList` has one of `PolicyType`, `PolicyArn` and `InlinePolicyIdentifier`");
}

#[tokio::test]
async fn who_may_simulate_whom_is_a_matter_of_policies() {
    let door = Door::open().await;
    let ana = door.user("ana").await;
    door.iam(&[("Action", "CreateRole"), ("RoleName", "job"), ("AssumeRolePolicyDocument", TRUST_ALL)]).await;
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:*ForPrincipalPolicy","Resource":"arn:aws:iam::111122223333:user/*"},
        {"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy","Resource":"arn:aws:iam::111122223333:user/*"}]}"#;
    door.iam(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "p"),
        ("PolicyDocument", policy),
    ])
    .await;
    let ask = |who| [("PolicySourceArn", who), ("ActionNames.member.1", "sts:AssumeRole")];
    let own =
        door.iam_as(&ana, &of("SimulatePrincipalPolicy", &ask("arn:aws:iam::111122223333:user/ana"))).await;
    assert!(own.starts_with("200 SimulatePrincipalPolicy"), "{own}");
    assert_snapshot!(door.iam_as(&ana, &of("SimulatePrincipalPolicy", &ask("arn:aws:iam::111122223333:role/job"))).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:SimulatePrincipalPolicy on resource: arn:aws:iam::111122223333:role/job because no identity-based policy allows the iam:SimulatePrincipalPolicy action. Nearest: statement 1 of p, line 3 column 9: `Resource` `arn:aws:iam::111122223333:user/*` does not fit: its resource part is `user/*`, the request's is `role/job` (and 1 more). Decision id: [request id]. Encoded authorization failure message: [sealed]");
    assert_snapshot!(door.iam_as(&ana, &of("SimulatePrincipalPolicy", &ask("arn:aws:iam::444455556666:user/ana"))).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:SimulatePrincipalPolicy on resource: arn:aws:iam::444455556666:user/ana because no resource-based policy allows the iam:SimulatePrincipalPolicy action. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    assert_snapshot!(door.iam_as(&ana, &of("GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", RECORDED)])).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:GetContextKeysForCustomPolicy on resource: * because no identity-based policy allows the iam:GetContextKeysForCustomPolicy action. Nearest: statement 0 of p, line 2 column 9: `Action` is only `iam:*ForPrincipalPolicy`; `Resource` `arn:aws:iam::111122223333:user/*` does not fit (and 1 more). Decision id: [request id]. Encoded authorization failure message: [sealed]");
}

#[tokio::test]
async fn what_needs_no_policy_is_allowed_and_so_is_what_the_account_grants() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    let (ana, bo) = ("arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:user/bo");
    let ask = async |action, resource| {
        let call =
            [("PolicySourceArn", ana), ("ActionNames.member.1", action), ("ResourceArns.member.1", resource)];
        let told = door.iam(&of("SimulatePrincipalPolicy", &call)).await;
        let between = |from: &str, to: &str| {
            let (_, rest) = told.split_once(from)?;
            rest.split_once(to).map(|(text, _)| text.to_owned())
        };
        let decision = between("<EvalDecision>", "</EvalDecision>").unwrap_or_else(|| panic!("{told}"));
        (decision, between("<SourcePolicyId>", "</SourcePolicyId>"))
    };
    let answer = |decision: &str, policy: Option<&str>| (decision.to_owned(), policy.map(str::to_owned));
    assert_eq!(ask("sts:GetSessionToken", "*").await, answer("allowed", None));
    assert_eq!(ask("sts:GetFederationToken", "*").await, answer("implicitDeny", None));

    assert_eq!(ask("iam:ChangePassword", ana).await, answer("implicitDeny", None));
    door.iam(&[("Action", "UpdateAccountPasswordPolicy"), ("AllowUsersToChangePassword", "true")]).await;
    assert_eq!(ask("iam:ChangePassword", ana).await, answer("allowed", Some("account-password-policy")));
    assert_eq!(ask("iam:ChangePassword", bo).await, answer("implicitDeny", None), "her own alone");
    // A deny of her own still counts.
    let deny = RECORDED.replace("Allow", "Deny").replace("s3:Put*", "iam:ChangePassword");
    let put =
        [("Action", "PutUserPolicy"), ("UserName", "ana"), ("PolicyName", "p"), ("PolicyDocument", &deny)];
    door.iam(&put).await;
    assert_eq!(ask("iam:ChangePassword", ana).await, answer("explicitDeny", Some("user_ana_p")));
}

#[tokio::test]
async fn a_page_ends_where_going_on_would_take_too_long() {
    let door = Door::open().await;
    let bucket = format!("arn:aws:s3:::{}", "a".repeat(100_000));
    let policy = RECORDED.replace("\"*\"", &format!("\"{bucket}\""));
    let resources: Vec<(String, String)> =
        (1..=160).map(|n| (format!("ResourceArns.member.{n}"), format!("arn:aws:s3:::bucket/{n}"))).collect();
    let call = async |count: usize, more: &[(&str, &str)]| {
        let named = resources.iter().take(count).map(|(name, value)| (name.as_str(), value.as_str()));
        let given = [
            ("PolicyInputList.member.1", policy.as_str()),
            ("ActionNames.member.1", "s3:PutObject"),
            ("ActionNames.member.2", "s3:GetObject"),
        ];
        let call: Vec<_> = given.into_iter().chain(named).chain(more.iter().copied()).collect();
        door.sent(&door.garita.root, "iam", &of("SimulateCustomPolicy", &call)).await
    };
    let actions = |page: &str| {
        let names = page.split("<EvalActionName>").skip(1);
        names.filter_map(|rest| rest.split_once('<')).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    // Some steps for each byte of the policy and of each resource: both actions fit on a page with few resources.
    let few = call(10, &[]).await;
    assert_eq!(actions(&few), ["s3:PutObject", "s3:GetObject"], "{few:.200}");
    let first = call(100, &[]).await;
    assert_eq!(actions(&first), ["s3:PutObject"], "{first:.200}");
    let (_, rest) = first.split_once("<IsTruncated>true</IsTruncated><Marker>").unwrap();
    let (marker, _) = rest.split_once('<').unwrap();
    let second = call(100, &[("Marker", marker)]).await;
    assert_eq!(actions(&second), ["s3:GetObject"], "{second:.200}");
    assert!(second.contains("<IsTruncated>false</IsTruncated>"));
    let refused = call(160, &[]).await;
    assert!(refused.contains("the simulation is too large: ask about fewer resources"), "{refused:.300}");
}
