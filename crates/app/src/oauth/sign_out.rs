//! The end of a browser's session, and where an app may have it lead: OpenID Connect RP-Initiated Logout 1.0, and
//! Cognito's `/logout`.
//!
//! INVARIANT: a browser is led only to an address that the app client has registered, letter for letter.

use std::sync::Arc;

use garita_model::Result;
use garita_model::user_pool::{PoolBrowser, PoolClient, PoolId, UserPool};
use garita_policy::AccountId;
use serde_json::json;

use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::context::{Concerned, RequestContext};
use crate::hash;

/// What a sign-out is asked with.
#[derive(Clone, Copy)]
pub struct SignOut<'a> {
    /// The app client's id.
    pub client: Option<&'a str>,
    /// An id token that the client was given, which may have run out.
    pub id_token: Option<&'a str>,
    /// Where to lead the browser.
    pub leads_to: Option<&'a str>,
    /// Whether the browser is to sign in again at once: Cognito's `response_type` with `redirect_uri`.
    pub signs_in_again: bool,
    /// Where that sign-in leads.
    pub redirect_uri: Option<&'a str>,
}

/// What a sign-out is of.
pub struct WayOut {
    /// The pool.
    pub pool: Arc<UserPool>,
    /// Where the browser is led, when the app has proved who it is by an address it registered; none means that the
    /// person is to be asked.
    pub location: Option<Location>,
}

/// Where a browser is led that was signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// To an address of the app.
    App(String),
    /// To the authorization endpoint, with what the app asks for there.
    SignIn(String),
}

impl App {
    /// Finds out what a sign-out is of and where it leads.
    ///
    /// # Errors
    /// `invalid_request` when there is no such pool or client, or the address is not the client's.
    pub fn sign_out_way(
        &self,
        cx: &RequestContext,
        pool: Option<&str>,
        asked: &SignOut<'_>,
    ) -> Result<WayOut, OAuthFault> {
        let refused = |text: &str| OAuthCode::InvalidRequest.because(text);
        let hinted = asked.id_token.and_then(|hint| self.hinted(cx, pool, hint)).map(|on| on.client);
        // RP-Initiated Logout 1.0 section 2: the two must agree.
        if asked.client.zip(hinted.as_deref()).is_some_and(|(named, hinted)| named != hinted) {
            return Err(refused("client_id is not the app client that the id_token_hint was given to"));
        }
        let client = asked.client.map(str::to_owned).or(hinted);
        let Some(client) = client else {
            if asked.leads_to.is_some() {
                return Err(refused(
                    "client_id or an id_token_hint of this user pool is needed to lead a browser somewhere",
                ));
            }
            let pool =
                pool.and_then(|pool| self.oidc_pool(pool)).ok_or_else(|| refused("client_id is missing"))?;
            return Ok(WayOut { pool, location: None });
        };
        let known = self.oidc_client(cx, pool, &client);
        let (pool, client) = known.ok_or_else(|| refused("the app client is not known"))?;
        let base = self.issuer_base().map_err(|error| OAuthFault::from(&error))?;
        let location = location(base, &pool, &client, asked)?;
        Ok(WayOut { pool, location })
    }

    /// Ends the session of a browser; a cookie that stands for none is as good as ended.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it.
    pub async fn sign_browser_out(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: &UserPool,
        cookie: &str,
    ) -> Result<()> {
        let place = PoolBrowser::place(&pool.id, &hash::of(cookie));
        let account: AccountId = pool.account;
        let Some(held) = self.snapshot().get::<PoolBrowser>(account, &place).cloned() else { return Ok(()) };
        let sub = Some(held.user.to_string());
        cx.concerns(Concerned { account, pool: pool.id.to_string(), sub });
        let id: PoolId = pool.id.clone();
        self.change(cx, move |change| {
            change.made(json!({ "userPoolId": id.as_str() }));
            change.end_browser(PoolBrowser::clone(&held));
            Ok(())
        })
        .await
    }
}

fn location(
    base: &str,
    pool: &UserPool,
    client: &PoolClient,
    asked: &SignOut<'_>,
) -> Result<Option<Location>, OAuthFault> {
    let among = |known: &[String], uri: &str| known.iter().any(|known| known == uri);
    if let Some(uri) = asked.leads_to {
        if !among(&client.logout_urls, uri) {
            let text = "the address to return to is not a sign-out URL the app client has registered";
            return Err(OAuthCode::InvalidRequest.because(text));
        }
        return Ok(Some(Location::App(uri.to_owned())));
    }
    match asked.redirect_uri {
        Some(uri) if asked.signs_in_again => {
            if !among(&client.callback_urls, uri) {
                let text = "redirect_uri is not a callback URL the app client has registered";
                return Err(OAuthCode::InvalidRequest.because(text));
            }
            Ok(Some(Location::SignIn(format!("{base}/{}/oauth2/authorize", pool.id))))
        }
        _ => Ok(None),
    }
}
