//! A passkey or a recovery code after the password, and the way from one second factor to another.

use garita_app::oauth::{Challenge, ChallengeAnswer, ChallengeKind};
use garita_model::Secret;

use super::Stage;
use super::sign_in::{challenge, code_problem, go_on, meet, unmet};
use crate::answer::{Answer, Trouble};
use crate::flow::Step;
use crate::pages::{self, Page, Problem, Way};
use crate::route::PageName;

/// What else somebody may show.
pub(super) fn others(asked: &Challenge) -> Vec<Way> {
    let way = |kind: &ChallengeKind| match kind {
        ChallengeKind::Code => Some(Way::App),
        ChallengeKind::Passkey => Some(Way::Passkey),
        ChallengeKind::Recovery => Some(Way::Recovery),
        ChallengeKind::SetUp | ChallengeKind::NewPassword => None,
    };
    asked.others.iter().filter(|kind| **kind != asked.kind).filter_map(way).collect()
}

/// The page that asks for a passkey.
pub(super) fn show_passkey(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    Ok(stage.shown(passkey_page(stage, None)?))
}

fn passkey_page(stage: &Stage<'_>, problem: Option<&str>) -> Result<Page, Trouble> {
    let asked = challenge(stage, ChallengeKind::Passkey)?;
    let client = stage.client()?;
    let options = stage.call.app().passkey_options_for(stage.call.cx, &client, &asked);
    let options = match options {
        Ok(options) => options.to_string(),
        // What it waited for is over: answered already, or the passkey is gone.
        Err(garita_model::Error::Rejected { .. }) => return Err(Trouble::expired()),
        Err(error) => return Err(error.into()),
    };
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(pages::passkey(&stage.frame, &flow, &options, &others(&asked), problem)?)
}

/// Takes it.
pub(super) async fn passkey(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = challenge(stage, ChallengeKind::Passkey)?;
    let answer = stage.call.fields.own("credential").unwrap_or_default();
    if answer.is_empty() {
        let text = stage.frame.words.say("passkey-failed");
        let page = passkey_page(stage, Some(&text))?;
        return Ok(stage.wrong(page, "InvalidParameterException", "no passkey was shown"));
    }
    match meet(stage, asked, ChallengeAnswer::Passkey(answer)).await {
        Ok(progress) => go_on(stage, progress).await,
        Err(error) => {
            let text = stage.frame.words.say("passkey-refused");
            // The challenge is as good as before: the sign-in was not made.
            let page = passkey_page(stage, Some(&text))?;
            let (code, why) = match &error {
                garita_model::Error::Rejected { reason: garita_model::Reason::UserPool(fault), message } => {
                    (fault.code(), message.clone())
                }
                _ => return Err(error.into()),
            };
            Ok(stage.wrong(page, code, &why))
        }
    }
}

/// The page that asks for a recovery code.
pub(super) fn show_recovery(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    Ok(stage.shown(recovery_page(stage, &[])?))
}

fn recovery_page(stage: &Stage<'_>, problems: &[Problem]) -> Result<Page, Trouble> {
    let asked = challenge(stage, ChallengeKind::Recovery)?;
    let flow = stage.sealed(stage.flow.step.clone())?;
    Ok(pages::recovery_code(&stage.frame, &flow, &others(&asked), problems)?)
}

/// Takes one.
pub(super) async fn recovery(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let asked = challenge(stage, ChallengeKind::Recovery)?;
    let typed = Secret::new(stage.call.fields.own("recovery-code").unwrap_or_default());
    match meet(stage, asked, ChallengeAnswer::Recovery(typed)).await {
        Ok(progress) => go_on(stage, progress).await,
        Err(error) => {
            let fault = unmet(error)?;
            let problem = match code_problem(stage, fault, "recovery-wrong") {
                Problem { field: Some(_), text } => Problem::field("recovery-code", text),
                problem => problem,
            };
            let page = recovery_page(stage, &[problem])?;
            Ok(stage.wrong(page, fault.code(), "the recovery code was refused"))
        }
    }
}

/// Leads to another second factor.
pub(super) async fn another_way(stage: &Stage<'_>) -> Result<Answer, Trouble> {
    let Step::Challenge(asked) = &stage.flow.step else { return Err(Trouble::expired()) };
    let (kind, page) = match stage.call.fields.get("way") {
        Some("app") => (ChallengeKind::Code, PageName::Code),
        Some("passkey") => (ChallengeKind::Passkey, PageName::Passkey),
        Some("recovery") => (ChallengeKind::Recovery, PageName::RecoveryCode),
        _ => return Err(Trouble::NotFound),
    };
    let client = stage.client()?;
    match stage.call.app().ask_for_another(stage.call.cx, &client, asked, kind).await {
        Ok(challenge) => stage.on_to(page, Step::Challenge(challenge)),
        Err(garita_model::Error::Rejected { .. }) => Err(Trouble::expired()),
        Err(error) => Err(error.into()),
    }
}
