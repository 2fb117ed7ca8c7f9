//! The operations table against the door: every row is served, and nothing else is.

use garita_aws::operations::operations;

use crate::door::Door;

/// Operations of the services' models that are refused by name; the client tests hold this against the models.
const UNSUPPORTED: [(&str, &str); 3] = [
    ("iam", "ListServerCertificates"),
    ("iam", "CreateServiceLinkedRole"),
    ("sts", "AssumeRoleWithWebIdentity"),
];

#[tokio::test]
async fn every_row_is_served() {
    let door = Door::open().await;
    for row in operations() {
        let call = [("Action", row.name)];
        let reply = match row.service {
            "iam" => door.iam(&call).await,
            _ => door.sts_as(&door.garita.root, &call).await,
        };
        assert!(
            reply.starts_with("200 ") || reply.starts_with("400 ") || reply.starts_with("403 "),
            "{reply}"
        );
        assert!(!reply.contains("InvalidAction"), "{reply}");
    }
}

#[tokio::test]
async fn what_has_no_row_is_refused_by_name() {
    let door = Door::open().await;
    for (service, name) in UNSUPPORTED {
        let call = [("Action", name)];
        let (reply, version) = match service {
            "iam" => (door.iam(&call).await, "2010-05-08"),
            _ => (door.sts_as(&door.garita.root, &call).await, "2011-06-15"),
        };
        assert_eq!(
            reply,
            format!("400 InvalidAction: Could not find operation {name} for version {version}")
        );
    }
}

#[tokio::test]
async fn who_has_no_rights_is_refused_by_every_row_but_the_open_ones() {
    let door = Door::open().await;
    let nobody = door.user("nobody").await;
    let metadata = " ".repeat(1_000);
    let values = [
        ("UserName", "other"),
        ("GroupName", "g"),
        ("RoleName", "r"),
        ("PolicyName", "p"),
        ("PolicyArn", "arn:aws:iam::111122223333:policy/p"),
        ("VersionId", "v1"),
        ("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"),
        ("Status", "Active"),
        ("PolicyDocument", "{}"),
        ("AssumeRolePolicyDocument", "{}"),
        ("PermissionsBoundary", "arn:aws:iam::111122223333:policy/p"),
        ("Description", "d"),
        ("Tags", ""),
        ("TagKeys", ""),
        ("RoleArn", "arn:aws:iam::111122223333:role/r"),
        ("RoleSessionName", "s1"),
        ("AccountAlias", "vision"),
        ("InstanceProfileName", "i"),
        ("Arn", "arn:aws:iam::111122223333:user/other"),
        ("ServiceNamespaces", ""),
        ("ServiceNamespace", "iam"),
        ("JobId", "00000000-0000-4000-8000-000000000000"),
        ("SSHPublicKeyBody", "ssh-rsa AAAA"),
        ("SSHPublicKeyId", "APKAAAAAAAAAAAAAAAAAA"),
        ("Encoding", "SSH"),
        ("Url", "https://idp.example"),
        ("OpenIDConnectProviderArn", "arn:aws:iam::111122223333:oidc-provider/idp.example"),
        ("SAMLProviderArn", "arn:aws:iam::111122223333:saml-provider/s"),
        ("ClientID", "c"),
        ("ThumbprintList", ""),
        ("Name", "sp"),
        ("SAMLMetadataDocument", &metadata),
        ("VirtualMFADeviceName", "d"),
        ("AuthenticationCode1", "123456"),
        ("AuthenticationCode2", "123456"),
        ("Password", "Secret-1-word"),
        ("OldPassword", "Secret-1-word"),
        ("NewPassword", "Secret-2-word"),
        ("PolicySourceArn", "arn:aws:iam::111122223333:user/other"),
        ("ActionNames", ""),
        ("PolicyInputList", ""),
        ("EncodedMessage", "c2VhbGVk"),
    ];
    for row in operations() {
        let taken = garita_aws::operations::parameters(row);
        let mut call = vec![("Action", row.name)];
        call.extend(values.iter().filter(|(name, _)| taken.contains(name)));
        if row.service == "iam" && taken.contains(&"SerialNumber") {
            call.push(("SerialNumber", "arn:aws:iam::111122223333:mfa/d"));
        }
        let reply = match row.service {
            "iam" => door.iam_as(&nobody, &call).await,
            _ => door.sts_as(&nobody, &call).await,
        };
        let open = ["GetSessionToken", "GetCallerIdentity"].contains(&row.name);
        let expected = if open { "200 " } else { "403 " };
        assert!(reply.starts_with(expected), "{}: {reply}", row.name);
    }
}
