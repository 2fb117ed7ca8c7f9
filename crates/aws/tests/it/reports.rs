//! The credential report, granting policies, and the last use of services.

use insta::assert_snapshot;

use crate::door::{ALLOW_LIST, Door};

const ANA: (&str, &str) = ("Arn", "arn:aws:iam::111122223333:user/ana");

#[tokio::test]
async fn a_credential_report_is_made_and_shown() {
    let door = Door::open().await;
    let [make, get] = ["GenerateCredentialReport", "GetCredentialReport"].map(|action| [("Action", action)]);
    assert_snapshot!(door.iam(&get).await, @"410 ReportNotPresent: Credential report is not present: generate one");
    assert_snapshot!(door.iam(&make).await, @r"
    200 GenerateCredentialReport
    <State>STARTED</State><Description>No report exists. Starting a new report generation task</Description>
    ");
    assert_snapshot!(door.iam(&make).await, @r"
    200 GenerateCredentialReport
    <State>COMPLETE</State>
    ");
    let report = door.iam(&get).await;
    // `user,arn,user_creation_time`
    assert!(report.contains("<Content>dXNlcixhcm4sdXNlcl9jcmVhdGlvbl90aW1l"), "{report}");
    assert!(
        report.contains("<ReportFormat>text/csv</ReportFormat><GeneratedTime>2026-03-01T12:00:00Z<"),
        "{report}"
    );
}

#[tokio::test]
async fn granting_policies_and_last_use_are_told() {
    let door = Door::open().await;
    let ana = door.user("ana").await;
    let put = [
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "lists"),
        ("PolicyDocument", ALLOW_LIST),
    ];
    door.iam(&put).await;
    let granting =
        [("Action", "ListPoliciesGrantingServiceAccess"), ANA, ("ServiceNamespaces.member.1", "iam")];
    assert_snapshot!(door.iam(&granting).await, @r"
    200 ListPoliciesGrantingServiceAccess
    <PoliciesGrantingServiceAccess>
    <member><ServiceNamespace>iam</ServiceNamespace><Policies>
    <member><PolicyName>lists</PolicyName><PolicyType>INLINE</PolicyType><EntityType>USER</EntityType><EntityName>ana</EntityName></member>
    </Policies></member>
    </PoliciesGrantingServiceAccess><IsTruncated>false</IsTruncated>
    ");
    door.iam_as(&ana, &[("Action", "ListUsers")]).await;
    let begun = door.iam(&[("Action", "GenerateServiceLastAccessedDetails"), ANA]).await;
    let id = begun.split_once("<JobId>").unwrap().1.split_once("</JobId>").unwrap().0;
    let get = [("Action", "GetServiceLastAccessedDetails"), ("JobId", id)];
    let mut found = door.iam(&get).await;
    while found.contains("IN_PROGRESS") {
        found = door.iam(&get).await;
    }
    assert_snapshot!(found, @r"
    200 GetServiceLastAccessedDetails
    <JobStatus>COMPLETED</JobStatus><JobCreationDate>2026-03-01T12:00:00Z</JobCreationDate><JobCompletionDate>2026-03-01T12:00:00Z</JobCompletionDate><JobType>SERVICE_LEVEL</JobType><ServicesLastAccessed>
    <member><ServiceName>AWS Identity and Access Management</ServiceName><LastAuthenticated>2026-03-01T12:00:00Z</LastAuthenticated><ServiceNamespace>iam</ServiceNamespace><LastAuthenticatedEntity>arn:aws:iam::111122223333:user/ana</LastAuthenticatedEntity><LastAuthenticatedRegion>eu-west-1</LastAuthenticatedRegion><TotalAuthenticatedEntities>1</TotalAuthenticatedEntities></member>
    </ServicesLastAccessed><IsTruncated>false</IsTruncated>
    ");
    let by =
        [("Action", "GetServiceLastAccessedDetailsWithEntities"), ("JobId", id), ("ServiceNamespace", "iam")];
    assert_snapshot!(door.iam(&by).await, @r"
    200 GetServiceLastAccessedDetailsWithEntities
    <JobStatus>COMPLETED</JobStatus><JobCreationDate>2026-03-01T12:00:00Z</JobCreationDate><JobCompletionDate>2026-03-01T12:00:00Z</JobCompletionDate><EntityDetailsList>
    <member><EntityInfo><Arn>arn:aws:iam::111122223333:user/ana</Arn><Name>ana</Name><Type>USER</Type><Id>[AIDA]</Id><Path>/</Path></EntityInfo><LastAuthenticated>2026-03-01T12:00:00Z</LastAuthenticated></member>
    </EntityDetailsList><IsTruncated>false</IsTruncated>
    ");
    let deeper = [("Action", "GenerateServiceLastAccessedDetails"), ANA, ("Granularity", "ACTION_LEVEL")];
    assert_snapshot!(door.iam(&deeper).await, @"400 ValidationError: 1 validation error detected: Value at 'granularity' failed to satisfy constraint: Member must satisfy enum value set: [SERVICE_LEVEL]");
}
