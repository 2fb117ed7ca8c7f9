//! A case in the library's types, and what its evaluators say of it.

use std::sync::Arc;

use garita_policy::{
    CompiledPolicies, Context, NamedPolicy, Policies, PolicyDocument, PolicyIndex, PolicyKind, PolicySource,
    Principal, Request, decide, evaluate,
};
use serde_json::Value;

use crate::{naive, reach};

type Levels = Option<Vec<Vec<NamedPolicy>>>;
type Indexes = Option<Vec<Arc<PolicyIndex>>>;

/// The policies of a case, ready for both evaluators.
pub(crate) struct Subject {
    policies: Value,
    plain: [Levels; 8],
    indexed: [Indexes; 8],
}

const KINDS: [(&str, PolicyKind); 8] = [
    ("identity", PolicyKind::Identity),
    ("boundary", PolicyKind::Boundary),
    ("session", PolicyKind::Session),
    ("resource", PolicyKind::Resource),
    ("trust", PolicyKind::Trust),
    ("scp", PolicyKind::ServiceControl),
    ("rcp", PolicyKind::ResourceControl),
    ("endpoint", PolicyKind::Endpoint),
];

impl Subject {
    /// None: a policy does not parse.
    pub(crate) fn read(policies: &Value) -> Option<Self> {
        let mut plain = [const { None }; 8];
        for ((kind, grammar), slot) in KINDS.iter().zip(&mut plain) {
            let read = |(id, policy): &(String, &Value)| {
                let document = PolicyDocument::parse(&policy.to_string(), *grammar).ok()?;
                Some(NamedPolicy::new(id.as_str(), PolicySource::None, Arc::new(document)))
            };
            let level = |level: &Vec<(String, &Value)>| level.iter().map(read).collect::<Option<Vec<_>>>();
            if let Some(levels) = naive::levels(policies, kind) {
                *slot = Some(levels.iter().map(level).collect::<Option<Vec<_>>>()?);
            }
        }
        let index = |level: &Vec<NamedPolicy>| Arc::new(PolicyIndex::new(level.clone()));
        let indexed = plain
            .each_ref()
            .map(|levels| levels.as_ref().map(|levels| levels.iter().map(index).collect::<Vec<_>>()));
        Some(Self { policies: policies.clone(), plain, indexed })
    }

    /// Whether the naive evaluator allows the request.
    pub(crate) fn allows(&self, request: &Value) -> bool {
        naive::answer(&self.policies, request).outcome == "allowed"
    }

    /// What the evaluators do not agree on, if anything.
    pub(crate) fn disagreement(&self, request: &Value) -> Option<String> {
        let (principal, context) = (principal(&request["principal"])?, context(request.get("context")?)?);
        let account = request.get("resourceAccount").and_then(Value::as_str);
        let asked = Request {
            principal: &principal,
            action: request.get("action")?.as_str()?,
            resource: request.get("resource")?.as_str()?,
            resource_account: account.and_then(|account| account.parse().ok()),
            context: &context,
        };
        let wanted = naive::answer(&self.policies, request);
        let decision = evaluate(&asked, &self.plain());
        let indexed = self.indexed();
        let verdict = decide(&asked, &indexed);

        let expected = format!("{} by {}", wanted.outcome, wanted.decided_by);
        let evaluated = format!("{} by {:?}", decision.outcome(), decision.decided_by());
        let decided = format!("{} by {:?}", verdict.outcome(), verdict.decided_by());
        if let Some(told) = reach::disagreement(&asked, &self.plain()) {
            return Some(told);
        }
        if evaluated != expected || decided != expected {
            return Some(format!("naive: {expected}; evaluate: {evaluated}; decide: {decided}"));
        }
        let mut matched: Vec<_> =
            decision.matched().iter().map(|found| (found.policy_id.to_string(), found.index)).collect();
        let mut listed = wanted.matched;
        matched.sort();
        listed.sort();
        if matched != listed {
            return Some(format!("naive lists {listed:?}, evaluate {matched:?}"));
        }
        let needs_statement =
            !matches!(expected.as_str(), "allowed by RootUser") && !expected.starts_with("implicit");
        match verdict.statement().and_then(|statement| indexed.matched(statement)) {
            Some(found)
                if decision.matched().contains(&found) && found.policy_type == verdict.decided_by() =>
            {
                None
            }
            None if !needs_statement => None,
            found => Some(format!("{expected} by statement {found:?}, not one of {matched:?}")),
        }
    }

    fn plain(&self) -> Policies<'_> {
        let [identity, boundary, session, resource, trust, scp, rcp, endpoint] = &self.plain;
        fn all(levels: &Levels) -> Option<&[NamedPolicy]> {
            levels.as_ref().and_then(|levels| levels.first()).map(Vec::as_slice)
        }
        fn one(levels: &Levels) -> Option<&NamedPolicy> {
            all(levels).and_then(|level| level.first())
        }
        Policies {
            identity: all(identity).unwrap_or_default(),
            boundary: one(boundary),
            session: all(session),
            resource: one(resource),
            trust: one(trust),
            scp: scp.as_deref(),
            rcp: rcp.as_deref(),
            endpoint: one(endpoint),
        }
    }

    fn indexed(&self) -> CompiledPolicies<'_> {
        let [identity, boundary, session, resource, trust, scp, rcp, endpoint] = &self.indexed;
        fn one(levels: &Indexes) -> Option<&PolicyIndex> {
            levels.as_ref().and_then(|levels| levels.first()).map(|index| &**index)
        }
        CompiledPolicies {
            identity: one(identity),
            boundary: one(boundary),
            session: one(session),
            resource: one(resource),
            trust: one(trust),
            scp: scp.as_deref(),
            rcp: rcp.as_deref(),
            endpoint: one(endpoint),
        }
    }
}

fn context(keys: &Value) -> Option<Context> {
    let mut context = Context::new();
    for (key, value) in keys.as_object()? {
        match value {
            Value::String(value) => context.set(key, value.clone()),
            Value::Array(values) => {
                let values: Option<Vec<_>> = values.iter().map(|v| v.as_str().map(str::to_owned)).collect();
                context.set_many(key, values?);
            }
            _ => return None,
        }
    }
    Some(context)
}

fn principal(who: &Value) -> Option<Principal> {
    let text = |name: &str| who.get(name).and_then(Value::as_str);
    let arn = |name: &str| text(name).and_then(|text| text.parse().ok());
    let account = || text("account").and_then(|text| text.parse().ok());
    Some(match text("kind")? {
        "user" => Principal::User { arn: arn("arn")?, id: text("id")?.to_owned(), account: account()? },
        "session" => Principal::RoleSession {
            role_arn: arn("role")?,
            role_id: text("id")?.to_owned(),
            session_arn: arn("arn")?,
            session_name: "ana".to_owned(),
            account: account()?,
        },
        "federated" => {
            Principal::FederatedUser { arn: arn("arn")?, issuer: arn("issuer")?, account: account()? }
        }
        "root" => Principal::Root { account: account()? },
        "service" => Principal::Service { name: text("name")?.to_owned() },
        "web" => Principal::WebIdentity { provider: text("name")?.to_owned() },
        "anonymous" if text("account").is_none() => Principal::Anonymous,
        _ => return None,
    })
}
