//! What a client sends to the simulator, and what of it is no simulation.
//!
//! INVARIANT: a policy is parsed as the kind it is given as; a resource policy covers every resource, so that none is
//! tried without the policy that was meant for it.
//! IAM API reference, `SimulatePrincipalPolicy`, `SimulateCustomPolicy`.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Caller, ContextEntry, Held, Simulation, entry, scenario};
use crate::arn::{AccountId, Arn};
use crate::context::Probe;
use crate::document::{PolicyDocument, PolicyKind, Statement};
use crate::evaluate::{NamedPolicy, PolicySource};
use crate::parse_error::quoted;
use crate::pattern::Match;
use crate::resource::ArnParts;

/// Longest policy, in characters.
const MAX_POLICY: usize = 131_072;
/// Longest name of an action.
const MAX_ACTION: usize = 128;
/// Most levels of an organization.
const MAX_LEVELS: usize = 7;

/// What is supposed, as a client sends it. The parameters of the same names are described in the API reference.
#[derive(Clone, Debug, Default)]
pub struct Supposition {
    /// `ActionNames`
    pub actions: Vec<String>,
    /// `ResourceArns`; none stands for `*`.
    pub resources: Vec<String>,
    /// `PolicyInputList`
    pub policies: Vec<String>,
    /// `PermissionsBoundaryPolicyInputList`
    pub boundaries: Vec<String>,
    /// `OrderedOrganizationPolicyInputList`: service control policies from the root to the account.
    pub organization: Vec<Vec<String>>,
    /// `ResourcePolicy`
    pub resource_policy: Option<String>,
    /// `ResourceOwner`: an account, by its number or the ARN of its root user.
    pub resource_owner: Option<String>,
    /// `CallerArn`
    pub caller: Option<String>,
    /// `ContextEntries`
    pub entries: Vec<ContextEntry>,
    /// `ResourceHandlingOption`
    pub scenario: Option<String>,
}

/// Why something is no simulation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {text} {problem}")]
pub struct BadInput {
    field: String,
    text: String,
    problem: String,
}

impl BadInput {
    pub(super) fn new(field: &str, text: &str, problem: &str) -> Self {
        Self { field: field.to_owned(), text: quoted(text), problem: problem.to_owned() }
    }
}

impl Simulation {
    /// Puts together what a client supposes and what the store knows.
    ///
    /// # Errors
    /// When something of it cannot be, or does not go with the rest.
    pub fn new(supposed: &Supposition, held: Held) -> Result<Self, BadInput> {
        if supposed.actions.is_empty() {
            return Err(BadInput::new("ActionNames", "ActionNames", "names no action; name at least one"));
        }
        let actions = supposed.actions.iter().map(|action| check_action(action)).collect::<Result<_, _>>()?;
        let resources = read_resources(&supposed.resources)?;
        if let Some(scenario) = &supposed.scenario {
            scenario::check(scenario, &resources)?;
        }
        let said = supposed.caller.as_deref().map(|text| Caller::parse("CallerArn", text, "")).transpose()?;
        let mut given = held.keys;
        given.overlay(&entry::read(&supposed.entries)?);
        let mut identity = held.identity;
        identity.extend(parse_policies("PolicyInputList", &supposed.policies, PolicyKind::Identity)?);
        let simulation = Self {
            actions,
            resource_policy: read_resource_policy(supposed.resource_policy.as_deref(), &resources)?,
            resources,
            caller: held.caller.or(said).unwrap_or(Caller::Nameless(None)),
            owner: supposed.resource_owner.as_deref().map(read_owner).transpose()?,
            given,
            identity,
            boundary: read_boundary(&supposed.boundaries)?.or(held.boundary),
            scp: read_organization(&supposed.organization)?,
            trusts: held.trusts,
        };
        simulation.check_resource_policy()?;
        Ok(simulation)
    }

    /// A resource policy needs somebody whom it can name, and covers every resource.
    fn check_resource_policy(&self) -> Result<(), BadInput> {
        let Some(policy) = &self.resource_policy else { return Ok(()) };
        if !matches!(self.caller, Caller::Known(_)) {
            let problem = "needs somebody whom it may name: give a user or role as `CallerArn`";
            return Err(BadInput::new("ResourcePolicy", "ResourcePolicy", problem));
        }
        let document = policy.document();
        if document.kind() == PolicyKind::Trust {
            return Ok(());
        }
        let covered = |resource: &&String| {
            let owner = self.owner_of(resource);
            let context = self.keys(&self.caller.principal(owner), owner);
            let (probe, arn) = (Probe::new(&context), ArnParts::split(resource));
            document.statements().iter().any(|statement| covers(statement, arn.as_ref(), &probe))
        };
        match self.resources.iter().find(|resource| !covered(resource)) {
            None => Ok(()),
            Some(resource) => {
                let problem = "is a resource that `ResourcePolicy` does not cover: it must cover every one";
                Err(BadInput::new("ResourceArns", resource, problem))
            }
        }
    }
}

/// Whether a statement is about a resource; a variable may yet get a value that makes it so.
fn covers(statement: &Statement, arn: Option<&ArnParts<'_>>, probe: &Probe<'_>) -> bool {
    let Some(clause) = statement.resource_clause() else { return true };
    let mut matches = clause.patterns.iter().map(|pattern| pattern.matches(arn, probe));
    if clause.negated {
        matches.all(|matched| matched != Match::Yes)
    } else {
        matches.any(|matched| matched != Match::No)
    }
}

fn check_action(text: &str) -> Result<String, BadInput> {
    let bad = |problem| Err(BadInput::new("ActionNames", text, problem));
    if text.contains(['*', '?']) {
        return bad("has a wildcard; name each action");
    }
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let named = text.split_once(':').is_some_and(|(service, name)| is_name(service) && is_name(name));
    if named && text.len() <= MAX_ACTION {
        Ok(text.to_owned())
    } else {
        bad("is not an action with its service, such as `iam:CreateUser`")
    }
}

fn read_resources(texts: &[String]) -> Result<Vec<String>, BadInput> {
    if texts.is_empty() {
        return Ok(vec!["*".to_owned()]);
    }
    let check = |text: &String| match text.as_str() {
        "*" => Ok(text.clone()),
        _ if text.parse::<Arn>().is_ok() => Ok(text.clone()),
        _ => Err(BadInput::new("ResourceArns", text, "is neither an ARN nor `*`")),
    };
    texts.iter().map(check).collect()
}

fn read_owner(text: &str) -> Result<AccountId, BadInput> {
    let of_root = |text: &str| {
        let arn: Arn = text.parse().ok()?;
        let is_root = arn.service() == "iam" && arn.resource() == "root";
        arn.account().parse().ok().filter(|_| is_root)
    };
    let owner = text.parse().ok().or_else(|| of_root(text));
    owner.ok_or_else(|| BadInput::new("ResourceOwner", text, "is not an account of twelve digits"))
}

fn read_boundary(texts: &[String]) -> Result<Option<NamedPolicy>, BadInput> {
    const FIELD: &str = "PermissionsBoundaryPolicyInputList";
    if texts.len() > 1 {
        let count = texts.len().to_string();
        return Err(BadInput::new(FIELD, &count, "policies are too many: a principal has one boundary"));
    }
    Ok(parse_policies(FIELD, texts, PolicyKind::Boundary)?.pop())
}

fn read_organization(levels: &[Vec<String>]) -> Result<Option<Vec<Vec<NamedPolicy>>>, BadInput> {
    const FIELD: &str = "OrderedOrganizationPolicyInputList";
    if levels.len() > MAX_LEVELS {
        let count = levels.len().to_string();
        return Err(BadInput::new(FIELD, &count, "levels are too many: an organization has at most 7"));
    }
    let read = |(number, texts): (usize, &Vec<String>)| {
        let field = format!("{FIELD}.{number}.ServiceControlPolicyInputList");
        parse_policies(&field, texts, PolicyKind::ServiceControl)
    };
    let levels = (1..).zip(levels).map(read).collect::<Result<Vec<_>, _>>()?;
    Ok((!levels.is_empty()).then_some(levels))
}

/// The policy of the resources; that of a role is its trust policy.
fn read_resource_policy(text: Option<&str>, resources: &[String]) -> Result<Option<NamedPolicy>, BadInput> {
    let Some(text) = text else { return Ok(None) };
    let is_role = |resource: &&String| {
        ArnParts::split(resource)
            .is_some_and(|arn| arn.part(2) == "iam" && arn.resource().starts_with("role/"))
    };
    let roles = resources.iter().filter(is_role).count();
    let kind = if roles == resources.len() { PolicyKind::Trust } else { PolicyKind::Resource };
    if kind == PolicyKind::Resource && roles > 0 {
        let problem = "cannot be the policy of roles and of other resources at once";
        return Err(BadInput::new("ResourcePolicy", "ResourcePolicy", problem));
    }
    parse("ResourcePolicy", "ResourcePolicy", text, kind).map(Some)
}

/// Parses policies of one kind; each is known by its field and number.
///
/// # Errors
/// When one of them is not a policy of this kind.
pub fn parse_policies(field: &str, texts: &[String], kind: PolicyKind) -> Result<Vec<NamedPolicy>, BadInput> {
    (1..).zip(texts).map(|(number, text)| parse(field, &format!("{field}.{number}"), text, kind)).collect()
}

/// The condition keys that policies ask for, as first written, in order of appearance; `held` come first.
///
/// # Errors
/// When a text is neither an identity-based nor a resource-based policy.
pub fn context_keys(held: &[NamedPolicy], texts: &[String]) -> Result<Vec<String>, BadInput> {
    const FIELD: &str = "PolicyInputList";
    let read = |(number, text): (usize, &String)| {
        let id = format!("{FIELD}.{number}");
        let policy = parse(FIELD, &id, text, PolicyKind::Identity);
        policy.or_else(|error| parse(FIELD, &id, text, PolicyKind::Resource).map_err(|_| error))
    };
    let given = (1..).zip(texts).map(read).collect::<Result<Vec<_>, _>>()?;
    let mut seen = HashSet::new();
    let keys = held.iter().chain(&given).flat_map(|policy| policy.document().context_keys());
    Ok(keys.filter(|key| seen.insert(key.to_lowercase())).map(str::to_owned).collect())
}

fn parse(field: &str, id: &str, text: &str, kind: PolicyKind) -> Result<NamedPolicy, BadInput> {
    let bad = |problem: String| BadInput::new(field, id, &problem);
    if text.chars().count() > MAX_POLICY {
        return Err(bad(format!("is longer than {MAX_POLICY} characters")));
    }
    let document =
        PolicyDocument::parse(text, kind).map_err(|error| bad(format!("is no {}: {error}", kind.name())))?;
    let source = match kind {
        PolicyKind::Boundary => PolicySource::Boundary,
        PolicyKind::ServiceControl => PolicySource::ServiceControl,
        PolicyKind::Resource => PolicySource::Resource,
        PolicyKind::Trust => PolicySource::Trust,
        _ => PolicySource::None,
    };
    Ok(NamedPolicy::new(id, source, Arc::new(document)))
}
