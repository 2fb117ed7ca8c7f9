//! What is known of a request before it is made: the condition keys that follow from who asks.
//!
//! A known key has a value or is known to be absent; anything may stand in any other. INVARIANT: a key that a request
//! can change is not known: the name of a role's session, so `aws:userid`; a role's tags, when it can be given others
//! with the session.

use crate::arn::AccountId;
use crate::context::{Context, KeyName, Principal, Values};

/// Keys whose values are known, or known to be absent.
#[derive(Clone, Debug, Default)]
pub struct Known {
    context: Context,
    /// Those that follow from who asks.
    principal: bool,
    user_id: bool,
    tags: bool,
    also: Vec<KeyName>,
}

impl Known {
    /// Nothing is known.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// What follows from the principal alone. `tags` are those its requests carry as `aws:PrincipalTag`; none: not
    /// known.
    pub fn of<'t>(principal: &Principal, tags: Option<impl IntoIterator<Item = (&'t str, &'t str)>>) -> Self {
        let mut context = Context::new();
        context.set_principal(principal);
        let user_id = principal.sessions_begin_with().is_none();
        if !user_id {
            context.remove("aws:userid");
        }
        let knows_tags = tags.is_some();
        for (key, value) in tags.into_iter().flatten() {
            context.set(&format!("aws:PrincipalTag/{key}"), value);
        }
        Self { context, principal: true, user_id, tags: knows_tags, also: Vec::new() }
    }

    /// Settles one more key; without values it is known to be absent.
    pub fn settle(&mut self, key: &str, values: Option<&Values>) {
        match values {
            Some(Values::One(value)) => self.context.set(key, value.as_str()),
            Some(Values::Many(values)) => self.context.set_many(key, values.iter().cloned()),
            None => self.context.remove(key),
        }
        self.also.push(KeyName::new(key));
    }

    /// The same, for resources of an account: settles `aws:ResourceAccount`, which is the principal's own when none
    /// is given.
    #[must_use]
    pub fn about(&self, principal: &Principal, owner: Option<AccountId>) -> Self {
        let mut known = self.clone();
        if let Some(account) = owner.or(principal.account()) {
            known.settle("aws:ResourceAccount", Some(&Values::One(account.to_string())));
        }
        known
    }

    /// The keys that have a value.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Whether the value of a key, or its absence, is known.
    pub fn is_known(&self, key: &str) -> bool {
        self.knows(&KeyName::new(key))
    }

    /// The keys of a request: what is known, and those of `others` of which nothing is.
    pub fn with(&self, others: &Context) -> Context {
        let mut context = self.context.clone();
        for (key, values) in others.iter().filter(|(key, _)| !self.is_known(key)) {
            match values {
                Values::One(value) => context.set(key, value.as_str()),
                Values::Many(values) => context.set_many(key, values.iter().cloned()),
            }
        }
        context
    }

    pub(crate) fn knows(&self, key: &KeyName) -> bool {
        let named = match key.folded() {
            "aws:principalarn" | "aws:principalaccount" | "aws:principaltype" | "aws:username" => {
                self.principal
            }
            "aws:principalisawsservice" | "aws:principalservicename" => self.principal,
            "aws:userid" => self.user_id,
            name => self.tags && name.starts_with("aws:principaltag/"),
        };
        named || self.also.iter().any(|known| known.folded() == key.folded())
    }
}
