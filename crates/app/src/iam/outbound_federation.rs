//! Outbound identity federation: whether an account's principals get tokens that services outside can verify.
//!
//! Each account has an issuer of its own, made when the feature is first enabled, with a key for each algorithm; the
//! keys rotate as those of user pools do. Its key set stays published while the feature is off, for the tokens that
//! were given out before. IAM User Guide, "Federating AWS identities to external services".

use std::sync::Arc;

use garita_model::user_pool::Uuid;
use garita_model::{
    AccountId, Error, Plain as _, Reason, Result, TokenAlgorithm, TokenIssuer, TokenKey, TokenUse,
};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::{Ask, own_account};
use crate::App;
use crate::context::RequestContext;
use crate::token::key::{NewKey, generate};
use crate::token::{Issuer, jwks};

/// How tokens of accounts can be signed.
pub const ALGORITHMS: [TokenAlgorithm; 2] = [TokenAlgorithm::Rs256, TokenAlgorithm::Es384];

impl App {
    /// Lets the account's principals get tokens; answers the address of its issuer.
    ///
    /// # Errors
    /// `AccessDenied`; `FeatureEnabled`.
    pub async fn enable_outbound_federation(self: &Arc<Self>, cx: &RequestContext) -> Result<String> {
        const ACTION: &str = "iam:EnableOutboundWebIdentityFederation";
        let account = own_account(cx)?;
        let base = self.sts_issuer_base()?.to_owned();
        Ask::new(ACTION, "*", account).judge_read(&self.snapshot(), cx)?;
        let new = match held(&self.snapshot(), account) {
            Some(held) if held.enabled => return Err(enabled()),
            Some(_) => None,
            None => Some(self.new_issuer(account, cx.now()).await?),
        };
        self.change(cx, move |change| {
            let permit = Ask::new(ACTION, "*", account).judge(change)?;
            let issuer = match (held(change.state(), account), new) {
                (Some(held), _) if held.enabled => return Err(enabled()),
                (Some(held), _) => TokenIssuer { enabled: true, ..TokenIssuer::clone(&held) },
                (None, Some((issuer, keys))) => {
                    for key in keys {
                        change.put(&permit, key.into_object());
                    }
                    issuer
                }
                (None, None) => return Err(Error::internal("the account's issuer went away")),
            };
            let url = address(&base, issuer.id);
            change.put(&permit, issuer.into_object());
            change.made(json!({ "issuerIdentifier": url }));
            Ok(url)
        })
        .await
    }

    /// Gives the account's principals no more tokens.
    ///
    /// # Errors
    /// `AccessDenied`; `FeatureDisabled`.
    pub async fn disable_outbound_federation(self: &Arc<Self>, cx: &RequestContext) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let permit = Ask::new("iam:DisableOutboundWebIdentityFederation", "*", account).judge(change)?;
            let issuer = TokenIssuer::clone(&*open(change.state(), account).ok_or_else(disabled)?);
            change.put(&permit, TokenIssuer { enabled: false, ..issuer }.into_object());
            Ok(())
        })
        .await
    }

    /// The address of the account's issuer.
    ///
    /// # Errors
    /// `AccessDenied`; `FeatureDisabled`.
    pub fn outbound_federation(&self, cx: &RequestContext) -> Result<String> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:GetOutboundWebIdentityFederationInfo", "*", account).judge_read(&state, cx)?;
        let issuer = open(&state, account).ok_or_else(disabled)?;
        Ok(address(self.sts_issuer_base()?, issuer.id))
    }

    /// The key set of an account's issuer; none when there is no such issuer.
    pub fn issuer_key_set(&self, id: Uuid, now: Timestamp) -> Option<Value> {
        let state = self.snapshot();
        let issuer = of_id(&state, id)?;
        let prefix = TokenKey::prefix(&id.to_string());
        let keys: Vec<Arc<TokenKey>> = state.list::<TokenKey>(issuer.account, &prefix).cloned().collect();
        Some(jwks::document(&keys, now))
    }

    /// What verifiers find out of an account's issuer by themselves (OpenID Connect Discovery 1.0 section 3); none when
    /// there is no such issuer.
    pub fn issuer_configuration(&self, id: Uuid) -> Option<Value> {
        of_id(&self.snapshot(), id)?;
        let url = address(self.sts_issuer_base().ok()?, id);
        Some(json!({
            "issuer": url,
            "jwks_uri": format!("{url}/.well-known/jwks.json"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ALGORITHMS.map(TokenAlgorithm::as_str),
            "claims_supported": ["iss", "aud", "sub", "iat", "exp", "jti", "https://sts.amazonaws.com/"],
        }))
    }

    /// An issuer and its keys. RSA takes a while: not on a thread that serves others.
    async fn new_issuer(
        self: &Arc<Self>,
        account: AccountId,
        now: Timestamp,
    ) -> Result<(TokenIssuer, [TokenKey; 2])> {
        let issuer = TokenIssuer { account, id: Uuid::draw(self.entropy())?, created: now, enabled: true };
        let (app, pool) = (Arc::clone(self), issuer.id.to_string());
        let make = move |algorithm| {
            let new = NewKey { account, pool: &pool, algorithm, signs: TokenUse::Id };
            generate(new, &app.keyring, app.entropy(), now, now)
        };
        let [rsa, ec] = ALGORITHMS;
        let keys = self.passwords().turn(move || Ok::<_, Error>([make(rsa)?, make(ec)?])).await??;
        Ok((issuer, keys))
    }
}

/// An account's issuer, if it gives out tokens.
pub(crate) fn open(state: &Snapshot, account: AccountId) -> Option<Arc<TokenIssuer>> {
    held(state, account).filter(|issuer| issuer.enabled)
}

/// The issuer as tokens name it.
pub(crate) fn named(base: &str, issuer: &TokenIssuer) -> Issuer {
    Issuer { account: issuer.account, pool: issuer.id.to_string(), url: address(base, issuer.id) }
}

/// Whether a token claims to be of an account of this Garita.
pub(crate) fn is_own(base: &str, iss: &str) -> bool {
    iss.strip_prefix(base).is_some_and(|rest| rest.starts_with(PATH))
}

/// Where issuers stand under the AWS endpoint.
const PATH: &str = "/sts/";

fn address(base: &str, id: Uuid) -> String {
    format!("{base}{PATH}{id}")
}

fn held(state: &Snapshot, account: AccountId) -> Option<Arc<TokenIssuer>> {
    state.get::<TokenIssuer>(account, TokenIssuer::LOCAL).cloned()
}

fn of_id(state: &Snapshot, id: Uuid) -> Option<Arc<TokenIssuer>> {
    state.accounts().find_map(|account| held(state, account.id).filter(|issuer| issuer.id == id))
}

fn enabled() -> Error {
    let message = "Outbound web identity federation is already enabled for this account.";
    Error::rejected(Reason::FeatureEnabled, message)
}

fn disabled() -> Error {
    let message = "Outbound web identity federation is not enabled for this account.";
    Error::rejected(Reason::FeatureDisabled, message)
}
