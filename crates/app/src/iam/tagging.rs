//! Tags on users, roles and customer managed policies.
//!
//! INVARIANT: keys on one thing differ in more than case. IAM User Guide, "Tags for AWS Identity and Access
//! Management resources".

use std::sync::Arc;

use garita_model::{AccountId, ManagedPolicy, Object, Result, RoleName, Tag, UserName, tag};
use garita_store::Snapshot;

use super::ask::{Ask, own_account};
use super::entity::EntityName;
use super::page::{Page, PageRequest};
use super::policy_arn::PolicyArn;
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;

/// What can have tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// A user, by name.
    User(UserName),
    /// A role, by name.
    Role(RoleName),
    /// A customer managed policy, by ARN.
    Policy(String),
}

/// What has tags, ready to be looked up.
enum Target {
    Entity(EntityName),
    Policy(PolicyArn),
}

/// The actions of one operation for users, roles and policies, in this order.
type Actions = [&'static str; 3];

const TAG: Actions = ["iam:TagUser", "iam:TagRole", "iam:TagPolicy"];
const UNTAG: Actions = ["iam:UntagUser", "iam:UntagRole", "iam:UntagPolicy"];
const LIST: Actions = ["iam:ListUserTags", "iam:ListRoleTags", "iam:ListPolicyTags"];

impl App {
    /// Sets tags, replacing those with the same keys in any case: `Tag{User,Role,Policy}`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a key given twice; `LimitExceeded` for more than fifty tags.
    pub async fn tag(self: &Arc<Self>, cx: &RequestContext, what: Tagged, tags: Vec<Tag>) -> Result<()> {
        let (account, target) = (own_account(cx)?, Target::of(what)?);
        self.change(cx, move |change| {
            let ask = target.ask(TAG, change.state(), account).tagging(&tags);
            edit(change, &ask, &target, |held| {
                tag::check_all(&tags)?;
                for new in tags {
                    match held.iter_mut().find(|t| is_same(&t.key, &new.key)) {
                        Some(old) => *old = new,
                        None => held.push(new),
                    }
                }
                tag::check_all(held)
            })
        })
        .await
    }

    /// Takes tags away; keys that are not there are no error: `Untag{User,Role,Policy}`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn untag(self: &Arc<Self>, cx: &RequestContext, what: Tagged, keys: Vec<String>) -> Result<()> {
        let (account, target) = (own_account(cx)?, Target::of(what)?);
        self.change(cx, move |change| {
            let ask = target.ask(UNTAG, change.state(), account).tag_keys(Some(keys.clone()));
            edit(change, &ask, &target, |held| {
                held.retain(|tag| !keys.iter().any(|key| is_same(key, &tag.key)));
                Ok(())
            })
        })
        .await
    }

    /// The tags, by key: `List{User,Role,Policy}Tags`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_tags(&self, cx: &RequestContext, what: &Tagged, page: &PageRequest) -> Result<Page<Tag>> {
        let (account, state, target) = (own_account(cx)?, self.snapshot(), Target::of(what.clone())?);
        let ask = target.ask(LIST, &state, account);
        ask.judge_read(&state, cx)?;
        let tags = match &target {
            Target::Entity(name) => name.find(&state, account)?.tags().to_vec(),
            Target::Policy(arn) => arn.get(&state, account)?.tags().to_vec(),
        };
        Ok(self.pager(&ask, page)?.sort(tags.into_iter().map(|tag| (tag.key.to_lowercase(), tag))))
    }
}

impl Target {
    fn of(what: Tagged) -> Result<Self> {
        Ok(match what {
            Tagged::User(name) => Self::Entity(EntityName::User(name)),
            Tagged::Role(name) => Self::Entity(EntityName::Role(name)),
            Tagged::Policy(arn) => Self::Policy(PolicyArn::parse(&arn)?),
        })
    }

    fn ask(&self, [user, role, policy]: Actions, state: &Snapshot, account: AccountId) -> Ask {
        match self {
            Self::Entity(name) => name.ask([user, "", role], state, account),
            Self::Policy(arn) => arn.ask(policy, state, account),
        }
    }
}

fn edit(
    change: &mut Change<'_>,
    ask: &Ask,
    target: &Target,
    edit: impl FnOnce(&mut Vec<Tag>) -> Result<()>,
) -> Result<()> {
    let permit = ask.judge(change)?;
    let account = own_account(change.cx())?;
    let object = match target {
        Target::Entity(name) => {
            let entity = name.find(change.state(), account)?;
            let mut tags = entity.tags().to_vec();
            edit(&mut tags)?;
            entity.changed(|part| {
                if let Some(held) = part.tags {
                    *held = tags;
                }
            })
        }
        Target::Policy(arn) => {
            let mut policy = ManagedPolicy::clone(&*arn.own(change.state(), account)?);
            edit(&mut policy.tags)?;
            Object::ManagedPolicy(Arc::new(policy))
        }
    };
    change.put(&permit, object);
    Ok(())
}

fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}
