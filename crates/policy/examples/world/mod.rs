//! The policies and requests that decisions are measured on.
//!
//! Each team has a policy for its own part of a tracking server, under two conditions, and every tenth team has a
//! part that is denied to it as well. All are held by one principal, so that each of them might matter; a request
//! asks for a part of one team. Requests are spread over the teams, so that no policy stays in the nearest cache.

use std::fmt::Write as _;
use std::sync::Arc;

use garita_policy::{
    CompiledPolicies, Context, NamedPolicy, PolicyDocument, PolicyIndex, PolicyKind, PolicySource, Principal,
    Request,
};

/// The action of every policy and request.
pub(crate) const ACTION: &str = "sagemaker-mlflow:SearchRuns";
/// How many requests there are.
const REQUESTS: usize = 512;

/// One request's own part.
pub(crate) struct Question {
    /// Which team's part it asks for.
    pub(crate) team: usize,
    resource: String,
    context: Context,
}

/// The policies and the requests.
pub(crate) struct World {
    /// All policies, indexed.
    pub(crate) index: PolicyIndex,
    /// The requests.
    pub(crate) questions: Vec<Question>,
    principal: Principal,
}

/// The text of a team's policy.
fn text(team: usize) -> String {
    let server = "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-tracking-server";
    let mut text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{ACTION}","Resource":"{server}/team-{team}/*","Condition":{{"StringEquals":{{"aws:PrincipalTag/team":"team-{team}"}},"Bool":{{"aws:SecureTransport":"true"}}}}}}"#
    );
    if team.is_multiple_of(10) {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            r#",{{"Effect":"Deny","Action":"{ACTION}","Resource":"{server}/team-{team}/sealed/*"}}"#
        );
    }
    text + "]}"
}

/// Policies of `teams` teams, as they are attached.
///
/// # Errors
/// When a policy does not parse.
pub(crate) fn policies(teams: usize) -> Result<Vec<NamedPolicy>, garita_policy::ParseError> {
    let named = |team| {
        let document = PolicyDocument::parse(&text(team), PolicyKind::Identity)?;
        Ok(NamedPolicy::new(format!("team-{team}"), PolicySource::UserManaged, Arc::new(document)))
    };
    (0..teams).map(named).collect()
}

impl World {
    /// A world of `teams` teams.
    ///
    /// # Errors
    /// When a policy or name does not parse.
    pub(crate) fn new(teams: usize) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let principal = Principal::User {
            arn: "arn:aws:iam::111122223333:user/ana".parse()?,
            id: "AIDAEXAMPLEEXAMPLE00".to_owned(),
            account: "111122223333".parse()?,
        };
        let context = context(&principal);
        let question = |number: usize| {
            // A step that is prime to the number of teams visits them all, in no order.
            let team = number * 7919 % teams;
            Question {
                team,
                resource: format!(
                    "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-tracking-server/team-{team}/runs/{number}"
                ),
                context: {
                    let mut own = context.clone();
                    own.set("aws:PrincipalTag/team", format!("team-{team}"));
                    own
                },
            }
        };
        let questions = (0..REQUESTS).map(question).collect();
        Ok(Self { index: PolicyIndex::new(policies(teams)?), questions, principal })
    }

    /// The policies as a decision takes them.
    pub(crate) fn policies(&self) -> CompiledPolicies<'_> {
        CompiledPolicies { identity: Some(&self.index), ..CompiledPolicies::default() }
    }

    /// A question as a request.
    pub(crate) fn request<'a>(&'a self, question: &'a Question) -> Request<'a> {
        Request {
            principal: &self.principal,
            action: ACTION,
            resource: &question.resource,
            resource_account: self.principal.account(),
            context: &question.context,
        }
    }
}

/// The keys that all requests bring along, whether policies ask for them or not.
fn context(principal: &Principal) -> Context {
    let mut context = Context::new();
    context.set_principal(principal);
    context.set("aws:SourceIp", "10.20.30.40");
    context.set("aws:SecureTransport", "true");
    context.set("aws:UserAgent", "mlflow-python-client/3.18");
    context.set("aws:CurrentTime", "2026-11-21T10:00:00Z");
    context.set("aws:EpochTime", "1795255200");
    context.set("aws:RequestedRegion", "eu-west-1");
    context.set("aws:PrincipalTag/cost-centre", "4711");
    context
}
