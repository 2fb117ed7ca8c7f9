//! The federation endpoint, as AWS documents it for brokers: IAM User Guide, "Enable custom identity broker access to
//! the AWS console".
//!
//! `getSigninToken` answers a program, `login` and `logout` a browser. INVARIANT: a browser is led to this site alone.
//! What stands in the query is secret: it is in no record, no log and no page.

use garita_app::console::{BrokerLogin, Entrance, ShownCredentials};
use http::{StatusCode, Uri};
use serde_json::json;

use super::{frame, held_cookie, home_url};
use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::cookie;
use crate::pages::{self, Wrong};
use crate::reply::Reply;
use crate::route::CONSOLE;

/// Where AWS has its console: what brokers name who do not know of this one.
const AWS_CONSOLE: &str = "console.aws.amazon.com";

/// Answers a broker, or a browser that one led here.
pub(super) async fn answer(call: &Call<'_>) -> Result<Answer, Trouble> {
    match call.fields.get("Action").unwrap_or_default() {
        "getSigninToken" => get_token(call).await,
        // A form of another site would come without the cookie of who is signed in.
        "login" | "logout" if call.is_post() => Err(Trouble::Method),
        "login" => login(call).await,
        "logout" => log_out(call),
        _ => Ok(bad("Action must be getSigninToken, login or logout")),
    }
}

/// A program is told what is wrong in JSON.
fn bad(why: &str) -> Answer {
    Answer::of(Reply::json(StatusCode::BAD_REQUEST, &json!({ "message": why })))
        .refused("ValidationError", why)
}

/// Gives a token for credentials.
async fn get_token(call: &Call<'_>) -> Result<Answer, Trouble> {
    let shown = match ShownCredentials::parse(call.fields.get("Session").unwrap_or_default()) {
        Ok(shown) => shown,
        Err(refused) => return Ok(bad(refused.text())),
    };
    let seconds = match call.fields.get("SessionDuration").map(str::parse::<u32>) {
        None => None,
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => return Ok(bad("SessionDuration must be a number of seconds")),
    };
    Ok(match call.app().signin_token(call.cx, &shown, seconds).await? {
        Ok(token) => Answer::of(Reply::json(StatusCode::OK, &json!({ "SigninToken": token.expose() }))),
        Err(refusal) => bad(refusal.text()),
    })
}

/// Signs a browser in with a token.
async fn login(call: &Call<'_>) -> Result<Answer, Trouble> {
    let Some(leads_to) = destination(call.web.site.url(), call.fields.get("Destination")) else {
        let why = call.words.say("console-destination");
        let code = "InvalidDestination";
        return Err(Trouble::Page(StatusCode::BAD_REQUEST, Wrong::App(why), code, code.to_owned()));
    };
    let leads_to = leads_to.unwrap_or_else(|| home_url(call));
    let token = call.fields.get("SigninToken").unwrap_or_default();
    let entrance = Entrance { leads_to: leads_to.clone(), former: held_cookie(call).map(str::to_owned) };
    match call.app().broker_login(call.cx, entrance, token).await? {
        BrokerLogin::SignedIn(entered) => {
            let cookie = cookie::set(cookie::CONSOLE, entered.cookie.expose());
            Ok(Answer::of(Reply::see(&leads_to)).cookie(cookie))
        }
        BrokerLogin::NotGood => Err(refused(Wrong::Token)),
        BrokerLogin::Another(who) => Err(refused(Wrong::Another(who))),
    }
}

fn refused(wrong: Wrong) -> Trouble {
    Trouble::Page(StatusCode::BAD_REQUEST, wrong, "Failed", "the sign-in was refused".to_owned())
}

/// Asks whether the browser is to be signed out: any site can lead one here.
fn log_out(call: &Call<'_>) -> Result<Answer, Trouble> {
    let held = held_cookie(call).and_then(|cookie| call.app().at_console(call.cx, cookie));
    let Some(at) = held else {
        let clear = cookie::clear(cookie::CONSOLE);
        return Ok(shown(pages::signed_out(&frame(call))?, None).cookie(clear));
    };
    let (flow, browser) = call.begin(CONSOLE)?;
    Ok(shown(pages::sign_out(&frame(call), &flow, &at.arn())?, None).cookie(browser.cookie()))
}

/// Where a browser is led: an address of this site, or none for the console; outside, for an address of elsewhere.
fn destination(site: &str, wished: Option<&str>) -> Option<Option<String>> {
    let Some(wished) = wished else { return Some(None) };
    // What browsers read differently from one another leads nowhere.
    if !wished.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return None;
    }
    if let Some(rest) = wished.strip_prefix(site) {
        let own = rest.is_empty() || rest.starts_with(['/', '?', '#']);
        return own.then(|| Some(wished.to_owned()));
    }
    if wished.starts_with('/') && !wished.starts_with("//") {
        return Some(Some(format!("{site}{wished}")));
    }
    let uri: Uri = wished.parse().ok()?;
    let authority = uri.authority()?.as_str();
    let aws = authority == AWS_CONSOLE || authority.ends_with(&format!(".{AWS_CONSOLE}"));
    (uri.scheme_str() == Some("https") && aws).then_some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_led_to_this_site_alone() {
        let site = "https://id.example.com";
        for (wished, leads_to) in [
            ("https://id.example.com", "https://id.example.com"),
            ("https://id.example.com/console?x=1#y", "https://id.example.com/console?x=1#y"),
            ("https://id.example.com//evil.example", "https://id.example.com//evil.example"),
            ("/console", "https://id.example.com/console"),
        ] {
            assert_eq!(destination(site, Some(wished)), Some(Some(leads_to.to_owned())), "{wished}");
        }
        for console in
            ["https://console.aws.amazon.com/", "https://eu-west-1.console.aws.amazon.com/sagemaker"]
        {
            assert_eq!(destination(site, Some(console)), Some(None), "{console}");
        }
        assert_eq!(destination(site, None), Some(None));
        for elsewhere in [
            "https://evil.example/",
            "https://id.example.com.evil.example/",
            "https://id.example.com@evil.example/",
            "https://id.example.com:444/",
            "http://id.example.com/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "evil.example",
            "/a b",
            "https://evil.example/console.aws.amazon.com",
            "https://evilconsole.aws.amazon.com/",
            "https://user@console.aws.amazon.com/",
            "http://console.aws.amazon.com/",
        ] {
            assert_eq!(destination(site, Some(elsewhere)), None, "{elsewhere}");
        }
    }
}
