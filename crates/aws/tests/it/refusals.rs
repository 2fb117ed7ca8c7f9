//! Requests that are refused before, or without, a verb.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use insta::assert_snapshot;

use crate::door::{Door, form, show};

#[tokio::test]
async fn operations_that_are_not_here() {
    let door = Door::open().await;
    let root = &door.garita.root;
    assert_snapshot!(door.iam(&[("Action", "UploadServerCertificate"), ("PrivateKey", "hunter2")]).await, @"400 InvalidAction: Could not find operation UploadServerCertificate for version 2010-05-08");
    assert_snapshot!(door.iam(&[("Action", "listUsers")]).await, @"400 InvalidAction: Could not find operation listUsers for version 2010-05-08");
    assert_snapshot!(door.iam(&[]).await, @"400 MissingAction: Missing Action");
    assert_snapshot!(door.call(root, "iam", "Action=ListUsers").await, @"400 InvalidAction: Could not find operation ListUsers for version NO_VERSION_SPECIFIED");
    assert_snapshot!(door.call(root, "iam", "Action=GetCallerIdentity&Version=2011-06-15").await, @"400 InvalidAction: Could not find operation GetCallerIdentity for version 2011-06-15");
    assert_snapshot!(door.call(root, "ec2", "Action=DescribeInstances&Version=2016-11-15").await, @"403 SignatureDoesNotMatch: Credential should be scoped to correct service: 'iam' or 'sts' or 'cognito-idp'.");
}

#[tokio::test]
async fn parameters_that_cannot_be_read() {
    let door = Door::open().await;
    let root = &door.garita.root;
    for form in [
        "Action=ListUsers&Version=2010-05-08&Action=ListRoles",
        "Action=GetUser&Version=2010-05-08&UserName=%zz",
        "Action=GetUser&Version=2010-05-08&UserName=%ff",
        "Action=TagUser&Version=2010-05-08&UserName=a&Tags.1.Key=k",
        "Action=ListPolicies&Version=2010-05-08&OnlyAttached=perhaps",
    ] {
        let reply = door.call(root, "iam", form).await;
        assert!(reply.starts_with("400 MalformedInput: "), "{form}: {reply}");
    }
    let misspelt =
        [("Action", "CreateUser"), ("UserName", "ana"), ("PermissionBoundary", "arn:aws:iam::aws:policy/X")];
    assert_snapshot!(door.iam(&misspelt).await, @"400 ValidationError: the parameter `PermissionBoundary` is not supported by `CreateUser` here; leave it out");
}

#[tokio::test]
async fn requests_that_are_no_calls() {
    let door = Door::open().await;
    let send = async |method: Method, target: &str, body: Vec<u8>| {
        let request =
            Request::builder().method(method).uri(target).body(Full::new(Bytes::from(body))).unwrap();
        show(door.send(request).await).await
    };
    assert_snapshot!(send(Method::PUT, "/", Vec::new()).await, @"405 MethodNotAllowed: the method is not allowed: AWS requests are POST, presigned ones may be GET");
    assert_snapshot!(send(Method::POST, "/iam", Vec::new()).await, @"404 UnknownOperationException: there is nothing at this path: AWS requests go to `/`");
    assert_snapshot!(send(Method::POST, "/", vec![b'a'; (1 << 20) + 1]).await, @"413 RequestEntityTooLarge: the request body is larger than 1048576 bytes");
    assert_snapshot!(send(Method::GET, "/", Vec::new()).await, @"403 MissingAuthenticationToken: Request is missing Authentication Token");
}

#[tokio::test]
async fn json_services_are_answered_in_json() {
    let door = Door::open().await;
    let root = &door.garita.root;
    let target = [("x-amz-target", "SageMaker.ListApps"), ("content-type", "application/x-amz-json-1.1")];
    assert_snapshot!(door.post(root, "iam", &target, "{}").await, @r#"400 application/x-amz-json-1.1 {"__type":"UnknownOperationException","message":"Could not find operation for target SageMaker.ListApps"}"#);
    assert_snapshot!(door.post(root, "sagemaker", &target, "{}").await, @r#"400 application/x-amz-json-1.1 {"__type":"InvalidSignatureException","message":"Credential should be scoped to correct service: 'iam' or 'sts' or 'cognito-idp'."}"#);
    let old = [("x-amz-target", "Nobody.Knows"), ("content-type", "application/x-amz-json-1.0")];
    assert_snapshot!(door.post(root, "sts", &old, "{}").await, @r#"400 application/x-amz-json-1.0 {"__type":"UnknownOperationException","message":"Could not find operation for target Nobody.Knows"}"#);
}

#[tokio::test]
async fn who_may_not_learns_why() {
    let door = Door::open().await;
    let ana = door.user("ana").await;
    assert_snapshot!(door.iam_as(&ana, &[("Action", "GetUser"), ("UserName", "none")]).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:GetUser on resource: arn:aws:iam::111122223333:user/none because no identity-based policy allows the iam:GetUser action. No statement of an identity-based policy comes near it. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    assert_snapshot!(door.iam_as(&ana, &[("Action", "ListUsers")]).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/ because no identity-based policy allows the iam:ListUsers action. No statement of an identity-based policy comes near it. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    let deny = r#"{"Version":"2012-10-17","Statement":{"Sid":"NoLists","Effect":"Deny","Action":"iam:List*","Resource":"*"}}"#;
    door.iam(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "no"),
        ("PolicyDocument", deny),
    ])
    .await;
    assert_snapshot!(door.iam_as(&ana, &[("Action", "ListUsers")]).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::111122223333:user/ with an explicit deny in an identity-based policy. Denied by statement 0 (NoLists) of no, line 1 column 37. Decision id: [request id]. Encoded authorization failure message: [sealed]");
}

#[tokio::test]
async fn the_parameters_of_a_presigned_url_may_stand_in_query_or_body() {
    let door = Door::open().await;
    let identity = form("2011-06-15", &[("Action", "GetCallerIdentity")]);
    let get = door.presigned(&door.garita.root, "sts", "GET", &identity);
    let request = Request::get(&get).body(Full::default()).unwrap();
    assert_snapshot!(show(door.send(request).await).await, @r"
    200 GetCallerIdentity
    <Arn>arn:aws:iam::111122223333:root</Arn><UserId>111122223333</UserId><Account>111122223333</Account>
    ");
    let changed =
        Request::get(get.replace("GetCallerIdentity", "GetSessionToken")).body(Full::default()).unwrap();
    assert_snapshot!(show(door.send(changed).await).await, @"403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");
    let post = door.presigned(&door.garita.root, "sts", "POST", &identity);
    let request = Request::post(&post).body(Full::default()).unwrap();
    assert!(show(door.send(request).await).await.starts_with("200 "));
    door.garita.clock.advance(jiff::SignedDuration::from_secs(61));
    let request = Request::get(&get).body(Full::default()).unwrap();
    assert_snapshot!(show(door.send(request).await).await, @"403 SignatureDoesNotMatch: Signature expired: 20260301T120000Z is now earlier than 20260301T120001Z (20260301T120101Z - 60 sec.)");
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let door = Door::open().await;
    door.garita.app.close();
    let unrecorded = door.iam(&[("Action", "ListUsers")]).await;
    assert!(unrecorded.starts_with("503 ServiceUnavailable: "), "{unrecorded}");
    let unwritten = door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    assert!(unwritten.starts_with("503 ServiceUnavailable: "), "{unwritten}");
}
