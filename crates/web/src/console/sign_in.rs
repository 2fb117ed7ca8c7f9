//! Signing in with a user of an account: password, code, another password, then the cookie.

use garita_app::console::{Refusal, Renewal, Step as Reached};
use garita_model::Secret;

use super::{Desk, frame, rules, wrong};
use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::cookie;
use crate::flow::Step;
use crate::pages::{self, Page, Problem};
use crate::reply::Reply;
use crate::route::ConsolePage;

/// The page for name and password.
pub(super) fn show(call: &Call<'_>, account: &str) -> Result<Answer, Trouble> {
    let (flow, browser) = call.begin(account)?;
    let page = pages::console_sign_in(&frame(call), &flow, account, "", &[])?;
    Ok(shown(page, None).cookie(browser.cookie()))
}

fn page(desk: &Desk<'_>, username: &str, problem: &str) -> Result<Page, Trouble> {
    let problem = Problem::form(desk.frame.words.say(problem));
    let flow = desk.sealed(Step::Start)?;
    Ok(pages::console_sign_in(&desk.frame, &flow, desk.place, username, &[problem])?)
}

/// Takes name and password.
pub(super) async fn password(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    let (app, cx, fields) = (desk.call.app(), desk.call.cx, desk.call.fields);
    let username = fields.get("username").unwrap_or_default();
    let password = Secret::new(fields.own("password").unwrap_or_default());
    let reached = app.console_password(cx, desk.entrance(), desk.place, username, &password).await?;
    go_on(desk, reached, username)
}

/// On to the next page, or back to this one.
fn go_on(desk: &Desk<'_>, reached: Reached, username: &str) -> Result<Answer, Trouble> {
    match reached {
        Reached::SignedIn(entered) => {
            let cookie = cookie::set(cookie::CONSOLE, entered.cookie.expose());
            Ok(Answer::of(Reply::see("/console")).cookie(cookie))
        }
        Reached::Code(proof) => desk.on_to(ConsolePage::Code, Step::Console(Box::new(proof), None)),
        Reached::NewPassword(proof, why) => {
            desk.on_to(ConsolePage::NewPassword, Step::Console(Box::new(proof), Some(why)))
        }
        Reached::Refused(refusal) => refused(desk, refusal, username),
    }
}

fn refused(desk: &Desk<'_>, refusal: Refusal, username: &str) -> Result<Answer, Trouble> {
    let words = desk.frame.words;
    Ok(match refusal {
        Refusal::Wrong => wrong(page(desk, username, "console-wrong")?, "Failed"),
        Refusal::TooOften => wrong(page(desk, username, "sign-in-wait")?, "Failed"),
        Refusal::Expired => wrong(page(desk, username, "console-expired")?, "Failed"),
        Refusal::Code => {
            wrong(code_page(desk, &[Problem::field("code", words.say("code-wrong"))])?, "Failed")
        }
        Refusal::MayNotChange => {
            let problem = Problem::form(words.say("console-may-not-change"));
            wrong(new_password_page(desk, &[problem])?, "Failed")
        }
        Refusal::Password(why) => {
            let problem = pages::password_refused(words, &pages::console_lack(words, why));
            wrong(new_password_page(desk, &[problem])?, "Failed")
        }
        Refusal::Over => return Err(Trouble::expired()),
    })
}

/// The page for a code.
pub(super) fn show_code(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    Ok(shown(code_page(desk, &[])?, None))
}

fn code_page(desk: &Desk<'_>, problems: &[Problem]) -> Result<Page, Trouble> {
    let Step::Console(_, None) = &desk.flow.step else { return Err(Trouble::expired()) };
    let flow = desk.sealed(desk.flow.step.clone())?;
    Ok(pages::code(&desk.frame, &flow, &[], problems)?)
}

/// Takes a code.
pub(super) async fn code(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    let Step::Console(proof, None) = &desk.flow.step else { return Err(Trouble::expired()) };
    let (app, cx) = (desk.call.app(), desk.call.cx);
    let reached = app.console_code(cx, desk.entrance(), (**proof).clone(), &desk.call.fields.code()).await?;
    go_on(desk, reached, "")
}

/// The page for another password.
pub(super) fn show_new_password(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    Ok(shown(new_password_page(desk, &[])?, None))
}

fn new_password_page(desk: &Desk<'_>, problems: &[Problem]) -> Result<Page, Trouble> {
    let Step::Console(_, Some(why)) = &desk.flow.step else { return Err(Trouble::expired()) };
    let lead = match why {
        Renewal::Reset => "console-reset-lead",
        Renewal::Expired => "console-expired-lead",
    };
    let policy = desk.call.app().console_password_policy(desk.place);
    let flow = desk.sealed(desk.flow.step.clone())?;
    Ok(pages::new_password(&desk.frame, &flow, rules(policy.as_ref()), lead, problems)?)
}

/// Takes another password.
pub(super) async fn new_password(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    let Step::Console(proof, Some(_)) = &desk.flow.step else { return Err(Trouble::expired()) };
    let new = match pages::typed_twice(desk.call.fields, desk.frame.words) {
        Ok(new) => new,
        Err(problem) => return Ok(wrong(new_password_page(desk, &[problem])?, "PasswordsDiffer")),
    };
    let (app, cx) = (desk.call.app(), desk.call.cx);
    let reached = app.console_new_password(cx, desk.entrance(), (**proof).clone(), new).await?;
    go_on(desk, reached, "")
}
