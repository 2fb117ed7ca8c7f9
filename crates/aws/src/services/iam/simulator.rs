//! The policy simulator: what a client supposes, read; and what would be decided, told.
//!
//! The types of policies are written as AWS sends them (`IAM Policy`), which its model does not list.

use garita_app::iam::{ExcludedKind, Exclusion, Page, SimulatePrincipal};
use garita_model::Error;
use garita_policy::simulate::{ActionResult, ContextEntry, Finding, Supposition};
use garita_policy::{MatchedStatement, Outcome, PolicyType};
use garita_wire::protocol::query::Params;
use garita_wire::protocol::xml::XmlWriter;

use super::paged;
use crate::call::constraint::{Alphabet, Constraint};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// Most entries of `PolicyExclusionList`.
const MAX_EXCLUDED: usize = 256;
/// `PolicyType` of an exclusion.
const KINDS: &[(&str, ExcludedKind)] = &[
    ("inline", ExcludedKind::Inline),
    ("aws-managed", ExcludedKind::AwsManaged),
    ("user-managed", ExcludedKind::UserManaged),
    ("permission-boundary", ExcludedKind::Boundary),
    ("scp", ExcludedKind::Organization),
    ("rcp", ExcludedKind::Organization),
];

pub(crate) async fn principal(call: Call<'_>) -> Result<Answer, Refusal> {
    let source = source(&call)?;
    let ask = SimulatePrincipal { source, excluded: exclusions(&call)?, supposed: supposition(&call)? };
    let page = call.app.simulate_principal_policy(call.cx, ask, &call.page()?).await?;
    Ok(told(page))
}

pub(crate) async fn custom(call: Call<'_>) -> Result<Answer, Refusal> {
    call.must_have_items("PolicyInputList")?;
    let levels = call.params.structs("OrderedOrganizationPolicyInputList")?;
    let level = |level: &Params| {
        known(level, &["ServiceControlPolicyInputList"])
            .and_then(|()| texts(level, "ServiceControlPolicyInputList"))
    };
    let organization = levels.iter().map(level).collect::<Result<_, _>>()?;
    let supposed = Supposition { organization, ..supposition(&call)? };
    let page = call.app.simulate_custom_policy(call.cx, supposed, &call.page()?).await?;
    Ok(told(page))
}

pub(crate) async fn keys_of_principal(call: Call<'_>) -> Result<Answer, Refusal> {
    let (source, policies) = (source(&call)?, call.texts("PolicyInputList")?);
    Ok(named(call.app.context_keys_for_principal_policy(call.cx, &source, &policies)?))
}

pub(crate) async fn keys_of_custom(call: Call<'_>) -> Result<Answer, Refusal> {
    call.must_have_items("PolicyInputList")?;
    Ok(named(call.app.context_keys_for_custom_policy(call.cx, &call.texts("PolicyInputList")?)?))
}

/// `PolicySourceArn`.
fn source(call: &Call<'_>) -> Result<String, Refusal> {
    call.fits("PolicySourceArn", 20..=2048, Alphabet::ANY)?;
    call.text("PolicySourceArn")
}

fn supposition(call: &Call<'_>) -> Result<Supposition, Refusal> {
    call.must_have_items("ActionNames")?;
    let entries = call.params.structs("ContextEntries")?;
    Ok(Supposition {
        actions: call.texts("ActionNames")?,
        resources: call.texts("ResourceArns")?,
        policies: call.texts("PolicyInputList")?,
        boundaries: call.texts("PermissionsBoundaryPolicyInputList")?,
        organization: Vec::new(),
        resource_policy: call.optional_text("ResourcePolicy"),
        resource_owner: call.optional_text("ResourceOwner"),
        caller: call.optional_text("CallerArn"),
        entries: entries.iter().map(entry).collect::<Result<_, _>>()?,
        scenario: call.optional_text("ResourceHandlingOption"),
    })
}

fn entry(entry: &Params) -> Result<ContextEntry, Refusal> {
    known(entry, &["ContextKeyName", "ContextKeyValues", "ContextKeyType"])?;
    Ok(ContextEntry {
        name: entry.required("ContextKeyName")?.to_owned(),
        kind: entry.string("ContextKeyType").map(str::to_owned),
        values: texts(entry, "ContextKeyValues")?,
    })
}

fn exclusions(call: &Call<'_>) -> Result<Vec<Exclusion>, Refusal> {
    let given = call.params.structs("PolicyExclusionList")?;
    if given.len() > MAX_EXCLUDED {
        return Err(Constraint::NotLonger(MAX_EXCLUDED).broken("PolicyExclusionList", None).into());
    }
    given.iter().map(exclusion).collect()
}

/// One of three members says what is left out.
fn exclusion(given: &Params) -> Result<Exclusion, Refusal> {
    known(given, &["PolicyType", "PolicyArn", "InlinePolicyIdentifier"])?;
    let inline = given.structure("InlinePolicyIdentifier");
    match (given.string("PolicyType"), given.string("PolicyArn"), inline) {
        (Some(word), None, None) => {
            let found =
                KINDS.iter().find(|(known, _)| *known == word).map(|(_, kind)| Exclusion::Kind(*kind));
            found.ok_or_else(|| one_of("PolicyType", KINDS.iter().map(|(known, _)| *known)))
        }
        (None, Some(arn), None) => Ok(Exclusion::Arn(arn.to_owned())),
        (None, None, Some(inline)) => {
            known(&inline, &["PolicyName", "AttachmentType", "AttachmentName"])?;
            let kind = inline.required("AttachmentType")?;
            if !["user", "group", "role"].contains(&kind) {
                return Err(one_of("AttachmentType", ["user", "group", "role"].into_iter()));
            }
            Ok(Exclusion::Inline {
                policy: inline.required("PolicyName")?.to_owned(),
                kind: kind.to_owned(),
                holder: inline.required("AttachmentName")?.to_owned(),
            })
        }
        _ => {
            let message = "an entry of `PolicyExclusionList` has one of `PolicyType`, `PolicyArn` and `InlinePolicyIdentifier`";
            Err(Error::InvalidInput(message.to_owned()).into())
        }
    }
}

fn one_of<'w>(name: &'static str, words: impl Iterator<Item = &'w str>) -> Refusal {
    Constraint::OneOf(&words.collect::<Vec<_>>().join(", ")).broken(name, None).into()
}

/// Refuses a member that a structure does not have.
fn known(given: &Params, members: &[&str]) -> Result<(), Refusal> {
    match given.unknown(members).first() {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(128).collect();
            Err(Error::InvalidInput(format!("the member `{name}` is not known here; leave it out")).into())
        }
    }
}

fn texts(given: &Params, name: &str) -> Result<Vec<String>, Refusal> {
    Ok(given.list(name)?.into_iter().map(str::to_owned).collect())
}

fn named(keys: Vec<String>) -> Answer {
    Answer::result(move |result| result.texts("ContextKeyNames", keys.iter().map(String::as_str)))
}

fn told(page: Page<ActionResult>) -> Answer {
    Answer::result(move |result| paged(result, "EvaluationResults", &page, action))
}

fn action(w: &mut XmlWriter, result: &ActionResult) {
    let finding = &result.finding;
    w.text("EvalActionName", &result.action);
    w.text("EvalResourceName", &result.resource);
    w.text("EvalDecision", &finding.outcome.to_string());
    why(w, finding);
    if let Some(allowed) = finding.by_organization {
        w.element("OrganizationsDecisionDetail", |w| {
            w.boolean("AllowedByOrganizations", allowed);
        });
    }
    by_boundary(w, finding);
    if let Some(found) = &finding.details {
        details(w, found);
    }
    if !result.resources.is_empty() {
        w.list("ResourceSpecificResults", &result.resources, |w, (arn, finding)| {
            w.text("EvalResourceName", arn);
            w.text("EvalResourceDecision", &finding.outcome.to_string());
            why(w, finding);
            if let Some(found) = finding.details.as_deref().filter(|found| !found.is_empty()) {
                details(w, found);
            }
            by_boundary(w, finding);
        });
    }
}

fn why(w: &mut XmlWriter, finding: &Finding) {
    w.list("MatchedStatements", &finding.matched, statement);
    w.texts("MissingContextValues", finding.missing.iter().map(String::as_str));
}

fn by_boundary(w: &mut XmlWriter, finding: &Finding) {
    if let Some(allowed) = finding.by_boundary {
        w.element("PermissionsBoundaryDecisionDetail", |w| {
            w.boolean("AllowedByPermissionsBoundary", allowed);
        });
    }
}

fn details(w: &mut XmlWriter, details: &[(PolicyType, Outcome)]) {
    w.element("EvalDecisionDetails", |map| {
        for (policy_type, outcome) in details {
            map.element("entry", |entry| {
                entry.text("key", type_name(*policy_type));
                entry.text("value", &outcome.to_string());
            });
        }
    });
}

/// Both positions are just after their brace, as AWS counts.
fn statement(w: &mut XmlWriter, statement: &MatchedStatement) {
    let (start, end) = (statement.start, statement.end);
    w.text("SourcePolicyId", &statement.policy_id);
    w.text("SourcePolicyType", type_name(statement.policy_type));
    for (name, line, column) in
        [("StartPosition", start.line, start.column.saturating_add(1)), ("EndPosition", end.line, end.column)]
    {
        w.element(name, |w| {
            w.integer("Line", i64::from(line));
            w.integer("Column", i64::from(column));
        });
    }
}

/// What AWS calls a type of policy here.
fn type_name(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::Identity | PolicyType::RootUser => "IAM Policy",
        PolicyType::Resource | PolicyType::Trust => "Resource Policy",
        PolicyType::Boundary => "Permissions Boundary Policy",
        PolicyType::ServiceControl => "Service Control Policy",
        PolicyType::ResourceControl => "Resource Control Policy",
        PolicyType::Session => "Session Policy",
        PolicyType::Endpoint => "VPC Endpoint Policy",
    }
}
