//! The authorization endpoint, where an app sends a browser, and the way back: RFC 6749 section 4.1, OpenID Connect
//! Core section 3.1.2.

use std::sync::Arc;

use garita_app::oauth::ask::Told;
use garita_app::oauth::{Ask, AskFault, OAuthCode, OAuthFault, RawAsk, SignedIn};
use garita_model::{PoolClient, UserPool};
use http::StatusCode;
use serde_json::json;

use crate::Call;
use crate::answer::{Answer, Trouble, with_query};
use crate::cookie;
use crate::fields::Fields;
use crate::flow::{self, Flow, Goal, Step};
use crate::page;
use crate::pages::Wrong;
use crate::reply::Reply;
use crate::route::PageName;
use crate::words::{Language, Words};

/// Who goes back to an app.
pub(crate) struct Goer<'a> {
    /// The pool.
    pub(crate) pool: &'a UserPool,
    /// The app.
    pub(crate) client: &'a Arc<PoolClient>,
    /// Who is signed in.
    pub(crate) who: &'a SignedIn,
}

/// Sends a browser to the sign-in page, to the question, or back at once.
pub(super) async fn answer(call: &Call<'_>, pool: Option<&str>) -> Result<Answer, Trouble> {
    let mut raw = raw(call.fields);
    let language = raw.ui_locales.as_deref().and_then(Language::of_preferences);
    let words = call.words_in(language);
    let told = |fault: &AskFault| refused(words, fault);
    let known = raw.client_id.as_deref().and_then(|id| call.app().oidc_client(call.cx, pool, id));
    let (pool, client) = known.ok_or_else(|| told(&AskFault::UnknownClient))?;
    if raw.identity_provider.is_none() {
        let word = raw.idp_identifier.as_deref();
        raw.identity_provider = word.and_then(|word| call.app().provider_called(&pool, word));
    }
    let issuer = call.web.issuer(&pool);
    let mut ask = Ask::check(raw, &client).map_err(|fault| match fault {
        AskFault::Told(told) => Trouble::App(told, issuer.clone()),
        fault => told(&fault),
    })?;
    if let Some(hint) = call.fields.get("id_token_hint") {
        let meant = call.app().hinted_user(call.cx, &pool, hint);
        ask.subject = Some(meant.map_err(|fault| to_app(call, &pool, &ask, fault))?);
    }
    let now = call.cx.now();
    let cookie = cookie::read(call.headers(), &cookie::session(pool.id.as_str()));
    let who = cookie.and_then(|cookie| call.app().signed_in(&pool.id, cookie, now));
    let who =
        who.filter(|who| who.is_fresh(ask.max_age, now) && !ask.shown.sign_in && who.fits(&client, &ask));
    match who {
        Some(who) if !ask.shown.consent => {
            lead_on(call, &Goer { pool: &pool, client: &client, who: &who }, &ask).await
        }
        None if ask.shown.nothing => {
            let text = "nobody is signed in with this browser whom the app could be given at once";
            Err(to_app(call, &pool, &ask, OAuthCode::LoginRequired.because(text)))
        }
        who => {
            let browser = flow::browser_of(call.headers(), call.app().entropy())?;
            let provider = if who.is_some() { None } else { straight_to(&ask, &client) };
            let (page, step) = match who {
                Some(_) => (PageName::Consent, Step::Consent),
                None => (PageName::SignIn, Step::Start),
            };
            let flow = Flow::begin(&browser, Goal::App(ask), language).at(step);
            if let Some(name) = provider {
                let sent = page::send_to(call, &pool, &client, &flow, &name).await?;
                return Ok(sent.cookie(browser.cookie()));
            }
            let sealed = flow.seal(call.app(), pool.id.as_str(), now)?;
            Ok(Answer::of(Reply::see(&sealed.link(page.path())).cookie(browser.cookie())))
        }
    }
}

/// Sends a browser back to its app with a refusal.
pub(crate) fn to_app(call: &Call<'_>, pool: &UserPool, ask: &Ask, fault: OAuthFault) -> Trouble {
    let told = Told { redirect_uri: ask.redirect_uri.clone(), state: ask.state.clone(), fault };
    Trouble::App(Box::new(told), call.web.issuer(pool))
}

/// Sends a browser back to its app with a code.
pub(crate) async fn lead_on(call: &Call<'_>, goer: &Goer<'_>, ask: &Ask) -> Result<Answer, Trouble> {
    if !goer.who.is_meant(ask) {
        let text = "who signed in is not the person that the app asked for";
        return Err(to_app(call, goer.pool, ask, OAuthCode::LoginRequired.because(text)));
    }
    call.app().note_browser_use(call.cx, goer.who).await?;
    let code = call.app().authorization_code(call.cx, goer.pool, goer.client, goer.who, ask)?;
    let issuer = call.web.issuer(goer.pool);
    let mut told = vec![("code", code.expose().as_str())];
    told.extend(ask.state.as_deref().map(|state| ("state", state)));
    told.push(("iss", &issuer));
    let answer = Answer::of(Reply::see(&with_query(&ask.redirect_uri, &told)));
    Ok(answer.made(json!({ "clientId": goer.client.id.as_str(), "scopes": ask.scopes })))
}

/// The provider that a browser is sent to without a page before: the one that is asked for, or the only way there is.
fn straight_to(ask: &Ask, client: &PoolClient) -> Option<String> {
    let named = match (&ask.provider, client.providers.as_slice()) {
        (Some(named), _) => named,
        (None, [only]) => only,
        (None, _) => return None,
    };
    (named != "COGNITO").then(|| named.clone())
}

fn raw(fields: &Fields) -> RawAsk {
    RawAsk {
        client_id: fields.own("client_id"),
        redirect_uri: fields.own("redirect_uri"),
        response_type: fields.own("response_type"),
        response_mode: fields.own("response_mode"),
        scope: fields.own("scope"),
        state: fields.own("state"),
        nonce: fields.own("nonce"),
        prompt: fields.own("prompt"),
        max_age: fields.own("max_age"),
        login_hint: fields.own("login_hint"),
        ui_locales: fields.own("ui_locales"),
        code_challenge: fields.own("code_challenge"),
        code_challenge_method: fields.own("code_challenge_method"),
        identity_provider: fields.own("identity_provider"),
        idp_identifier: fields.own("idp_identifier"),
        request: fields.own("request"),
        request_uri: fields.own("request_uri"),
        registration: fields.own("registration"),
    }
}

/// A fault that is told to the person at the browser, because there is no app to tell it to.
fn refused(words: Words, fault: &AskFault) -> Trouble {
    let (code, text) = match fault {
        AskFault::UnknownClient => ("UnknownClient", words.say("reason-unknown-client")),
        AskFault::ClientClosed => ("ClientClosed", words.say("reason-client-closed")),
        AskFault::NoRedirect => ("MissingRedirectUri", words.say("reason-no-redirect")),
        AskFault::Redirect(uri) => {
            let shown: String = uri.chars().take(200).collect();
            ("RedirectUriMismatch", words.about("reason-redirect", "uri", &shown))
        }
        AskFault::Told(told) => ("InvalidRequest", told.fault.text.clone()),
    };
    let wrong = match fault {
        AskFault::Told(_) => Wrong::AppInEnglish(text.clone()),
        AskFault::UnknownClient | AskFault::ClientClosed | AskFault::NoRedirect | AskFault::Redirect(_) => {
            Wrong::App(text.clone())
        }
    };
    Trouble::Page(StatusCode::BAD_REQUEST, wrong, code, text)
}
