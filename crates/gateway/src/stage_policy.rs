//! The resource policy of an API stage: who may call it, from this account and from others.
//!
//! The language is IAM's. A resource may be written short, `execute-api:/stage/METHOD/path`, and then means that path
//! of the API it is the policy of; places in errors and explanations are those of the text as it was written.
//! INVARIANT: a stage with a policy that cannot be read is not served.
//!
//! API Gateway Developer Guide, "Controlling access to a REST API with API Gateway resource policies" (the language),
//! "Resource policy examples" (the short form), "Authorization flow" (how it meets identity policies).

use std::fmt;
use std::sync::Arc;

use garita_model::AccountId;
use garita_policy::json::{self, Member, Node, Value};
use garita_policy::{NamedPolicy, ParseError, PolicyDocument, PolicyIndex, PolicyKind, PolicySource};

/// What the short form of a resource begins with.
const SHORT: &str = "execute-api:/";
/// Most characters of a policy, white space apart; API Gateway's own quota.
pub const MAX_SIZE: usize = 8_192;

/// The resource policy of a stage, ready for deciding.
#[derive(Clone)]
pub struct StagePolicy(Arc<PolicyIndex>);

/// Whose policy it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The account of the API.
    pub account: AccountId,
    /// Its region in ARNs.
    pub region: &'a str,
    /// The API's id.
    pub api: &'a str,
    /// The stage's name.
    pub stage: &'a str,
}

/// Why a text is not a stage's policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StagePolicyError {
    /// It is no resource policy; the text says what is wrong and where.
    #[error("{0}")]
    Malformed(#[from] ParseError),
    /// It is too large.
    #[error("the policy has more than {MAX_SIZE} characters without white space")]
    TooLarge,
}

impl StagePolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// When `text` does not follow the grammar of a resource policy, or is too large.
    pub fn parse(text: &str, owner: Owner<'_>) -> Result<Self, StagePolicyError> {
        if garita_policy::document::counted_size(text) > MAX_SIZE {
            return Err(StagePolicyError::TooLarge);
        }
        let Owner { account, region, api, stage } = owner;
        let mut node = json::parse(text)?;
        write_out(&mut node, &format!("arn:aws:execute-api:{region}:{account}:{api}/"));
        let document = Arc::new(PolicyDocument::from_node(&node, PolicyKind::Resource)?);
        let id = format!("arn:aws:apigateway:{region}::/restapis/{api}/stages/{stage}");
        Ok(Self(Arc::new(PolicyIndex::new(vec![NamedPolicy::new(id, PolicySource::Resource, document)]))))
    }

    /// For deciding.
    pub fn index(&self) -> &PolicyIndex {
        &self.0
    }
}

impl fmt::Debug for StagePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.policies().iter().map(NamedPolicy::id)).finish()
    }
}

/// Writes out the short resources of every statement; `arn` is what they stand for.
fn write_out(policy: &mut Node, arn: &str) {
    for statement in members(policy).filter(|m| m.name == "Statement").flat_map(|m| items(&mut m.value)) {
        let resources = members(statement).filter(|m| m.name == "Resource" || m.name == "NotResource");
        for resource in resources.flat_map(|m| items(&mut m.value)) {
            if let Value::Text(text) = &mut resource.value
                && let Some(path) = text.strip_prefix(SHORT)
            {
                *text = format!("{arn}{path}");
            }
        }
    }
}

fn members(node: &mut Node) -> impl Iterator<Item = &mut Member> {
    match &mut node.value {
        Value::Object(members) => members.as_mut_slice(),
        _ => &mut [],
    }
    .iter_mut()
}

/// The items of a list, or what stands there instead of one.
fn items(node: &mut Node) -> impl Iterator<Item = &mut Node> {
    if !matches!(node.value, Value::Array(_)) {
        return std::slice::from_mut(node).iter_mut();
    }
    match &mut node.value {
        Value::Array(items) => items.iter_mut(),
        _ => [].iter_mut(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use garita_policy::Statement;

    fn parse(text: &str) -> Result<StagePolicy, StagePolicyError> {
        let account = "111122223333".parse().unwrap();
        StagePolicy::parse(text, Owner { account, region: "eu-west-1", api: "ml1", stage: "prod" })
    }

    fn resources(text: &str) -> Vec<String> {
        let policy = parse(text).unwrap();
        let statements = policy.index().policies()[0].document().statements();
        statements.iter().flat_map(Statement::resources).map(|r| r.as_str().to_owned()).collect()
    }

    #[test]
    fn short_resources_are_those_of_the_api() {
        let text = r#"{"Statement":[
            {"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/api/*"},
            {"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke",
             "NotResource":["execute-api:/*","arn:aws:execute-api:eu-west-1:111122223333:other/*"]}]}"#;
        let api = "arn:aws:execute-api:eu-west-1:111122223333:ml1";
        let other = "arn:aws:execute-api:eu-west-1:111122223333:other/*";
        assert_eq!(resources(text), [format!("{api}/prod/GET/api/*"), format!("{api}/*"), other.to_owned()]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_in_the_text_as_it_was_written() {
        let allow =
            r#"{"Statement":{"Resource":"execute-api:/*","Effect":"allow","Principal":"*","Action":"*"}}"#;
        for (text, says) in [
            (allow, "`Effect` must be `Allow` or `Deny`, not `allow` at line 1 column 52"),
            ("{\n \"Statement\": {\"Effect\":\"Allow\",\"Action\":\"*\"}}", "line 2 column 15"),
            (
                r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"execute-api"}}"#,
                "line 1 column 72",
            ),
            ("{", "line 1"),
            ("[]", "line 1 column 1"),
        ] {
            let error = parse(text).err().unwrap().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let long = allow.replace("execute-api:/*", &"x".repeat(MAX_SIZE));
        assert_eq!(parse(&long).err(), Some(StagePolicyError::TooLarge));
    }
}
