//! The verbs of the policy simulator: what a principal could do, or somebody with given policies.
//!
//! They read and never write. A simulation is bounded: a page ends early when going on would take too long, and what
//! is too long for a single action is refused.
//! IAM API reference, `SimulatePrincipalPolicy`, `SimulateCustomPolicy`, `GetContextKeysForPrincipalPolicy`,
//! `GetContextKeysForCustomPolicy`.

use garita_model::{Error, Result};
use garita_policy::NamedPolicy;
use garita_policy::simulate::{ActionResult, BadInput, Held, Simulation, Supposition, context_keys};

use super::ask::{Ask, own_account};
use super::page::{Page, PageRequest, USUAL};
use super::simulated::{self, Exclusion, Simulated};
use crate::App;
use crate::context::RequestContext;

/// Most steps of a page, as [`Simulation::cost`] counts them: a few seconds at the very worst, far less as a rule.
const STEPS: u64 = 1 << 32;

/// What to simulate of a principal.
#[derive(Debug, Clone, Default)]
pub struct SimulatePrincipal {
    /// The ARN of the user, group or role whose policies are tried.
    pub source: String,
    /// Those of its policies that are left out.
    pub excluded: Vec<Exclusion>,
    /// What is supposed besides.
    pub supposed: Supposition,
}

impl App {
    /// Tries the policies of a user, group or role, and such as are given besides: `SimulatePrincipalPolicy`.
    ///
    /// A role of this account that is to be assumed is tried with its own trust policy, unless another is given.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` for a principal that is not there; `InvalidInput` for what cannot be simulated.
    pub async fn simulate_principal_policy(
        &self,
        cx: &RequestContext,
        ask: SimulatePrincipal,
        page: &PageRequest,
    ) -> Result<Page<ActionResult>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let simulated = Simulated::parse(&ask.source)?;
        let question = simulated.ask("iam:SimulatePrincipalPolicy", &state, account);
        question.judge_read(&state, cx)?;
        let held = simulated.held(&state, account, &ask)?;
        self.simulate(&question, held, ask.supposed, page).await
    }

    /// Tries the policies given: `SimulateCustomPolicy`.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidInput` for what cannot be simulated.
    pub async fn simulate_custom_policy(
        &self,
        cx: &RequestContext,
        supposed: Supposition,
        page: &PageRequest,
    ) -> Result<Page<ActionResult>> {
        let question = Ask::new("iam:SimulateCustomPolicy", "*", own_account(cx)?);
        question.judge_read(&self.snapshot(), cx)?;
        self.simulate(&question, Held::default(), supposed, page).await
    }

    /// The condition keys that the policies of a user, group or role ask for, and such as are given besides:
    /// `GetContextKeysForPrincipalPolicy`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` for a principal that is not there; `InvalidInput` for what is no policy.
    pub fn context_keys_for_principal_policy(
        &self,
        cx: &RequestContext,
        source: &str,
        policies: &[String],
    ) -> Result<Vec<String>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let simulated = Simulated::parse(source)?;
        simulated.ask("iam:GetContextKeysForPrincipalPolicy", &state, account).judge_read(&state, cx)?;
        let attached = simulated::attached(&state, &simulated.find(&state, account)?)?;
        let held: Vec<NamedPolicy> = attached.into_iter().map(|one| one.policy).collect();
        context_keys(&held, policies).map_err(|error| bad_input(&error))
    }

    /// The condition keys that policies ask for: `GetContextKeysForCustomPolicy`.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidInput` for what is no policy.
    pub fn context_keys_for_custom_policy(
        &self,
        cx: &RequestContext,
        policies: &[String],
    ) -> Result<Vec<String>> {
        let question = Ask::new("iam:GetContextKeysForCustomPolicy", "*", own_account(cx)?);
        question.judge_read(&self.snapshot(), cx)?;
        context_keys(&[], policies).map_err(|error| bad_input(&error))
    }

    async fn simulate(
        &self,
        question: &Ask,
        held: Held,
        supposed: Supposition,
        page: &PageRequest,
    ) -> Result<Page<ActionResult>> {
        let simulation = Simulation::new(&supposed, held).map_err(|error| bad_input(&error))?;
        let fitting = fitting(&simulation)?;
        let max_items = Some(page.max_items.unwrap_or(USUAL).min(fitting));
        let request = PageRequest { marker: page.marker.clone(), max_items };
        // A marker goes on where a list of actions was left: it is good for this list alone.
        let pager = self.pager(&question.clone().on(simulation.actions().join("\0")), &request)?;
        let numbered = simulation.actions().iter().enumerate();
        let Page { items, marker } =
            pager.cut(numbered.map(|(n, action)| (format!("{n:05}"), action.clone())));
        let run = move || items.iter().map(|action| simulation.run(action)).collect();
        let items = tokio::task::spawn_blocking(run).await;
        let items = items.map_err(|error| Error::internal(format!("a simulation ended early: {error}")))?;
        Ok(Page { items, marker })
    }
}

/// How many actions a page may hold.
fn fitting(simulation: &Simulation) -> Result<u32> {
    match STEPS / simulation.cost().max(1) {
        0 => {
            let message =
                "the simulation is too large: ask about fewer resources, or with fewer policies, at a time";
            Err(Error::InvalidInput(message.to_owned()))
        }
        fitting => Ok(u32::try_from(fitting).unwrap_or(u32::MAX)),
    }
}

pub(super) fn bad_input(error: &BadInput) -> Error {
    Error::InvalidInput(error.to_string())
}
