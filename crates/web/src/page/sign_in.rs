//! Signing in: the password, then whatever else is asked for, then on to where it leads.
//!
//! INVARIANT: the browser gets a new cookie with every sign-in, after the last challenge and not before.

use garita_app::oauth::{Challenge, ChallengeAnswer, ChallengeKind, NewBrowser, Progress, SignedIn};
use garita_model::user_pool::PoolFault;
use garita_model::{Error, Reason, Secret};
use serde_json::json;

use super::second_factor::others;
use super::{Stage, takes_passwords};
use crate::answer::{Answer, Trouble};
use crate::cookie;
use crate::endpoint::{Goer, lead_on};
use crate::flow::{Goal, Step};
use crate::pages::{self, Authenticator, Outside, Page, Problem, Prompt, SetUp, Ways};
use crate::reply::Reply;
use crate::route::PageName;
use crate::words::Given;

/// The page for name and password.
pub(super) fn show(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let hint = match &stage.flow.goal {
        Goal::App(ask) => ask.login_hint.as_deref().unwrap_or_default(),
        Goal::Device(..) | Goal::Account | Goal::Renewed(_) => "",
    };
    let notice = match &stage.flow.step {
        Step::Told(key) => Some(stage.frame.words.say(key)),
        _ => None,
    };
    Ok(stage.shown(page(stage, hint, &[], notice)?))
}

fn page(
    stage: &Stage<'_>,
    username: &str,
    problems: &[Problem],
    notice: Option<String>,
) -> Result<Page, Trouble> {
    let client = stage.client()?;
    let ways = Ways {
        by_address: !stage.pool.username_attributes.is_empty() || !stage.pool.alias_attributes.is_empty(),
        sign_up: !stage.pool.admin_only_sign_up,
        passwords: takes_passwords(&client),
        passkey: if takes_passwords(&client) { prompt(stage)? } else { None },
    };
    let flow = stage.sealed(Step::Start)?;
    let link = stage.flow.link.as_deref();
    // Who is about to link an account signs in to that account, and not through a provider again.
    let others =
        if link.is_some() { Vec::new() } else { stage.call.app().providers_of(&stage.pool, &client) };
    let offer = link.map(|link| {
        let given = [("email", Given::Text(&link.email)), ("provider", Given::Text(&link.provider))];
        stage.frame.words.with("link-offer", &given)
    });
    let outside = Outside { providers: &others, notice: notice.or(offer) };
    Ok(pages::sign_in(&stage.frame, &flow, Some(&client.name), ways, username, problems, outside)?)
}

/// A passkey in place of name and password, where the pool has them.
fn prompt(stage: &Stage<'_>) -> Result<Option<Prompt>, Trouble> {
    let app = stage.call.app();
    if !app.offers_passkeys(&stage.pool) {
        return Ok(None);
    }
    let (options, challenge) = app.ask_for_any_passkey(&stage.pool)?;
    let flow = stage.sealed(Step::Passkey(challenge))?;
    Ok(Some(Prompt::beside(&stage.frame, &flow, "passkey-sign-in", &options.to_string())))
}

/// Takes a passkey that tells whose it is.
pub(super) async fn passkey(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let Step::Passkey(asked) = stage.flow.step else { return Err(Trouble::expired()) };
    let answer = stage.call.fields.get("credential").unwrap_or_default();
    let client = stage.client()?;
    let (app, cx) = (stage.call.app(), stage.call.cx);
    match app.sign_in_with_passkey(cx, &client, asked, answer, former_cookie(stage)).await {
        Ok(progress) => go_on(stage, progress).await,
        Err(Error::Rejected { reason: Reason::UserPool(fault), message }) => {
            let problem = Problem::form(stage.frame.words.say("passkey-refused"));
            Ok(stage.wrong(page(stage, "", &[problem], None)?, fault.code(), &message))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes name and password.
pub(super) async fn password(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let fields = stage.call.fields;
    let username = fields.get("username").unwrap_or_default();
    let password = Secret::new(fields.own("password").unwrap_or_default());
    let client = stage.client()?;
    let former = former_cookie(stage);
    let app = stage.call.app();
    let tried = app.sign_in_with_password(stage.call.cx, &client, username, password, former).await;
    match tried {
        Ok(progress) => go_on(stage, progress).await,
        Err(Error::Rejected { reason: Reason::UserPool(PoolFault::UserNotConfirmed), .. }) => {
            stage.on_to(PageName::Confirm, Step::Confirm(username.to_owned()))
        }
        Err(error) => {
            let (fault, text) = told(&error).ok_or(error)?;
            let problem = Problem::form(stage.frame.words.say(text));
            Ok(stage.wrong(page(stage, username, &[problem], None)?, fault.code(), "the sign-in was refused"))
        }
    }
}

/// What is told of a refused sign-in: the same whether the name or the password is wrong.
fn told(error: &Error) -> Option<(PoolFault, &'static str)> {
    let Error::Rejected { reason: Reason::UserPool(fault), .. } = error else { return None };
    let text = match fault {
        PoolFault::NotAuthorized
        | PoolFault::UserDisabled
        | PoolFault::UserNotFound
        | PoolFault::InvalidParameter => "sign-in-wrong",
        PoolFault::TemporaryPasswordExpired => "sign-in-expired",
        PoolFault::AttemptsExceeded | PoolFault::TooManyRequests | PoolFault::LimitExceeded => "sign-in-wait",
        PoolFault::PasswordResetRequired => "sign-in-reset",
        _ => return None,
    };
    Some((*fault, text))
}

/// The cookie of the sign-in there was before, which ends with the new one.
fn former_cookie<'a>(stage: &'a Stage<'_>) -> Option<&'a str> {
    cookie::read(stage.call.headers(), &cookie::session(stage.pool.id.as_str()))
}

/// On to the next page.
pub(super) async fn go_on(stage: &Stage<'_>, progress: Progress) -> Result<Answer, Trouble> {
    match progress {
        Progress::Done(browser) => arrived(stage, browser).await,
        Progress::Challenge(challenge) => {
            let name = match challenge.kind {
                ChallengeKind::Passkey => PageName::Passkey,
                ChallengeKind::Recovery => PageName::RecoveryCode,
                ChallengeKind::Code => PageName::Code,
                ChallengeKind::SetUp => PageName::Authenticator,
                ChallengeKind::NewPassword => PageName::NewPassword,
            };
            stage.on_to(name, Step::Challenge(challenge))
        }
    }
}

/// Signed in: on to where it leads, with a new cookie.
async fn arrived(stage: &Stage<'_>, browser: NewBrowser) -> Result<Answer, Trouble> {
    let NewBrowser { cookie: secret, who } = browser;
    let linked = link(stage, &who).await?;
    let answer = match &stage.flow.goal {
        Goal::App(ask) if ask.shown.consent => stage.on_to(PageName::Consent, Step::Consent)?,
        Goal::App(ask) => {
            let client = stage.client()?;
            lead_on(stage.call, &Goer { pool: &stage.pool, client: &client, who: &who }, ask).await?
        }
        Goal::Device(..) => stage.on_to(PageName::DeviceConsent, Step::Start)?,
        Goal::Renewed(_) => Answer::of(Reply::see(&format!("/{}/account", stage.pool.id))),
        Goal::Account => return Err(Trouble::expired()),
    };
    let cookie = cookie::set(&cookie::session(stage.pool.id.as_str()), secret.expose());
    let answer = answer.cookie(cookie);
    Ok(answer.made(json!({ "signedIn": true, "linked": linked })))
}

/// Links what waits to be linked, now that somebody has proved whose account it is; whether something was.
async fn link(stage: &Stage<'_>, who: &SignedIn) -> Result<bool, Trouble> {
    let Some(link) = stage.flow.link.as_deref() else { return Ok(false) };
    let client = stage.client()?;
    match stage.call.app().link_by_proof(stage.call.cx, &client, who, link).await {
        Ok(linked) => Ok(linked),
        // Things have changed since it was offered: nothing is linked, and whoever signed in is signed in.
        Err(Error::Rejected { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The challenge a flow waits with, if it is of this kind.
pub(super) fn challenge(stage: &Stage<'_>, kind: ChallengeKind) -> Result<Challenge, Trouble> {
    match &stage.flow.step {
        Step::Challenge(challenge) if challenge.kind == kind => Ok(challenge.clone()),
        _ => Err(Trouble::expired()),
    }
}

/// What is answered to a challenge that was not met.
pub(super) fn unmet(error: Error) -> Result<PoolFault, Trouble> {
    match &error {
        Error::Rejected { reason: Reason::UserPool(fault), .. } => match fault {
            PoolFault::CodeMismatch
            | PoolFault::ExpiredCode
            | PoolFault::EnableSoftwareTokenMfa
            | PoolFault::InvalidPassword(_)
            | PoolFault::PasswordHistory
            | PoolFault::TooManyRequests
            | PoolFault::LimitExceeded => Ok(*fault),
            // The challenge itself is over: too old, answered already, or no longer to be met.
            PoolFault::NotAuthorized | PoolFault::UserDisabled | PoolFault::TemporaryPasswordExpired => {
                Err(Trouble::expired())
            }
            PoolFault::AttemptsExceeded => Ok(PoolFault::TooManyRequests),
            _ => Err(Trouble::Broken(error)),
        },
        _ => Err(Trouble::Broken(error)),
    }
}

/// The page for a code of the authenticator app.
pub(super) fn show_code(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = challenge(stage, ChallengeKind::Code)?;
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(stage.shown(pages::code(&stage.frame, &flow, &others(&asked), &[])?))
}

/// Takes the code.
pub(super) async fn code(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = challenge(stage, ChallengeKind::Code)?;
    let typed = Secret::new(stage.call.fields.code());
    let ways = others(&asked);
    match meet(stage, asked, ChallengeAnswer::Code(typed)).await {
        Ok(progress) => go_on(stage, progress).await,
        Err(error) => {
            let fault = unmet(error)?;
            let problem = code_problem(stage, fault, "code-wrong");
            let flow = stage.sealed(stage.flow.step.clone())?;
            let page = pages::code(&stage.frame, &flow, &ways, &[problem])?;
            Ok(stage.wrong(page, fault.code(), "the code was refused"))
        }
    }
}

pub(super) fn code_problem(stage: &Stage<'_>, fault: PoolFault, wrong: &'static str) -> Problem {
    let words = stage.frame.words;
    match fault {
        PoolFault::TooManyRequests | PoolFault::LimitExceeded => Problem::form(words.say("sign-in-wait")),
        _ => Problem::field("code", words.say(wrong)),
    }
}

pub(super) async fn meet(
    stage: &Stage<'_>,
    asked: Challenge,
    given: ChallengeAnswer,
) -> Result<Progress, Error> {
    let client = stage.client().map_err(|_| PoolFault::ResourceNotFound.because("the app client is gone"))?;
    stage.call.app().meet_challenge(stage.call.cx, &client, asked, given, former_cookie(stage)).await
}

/// The page that sets up an authenticator app.
pub(super) fn show_authenticator(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    Ok(stage.shown(set_up_page(stage, &[])?))
}

fn set_up_page(stage: &Stage<'_>, problems: &[Problem]) -> Result<Page, Trouble> {
    let asked = challenge(stage, ChallengeKind::SetUp)?;
    let made = Authenticator::of(&stage.pool.name, &asked.username, asked.key.as_deref().unwrap_or_default());
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(pages::authenticator(&stage.frame, &flow, SetUp::SigningIn, &made, problems)?)
}

/// Takes its first code.
pub(super) async fn authenticator(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = challenge(stage, ChallengeKind::SetUp)?;
    let typed = Secret::new(stage.call.fields.code());
    match meet(stage, asked, ChallengeAnswer::Code(typed)).await {
        Ok(progress) => go_on(stage, progress).await,
        Err(error) => {
            let fault = unmet(error)?;
            let problem = code_problem(stage, fault, "authenticator-wrong");
            Ok(stage.wrong(set_up_page(stage, &[problem])?, fault.code(), "the code was refused"))
        }
    }
}

/// The page for a password in place of an administrator's.
pub(super) fn show_new_password(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    challenge(stage, ChallengeKind::NewPassword)?;
    Ok(stage.shown(new_password_page(stage, &[])?))
}

fn new_password_page(stage: &Stage<'_>, problems: &[Problem]) -> Result<Page, Trouble> {
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(pages::new_password(&stage.frame, &flow, stage.rules(), "new-password-lead", problems)?)
}

/// Takes it.
pub(super) async fn new_password(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = challenge(stage, ChallengeKind::NewPassword)?;
    let met = match stage.typed_twice() {
        Ok(password) => meet(stage, asked, ChallengeAnswer::Password(password)).await,
        Err(problem) => return refused_password(stage, problem, "PasswordsDiffer"),
    };
    match met {
        Ok(progress) => go_on(stage, progress).await,
        Err(error) => {
            let fault = unmet(error)?;
            let problem = match fault {
                PoolFault::TooManyRequests | PoolFault::LimitExceeded => {
                    Problem::form(stage.frame.words.say("sign-in-wait"))
                }
                _ => stage.password_problem(fault),
            };
            refused_password(stage, problem, fault.code())
        }
    }
}

fn refused_password(stage: &Stage<'_>, problem: Problem, code: &str) -> Result<Answer, Trouble> {
    Ok(stage.wrong(new_password_page(stage, &[problem])?, code, "the new password was refused"))
}
