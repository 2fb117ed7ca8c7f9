//! An account of one's own, where the pool lets people make one: sign-up and its confirmation.

use garita_app::oauth::NewAccount;
use garita_model::user_pool::{PoolFault, SignInAttribute};
use garita_model::{Error, Reason};

use super::Stage;
use crate::answer::{Answer, Trouble};
use crate::flow::Step;
use crate::pages::{self, Problem, SignUp};
use crate::route::PageName;

/// The page for a new account.
pub(super) fn show(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = asked(stage)?;
    let page = pages::sign_up(&stage.frame, &stage.sealed(Step::Start)?, &asked, stage.rules(), &[])?;
    Ok(stage.shown(page))
}

/// What the pool asks for; nothing is here where only administrators make accounts.
fn asked(stage: &Stage<'_>) -> Result<SignUp, Trouble> {
    if stage.pool.admin_only_sign_up {
        return Err(Trouble::NotFound);
    }
    Ok(SignUp {
        by_address: !stage.pool.username_attributes.is_empty(),
        address: stage.pool.auto_verified.contains(&SignInAttribute::Email),
        username: stage.call.fields.own("username").unwrap_or_default(),
        email: stage.call.fields.own("email").unwrap_or_default(),
    })
}

/// Makes the account.
pub(super) async fn sign_up(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = asked(stage)?;
    let password = match stage.typed_twice() {
        Ok(password) => password,
        Err(problem) => return refused(stage, &asked, problem, "PasswordsDiffer"),
    };
    let name = if asked.by_address { &asked.email } else { &asked.username };
    let new = NewAccount {
        username: name.clone(),
        email: (!asked.email.is_empty()).then(|| asked.email.clone()),
        password,
        language: stage.frame.words.tag(),
    };
    let client = stage.client()?;
    match stage.call.app().web_sign_up(stage.call.cx, &client, new).await {
        Ok(true) => stage.on_to(PageName::SignIn, Step::Told("confirm-done".to_owned())),
        Ok(false) => stage.on_to(PageName::Confirm, Step::Confirm(name.clone())),
        Err(error) => {
            let Error::Rejected { reason: Reason::UserPool(fault), message } = &error else {
                return Err(error.into());
            };
            let words = stage.frame.words;
            let problem = match fault {
                // The account is made all the same: its name is taken now, and another code can be asked for.
                PoolFault::CodeDeliveryFailure => return not_sent(stage, name),
                PoolFault::InvalidPassword(_) | PoolFault::PasswordHistory => stage.password_problem(*fault),
                PoolFault::UsernameExists | PoolFault::AliasExists => {
                    Problem::form(words.say("sign-up-taken"))
                }
                PoolFault::LimitExceeded | PoolFault::TooManyRequests => {
                    Problem::form(words.say("sign-in-wait"))
                }
                _ => Problem::form(words.about("sign-up-refused", "reason", message)),
            };
            refused(stage, &asked, problem, fault.code())
        }
    }
}

fn refused(stage: &Stage<'_>, asked: &SignUp, problem: Problem, code: &str) -> Result<Answer, Trouble> {
    let page = pages::sign_up(&stage.frame, &stage.sealed(Step::Start)?, asked, stage.rules(), &[problem])?;
    Ok(stage.wrong(page, code, "the sign-up was refused"))
}

/// The page for a code that could not be sent.
fn not_sent(stage: &Stage<'_>, name: &str) -> Result<Answer, Trouble> {
    let flow = stage.sealed(Step::Confirm(name.to_owned()))?;
    let problem = Problem::form(stage.frame.words.say("confirm-not-sent"));
    let page = pages::confirm(&stage.frame, &flow, &[problem], None)?;
    Ok(stage.wrong(page, PoolFault::CodeDeliveryFailure.code(), "the code was not sent"))
}

fn username<'a>(stage: &'a Stage<'_>) -> Result<&'a str, Trouble> {
    match &stage.flow.step {
        Step::Confirm(username) => Ok(username),
        _ => Err(Trouble::expired()),
    }
}

/// The page for the code that was sent.
pub(super) fn show_confirm(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    username(stage)?;
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(stage.shown(pages::confirm(&stage.frame, &flow, &[], None)?))
}

/// Takes it.
pub(super) async fn confirm(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let username = username(stage)?;
    let code = stage.call.fields.code();
    let client = stage.client()?;
    match stage.call.app().web_confirm_sign_up(stage.call.cx, &client, username, &code).await {
        Ok(()) => stage.on_to(PageName::SignIn, Step::Told("confirm-done".to_owned())),
        Err(error) => {
            let Error::Rejected { reason: Reason::UserPool(fault), .. } = &error else {
                return Err(error.into());
            };
            let key = match fault {
                PoolFault::ExpiredCode => "reset-expired-code",
                PoolFault::LimitExceeded | PoolFault::TooManyRequests => "sign-in-wait",
                _ => "reset-wrong-code",
            };
            let problem = Problem::field("code", stage.frame.words.say(key));
            let flow = stage.sealed(stage.flow.step.clone())?;
            let page = pages::confirm(&stage.frame, &flow, &[problem], None)?;
            Ok(stage.wrong(page, fault.code(), "the code was refused"))
        }
    }
}

/// Has another code sent; what is told is the same whatever comes of it.
pub(super) async fn resend(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let username = username(stage)?;
    let client = stage.client()?;
    match stage.call.app().web_resend_code(stage.call.cx, &client, username).await {
        Ok(()) | Err(Error::Rejected { reason: Reason::UserPool(_), .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let flow = stage.sealed(stage.flow.step.clone())?;
    let notice = Some(stage.frame.words.say("confirm-sent"));
    Ok(stage.shown(pages::confirm(&stage.frame, &flow, &[], notice)?))
}
