//! Accounts, with and without a running server.

use crate::harness::{Client, Scratch, Server, init, run};

fn create(folder: &str, name: &str) -> serde_json::Value {
    let output = run(&["account", "create", name, "--data", folder]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn accounts_are_made_beside_a_running_server_and_without_one() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    let folder = data.to_str().unwrap();
    init(&data);
    let offline = create(folder, "offline");
    let server = Server::start(&data);
    let online = create(folder, "online");
    for account in [&offline, &online] {
        let client = Client {
            address: server.address.clone(),
            key: account["access_key_id"].as_str().unwrap().to_owned(),
            secret: account["secret_access_key"].as_str().unwrap().to_owned(),
        };
        let answer = client.call("sts", "Action=GetCallerIdentity&Version=2011-06-15").unwrap();
        let arn = format!("arn:aws:iam::{}:root", account["id"].as_str().unwrap());
        assert_eq!((answer.status, answer.element("Arn")), (200, Some(arn.as_str())), "{}", answer.body);
    }
    let twice = run(&["account", "create", "online", "--data", folder]);
    assert!(String::from_utf8(twice.stderr).unwrap().contains("already exists"));
    let listed = String::from_utf8(run(&["account", "list", "--data", folder]).stdout).unwrap();
    assert_eq!(listed.lines().count(), 3);
    assert!(!listed.contains("secret"));
}
