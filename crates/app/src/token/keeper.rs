//! Carrying out what [`super::rotation`] plans, for every pool and every account's issuer of this Garita.
//!
//! Keys are generated before the transaction, on the threads for slow work; inside it the plan is made once more, and
//! nothing happens unless it is still the same. So two nodes may do this at the same time, and one of them does it.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::Uuid;
use garita_model::{AccountId, Error, ObjectKey, Plain as _, Result, TokenKey};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::key::{NewKey, generate};
use super::rotation::{Schedule, Step, deny, plan};
use crate::App;
use crate::audit::Event;
use crate::authorize::Question;
use crate::change::Change;

/// The keys of one pool, and what is to become of them.
#[derive(Clone)]
struct Task {
    account: AccountId,
    pool: String,
    /// A key that must not be trusted any more.
    denied: Option<String>,
    schedule: Schedule,
    now: Timestamp,
}

impl App {
    /// Does what the keys of all pools need by now; answers for how many pools that was anything. To be called now and
    /// then, at least every hour.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep a change, `Internal`; the pools that came before are done.
    pub async fn keep_token_keys(self: &Arc<Self>, schedule: Schedule) -> Result<usize> {
        let (state, now) = (self.snapshot(), self.clock.now());
        let mut pools: BTreeMap<(AccountId, String), Vec<Arc<TokenKey>>> = BTreeMap::new();
        for account in state.accounts() {
            for key in state.list::<TokenKey>(account.id, "") {
                pools.entry((account.id, key.pool.clone())).or_default().push(Arc::clone(key));
            }
        }
        let mut changed = 0;
        for ((account, pool), keys) in pools {
            if !plan(&keys, schedule, now).is_empty() {
                self.rearrange(Task { account, pool, denied: None, schedule, now }).await?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// Denies a key that someone else may have. When this returns, no token that it signed is accepted, and another key
    /// signs.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` when the store cannot keep the change; `Internal`.
    pub async fn deny_token_key(
        self: &Arc<Self>,
        account: AccountId,
        pool: &str,
        kid: &str,
        schedule: Schedule,
    ) -> Result<()> {
        let (pool, denied, now) = (pool.to_owned(), Some(kid.to_owned()), self.clock.now());
        self.rearrange(Task { account, pool, denied, schedule, now }).await
    }

    async fn rearrange(self: &Arc<Self>, task: Task) -> Result<()> {
        let steps = task.steps(&self.snapshot())?;
        let (app, asked, ordered) = (Arc::clone(self), task.clone(), steps.clone());
        let made: Vec<TokenKey> = self.passwords().turn(move || asked.make(&app, &ordered)).await??;
        let (source, owner, nouns) = match task.is_of_account() {
            true => ("sts.amazonaws.com", "issuerId", ["DenyIssuerKey", "RotateIssuerKeys"]),
            false => ("cognito-idp.amazonaws.com", "userPoolId", ["DenyUserPoolKey", "RotateUserPoolKeys"]),
        };
        let [deny, rotate] = nouns;
        let name = if task.denied.is_some() { deny } else { rotate };
        let parameters = json!({ owner: task.pool, "keyId": task.denied });
        let cx = self.operator(task.account, name, parameters.clone())?.for_event(Event {
            source,
            name: name.to_owned(),
            parameters,
            read_only: false,
            management: true,
        });
        self.change(&cx, move |change| {
            if task.steps(change.state())? != steps {
                let message = "the signing keys were changed by another request; try again";
                return Err(Error::unavailable(message, "a lost race"));
            }
            task.apply(change, steps, made)
        })
        .await
    }
}

impl Task {
    /// Whether the keys are those of an account's issuer, which is known by a UUID, as no pool is.
    fn is_of_account(&self) -> bool {
        self.pool.parse::<Uuid>().is_ok()
    }

    /// What there is to do, the denial first.
    fn steps(&self, state: &Snapshot) -> Result<Vec<Step>> {
        let held = state.list::<TokenKey>(self.account, &TokenKey::prefix(&self.pool));
        let mut keys: Vec<Arc<TokenKey>> = held.cloned().collect();
        let mut steps = Vec::new();
        if let Some(kid) = &self.denied {
            let found = keys.iter_mut().find(|key| key.kid == *kid);
            let owner = if self.is_of_account() { "issuer" } else { "user pool" };
            let found = found
                .ok_or_else(|| Error::NotFound(format!("{owner} `{}` has no key `{kid}`", self.pool)))?;
            let denied = deny(found, self.schedule, self.now);
            *found = Arc::new(denied.clone());
            steps.push(Step::Put(Box::new(denied)));
        }
        steps.extend(plan(&keys, self.schedule, self.now));
        Ok(steps)
    }

    /// The new keys that the steps ask for, in their order.
    fn make(&self, app: &App, steps: &[Step]) -> Result<Vec<TokenKey>> {
        let wanted = steps.iter().filter_map(|step| match step {
            Step::Add { algorithm, signs, signs_from } => Some((*algorithm, *signs, *signs_from)),
            Step::Put(_) | Step::Delete(_) => None,
        });
        wanted
            .map(|(algorithm, signs, signs_from)| {
                let new = NewKey { account: self.account, pool: &self.pool, algorithm, signs };
                generate(new, &app.keyring, app.entropy(), self.now, signs_from)
            })
            .collect()
    }

    fn apply(&self, change: &mut Change<'_>, steps: Vec<Step>, made: Vec<TokenKey>) -> Result<()> {
        let permit = if self.is_of_account() {
            change.authorize(&Question::new("iam:EnableOutboundWebIdentityFederation", "*", self.account))?
        } else {
            let region = change.app().region();
            let arn = format!("arn:aws:cognito-idp:{region}:{}:userpool/{}", self.account, self.pool);
            change.authorize(&Question::new("cognito-idp:UpdateUserPool", &arn, self.account))?
        };
        let kids: Vec<&str> = made.iter().map(|key| key.kid.as_str()).collect();
        change.made(json!({ "keyIds": kids }));
        for key in made {
            change.put(&permit, key.into_object());
        }
        for step in steps {
            match step {
                Step::Add { .. } => {}
                Step::Put(key) => change.put(&permit, key.into_object()),
                Step::Delete(key) => change.delete(&permit, ObjectKey::plain(key.as_ref())),
            }
        }
        Ok(())
    }
}
