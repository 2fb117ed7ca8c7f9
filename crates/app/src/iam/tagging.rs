//! Tags on everything that can have them: one mechanism.
//!
//! INVARIANT: keys on one thing differ in more than case. IAM User Guide, "Tags for AWS Identity and Access
//! Management resources".

use std::sync::Arc;

use garita_model::{
    AccountId, InstanceProfile, InstanceProfileName, ManagedPolicy, MfaDevice, Object, OidcProvider, Result,
    RoleName, SamlProvider, Tag, UserName, tag,
};
use garita_store::Snapshot;

use super::ask::{Ask, own_account};
use super::entity::EntityName;
use super::noun::{Named, Noun};
use super::page::{Page, PageRequest};
use super::policy_arn::PolicyArn;
use super::{instance_profile, mfa_device, oidc_provider, saml_provider};
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
    /// An instance profile, by name.
    InstanceProfile(InstanceProfileName),
    /// A virtual MFA device, by serial number.
    MfaDevice(String),
    /// An OpenID Connect provider, by ARN.
    OidcProvider(String),
    /// A SAML provider, by ARN.
    SamlProvider(String),
}

/// What has tags, ready to be looked up.
enum Target {
    Entity(EntityName),
    Policy(PolicyArn),
    InstanceProfile(Named),
    MfaDevice(Named),
    OidcProvider(Named),
    SamlProvider(Named),
}

/// The actions of one kind of thing: to tag, to untag, to list tags.
struct Actions {
    tag: &'static str,
    untag: &'static str,
    list: &'static str,
}

macro_rules! actions {
    ($noun:literal) => {
        Actions {
            tag: concat!("iam:Tag", $noun),
            untag: concat!("iam:Untag", $noun),
            list: concat!("iam:List", $noun, "Tags"),
        }
    };
}

impl App {
    /// Sets tags, replacing those with the same keys in any case: `Tag{User,Role,Policy}`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a key given twice; `LimitExceeded` for more than fifty tags.
    pub async fn tag(self: &Arc<Self>, cx: &RequestContext, what: Tagged, tags: Vec<Tag>) -> Result<()> {
        let (account, actions) = (own_account(cx)?, what.actions());
        let target = Target::of(account, what)?;
        self.change(cx, move |change| {
            let ask = target.ask(actions.tag, change.state(), account).tagging(&tags);
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
        let (account, actions) = (own_account(cx)?, what.actions());
        let target = Target::of(account, what)?;
        self.change(cx, move |change| {
            let ask = target.ask(actions.untag, change.state(), account).tag_keys(Some(keys.clone()));
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
        let (account, state) = (own_account(cx)?, self.snapshot());
        let target = Target::of(account, what.clone())?;
        let ask = target.ask(what.actions().list, &state, account);
        ask.judge_read(&state, cx)?;
        let tags = match &target {
            Target::Entity(name) => name.find(&state, account)?.tags().to_vec(),
            Target::Policy(arn) => arn.get(&state, account)?.tags().to_vec(),
            Target::InstanceProfile(named) => named.find::<InstanceProfile>(&state)?.tags.clone(),
            Target::MfaDevice(named) => named.find::<MfaDevice>(&state)?.tags.clone(),
            Target::OidcProvider(named) => named.find::<OidcProvider>(&state)?.tags.clone(),
            Target::SamlProvider(named) => named.find::<SamlProvider>(&state)?.tags.clone(),
        };
        Ok(self.pager(&ask, page)?.sort(tags.into_iter().map(|tag| (tag.key.to_lowercase(), tag))))
    }
}

impl Tagged {
    fn actions(&self) -> Actions {
        match self {
            Self::User(_) => actions!("User"),
            Self::Role(_) => actions!("Role"),
            Self::Policy(_) => actions!("Policy"),
            Self::InstanceProfile(_) => actions!("InstanceProfile"),
            Self::MfaDevice(_) => actions!("MFADevice"),
            Self::OidcProvider(_) => actions!("OpenIDConnectProvider"),
            Self::SamlProvider(_) => actions!("SAMLProvider"),
        }
    }
}

impl Target {
    fn of(account: AccountId, what: Tagged) -> Result<Self> {
        Ok(match what {
            Tagged::User(name) => Self::Entity(EntityName::User(name)),
            Tagged::Role(name) => Self::Entity(EntityName::Role(name)),
            Tagged::Policy(arn) => Self::Policy(PolicyArn::parse(&arn)?),
            Tagged::InstanceProfile(name) => Self::InstanceProfile(instance_profile::named(account, &name)),
            Tagged::MfaDevice(serial) => Self::MfaDevice(mfa_device::named(account, &serial)),
            Tagged::OidcProvider(arn) => Self::OidcProvider(oidc_provider::named(account, &arn)),
            Tagged::SamlProvider(arn) => Self::SamlProvider(saml_provider::named(account, &arn)),
        })
    }

    fn ask(&self, action: &'static str, state: &Snapshot, account: AccountId) -> Ask {
        match self {
            Self::Entity(name) => name.ask([action; 3], state, account),
            Self::Policy(arn) => arn.ask(action, state, account),
            Self::InstanceProfile(named) => named.ask::<InstanceProfile>(action, state),
            Self::MfaDevice(named) => named.ask::<MfaDevice>(action, state),
            Self::OidcProvider(named) => named.ask::<OidcProvider>(action, state),
            Self::SamlProvider(named) => named.ask::<SamlProvider>(action, state),
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
        Target::InstanceProfile(named) => edited::<InstanceProfile>(change.state(), named, edit)?,
        Target::MfaDevice(named) => edited::<MfaDevice>(change.state(), named, edit)?,
        Target::OidcProvider(named) => edited::<OidcProvider>(change.state(), named, edit)?,
        Target::SamlProvider(named) => edited::<SamlProvider>(change.state(), named, edit)?,
    };
    change.put(&permit, object);
    Ok(())
}

fn edited<N: Noun>(
    state: &Snapshot,
    named: &Named,
    edit: impl FnOnce(&mut Vec<Tag>) -> Result<()>,
) -> Result<Object> {
    let mut noun = N::clone(&*named.find::<N>(state)?);
    edit(noun.tags_mut())?;
    Ok(noun.into_object())
}

fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}
