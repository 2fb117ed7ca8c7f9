//! Who is signed in: what is told of them, another password, and the way out.

use garita_app::console::{AtConsole, ChangedPassword};
use garita_model::{Error, Secret};

use super::{Desk, frame, front, held_cookie, rules, wrong};
use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::cookie;
use crate::flow::Step;
use crate::pages::{self, Console, Page, Problem};
use crate::reply::Reply;
use crate::route::CONSOLE;

/// Who is signed in with the browser that sent a request.
fn signed_in(call: &Call<'_>) -> Option<AtConsole> {
    call.app().at_console(call.cx, held_cookie(call)?)
}

/// The page of who is signed in, or where to sign in.
pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Trouble> {
    let Some(at) = signed_in(call) else {
        let clear = held_cookie(call).and_then(|_| cookie::clear(cookie::CONSOLE));
        return Ok(front::to_account(call)?.cookie(clear));
    };
    match call.app().note_console_use(&at).await {
        Ok(()) => {}
        // It was ended a moment ago.
        Err(Error::Unauthenticated(_)) => return front::to_account(call),
        Err(error) => return Err(error.into()),
    }
    let told = Console {
        arn: at.arn(),
        account: at.account().to_string(),
        mfa: at.has_mfa(),
        until: at.expires().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        password: at.has_password(),
    };
    let (flow, browser) = call.begin(CONSOLE)?;
    let done = call.fields.get("done") == Some("password");
    let notice = done.then(|| call.words.say("console-password-changed"));
    let page = pages::console_home(&frame(call), &flow, &told, notice)?;
    Ok(shown(page, None).cookie(browser.cookie()))
}

/// The page for another password.
pub(super) fn show_password(call: &Call<'_>) -> Result<Answer, Trouble> {
    let Some(at) = signed_in(call).filter(AtConsole::has_password) else {
        return Ok(Answer::of(Reply::see("/console")));
    };
    let (flow, browser) = call.begin(CONSOLE)?;
    Ok(shown(page(call, &at, &flow, &[])?, None).cookie(browser.cookie()))
}

fn page(call: &Call<'_>, at: &AtConsole, flow: &pages::Flow, problems: &[Problem]) -> Result<Page, Trouble> {
    let policy = call.app().console_password_policy(&at.account().to_string());
    Ok(pages::console_password(&frame(call), flow, rules(policy.as_ref()), problems)?)
}

/// Takes another password.
pub(super) async fn password(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    let at = signed_in(desk.call).ok_or_else(Trouble::expired)?;
    let words = desk.frame.words;
    let again = |problem: Problem, code: &str| -> Result<Answer, Trouble> {
        Ok(wrong(page(desk.call, &at, &desk.sealed(Step::Start)?, &[problem])?, code))
    };
    let new = match pages::typed_twice(desk.call.fields, words) {
        Ok(new) => new,
        Err(problem) => return again(problem, "PasswordsDiffer"),
    };
    let old = Secret::new(desk.call.fields.own("password").unwrap_or_default());
    let changed = desk.call.app().console_change_password(&at, &old, new).await;
    match changed.map_err(ended)? {
        ChangedPassword::Done(renewed) => {
            let cookie = cookie::set(cookie::CONSOLE, renewed.cookie.expose());
            Ok(Answer::of(Reply::see("/console?done=password")).cookie(cookie))
        }
        ChangedPassword::OldWrong => again(Problem::field("password", words.say("console-old-wrong")), "Old"),
        ChangedPassword::TooOften => again(Problem::form(words.say("sign-in-wait")), "TooOften"),
        ChangedPassword::MayNotChange => again(Problem::form(words.say("console-may-not-change")), "Denied"),
        ChangedPassword::Refused(why) => {
            let problem = pages::password_refused(words, &pages::console_lack(words, why));
            again(problem, "PasswordPolicyViolation")
        }
    }
}

/// Whoever was signed out meanwhile is told that the page has run out.
fn ended(error: Error) -> Trouble {
    match error {
        Error::Unauthenticated(_) | Error::NotFound(_) => Trouble::expired(),
        error => error.into(),
    }
}

/// Signs the browser out.
pub(super) async fn sign_out(desk: &Desk<'_>) -> Result<Answer, Trouble> {
    if let Some(held) = held_cookie(desk.call) {
        desk.call.app().console_sign_out(desk.call.cx, held).await?;
    }
    let answer = shown(pages::signed_out(&desk.frame)?, None);
    Ok(answer.cookie(cookie::clear(cookie::CONSOLE)))
}
