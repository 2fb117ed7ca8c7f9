//! SSH public keys: read, shown as PEM, each once.

use garita_model::{KeyStatus, Result};

use super::{Office, first};
use crate::stage::told;

const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0 ana@home";
/// A short RSA key: exponent 65537 and a modulus of eight bytes.
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAACQC7u7u7u7u7uw==";

async fn upload(office: &Office, body: &str) -> Result<String> {
    let made =
        office.app().upload_ssh_public_key(&office.root, "ana".parse().unwrap(), body.to_owned()).await;
    made.map(|(_, key)| key.id.to_string())
}

#[tokio::test]
async fn a_users_keys_come_and_go() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let ana = || "ana".parse().unwrap();
    for body in ["", "ssh-rsa", "ssh-rsa !!", "ssh-dss AAAA", &ED.replace("ssh-ed25519", "ssh-rsa")] {
        assert!(told(upload(&office, body).await).starts_with("InvalidPublicKey"), "{body}");
    }
    let id = upload(&office, ED).await.unwrap();
    assert!(id.starts_with("APKA"));
    let again = ED.replace("ana@home", "another comment");
    assert!(told(upload(&office, &again).await).starts_with("DuplicateSSHPublicKey"));
    let (_, key) = app.get_ssh_public_key(root, &ana(), &id, false).unwrap();
    assert_eq!((key.body.as_str(), key.fingerprint.len()), (ED, 47));
    assert!(
        told(app.get_ssh_public_key(root, &ana(), &id, true)).starts_with("UnrecognizedPublicKeyEncoding")
    );
    app.update_ssh_public_key(root, ana(), id.clone(), KeyStatus::Inactive).await.unwrap();
    let listed = app.list_ssh_public_keys(root, Some(ana()), &first()).unwrap().1.items;
    assert_eq!((listed.len(), listed[0].status), (1, KeyStatus::Inactive));
    let conflict = "DeleteConflict: Cannot delete entity, must delete SSH public keys first.";
    assert_eq!(told(app.delete_user(root, ana()).await), conflict);
    app.delete_ssh_public_key(root, ana(), id.clone()).await.unwrap();
    let gone = format!("NoSuchEntity: The SSH Public Key with id {id} cannot be found.");
    assert_eq!(told(app.delete_ssh_public_key(root, ana(), id).await), gone);
}

#[tokio::test]
async fn an_rsa_key_is_shown_as_pem() {
    let office = Office::open().await;
    office.user("ana").await.unwrap();
    let id = upload(&office, RSA).await.unwrap();
    let (_, key) = office.app().get_ssh_public_key(&office.root, &"ana".parse().unwrap(), &id, true).unwrap();
    let lines: Vec<&str> = key.body.lines().collect();
    assert_eq!(
        lines,
        [
            "-----BEGIN PUBLIC KEY-----",
            "MCQwDQYJKoZIhvcNAQEBBQADEwAwEAIJALu7u7u7u7u7AgMBAAE=",
            "-----END PUBLIC KEY-----",
        ]
    );
}
