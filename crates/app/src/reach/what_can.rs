//! `what-can`: everything about one principal.
//!
//! First what its policies say, without what can never take effect for it; then every action that Garita knows, on
//! all resources of the kind that the operation acts on in the principal's own account, and on every API stage; then
//! the roles it may assume, each judged with its trust policy.

use garita_model::{AccountId, Result};
use garita_policy::reach::{Aim, Alternative, ArnSet, Holder, Known, Target, answer, in_effect};
use garita_policy::{Effect, Policies, PolicyType, Principal};
use garita_store::Snapshot;

use super::everyone::name_of;
use super::question::{BY_IDENTITY_PROVIDER, Guard, JUDGED_BY_TRUST, NEEDS_NONE, NOT_FOR_SESSIONS};
use super::report::{ActionLine, Conditions, GrantLine, Verdict, WhatCan};
use super::{Catalogued, Surroundings};

pub(super) fn report(state: &Snapshot, holder: &Holder, around: &Surroundings) -> Result<WhatCan> {
    let known = holder.known();
    let own = in_effect(&known, PolicyType::Identity, &holder.identity);
    let (allows, denies): (Vec<_>, Vec<_>) =
        own.iter().partition(|one| one.statement.effect() == Effect::Allow);
    let lines = |all: Vec<&Alternative<'_>>| all.into_iter().map(GrantLine::of).collect();
    let boundary = holder.boundary.as_ref().map(|policy| {
        let said = in_effect(&known, PolicyType::Boundary, std::slice::from_ref(policy));
        said.iter().map(GrantLine::of).collect()
    });
    let teller = Teller { holder, known, account: holder.principal.account() };
    let roles = teller.roles(state)?;
    Ok(WhatCan {
        principal: name_of(&holder.principal),
        revision: state.revision(),
        allows: lines(allows),
        denies: lines(denies),
        boundary,
        actions: teller.actions(around, !roles.is_empty()),
        roles,
    })
}

struct Teller<'a> {
    holder: &'a Holder,
    known: Known,
    account: Option<AccountId>,
}

impl Teller<'_> {
    fn conditions(
        &self,
        action: &str,
        target: Target<'_>,
        owner: Option<AccountId>,
        guard: &Guard<'_>,
    ) -> Conditions {
        let principal = &self.holder.principal;
        let aim = Aim::new(action, target, owner);
        let known = self.known.about(principal, owner);
        let policies = Policies {
            identity: &self.holder.identity,
            boundary: self.holder.boundary.as_ref(),
            ..guard.policies()
        };
        Conditions::of(&answer(&aim, principal, &known, &policies))
    }

    fn actions(&self, around: &Surroundings, assumes: bool) -> Vec<ActionLine> {
        let mut lines: Vec<ActionLine> = Vec::new();
        for row in &around.catalogue {
            let line = self.action(row, assumes);
            if !lines.iter().any(|known| known.action == line.action && known.resource == line.resource) {
                lines.push(line);
            }
        }
        for stage in &around.stages {
            let (action, resource) = ("execute-api:Invoke".to_owned(), format!("{}/*", stage.arn));
            let Some(all) = ArnSet::parse(&resource) else { continue };
            let guard = Guard::of_stage(stage);
            let conditions = self.conditions(&action, Target::All(&all), Some(stage.account), &guard);
            lines.push(ActionLine { action, resource, note: None, conditions });
        }
        lines
    }

    fn action(&self, row: &Catalogued, assumes: bool) -> ActionLine {
        let (action, resource) = (row.action.to_owned(), self.kind(row.resource));
        let is_one_of = |actions: &[&str]| actions.contains(&row.action);
        let is_session = matches!(self.holder.principal, Principal::RoleSession { .. });
        let line = |conditions, note: Option<&str>| {
            let (action, resource) = (action.clone(), resource.clone());
            ActionLine { action, resource, note: note.map(str::to_owned), conditions }
        };
        if is_session && is_one_of(&NOT_FOR_SESSIONS) {
            return line(Conditions::never("sessions of roles cannot call it"), None);
        }
        if is_one_of(&NEEDS_NONE) {
            return line(Conditions::always(), Some("needs no permission"));
        }
        if is_one_of(&BY_IDENTITY_PROVIDER) {
            return line(Conditions::never("only whoever has an identity provider's token"), None);
        }
        if is_one_of(&JUDGED_BY_TRUST) {
            let some = Conditions { answer: Verdict::When, ..Conditions::always() };
            let none = || Conditions::never("there is no role that it may assume");
            return line(if assumes { some } else { none() }, assumes.then_some("of the roles below"));
        }
        let set = ArnSet::parse(&resource);
        let target = set.as_ref().map_or(Target::One(&resource), Target::All);
        line(self.conditions(row.action, target, self.account, &Guard::None), None)
    }

    /// All that the template of an operation's resource can name in the principal's own account, as a pattern.
    fn kind(&self, template: &str) -> String {
        let iam = |resource: &str| match self.account {
            Some(account) => format!("arn:aws:iam::{account}:{resource}"),
            None => format!("arn:aws:iam::*:{resource}"),
        };
        match (template, &self.holder.principal) {
            ("{PolicyArn}", _) => return iam("policy/*"),
            ("{OpenIDConnectProviderArn}", _) => return iam("oidc-provider/*"),
            ("{SAMLProviderArn}", _) => return iam("saml-provider/*"),
            ("{SerialNumber}", _) => return iam("mfa/*"),
            ("{RoleArn}", _) => return "arn:aws:iam::*:role/*".to_owned(),
            (template, Principal::User { arn, .. }) if template.ends_with("{caller}") => {
                return arn.to_string();
            }
            // Anything in the account.
            (template, _) if template.starts_with('{') => return iam("*"),
            _ => {}
        }
        let account = self.account.map_or_else(|| "*".to_owned(), |account| account.to_string());
        let text = template.replace("{account}", &account).replace("{path}", "/{");
        text.split_once('{').map_or(text.clone(), |(before, _)| format!("{before}*"))
    }

    /// The roles it may assume. A root user may assume none.
    fn roles(&self, state: &Snapshot) -> Result<Vec<ActionLine>> {
        let mut lines = Vec::new();
        if matches!(self.holder.principal, Principal::Root { .. }) {
            return Ok(lines);
        }
        for account in state.accounts() {
            for role in state.roles(account.id, None) {
                let Some(trust) = state.trust(role) else { continue };
                let (action, resource) = ("sts:AssumeRole".to_owned(), role.arn()?.to_string());
                let guard = Guard::Trust(trust);
                let conditions = self.conditions(&action, Target::One(&resource), Some(account.id), &guard);
                if conditions.answer != Verdict::Never {
                    lines.push(ActionLine { action, resource, note: None, conditions });
                }
            }
        }
        Ok(lines)
    }
}
