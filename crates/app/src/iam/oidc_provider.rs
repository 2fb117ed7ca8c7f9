//! OpenID Connect providers: whose tokens may open roles, for which audiences.
//!
//! INVARIANT: a provider is known by its issuer, which is an `https` address, or an `http` one of the loopback where the
//! operator allows that; its ARN holds the rest of it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use garita_model::{AccountId, Error, OidcProvider, Plain, Result, Tag, tag};
use serde_json::json;

use super::ask::{Ask, own_account};
use super::noun::{Named, Noun};
use super::quota;
use crate::App;
use crate::context::RequestContext;

/// What `CreateOpenIDConnectProvider` asks for.
#[derive(Debug, Clone)]
pub struct CreateOidcProvider {
    /// `https://…`
    pub url: String,
    /// Audiences.
    pub client_ids: Vec<String>,
    /// SHA-1 of certificates, in hex.
    pub thumbprints: Vec<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Noun for OidcProvider {
    fn arn(&self) -> String {
        arn(self.account, &self.url)
    }
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
    fn absent(called: &str) -> Error {
        Error::NotFound(format!("OpenIDConnect Provider not found for arn {called}"))
    }
}

impl App {
    /// Makes a provider; answers its ARN.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists`; `Invalid` or `InvalidInput` for an address, an audience or a thumbprint that
    /// cannot be; `LimitExceeded`.
    pub async fn create_oidc_provider(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreateOidcProvider,
    ) -> Result<String> {
        let account = own_account(cx)?;
        let (url, plain_http) = issuer(&input.url, self.provider_keys.rules().loopback_http)?;
        self.change(cx, move |change| {
            let arn = arn(account, &url);
            let ask = Ask::new("iam:CreateOpenIDConnectProvider", &arn, account).tagging(&input.tags);
            let permit = ask.judge_making(change, "iam:TagOpenIDConnectProvider")?;
            let state = change.state();
            if named(account, &arn).find::<OidcProvider>(state).is_ok() {
                let message = format!("Provider with url {} already exists.", input.url);
                return Err(Error::AlreadyExists(message));
            }
            quota::OIDC_PROVIDERS.one_more(state.list::<OidcProvider>(account, "").count())?;
            tag::check_all(&input.tags)?;
            let client_ids = client_ids(input.client_ids)?;
            let thumbprints = thumbprints(input.thumbprints)?;
            let (created, tags) = (change.now(), input.tags);
            let provider = OidcProvider { account, url, plain_http, created, client_ids, thumbprints, tags };
            change.put(&permit, provider.into_object());
            change.made(json!({ "openIDConnectProviderArn": arn }));
            Ok(arn)
        })
        .await
    }

    /// A provider.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub fn get_oidc_provider(&self, cx: &RequestContext, arn: &str) -> Result<Arc<OidcProvider>> {
        self.read_noun(cx, "iam:GetOpenIDConnectProvider", &named(own_account(cx)?, arn))
    }

    /// The ARNs of the account's providers.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn list_oidc_providers(&self, cx: &RequestContext) -> Result<Vec<String>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:ListOpenIDConnectProviders", "*", account).judge_read(&state, cx)?;
        Ok(state.list::<OidcProvider>(account, "").map(|provider| provider.arn()).collect())
    }

    /// Replaces the thumbprints.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid`.
    pub async fn update_oidc_thumbprints(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
        new: Vec<String>,
    ) -> Result<()> {
        let named = named(own_account(cx)?, arn);
        let action = "iam:UpdateOpenIDConnectProviderThumbprint";
        self.edit_noun(cx, action, named, move |_, provider: &mut OidcProvider| {
            provider.thumbprints = thumbprints(new)?;
            Ok(())
        })
        .await
    }

    /// Adds an audience; nothing changes when it is there.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid`; `LimitExceeded`.
    pub async fn add_oidc_client_id(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
        id: String,
    ) -> Result<()> {
        let named = named(own_account(cx)?, arn);
        let action = "iam:AddClientIDToOpenIDConnectProvider";
        self.edit_noun(cx, action, named, move |_, provider: &mut OidcProvider| {
            let mut all = provider.client_ids.clone();
            all.push(id);
            provider.client_ids = client_ids(all)?;
            Ok(())
        })
        .await
    }

    /// Takes an audience away; nothing changes when it is not there.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn remove_oidc_client_id(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
        id: String,
    ) -> Result<()> {
        let named = named(own_account(cx)?, arn);
        let action = "iam:RemoveClientIDFromOpenIDConnectProvider";
        self.edit_noun(cx, action, named, move |_, provider: &mut OidcProvider| {
            provider.client_ids.retain(|held| *held != id);
            Ok(())
        })
        .await
    }

    /// Deletes a provider.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn delete_oidc_provider(self: &Arc<Self>, cx: &RequestContext, arn: &str) -> Result<()> {
        let named = named(own_account(cx)?, arn);
        self.delete_noun(cx, "iam:DeleteOpenIDConnectProvider", named, |_: &OidcProvider| Ok(())).await
    }
}

/// How a request names a provider.
pub(super) fn named(account: AccountId, arn: &str) -> Named {
    Named::by_arn(account, "oidc-provider", arn)
}

fn arn(account: AccountId, url: &str) -> String {
    format!("arn:aws:iam::{account}:oidc-provider/{url}")
}

/// An issuer without its scheme, and whether that is `http`: only for this machine's loopback, and only if the operator
/// allows it.
pub(crate) fn issuer(url: &str, loopback_http: bool) -> Result<(String, bool)> {
    let plain = url.strip_prefix("http://").filter(|rest| loopback_http && is_loopback(rest));
    let rest = url.strip_prefix("https://").or(plain);
    let rest = rest.filter(|rest| url.len() <= 255 && !rest.starts_with('/'));
    let letters = |text: &&str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/:%".contains(&b))
    };
    let message =
        "Invalid Open ID Connect Provider URL: it begins with `https://` and has neither query nor fragment";
    let rest = rest.map(|rest| rest.trim_end_matches('/')).filter(letters);
    rest.map(|rest| (rest.to_owned(), plain.is_some())).ok_or_else(|| Error::invalid("url", message))
}

/// Whether an address without its scheme is of this machine's loopback.
fn is_loopback(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host == "localhost" || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Audiences, each once.
fn client_ids(given: Vec<String>) -> Result<Vec<String>> {
    let mut ids = Vec::<String>::new();
    for id in given {
        if id.is_empty() || id.chars().count() > 255 {
            return Err(Error::invalid("clientID", "a client id has 1 to 255 characters"));
        }
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    quota::CLIENT_IDS.fits(ids.len())?;
    Ok(ids)
}

fn thumbprints(given: Vec<String>) -> Result<Vec<String>> {
    if given.len() > 5 {
        return Err(Error::invalid("thumbprintList", "Thumbprint list must contain fewer than 5 entries."));
    }
    if given.iter().any(|text| text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(Error::invalid("thumbprintList", "a thumbprint has 40 hexadecimal digits"));
    }
    Ok(given.into_iter().map(|text| text.to_ascii_lowercase()).collect())
}
