//! A forgotten password: a code is sent, then a new password is set with it. What is told does not depend on whether
//! there is a user of that name.

use garita_model::user_pool::PoolFault;
use garita_model::{Error, Reason, Secret};

use super::Stage;
use crate::answer::{Answer, Trouble};
use crate::flow::Step;
use crate::pages::{self, Problem};
use crate::route::PageName;

/// The page that asks for a code.
pub(super) fn show_forgot(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let username = match &stage.flow.step {
        Step::Reset(username) => username.as_str(),
        _ => "",
    };
    Ok(stage.shown(pages::forgot(&stage.frame, &stage.sealed(Step::Start)?, username, &[])?))
}

/// Has a code sent, if there is somebody to send it to.
pub(super) async fn forgot(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let username = stage.call.fields.get("username").unwrap_or_default();
    let client = stage.client()?;
    match stage.call.app().web_forgot_password(stage.call.cx, &client, username).await {
        Ok(()) => stage.on_to(PageName::Reset, Step::Reset(username.to_owned())),
        Err(Error::Rejected {
            reason: Reason::UserPool(fault @ (PoolFault::LimitExceeded | PoolFault::TooManyRequests)),
            ..
        }) => {
            let problem = Problem::form(stage.frame.words.say("forgot-too-often"));
            let page = pages::forgot(&stage.frame, &stage.sealed(Step::Start)?, username, &[problem])?;
            Ok(stage.wrong(page, fault.code(), "too many codes were asked for"))
        }
        // Of a user that is not there, or cannot be written to, nothing is told.
        Err(Error::Rejected { reason: Reason::UserPool(_), .. }) => {
            stage.on_to(PageName::Reset, Step::Reset(username.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

fn username<'a>(stage: &'a Stage<'_>) -> Result<&'a str, Trouble> {
    match &stage.flow.step {
        Step::Reset(username) => Ok(username),
        _ => Err(Trouble::expired()),
    }
}

/// The page for the code and the new password.
pub(super) fn show_reset(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    username(stage)?;
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(stage.shown(pages::reset(&stage.frame, &flow, stage.rules(), "", &[])?))
}

/// Sets the new password.
pub(super) async fn reset(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let username = username(stage)?;
    let code = stage.call.fields.code();
    let password = match stage.typed_twice() {
        Ok(password) => password,
        Err(problem) => return refused(stage, &code, problem, "PasswordsDiffer"),
    };
    let client = stage.client()?;
    let set = stage.call.app().web_reset_password(stage.call.cx, &client, username, &code, password).await;
    let Err(error) = set else {
        return stage.on_to(PageName::SignIn, Step::Told("reset-done".to_owned()));
    };
    let Error::Rejected { reason: Reason::UserPool(fault), .. } = &error else { return Err(error.into()) };
    let words = stage.frame.words;
    let problem = match fault {
        PoolFault::InvalidPassword(_) | PoolFault::PasswordHistory => stage.password_problem(*fault),
        PoolFault::ExpiredCode => Problem::field("code", words.say("reset-expired-code")),
        PoolFault::LimitExceeded | PoolFault::TooManyRequests => Problem::form(words.say("sign-in-wait")),
        _ => Problem::field("code", words.say("reset-wrong-code")),
    };
    refused(stage, &code, problem, fault.code())
}

fn refused(stage: &Stage<'_>, code: &str, problem: Problem, why: &str) -> Result<Answer, Trouble> {
    let flow = stage.sealed(stage.flow.step.clone())?;
    let page = pages::reset(&stage.frame, &flow, stage.rules(), code, &[problem])?;
    Ok(stage.wrong(page, why, "the new password was refused"))
}

impl Stage<'_> {
    /// A new password, typed twice alike.
    pub(super) fn typed_twice(&self) -> Result<Secret<String>, Problem> {
        pages::typed_twice(self.call.fields, self.frame.words)
    }

    /// Why a new password was refused.
    pub(super) fn password_problem(&self, fault: PoolFault) -> Problem {
        pages::password_refused(self.frame.words, &pages::lack(self.frame.words, fault))
    }
}
