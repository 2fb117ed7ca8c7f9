//! All of AWS's managed policies as if one principal held them: real policies, at a size nobody reaches.
//!
//! They come from the wheel of moto, a simulator in Python, which pip fetches when it is not there.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use garita_policy::{
    CompiledPolicies, Context, NamedPolicy, PolicyDocument, PolicyIndex, PolicyKind, PolicySource, Principal,
    Request, decide,
};

use crate::{Figure, time};

/// Prints the policies of moto as `{name: document}`; from what is installed, else from a wheel in the folder named.
const SCRIPT: &str = r#"
import glob, io, json, subprocess, sys, zipfile
name = "moto/iam/aws_managed_policies.py"
try:
    import importlib.util
    folder = list(importlib.util.find_spec("moto").submodule_search_locations)[0]
    source = open(folder + "/iam/aws_managed_policies.py").read()
except Exception:
    folder = sys.argv[1]
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder, "moto"]
    if not glob.glob(folder + "/moto-*.whl"):
        subprocess.run(pip, check=True, stdout=sys.stderr)
    source = zipfile.ZipFile(glob.glob(folder + "/moto-*.whl")[0]).read(name).decode()
scope = {}
exec(compile(source, name, "exec"), scope)
data = json.loads(scope["aws_managed_policies_data"])
json.dump({policy: entry["Document"] for policy, entry in data.items()}, sys.stdout)
"#;

/// Every managed policy that can be read, but the one that denies everything.
pub(crate) fn policies() -> Result<Vec<NamedPolicy>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let folder = root.join("bench-policy");
    std::fs::create_dir_all(&folder)?;
    let installed = root.join("clients-venv/bin/python");
    let python = if installed.exists() { installed } else { "python3".into() };
    let output =
        Command::new(python).arg("-c").arg(SCRIPT).arg(&folder).output().context("starting python")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let all: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&output.stdout)?;
    let mut policies = Vec::new();
    for (name, document) in all.iter().filter(|(name, _)| *name != "AWSDenyAll") {
        match PolicyDocument::parse(&document.to_string(), PolicyKind::Identity) {
            Ok(document) => {
                policies.push(NamedPolicy::new(name.as_str(), PolicySource::AwsManaged, Arc::new(document)))
            }
            Err(error) => println!("managed policy {name} is left out: {error}"),
        }
    }
    Ok(policies)
}

const REQUESTS: [(&str, &str); 8] = [
    ("s3:GetObject", "arn:aws:s3:::models/ana/weights"),
    ("s3:PutObject", "arn:aws:s3:::sagemaker-eu-west-1/run"),
    ("ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"),
    ("iam:PassRole", "arn:aws:iam::111122223333:role/dev"),
    ("sagemaker:CreateTrainingJob", "arn:aws:sagemaker:eu-west-1:111122223333:training-job/a"),
    ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:a:log-stream:b"),
    ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:111122223333:table/a"),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
];

/// Decisions with all of them, and with all but those that allow everything.
pub(crate) fn measure(policies: &[NamedPolicy]) -> Result<Vec<Figure>> {
    let statements: usize = policies.iter().map(|policy| policy.document().statements().len()).sum();
    let start = Instant::now();
    let index = PolicyIndex::new(policies.to_vec());
    let took = start.elapsed().as_secs_f64() * 1e3;
    let mut figures = vec![
        Figure::new("policy.managed.policies", policies.len() as f64, ""),
        Figure::new("policy.managed.statements", statements as f64, ""),
        Figure::new("policy.managed.index", took, "ms"),
        Figure::new("policy.managed.size", index.size() as f64 / 1e6, "MB"),
    ];
    let limited: Vec<_> = policies.iter().filter(|policy| !is_broad(policy)).cloned().collect();
    for (name, index) in [("all", &index), ("but_broad", &PolicyIndex::new(limited))] {
        let times = times(index)?;
        let worst = times.iter().copied().fold(0.0, f64::max);
        let middle = crate::median(&mut times.clone());
        let p50 = Figure::new(format!("policy.managed.{name}.p50"), middle, "us");
        figures.push(p50.at_most(0.5));
        figures.push(Figure::new(format!("policy.managed.{name}.worst"), worst, "us"));
    }
    Ok(figures)
}

/// Whether a policy allows any action, or all but some, so that a decision has little to look for.
fn is_broad(policy: &NamedPolicy) -> bool {
    let statements = policy.document().statements();
    statements.iter().any(|statement| {
        statement.is_not_action() || statement.actions().iter().any(|action| action.as_str() == "*")
    })
}

/// The median decision for each request.
fn times(index: &PolicyIndex) -> Result<Vec<f64>> {
    let principal = Principal::User {
        arn: "arn:aws:iam::111122223333:user/ana".parse()?,
        id: "AIDAEXAMPLEEXAMPLE00".to_owned(),
        account: "111122223333".parse()?,
    };
    let mut context = Context::new();
    context.set_principal(&principal);
    context.set("aws:SecureTransport", "true");
    context.set("aws:SourceIp", "10.20.30.40");
    context.set("aws:RequestedRegion", "eu-west-1");
    context.set("aws:ResourceAccount", "111122223333");
    let policies = CompiledPolicies { identity: Some(index), ..CompiledPolicies::default() };
    let mut times = Vec::new();
    for (action, resource) in REQUESTS {
        let resource_account = principal.account();
        let request =
            Request { principal: &principal, action, resource, resource_account, context: &context };
        let verdict = decide(&request, &policies);
        ensure!(verdict.outcome() == policies.explain(&request).outcome(), "{action} is decided in two ways");
        let took = time(&[request], 2_000, |request| decide(request, &policies).is_allowed());
        println!("managed policies: {action} {} in {took:.3} us", verdict.outcome());
        times.push(took);
    }
    Ok(times)
}
