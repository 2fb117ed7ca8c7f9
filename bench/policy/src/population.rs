//! Who-can over a thousand principals with ten policies each: four managed policies that many share, six of their own.
//!
//! Users and roles in turn, in ten accounts; every fifth has a permissions boundary; of four statements one has a
//! condition. The questions are about what everybody may, what a team may, what its owner may, and what nobody may.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use garita_policy::reach::{Aim, Holder, Population, Target};
use garita_policy::{NamedPolicy, Policies, PolicyDocument, PolicyKind, PolicySource, Principal};

use crate::{Figure, median};

const PRINCIPALS: usize = 1_000;
const TEAMS: usize = 40;
const ROUNDS: usize = 51;

fn parse(name: String, source: PolicySource, text: &str) -> Result<NamedPolicy> {
    Ok(NamedPolicy::new(name, source, Arc::new(PolicyDocument::parse(text, PolicyKind::Identity)?)))
}

/// A managed policy of a team: reading, writing under a second factor, training from the office, no deleting.
fn shared(team: usize) -> Result<NamedPolicy> {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket","s3:GetBucketLocation"],
          "Resource":["arn:aws:s3:::team-{team}","arn:aws:s3:::team-{team}/*"]}},
        {{"Effect":"Allow","Action":["s3:PutObject","s3:AbortMultipartUpload"],"Resource":"arn:aws:s3:::team-{team}/*",
          "Condition":{{"Bool":{{"aws:MultiFactorAuthPresent":"true"}}}}}},
        {{"Effect":"Allow","Action":["sagemaker:CreateTrainingJob","sagemaker:Describe*","sagemaker:List*"],
          "Resource":"arn:aws:sagemaker:*:*:training-job/team-{team}-*"}},
        {{"Effect":"Allow","Action":["iam:GetUser","iam:ListAccessKeys"],
          "Resource":"arn:aws:iam::*:user/team/${{aws:username}}"}},
        {{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}}]}}"#
    );
    parse(format!("arn:aws:iam::aws:policy/Team{team}"), PolicySource::UserManaged, &text)
}

/// An inline policy: the principal's own files, and a stage of an API. One in six has a variable where the others have
/// the name.
fn own(number: usize, policy: usize) -> Result<NamedPolicy> {
    let home = if policy == 0 { "${aws:username}".to_owned() } else { format!("u{number}") };
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[
        {{"Effect":"Allow","Action":["s3:*Object","s3:GetObjectTagging"],
          "Resource":"arn:aws:s3:::home/{home}/{policy}/*"}},
        {{"Effect":"Allow","Action":"execute-api:Invoke",
          "Resource":["arn:aws:execute-api:eu-west-1:111122223333:api{policy}/prod/GET/*",
                      "arn:aws:execute-api:eu-west-1:111122223333:api{policy}/prod/POST/p{number}/*"]}},
        {{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:api{policy}/prod/DELETE/*",
          "Condition":{{"NotIpAddress":{{"aws:SourceIp":"10.0.0.0/8"}}}}}}]}}"#
    );
    parse(format!("own-{policy}"), PolicySource::UserInline, &text)
}

fn principal(number: usize) -> Result<Principal> {
    let account = format!("{:012}", 111_122_223_330 + number % 10);
    if number.is_multiple_of(2) {
        let arn = format!("arn:aws:iam::{account}:user/team/u{number}").parse()?;
        return Ok(Principal::User { arn, id: format!("AIDA{number:016}"), account: account.parse()? });
    }
    let arn = format!("arn:aws:iam::{account}:role/team/r{number}").parse()?;
    Ok(Principal::any_session(arn, format!("AROA{number:016}"), account.parse()?)?)
}

fn holders() -> Result<Vec<Holder>> {
    let teams = (0..TEAMS).map(shared).collect::<Result<Vec<_>>>()?;
    let limit = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["s3:*","execute-api:*","sagemaker:*"],"Resource":"*"},
        {"Effect":"Allow","Action":"iam:Get*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#;
    let boundary = parse("arn:aws:iam::aws:policy/Limit".to_owned(), PolicySource::Boundary, limit)?;
    let holder = |number: usize| {
        let mut identity: Vec<_> =
            (0..4).filter_map(|step| teams.get((number + step * 7) % TEAMS).cloned()).collect();
        for policy in 0..6 {
            identity.push(own(number, policy)?);
        }
        Ok(Holder {
            principal: principal(number)?,
            identity,
            boundary: number.is_multiple_of(5).then(|| boundary.clone()),
            tags: Some(vec![("team".to_owned(), format!("t{}", number % TEAMS))]),
        })
    };
    (0..PRINCIPALS).map(holder).collect()
}

/// Each with how many it is to find.
const QUESTIONS: [(&str, &str, usize); 5] = [
    ("execute-api:Invoke", "arn:aws:execute-api:eu-west-1:111122223333:api3/prod/GET/x", 100),
    ("s3:PutObject", "arn:aws:s3:::team-7/run/1", 100),
    ("s3:GetObject", "arn:aws:s3:::home/u500/0/notes", 1),
    ("s3:DeleteObject", "arn:aws:s3:::team-7/run/1", 0),
    ("iam:GetUser", "arn:aws:iam::111122223330:user/team/u500", 1),
];

/// The median question, the worst of them, and what the first one and the first after a change cost more.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let mut builds = Vec::new();
    let mut population = Population::new(Vec::new());
    for _ in 0..5 {
        let holders = holders()?;
        let start = Instant::now();
        population = Population::new(holders);
        builds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let mut changes = Vec::new();
    for number in 0..ROUNDS {
        let mut changed: Vec<Holder> = population.holders().cloned().collect();
        if let Some(policy) = changed.get_mut(number * 7).and_then(|holder| holder.identity.last_mut()) {
            *policy = own(number * 7, 5)?;
        }
        let start = Instant::now();
        population = Population::after(&population, changed);
        changes.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let mut medians = Vec::new();
    for (action, resource, wanted) in QUESTIONS {
        let owner = resource.split(':').nth(4).and_then(|account| account.parse().ok());
        let aim = Aim::new(action, Target::One(resource), owner);
        let found = population.who_can(&aim, &Policies::default()).len();
        ensure!(found == wanted, "{found} can {action} on {resource}, not {wanted}");
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            black_box(population.who_can(black_box(&aim), &Policies::default()));
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        let took = median(&mut times);
        println!("who can {action} on {resource}: {found} of {PRINCIPALS} in {took:.3} ms");
        medians.push(took);
    }
    let worst = medians.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Figure::new("policy.who_can.index", median(&mut builds), "ms"),
        Figure::new("policy.who_can.after_change", median(&mut changes), "ms"),
        Figure::new("policy.who_can.p50", median(&mut medians), "ms").at_most(5.0),
        Figure::new("policy.who_can.worst", worst, "ms").at_most(5.0),
    ])
}
