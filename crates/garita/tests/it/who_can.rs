//! Who can, and what somebody can: asked of a running server and of the data folder, and true of real requests.

use serde_json::Value;

use crate::harness::{ACCOUNT, Client, Scratch, Server, init, run};

/// As a parameter of a form.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn document(statements: &str) -> String {
    encoded(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#))
}

/// Calls IAM, and fails unless it is done.
fn done(client: &Client, action: &str, parameters: &str) -> crate::harness::Answer {
    let answer = client.iam(action, parameters).unwrap();
    assert_eq!(answer.status, 200, "{action}: {}", answer.body);
    answer
}

fn user(root: &Client, name: &str) -> Client {
    done(root, "CreateUser", &format!("&UserName={name}"));
    let key = done(root, "CreateAccessKey", &format!("&UserName={name}"));
    let element = |name: &str| key.element(name).unwrap().to_owned();
    Client { key: element("AccessKeyId"), secret: element("SecretAccessKey"), ..root.clone() }
}

fn put(root: &Client, user: &str, statements: &str) {
    let parameters = format!("&UserName={user}&PolicyName=own&PolicyDocument={}", document(statements));
    done(root, "PutUserPolicy", &parameters);
}

struct World {
    scratch: Scratch,
    server: Option<Server>,
    other: String,
    ana: Client,
    bo: Client,
}

const READS: &str = r#""Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*""#;

impl World {
    /// Two accounts: readers by group, under conditions, within a boundary, with a deny; a role; a user elsewhere;
    /// a stage that invites a user.
    fn new() -> Self {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        init(&data);
        let mut stage = std::fs::read_to_string(data.join("garita.toml")).unwrap();
        stage.push_str(&format!(
            "[[api]]\nid = \"ml1\"\naccount = \"{ACCOUNT}\"\nstage = \"prod\"\nupstream = \"http://127.0.0.1:9\"\n\
            policy = \"stage.json\"\n"
        ));
        let invited = format!(
            r#"{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:user/cy"}},
            "Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/*"}}}}"#
        );
        std::fs::write(data.join("stage.json"), invited).unwrap();
        std::fs::write(data.join("garita.toml"), stage).unwrap();
        let server = Server::start(&data);
        let root = server.root();

        done(&root, "CreateGroup", "&GroupName=readers");
        let managed = encoded("arn:aws:iam::aws:policy/IAMReadOnlyAccess");
        done(&root, "AttachGroupPolicy", &format!("&GroupName=readers&PolicyArn={managed}"));
        let ana = user(&root, "ana");
        done(&root, "AddUserToGroup", "&GroupName=readers&UserName=ana");
        let bo = user(&root, "bo");
        put(
            &root,
            "bo",
            &format!(
                r#"{{"Sid":"Mfa",{READS},"Condition":{{"Bool":{{"aws:MultiFactorAuthPresent":"true"}}}}}}"#
            ),
        );
        user(&root, "cy");
        put(&root, "cy", &format!("{{{READS}}}"));
        let limit = document(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#);
        let made = done(&root, "CreatePolicy", &format!("&PolicyName=limit&PolicyDocument={limit}"));
        let arn = encoded(made.element("Arn").unwrap());
        done(&root, "PutUserPermissionsBoundary", &format!("&UserName=cy&PermissionsBoundary={arn}"));
        user(&root, "di");
        put(
            &root,
            "di",
            &format!(
                r#"{{{READS}}},{{"Sid":"Office","Effect":"Deny","Action":"*","Resource":"*","Condition":{{"NotIpAddress":{{"aws:SourceIp":"10.0.0.0/8"}}}}}}"#
            ),
        );
        let folder = data.to_str().unwrap();
        let made = run(&["account", "create", "other", "--data", folder]);
        let other: Value = serde_json::from_slice(&made.stdout).unwrap();
        let text = |name: &str| other[name].as_str().unwrap().to_owned();
        let elsewhere =
            Client { key: text("access_key_id"), secret: text("secret_access_key"), ..root.clone() };
        user(&elsewhere, "zoe");
        put(
            &elsewhere,
            "zoe",
            r#"{"Effect":"Allow","Action":["sts:AssumeRole","iam:GetUser"],"Resource":"*"}"#,
        );
        user(&elsewhere, "yan");
        let trust = document(&format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":["arn:aws:iam::{ACCOUNT}:user/ana","{}"],"Service":"lambda.amazonaws.com"}},
            "Action":"sts:AssumeRole"}}"#,
            text("id")
        ));
        done(&root, "CreateRole", &format!("&RoleName=dev&AssumeRolePolicyDocument={trust}"));
        let own = document(
            r#"{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:ml1/prod/GET/*"}"#,
        );
        done(&root, "PutRolePolicy", &format!("&RoleName=dev&PolicyName=own&PolicyDocument={own}"));
        Self { scratch, server: Some(server), other: text("id"), ana, bo }
    }

    fn ask(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let data = self.scratch.path().join("data");
        let mut all = words.to_vec();
        all.extend(["--data", data.to_str().unwrap()]);
        let output = run(&all);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn json(&self, words: &[&str]) -> Value {
        let (code, told, errors) = self.ask(&[words, &["--json"]].concat());
        assert_eq!(code, Some(0), "{errors}");
        serde_json::from_str(&told).unwrap()
    }

    /// `ana always`, `bo when`: everyone who can.
    fn who(&self, action: &str, resource: &str) -> Vec<String> {
        let told = self.json(&["who-can", action, resource]);
        let line = |line: &Value| {
            let name =
                line["principal"].as_str().unwrap().replace("arn:aws:iam::", "").replace(ACCOUNT, "here");
            format!("{} {}", name.replace(&self.other, "there"), line["answer"].as_str().unwrap())
        };
        told["principals"].as_array().unwrap().iter().map(line).collect()
    }
}

#[test]
fn everyone_who_can_is_named_with_the_conditions_that_remain() {
    let mut world = World::new();
    let (ana, dev) = (format!("arn:aws:iam::{ACCOUNT}:user/ana"), format!("arn:aws:iam::{ACCOUNT}:role/dev"));
    let readers = ["here:root always", "here:user/ana always", "here:user/bo when", "here:user/di when"];
    assert_eq!(world.who("iam:GetUser", &ana), readers);
    assert_eq!(world.who("IAM:getuser", &ana), readers);
    let told = world.json(&["who-can", "iam:GetUser", &ana]);
    let need = &told["principals"][2]["all"][0]["any"][0];
    assert_eq!(need["needs"][0]["key"], "aws:MultiFactorAuthPresent");
    assert_eq!((&need["statement"]["policy"], &need["statement"]["sid"]), (&"own".into(), &"Mfa".into()));
    assert_eq!(told["principals"][3]["unless"][0]["needs"][0]["values"], serde_json::json!(["10.0.0.0/8"]));
    // Trust: the user it names needs no policy, a user of the account it names does; no root user may.
    let assume = ["here:user/ana always", "there:user/zoe always", "lambda.amazonaws.com always"];
    assert_eq!(world.who("sts:AssumeRole", &dev), assume);
    let stage = format!("arn:aws:execute-api:eu-west-1:{ACCOUNT}:ml1/prod/GET/api");
    let invited = ["here:root always", "here:user/cy always", "here:role/dev always"];
    assert_eq!(world.who("execute-api:Invoke", &stage), invited);
    assert_eq!(world.who("execute-api:Invoke", &stage.replace("GET", "POST")), ["here:root always"]);
    assert!(world.who("sts:GetCallerIdentity", "*").len() == 9);

    // What is told is what happens.
    let asked = |client: &Client| client.iam("GetUser", "&UserName=ana").unwrap().status;
    assert_eq!((asked(&world.ana), asked(&world.bo)), (200, 403));

    // The same without a server.
    let online = world.json(&["who-can", "iam:GetUser", &ana]);
    world.server.take().unwrap().terminate();
    let offline = world.json(&["who-can", "iam:GetUser", &ana]);
    assert_eq!(offline["principals"], online["principals"]);

    let (_, text, _) = world.ask(&["who-can", "iam:GetUser", &ana]);
    let wanted = format!(
        "arn:aws:iam::{ACCOUNT}:root  always  (the root user needs no policy)\n\
         {ana}  always  (by statement 0 (ReadIam) of arn:aws:iam::aws:policy/IAMReadOnlyAccess)\n\
         arn:aws:iam::{ACCOUNT}:user/bo  when\n      \
         identity-based policy: Bool aws:MultiFactorAuthPresent `true`  [statement 0 (Mfa) of own]\n\
         arn:aws:iam::{ACCOUNT}:user/di  when\n      \
         unless: NotIpAddress aws:SourceIp `10.0.0.0/8`  [statement 1 (Office) of own]\n\
         4 can iam:GetUser on {ana}, of 9 asked\n"
    );
    assert_eq!(text, wanted);

    let (_, trail, _) = world.ask(&["audit", "tail", "-n", "1000"]);
    let asked: Vec<Value> = trail
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["eventName"] == "WhoCan")
        .collect();
    assert_eq!(asked.len(), 10);
    assert_eq!(asked[0]["requestParameters"], serde_json::json!({"action": "iam:GetUser", "resource": ana}));
    assert_eq!((&asked[0]["readOnly"], &asked[0]["userIdentity"]["type"]), (&true.into(), &"Root".into()));
}

#[test]
fn what_somebody_can_do_is_told_by_statement_action_stage_and_role() {
    let world = World::new();
    let ana = world.json(&["what-can", &format!("arn:aws:iam::{ACCOUNT}:user/ana")]);
    let answer = |told: &Value, action: &str| {
        let actions = told["actions"].as_array().unwrap();
        let found: Vec<_> = actions.iter().filter(|line| line["action"] == action).collect();
        assert!(!found.is_empty(), "{action} is not in the catalogue");
        found[0]["answer"].as_str().unwrap().to_owned()
    };
    assert_eq!(ana["allows"][0]["statement"]["policy"], "arn:aws:iam::aws:policy/IAMReadOnlyAccess");
    for (action, wanted) in [
        ("iam:GetUser", "always"),
        ("iam:ListRoles", "always"),
        ("iam:DeleteUser", "never"),
        ("sts:AssumeRole", "when"),
        ("sts:GetCallerIdentity", "always"),
        ("execute-api:Invoke", "never"),
    ] {
        assert_eq!(answer(&ana, action), wanted, "{action}");
    }
    assert_eq!(ana["roles"][0]["resource"], format!("arn:aws:iam::{ACCOUNT}:role/dev"));
    assert_eq!(ana["roles"][0]["answer"], "always");
    // Every operation is in it.
    garita_aws::operations::operations().for_each(|row| drop(answer(&ana, row.action)));

    let dev = world.json(&["what-can", &format!("arn:aws:iam::{ACCOUNT}:role/dev")]);
    assert_eq!(answer(&dev, "execute-api:Invoke"), "when");
    assert_eq!(answer(&dev, "sts:GetSessionToken"), "never");
    let cy = world.json(&["what-can", &format!("arn:aws:iam::{ACCOUNT}:user/cy")]);
    assert_eq!(answer(&cy, "iam:GetUser"), "never");
    assert_eq!(cy["boundary"][0]["actions"], serde_json::json!(["s3:*"]));
    let root = world.json(&["what-can", &format!("arn:aws:iam::{ACCOUNT}:root")]);
    assert_eq!(answer(&root, "iam:DeleteUser"), "always");
    assert_eq!(
        (answer(&root, "sts:AssumeRole"), &root["roles"]),
        ("never".to_owned(), &serde_json::json!([]))
    );

    let (_, text, _) = world.ask(&["what-can", &format!("arn:aws:iam::{ACCOUNT}:user/bo")]);
    assert!(
        text.contains(
            "Allow iam:Get*, iam:List* on *  [statement 0 (Mfa) of own]\n      when Bool aws:Multi"
        ),
        "{text}"
    );
    assert!(text.contains(&format!("  iam:GetUser on arn:aws:iam::{ACCOUNT}:user/*  when\n")), "{text}");
    assert!(!text.contains("iam:DeleteUser") && text.contains("--json names them"), "{text}");
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_reason() {
    let world = World::new();
    let ana = format!("arn:aws:iam::{ACCOUNT}:user/ana");
    for (words, wanted) in [
        (vec!["who-can", "iam:*", &ana], "`iam:*` stands for many actions"),
        (vec!["who-can", "GetUser", &ana], "`GetUser` is not an action"),
        (vec!["who-can", "iam:GetUser", "ana"], "`ana` is neither an ARN nor `*`"),
        (vec!["who-can", "iam:GetUser", "arn:aws:iam::111122223333:user/*"], "stands for many resources"),
        (vec!["who-can", "sts:AssumeRole", &ana], "is not the ARN of a role"),
        (vec!["who-can", "sts:AssumeRole", "arn:aws:iam::111122223333:role/no"], "does not exist"),
        (
            vec!["who-can", "iam:GetUser", &ana, "--resource-account", "444455556666"],
            "of account 111122223333",
        ),
        (vec!["who-can", "iam:GetUser", &ana, "--resource-account", "4"], "`4` is not an account id"),
        (vec!["what-can", "ana"], "must be the ARN of a user, a role or a root user"),
        (vec!["what-can", "arn:aws:iam::111122223333:user/nobody"], "nobody has the ARN"),
        (vec!["what-can", "arn:aws:iam::111122223333:user/team/ana"], "nobody has the ARN"),
        (vec!["what-can", "arn:aws:iam::999999999999:root"], "nobody has the ARN"),
    ] {
        let (code, out, errors) = world.ask(&words);
        assert!(code == Some(1) && out.is_empty() && errors.contains(wanted), "{words:?}: {errors}");
    }
    let (_, out, errors) = world.ask(&["who-can", "iam:GetUsr", &ana]);
    assert!(
        errors.contains("no operation served here asks for `iam:GetUsr`") && out.contains("4 can"),
        "{errors}{out}"
    );
}
