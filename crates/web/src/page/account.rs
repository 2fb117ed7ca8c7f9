//! What people change of their own account: passkeys, the authenticator app, recovery codes.
//!
//! INVARIANT: nothing is changed for a browser that signed in long ago: whoever finds it open must sign in anew first.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::oauth::SignedIn;
use garita_app::user_pool::{SettingUp, Who};
use garita_app::webauthn::RegistrationResponse;
use garita_model::user_pool::{MfaMode, PoolFault, UserPool};
use garita_model::{Error, Reason, Secret};
use garita_wire::hash::sha256;
use http::StatusCode;
use serde_json::json;

use super::{Stage, signed_in};
use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::flow::{Goal, Step};
use crate::pages::{self, Authenticator, Page, Problem, Security, SetUp, ShownPasskey};
use crate::reply::Reply;
use crate::route::PageName;

/// Seconds after a sign-in in which an account may be changed.
const FRESH: u32 = 15 * 60;

/// The page of who is signed in with this browser.
pub(super) fn show(call: &Call<'_>, pool: &UserPool) -> Result<Answer, Trouble> {
    let frame = call.frame_of(pool);
    let Some(who) = signed_in(call, pool) else { return Ok(shown(pages::account_out(&frame)?, None)) };
    let (flow, browser) = call.begin_at(pool.id.as_str(), Step::Codes(codes_of(&who)))?;
    // What was done is told on the page that follows; only words that are there can be asked for.
    let told = [
        "account-passkey-added",
        "account-passkey-removed",
        "account-app-added",
        "account-app-removed",
        "account-codes-made",
    ];
    let done = call.fields.get("done").and_then(|done| told.into_iter().find(|known| *known == done));
    let notice = done.map(|done| call.words.say(done));
    let page = pages::security(&frame, &flow, &held(call, pool, &who), notice)?;
    Ok(shown(page, None).cookie(browser.cookie()))
}

fn held(call: &Call<'_>, pool: &UserPool, who: &SignedIn) -> Security {
    let user = who.user();
    let listed = call.app().list_passkeys(call.cx, &Who::Browser(who), None, None);
    let passkeys = listed.map(|page| page.items).unwrap_or_default();
    let as_shown = passkeys.iter().map(|passkey| ShownPasskey {
        id: passkey.id.clone(),
        name: passkey.name.clone(),
        made: passkey.created.strftime("%Y-%m-%d").to_string(),
    });
    let (asked, has_app) = (pool.mfa_for(user) != MfaMode::Off, user.asks_for_code());
    Security {
        user: who.name().to_owned(),
        passkeys_open: pool.has_passkeys() && call.app().may_have_passkeys(pool),
        passkeys: as_shown.collect(),
        factors_asked: asked,
        has_app,
        second_factor: asked && (has_app || (pool.web_authn.multi_factor && user.has_passkey_mfa())),
        codes: user.recovery_codes().len(),
    }
}

/// Changes something.
pub(super) async fn change(stage: &Stage<'_>, name: PageName) -> Result<Answer, Trouble> {
    if !matches!(stage.flow.goal, Goal::Account) {
        return Err(Trouble::expired());
    }
    let who = signed_in(stage.call, &stage.pool).ok_or_else(Trouble::expired)?;
    if !who.is_fresh(Some(FRESH), stage.call.cx.now()) {
        return sign_in_anew(stage, &who);
    }
    match name {
        PageName::AddPasskey => add_passkey(stage, &who, None).await,
        PageName::KeepPasskey => keep_passkey(stage, &who).await,
        PageName::RemovePasskey => remove_passkey(stage, &who).await,
        PageName::SetUpApp => set_up_app(stage, who).await,
        PageName::KeepApp => keep_app(stage, who).await,
        PageName::RemoveApp => remove_app(stage, &who).await,
        PageName::MakeCodes => make_codes(stage, &who).await,
        _ => Err(Trouble::NotFound),
    }
}

/// Sends who signed in long ago to the sign-in page, and back here after that.
fn sign_in_anew(stage: &Stage<'_>, who: &SignedIn) -> Result<Answer, Trouble> {
    let client = who.client().cloned().ok_or_else(Trouble::expired)?;
    let flow = stage.flow.towards(Goal::Renewed(client)).at(Step::Told("sign-in-again".to_owned()));
    let now = stage.call.cx.now();
    let sealed = flow.seal(stage.call.app(), stage.pool.id.as_str(), now)?;
    Ok(Answer::of(Reply::see(&sealed.link(PageName::SignIn.path()))))
}

/// Back to the page, which tells what was done.
fn back(stage: &Stage<'_>, done: &str) -> Answer {
    Answer::of(Reply::see(&format!("/{}/account?done={done}", stage.pool.id)))
}

async fn add_passkey(
    stage: &Stage<'_>,
    who: &SignedIn,
    problem: Option<(PoolFault, String)>,
) -> Result<Answer, Trouble> {
    let options = stage.call.app().start_passkey(stage.call.cx, Who::Browser(who)).await?;
    let (flow, text) = (stage.sealed(Step::Start)?, problem.as_ref().map(|(_, text)| text.as_str()));
    let page = pages::add_passkey(&stage.frame, &flow, &options.to_string(), text)?;
    Ok(match problem {
        None => stage.shown(page),
        Some((fault, _)) => stage.wrong(page, fault.code(), "the passkey was refused"),
    })
}

async fn keep_passkey(stage: &Stage<'_>, who: &SignedIn) -> Result<Answer, Trouble> {
    let fields = stage.call.fields;
    let answer = fields.get("credential").unwrap_or_default();
    let refused = |fault| (fault, stage.frame.words.say("add-passkey-refused"));
    let Ok(answer) = RegistrationResponse::parse(answer) else {
        return add_passkey(stage, who, Some(refused(PoolFault::InvalidParameter))).await;
    };
    let (app, cx, name) = (stage.call.app(), stage.call.cx, fields.get("name"));
    match app.complete_passkey(cx, Who::Browser(who), &answer, name).await {
        Ok(()) => Ok(back(stage, "account-passkey-added").made(json!({ "passkeyAdded": true }))),
        Err(Error::Rejected {
            reason: Reason::UserPool(PoolFault::NotAuthorized | PoolFault::UserDisabled),
            ..
        }) => Err(Trouble::expired()),
        Err(Error::Rejected { reason: Reason::UserPool(fault), .. }) => {
            add_passkey(stage, who, Some(refused(fault))).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn remove_passkey(stage: &Stage<'_>, who: &SignedIn) -> Result<Answer, Trouble> {
    let id = stage.call.fields.get("id").unwrap_or_default();
    match stage.call.app().delete_passkey(stage.call.cx, Who::Browser(who), id).await {
        // One that is gone already is as good as removed: the button was pressed twice.
        Ok(()) | Err(Error::Rejected { reason: Reason::UserPool(PoolFault::ResourceNotFound), .. }) => {
            Ok(back(stage, "account-passkey-removed"))
        }
        Err(error) => needed(stage, who, error),
    }
}

async fn set_up_app(stage: &Stage<'_>, who: SignedIn) -> Result<Answer, Trouble> {
    // The page has no such button where nobody would be asked for the code: whoever sets an app up relies on it.
    if stage.pool.mfa_for(who.user()) == MfaMode::Off {
        return Err(Trouble::expired());
    }
    let name = who.name().to_owned();
    let made = stage.call.app().associate_software_token(stage.call.cx, SettingUp::Browser(who)).await?;
    let key = made.secret.expose();
    Ok(stage.shown(app_page(stage, &name, key, &[])?))
}

fn app_page(stage: &Stage<'_>, name: &str, key: &str, problems: &[Problem]) -> Result<Page, Trouble> {
    let made = Authenticator::of(&stage.pool.name, name, key);
    let flow = stage.sealed(Step::App(key.to_owned()))?;
    Ok(pages::authenticator(&stage.frame, &flow, SetUp::Account, &made, problems)?)
}

async fn keep_app(stage: &Stage<'_>, who: SignedIn) -> Result<Answer, Trouble> {
    let Step::App(key) = &stage.flow.step else { return Err(Trouble::expired()) };
    let typed = stage.call.fields.code();
    let (app, name) = (stage.call.app(), who.name().to_owned());
    match app.verify_software_token(stage.call.cx, SettingUp::Browser(who), typed, None).await {
        Ok(_) => Ok(back(stage, "account-app-added")),
        Err(Error::Rejected {
            reason: Reason::UserPool(fault @ PoolFault::EnableSoftwareTokenMfa), ..
        }) => {
            let problem = Problem::field("code", stage.frame.words.say("authenticator-wrong"));
            let page = app_page(stage, &name, key, &[problem])?;
            Ok(stage.wrong(page, fault.code(), "the code was refused"))
        }
        Err(Error::Rejected { reason: Reason::UserPool(_), .. }) => Err(Trouble::expired()),
        Err(error) => Err(error.into()),
    }
}

async fn remove_app(stage: &Stage<'_>, who: &SignedIn) -> Result<Answer, Trouble> {
    match stage.call.app().forget_software_token(stage.call.cx, Who::Browser(who)).await {
        Ok(()) => Ok(back(stage, "account-app-removed")),
        Err(error) => needed(stage, who, error),
    }
}

/// The page again for who may not take away a second factor, because it is the last one and one is asked for.
fn needed(stage: &Stage<'_>, who: &SignedIn, error: Error) -> Result<Answer, Trouble> {
    let Error::Rejected { reason: Reason::UserPool(fault @ PoolFault::InvalidParameter), .. } = error else {
        return Err(error.into());
    };
    let notice = Some(stage.frame.words.say("account-factor-needed"));
    let flow = stage.sealed(Step::Codes(codes_of(who)))?;
    let held = held(stage.call, &stage.pool, who);
    let page = pages::security(&stage.frame, &flow, &held, notice)?;
    Ok(Answer::of(Reply::page(StatusCode::BAD_REQUEST, page, None))
        .refused(fault.code(), "the pool asks for a second factor"))
}

/// The recovery codes that somebody has, as a form of the account page carries them.
fn codes_of(who: &SignedIn) -> String {
    let kept: Vec<u8> = who.user().recovery_codes().iter().flat_map(|code| code.0).collect();
    URL_SAFE_NO_PAD.encode(sha256(&kept))
}

/// Makes recovery codes, once for each page that was shown: who loads the page of the codes again must not lose those
/// that were just written down.
async fn make_codes(stage: &Stage<'_>, who: &SignedIn) -> Result<Answer, Trouble> {
    if !matches!(&stage.flow.step, Step::Codes(shown) if *shown == codes_of(who)) {
        return Ok(back(stage, "account-codes-made"));
    }
    let made = stage.call.app().make_recovery_codes(stage.call.cx, Who::Browser(who)).await;
    let codes: Vec<Secret<String>> = match made {
        Ok(codes) => codes,
        Err(Error::Rejected { reason: Reason::UserPool(_), .. }) => return Err(Trouble::expired()),
        Err(error) => return Err(error.into()),
    };
    let codes: Vec<&str> = codes.iter().map(|code| code.expose().as_str()).collect();
    Ok(stage.shown(pages::codes(&stage.frame, &stage.sealed(Step::Start)?, &codes)?))
}
