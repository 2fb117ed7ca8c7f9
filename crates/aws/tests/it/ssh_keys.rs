//! SSH public keys.

use insta::assert_snapshot;

use crate::door::Door;

#[tokio::test]
async fn a_key_is_uploaded_shown_and_deleted() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    let ana = ("UserName", "ana");
    let upload = |body| [("Action", "UploadSSHPublicKey"), ana, ("SSHPublicKeyBody", body)];
    assert_snapshot!(door.iam(&upload("ssh-rsa x")).await, @"400 InvalidPublicKey: The public key is not in the form of OpenSSH's `authorized_keys`, such as `ssh-rsa AAAA…`.");
    let made = door.iam(&upload("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAACQC7u7u7u7u7uw==")).await;
    assert_snapshot!(made, @r"
    200 UploadSSHPublicKey
    <SSHPublicKey><UserName>ana</UserName><SSHPublicKeyId>[APKA]</SSHPublicKeyId><Fingerprint>02:47:63:94:65:90:ca:23:3a:e3:90:0d:e0:d9:a4:44</Fingerprint><SSHPublicKeyBody>ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAACQC7u7u7u7u7uw==</SSHPublicKeyBody><Status>Active</Status><UploadDate>2026-03-01T12:00:00Z</UploadDate></SSHPublicKey>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListSSHPublicKeys"), ana]).await, @r"
    200 ListSSHPublicKeys
    <SSHPublicKeys>
    <member><UserName>ana</UserName><SSHPublicKeyId>[APKA]</SSHPublicKeyId><Status>Active</Status><UploadDate>2026-03-01T12:00:00Z</UploadDate></member>
    </SSHPublicKeys><IsTruncated>false</IsTruncated>
    ");
    let absent = ("SSHPublicKeyId", "APKAAAAAAAAAAAAAAAAAA");
    assert_snapshot!(door.iam(&[("Action", "GetSSHPublicKey"), ana, absent, ("Encoding", "PEM")]).await, @"404 NoSuchEntity: The SSH Public Key with id [APKA] cannot be found.");
    assert_snapshot!(door.iam(&[("Action", "GetSSHPublicKey"), ana, absent, ("Encoding", "DER")]).await, @"400 ValidationError: 1 validation error detected: Value at 'encoding' failed to satisfy constraint: Member must satisfy enum value set: [SSH, PEM]");
    assert_snapshot!(door.iam(&[("Action", "UpdateSSHPublicKey"), ana, absent, ("Status", "Inactive")]).await, @"404 NoSuchEntity: The SSH Public Key with id [APKA] cannot be found.");
    assert_snapshot!(door.iam(&[("Action", "DeleteSSHPublicKey"), ana, absent]).await, @"404 NoSuchEntity: The SSH Public Key with id [APKA] cannot be found.");
}
