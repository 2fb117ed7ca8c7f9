//! The formulas of `reach` against decisions: with some of a request not known, each must hold of that very request
//! exactly when it is allowed.
//!
//! What is taken as not known follows from the request itself, so that a case is the same whenever it is run.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use garita_policy::reach::{Aim, ArnSet, Holder, Known, Population, Target, answer};
use garita_policy::{Context, Policies, Principal, Request, Values, evaluate};

/// What a formula and the decision do not agree on.
pub(crate) fn disagreement(asked: &Request<'_>, policies: &Policies<'_>) -> Option<String> {
    let mut draw = Draw(DefaultHasher::new());
    format!("{asked:?}").hash(&mut draw.0);
    // It takes several times as long as a decision.
    if draw.below(8) > 0 {
        return None;
    }
    with_some_keys(asked, policies, &mut draw)
        .or_else(|| of_a_kind(asked, policies, &mut draw))
        .or_else(|| in_a_population(asked, policies, &mut draw))
}

struct Draw(DefaultHasher);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.write_u8(1);
        self.0.finish() % bound
    }
}

/// Any session of its role, in place of a session; anyone else as they are.
fn unnamed(principal: &Principal) -> Principal {
    let mut principal = principal.clone();
    if let Principal::RoleSession { session_arn, session_name, .. } = &mut principal {
        let (head, _) = session_arn.as_str().rsplit_once('/').unwrap();
        *session_name = "*".to_owned();
        *session_arn = format!("{head}/*").parse().unwrap();
    }
    principal
}

fn compare(what: &str, holds: bool, asked: &Request<'_>, policies: &Policies<'_>) -> Option<String> {
    let allowed = evaluate(asked, policies).is_allowed();
    (holds != allowed).then(|| format!("{what} says {holds}, evaluate {allowed}"))
}

fn some_known(asked: &Request<'_>, draw: &mut Draw) -> Known {
    let mut known = Known::nothing();
    let told = asked.context.iter().map(|(key, values)| (key, Some(values)));
    let missing =
        ["x:None", "x:num", "aws:SourceIp", "aws:username"].map(|key| (key, asked.context.get(key)));
    for (key, values) in told.chain(missing) {
        if draw.below(3) > 0 {
            // A multi-valued key without values is absent.
            known.settle(key, values.filter(|values| values.iter().next().is_some()));
        }
    }
    known
}

fn with_some_keys(asked: &Request<'_>, policies: &Policies<'_>, draw: &mut Draw) -> Option<String> {
    let known = some_known(asked, draw);
    let principal = if draw.below(2) == 0 { asked.principal.clone() } else { unnamed(asked.principal) };
    let aim = Aim::new(asked.action, Target::One(asked.resource), asked.resource_account);
    let answer = answer(&aim, &principal, &known, policies);
    compare("the formula", answer.holds(asked.context, asked.principal, asked.resource), asked, policies)
}

/// The resource as one of many.
fn of_a_kind(asked: &Request<'_>, policies: &Policies<'_>, draw: &mut Draw) -> Option<String> {
    let mut parts: Vec<String> = asked.resource.splitn(6, ':').map(str::to_owned).collect();
    if parts.len() < 6 || parts[2] == "kms" || asked.resource.contains(['*', '$']) {
        return None;
    }
    for part in parts.iter_mut().skip(3) {
        if draw.below(2) == 0 {
            let kept = usize::try_from(draw.below(part.chars().count() as u64 + 1)).unwrap();
            *part = part.chars().take(kept).chain(['*']).collect();
        }
    }
    let set = ArnSet::parse(&parts.join(":")).unwrap();
    let aim = Aim::new(asked.action, Target::All(&set), asked.resource_account);
    let known = some_known(asked, draw);
    let answer = answer(&aim, asked.principal, &known, policies);
    let holds = answer.holds(asked.context, asked.principal, asked.resource);
    compare(&format!("the formula of {}", parts.join(":")), holds, asked, policies)
}

/// Everyone's index, with this principal as one of two; its keys are those of the principal.
fn in_a_population(asked: &Request<'_>, policies: &Policies<'_>, draw: &mut Draw) -> Option<String> {
    let team = || match asked.context.get("aws:PrincipalTag/team") {
        Some(Values::One(team)) => vec![("team".to_owned(), team.clone())],
        _ => Vec::new(),
    };
    let holder = |identity: Vec<_>| Holder {
        principal: unnamed(asked.principal),
        identity,
        boundary: policies.boundary.cloned(),
        tags: Some(team()),
    };
    let tags = if draw.below(2) == 0 { Some(team()) } else { None };
    let first = Holder { tags, ..holder(policies.identity.to_vec()) };
    let known = first.known().about(&first.principal, asked.resource_account);
    let context: Context = known.with(asked.context);
    let others = policies.identity.iter().take(1).cloned().collect::<Vec<_>>();
    let population = Population::new(vec![first, holder(others.clone())]);
    let aim = Aim::new(asked.action, Target::One(asked.resource), asked.resource_account);
    let who = population.who_can(&aim, policies);
    for (held, number) in [policies.identity, others.as_slice()].into_iter().zip(0..) {
        let holder = population.holders().nth(number).unwrap();
        let found = who.iter().find(|(found, _)| std::ptr::eq(*found, holder));
        let known = holder.known().about(&holder.principal, asked.resource_account);
        let context = if number == 0 { context.clone() } else { known.with(asked.context) };
        let asked = Request { context: &context, ..*asked };
        let holds = found.is_some_and(|(_, answer)| answer.holds(&context, asked.principal, asked.resource));
        let policies = Policies { identity: held, ..*policies };
        let told = compare(&format!("who-can, of holder {number},"), holds, &asked, &policies);
        if told.is_some() {
            return told;
        }
    }
    None
}
