//! The operator's questions about everyone: who can do something, and what somebody can do.
//!
//! Answered over one snapshot by [`garita_policy::reach`], with what policies do not say added here: which operations
//! need no permission, who may never call STS, and which trust policy guards a role. What follows from a principal is
//! known; its answer is a formula over what a request may bring. A role is answered as its sessions without session
//! policies, a user as with its own keys.
//! INVARIANT: each question that is answered, or refused, leaves one audit record.

mod everyone;
mod question;
pub mod report;
mod what_can;

use std::sync::{Arc, Mutex, PoisonError};

use garita_model::{AccountId, Error, Result};
use garita_policy::{NamedPolicy, Population};
use garita_store::Snapshot;
use serde_json::{Value, json};

use crate::App;
use crate::audit::{self, Event, Outcome};
use report::{WhatCan, WhoCan};

/// An API stage, as policies know it.
#[derive(Debug, Clone)]
pub struct Stage {
    /// `arn:aws:execute-api:{region}:{account}:{api}/{stage}`, without what follows.
    pub arn: String,
    /// The account that owns it.
    pub account: AccountId,
    /// Its resource policy.
    pub policy: Option<NamedPolicy>,
}

/// An IAM action that Garita knows, and what it acts on.
#[derive(Debug, Clone, Copy)]
pub struct Catalogued {
    /// Such as `iam:GetUser`.
    pub action: &'static str,
    /// The template of an ARN, or `*`.
    pub resource: &'static str,
}

/// What is asked about beside the snapshot: what this Garita serves.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The API stages.
    pub stages: Vec<Stage>,
    /// The actions of the operations that are served.
    pub catalogue: Vec<Catalogued>,
}

/// Everyone of the revision that was asked about last, indexed. What has not changed since is not indexed again.
#[derive(Default)]
pub(crate) struct Everyone(Mutex<Option<(u64, Arc<Population>)>>);

impl Everyone {
    fn at(&self, state: &Snapshot) -> Result<Arc<Population>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let population = match &*known {
            Some((revision, population)) if *revision == state.revision() => {
                return Ok(Arc::clone(population));
            }
            Some((_, before)) => Population::after(before, everyone::holders(state)?),
            None => Population::new(everyone::holders(state)?),
        };
        let population = Arc::new(population);
        *known = Some((state.revision(), Arc::clone(&population)));
        Ok(population)
    }
}

impl App {
    /// Who can do `action` on `resource`. `owner` is the resource's account when its ARN does not say; else the
    /// resource counts as the principal's own.
    ///
    /// # Errors
    /// `Invalid` for what is no single action or resource, `NotFound` for a role that is not there; `Unavailable` when
    /// the trail cannot be written.
    pub async fn who_can(
        &self,
        action: &str,
        resource: &str,
        owner: Option<AccountId>,
        around: &Surroundings,
    ) -> Result<WhoCan> {
        let state = self.snapshot();
        let question = question::Question::parse(action, resource, owner);
        let account = question.as_ref().ok().and_then(|question| question.owner);
        let answer = question.and_then(|question| {
            let population = self.everyone.at(&state)?;
            question.answer(&state, &population, around)
        });
        self.told(&state, "WhoCan", account, json!({ "action": action, "resource": resource }), answer).await
    }

    /// What a user, a role or a root user can do, by its ARN.
    ///
    /// # Errors
    /// `Invalid` for what is no such ARN, `NotFound` when nobody has it; `Unavailable` when the trail cannot be written.
    pub async fn what_can(&self, principal: &str, around: &Surroundings) -> Result<WhatCan> {
        let state = self.snapshot();
        let found = everyone::find(&state, principal);
        let account = found.as_ref().ok().and_then(|holder| holder.principal.account());
        let answer = found.and_then(|holder| what_can::report(&state, &holder, around));
        self.told(&state, "WhatCan", account, json!({ "principal": principal }), answer).await
    }

    /// Puts a question and how it ended on the trail; in the name of the root user of the account it is about, or else
    /// of the first one.
    async fn told<T>(
        &self,
        state: &Snapshot,
        name: &str,
        account: Option<AccountId>,
        parameters: Value,
        answer: Result<T>,
    ) -> Result<T> {
        let account = account.filter(|id| state.account(*id).is_some());
        let Some(account) = account.or_else(|| state.accounts().next().map(|account| account.id)) else {
            return Err(Error::NotFound(
                "there is no account yet: `garita account create` makes one".to_owned(),
            ));
        };
        let cx = self.operator(account, name, Value::Null)?;
        let (source, name) = ("garita.internal", name.to_owned());
        let cx = cx.for_event(Event { source, name, parameters, read_only: true, management: true });
        let outcome = match &answer {
            Ok(_) => Outcome::ok(200),
            Err(error) => Outcome::error(400, audit::error_code(error), error.to_string()),
        };
        self.audit(&cx, &outcome).await?;
        answer
    }
}
