//! What a request is answered with, and the one place where what went wrong becomes a reply.
//!
//! INVARIANT: the cause of a breakdown is logged here, once, and never told.

use garita_app::audit::error_code;
use garita_app::oauth::ask::Told;
use garita_app::oauth::{OAuthCode, OAuthFault};
use garita_app::{Failure, Outcome};
use garita_model::Error;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::pages::{self, Frame, Page, Wrong};
use crate::reply::Reply;

/// All but the unreserved characters of RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A reply, and what its record says.
pub(crate) struct Answer {
    /// The reply.
    pub(crate) reply: Reply,
    error: Option<Failure>,
    made: Value,
}

impl Answer {
    /// An answer that is no error.
    pub(crate) fn of(reply: Reply) -> Self {
        Self { reply, error: None, made: Value::Null }
    }
    /// The same, saying in the record what was made.
    pub(crate) fn made(self, made: Value) -> Self {
        Self { made, ..self }
    }
    /// The same, saying in the record what was refused.
    pub(crate) fn refused(self, code: &str, text: &str) -> Self {
        Self { error: Some(Failure::new(code, text)), ..self }
    }

    /// The same with a cookie.
    pub(crate) fn cookie(self, cookie: Option<HeaderValue>) -> Self {
        Self { reply: self.reply.cookie(cookie), ..self }
    }

    /// The reply, and what its record says.
    pub(crate) fn into_parts(self) -> (Reply, Outcome) {
        let outcome =
            Outcome { status: self.reply.status().as_u16(), error: self.error, response: self.made };
        (self.reply, outcome)
    }
}

/// Why a request is not answered as it was meant.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nothing is there.
    NotFound,
    /// Not by this method.
    Method,
    /// A page that tells what is wrong; for the record, a code and a text.
    Page(StatusCode, Wrong, &'static str, String),
    /// A refusal of an OAuth endpoint.
    OAuth(OAuthFault),
    /// A refusal for a bearer token: RFC 6750 section 3.
    Bearer(OAuthFault),
    /// The same for none: the challenge does not say that one is wrong (section 3.1).
    NoBearer(OAuthFault),
    /// A refusal that the app is told in a redirect; with the issuer.
    App(Box<Told>, String),
    /// Something broke, or is refused and no page says how.
    Broken(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}
impl From<OAuthFault> for Trouble {
    fn from(fault: OAuthFault) -> Self {
        Self::OAuth(fault)
    }
}

impl Trouble {
    /// A form that is too old, or of another browser.
    pub(crate) fn expired() -> Self {
        let text = "the form has run out, or is of another browser".to_owned();
        Self::Page(StatusCode::BAD_REQUEST, Wrong::Expired, "ExpiredForm", text)
    }
    /// A form that was not sent by a page of this site.
    pub(crate) fn elsewhere() -> Self {
        let text = "the form was not sent by a page of this site".to_owned();
        Self::Page(StatusCode::FORBIDDEN, Wrong::Elsewhere, "CrossSiteForm", text)
    }

    /// The reply.
    pub(crate) fn answer(self, frame: &Frame, trace: &str) -> Answer {
        match self {
            Self::NotFound => page(frame, trace, StatusCode::NOT_FOUND, &Wrong::NotFound)
                .refused("NotFound", "no such path"),
            Self::Method => {
                let answer = page(frame, trace, StatusCode::METHOD_NOT_ALLOWED, &Wrong::NotFound);
                let allow = Some(HeaderValue::from_static("GET, POST"));
                Answer { reply: answer.reply.with(ALLOW, allow), ..answer }
                    .refused("MethodNotAllowed", "not by this method")
            }
            Self::Page(status, wrong, code, text) => page(frame, trace, status, &wrong).refused(code, &text),
            Self::OAuth(fault) => oauth(&fault),
            Self::Bearer(fault) => bearer(&fault),
            Self::NoBearer(fault) => challenged(&fault, "Bearer realm=\"userinfo\""),
            Self::App(told, issuer) => {
                let Told { redirect_uri, state, fault } = *told;
                let mut answers = vec![("error", fault.code.as_str()), ("error_description", &fault.text)];
                answers.extend(state.as_deref().map(|state| ("state", state)));
                answers.push(("iss", &issuer));
                let location = with_query(&redirect_uri, &answers);
                Answer::of(Reply::see(&location)).refused(fault.code.as_str(), &fault.text)
            }
            // What no page has words for: an app client that is gone, a user who may no longer. Who it is begins anew.
            Self::Broken(error @ Error::Rejected { .. }) => {
                page(frame, trace, StatusCode::BAD_REQUEST, &Wrong::Expired)
                    .refused(error_code(&error), &error.to_string())
            }
            Self::Broken(error) => broken(frame, trace, &error),
        }
    }
}

fn page(frame: &Frame, trace: &str, status: StatusCode, wrong: &Wrong) -> Answer {
    match pages::error(frame, wrong, trace) {
        Ok(page) => Answer::of(Reply::page(status, page, None)),
        Err(error) => {
            tracing::error!(?error, request = trace, "an error page cannot be written");
            Answer::of(Reply::bare(StatusCode::INTERNAL_SERVER_ERROR))
        }
    }
}

fn broken(frame: &Frame, trace: &str, error: &Error) -> Answer {
    tracing::error!(?error, request = trace, "a request of a browser could not be answered");
    let (status, code) = match error {
        Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure"),
    };
    page(frame, trace, status, &Wrong::Busy).refused(code, "the request could not be answered")
}

/// RFC 6749 section 5.2.
fn oauth(fault: &OAuthFault) -> Answer {
    let status = StatusCode::from_u16(fault.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({ "error": fault.code.as_str(), "error_description": fault.text });
    let reply = Reply::json(status, &body);
    let challenge = (fault.code == OAuthCode::InvalidClient)
        .then(|| HeaderValue::from_static("Basic realm=\"app clients\", charset=\"UTF-8\""));
    Answer::of(reply.with(WWW_AUTHENTICATE, challenge)).refused(fault.code.as_str(), &fault.text)
}

/// RFC 6750 section 3.
fn bearer(fault: &OAuthFault) -> Answer {
    challenged(
        fault,
        &format!("Bearer error=\"{}\", error_description=\"{}\"", fault.code.as_str(), fault.text),
    )
}

fn challenged(fault: &OAuthFault, challenge: &str) -> Answer {
    let answer = oauth(fault);
    let reply = answer.reply.with(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).ok());
    Answer { reply, ..answer }
}

/// A registered address with what is told added to its query: RFC 6749 section 4.1.2.
pub(crate) fn with_query(uri: &str, answers: &[(&str, &str)]) -> String {
    let (before, fragment) = uri.split_once('#').map_or((uri, None), |(before, after)| (before, Some(after)));
    let mut location = before.to_owned();
    let mut join = if before.contains('?') { '&' } else { '?' };
    for (name, value) in answers {
        let value = utf8_percent_encode(value, RESERVED);
        location.push(join);
        location.push_str(&format!("{name}={value}"));
        join = '&';
    }
    if let Some(fragment) = fragment {
        location.push('#');
        location.push_str(fragment);
    }
    location
}

/// A page as an answer.
pub(crate) fn shown(page: Page, leads_to: Option<&str>) -> Answer {
    Answer::of(Reply::page(StatusCode::OK, page, leads_to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_added_to_a_registered_address() {
        let told = [("code", "a b&c"), ("iss", "https://x/y")];
        assert_eq!(with_query("https://a/cb", &told), "https://a/cb?code=a%20b%26c&iss=https%3A%2F%2Fx%2Fy");
        assert_eq!(with_query("https://a/cb?x=1", &[("e", "1")]), "https://a/cb?x=1&e=1");
        assert_eq!(with_query("app:/cb", &[("e", "\r\n")]), "app:/cb?e=%0D%0A");
    }
}
