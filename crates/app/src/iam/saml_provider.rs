//! SAML providers: the metadata of who may vouch for people.

use std::sync::Arc;

use garita_model::{AccountId, Error, Plain, Result, SamlProvider, SamlProviderName, Tag, tag};
use jiff::{SignedDuration, Timestamp};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::json;

use super::ask::{Ask, own_account};
use super::noun::{Named, Noun};
use super::quota;
use crate::App;
use crate::context::RequestContext;

/// How long metadata is good that does not say: a hundred years, as AWS has it.
const USUAL_VALIDITY: SignedDuration = SignedDuration::from_hours(24 * 36_525);

impl Noun for SamlProvider {
    fn arn(&self) -> String {
        arn(self.account, &self.name)
    }
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
    fn absent(called: &str) -> Error {
        Error::NotFound(format!("Manifest not found for arn {called}"))
    }
}

impl App {
    /// Makes a provider; answers its ARN.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists`; `InvalidInput` for metadata that cannot be read; `Invalid` or `LimitExceeded`
    /// for its tags; `LimitExceeded` for one too many.
    pub async fn create_saml_provider(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: SamlProviderName,
        metadata: String,
        tags: Vec<Tag>,
    ) -> Result<String> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let arn = arn(account, &name);
            let ask = Ask::new("iam:CreateSAMLProvider", &arn, account).tagging(&tags);
            let permit = ask.judge_making(change, "iam:TagSAMLProvider")?;
            let state = change.state();
            if named(account, &arn).find::<SamlProvider>(state).is_ok() {
                let message = format!("SAMLProvider with name {name} already exists.");
                return Err(Error::AlreadyExists(message));
            }
            quota::SAML_PROVIDERS.one_more(state.list::<SamlProvider>(account, "").count())?;
            tag::check_all(&tags)?;
            let created = change.now();
            let valid_until = valid_until(&metadata, created)?;
            let provider = SamlProvider { account, name, metadata, created, valid_until, tags };
            change.put(&permit, provider.into_object());
            change.made(json!({ "sAMLProviderArn": arn }));
            Ok(arn)
        })
        .await
    }

    /// A provider.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub fn get_saml_provider(&self, cx: &RequestContext, arn: &str) -> Result<Arc<SamlProvider>> {
        self.read_noun(cx, "iam:GetSAMLProvider", &named(own_account(cx)?, arn))
    }

    /// The account's providers, with their ARNs.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn list_saml_providers(&self, cx: &RequestContext) -> Result<Vec<(String, Arc<SamlProvider>)>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:ListSAMLProviders", "*", account).judge_read(&state, cx)?;
        Ok(state.list::<SamlProvider>(account, "").map(|p| (p.arn(), Arc::clone(p))).collect())
    }

    /// Replaces a provider's metadata.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `InvalidInput` for metadata that cannot be read.
    pub async fn update_saml_provider(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
        metadata: String,
    ) -> Result<()> {
        let (named, now) = (named(own_account(cx)?, arn), cx.now());
        self.edit_noun(cx, "iam:UpdateSAMLProvider", named, move |_, provider: &mut SamlProvider| {
            provider.valid_until = valid_until(&metadata, now)?;
            provider.metadata = metadata;
            Ok(())
        })
        .await
    }

    /// Deletes a provider.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn delete_saml_provider(self: &Arc<Self>, cx: &RequestContext, arn: &str) -> Result<()> {
        let named = named(own_account(cx)?, arn);
        self.delete_noun(cx, "iam:DeleteSAMLProvider", named, |_: &SamlProvider| Ok(())).await
    }
}

/// How a request names a provider.
pub(super) fn named(account: AccountId, arn: &str) -> Named {
    Named::by_arn(account, "saml-provider", arn)
}

fn arn(account: AccountId, name: &SamlProviderName) -> String {
    format!("arn:aws:iam::{account}:saml-provider/{name}")
}

/// Checks metadata: an `EntityDescriptor` without a document type. Answers until when it is valid. SAML metadata 2.0,
/// §2.3.2.
///
/// # Errors
/// `InvalidInput` for anything else.
pub fn valid_until(metadata: &str, now: Timestamp) -> Result<Timestamp> {
    let unreadable = || Error::InvalidInput("Could not parse metadata".to_owned());
    let mut reader = Reader::from_str(metadata);
    let mut until = None;
    loop {
        match reader.read_event().map_err(|_| unreadable())? {
            Event::Start(element) | Event::Empty(element) if until.is_none() => {
                until = Some(descriptor(&element, now).ok_or_else(unreadable)?);
            }
            Event::DocType(_) => return Err(unreadable()),
            Event::Eof => return until.ok_or_else(unreadable),
            _ => {}
        }
    }
}

fn descriptor(element: &BytesStart<'_>, now: Timestamp) -> Option<Timestamp> {
    let text = |name: &str| Some(element.try_get_attribute(name).ok()??.value.into_owned());
    text("entityID").filter(|id| !id.is_empty())?;
    let named = element.local_name().as_ref() == "EntityDescriptor";
    let until = text("validUntil").map_or_else(|| Some(now + USUAL_VALIDITY), |text| text.parse().ok());
    until.filter(|_| named)
}
