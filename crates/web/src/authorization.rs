//! The `Authorization` header of app clients: who they are (`Basic`, RFC 6749 section 2.3.1), or the access token that they
//! bring (`Bearer`, RFC 6750 section 2.1).
//!
//! INVARIANT: what is there twice, in two headers or in header and form, is refused: what looks at it next might take the
//! other one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_app::oauth::{ClientCredentials, OAuthCode, OAuthFault};
use garita_model::Secret;
use garita_wire::form;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::fields::Fields;

/// What a client shows of itself: in the header or in the form, never in both.
///
/// # Errors
/// `invalid_client` for a header that is not well-formed and for none of both; `invalid_request` for both.
pub fn credentials(headers: &HeaderMap, fields: &Fields) -> Result<ClientCredentials, OAuthFault> {
    let (id, secret) = (fields.own("client_id"), fields.own("client_secret").map(Secret::new));
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else {
        let id = id.ok_or_else(|| OAuthCode::InvalidClient.because("client_id is missing"))?;
        return Ok(ClientCredentials { id, secret });
    };
    let malformed = || OAuthCode::InvalidClient.because("the Authorization header is no well-formed `Basic`");
    if headers.next().is_some() {
        return Err(malformed());
    }
    let shown = header.to_str().ok().and_then(basic).ok_or_else(malformed)?;
    if secret.is_some() {
        return Err(OAuthCode::InvalidRequest
            .because("the client's secret is in the header and in the form: send one"));
    }
    if id.is_some_and(|id| id != shown.id) {
        return Err(OAuthCode::InvalidRequest.because("client_id is not that of the Authorization header"));
    }
    Ok(shown)
}

/// `Basic` with both halves encoded as in a form.
fn basic(header: &str) -> Option<ClientCredentials> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |half: &str| String::from_utf8(form::decode(half).ok()?).ok();
    let secret = decoded(secret)?;
    Some(ClientCredentials { id: decoded(id)?, secret: (!secret.is_empty()).then(|| Secret::new(secret)) })
}

/// The access token in the header; those in forms and queries are not read (RFC 9700 section 4.3.2).
pub fn bearer(headers: &HeaderMap) -> Option<Secret<String>> {
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let (header, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, line.parse().unwrap());
        }
        headers
    }

    fn shown(lines: &[&str], form: &str) -> Result<(String, Option<String>), OAuthCode> {
        let fields = Fields::parse(form.as_bytes()).unwrap();
        let shown = credentials(&headers(lines), &fields).map_err(|fault| fault.code)?;
        Ok((shown.id, shown.secret.map(|secret| secret.expose().clone())))
    }

    #[test]
    fn basic_is_read_as_the_rfc_writes_it() {
        let shown = basic(&format!("Basic {}", STANDARD.encode("a%3Ab:p%25+q"))).unwrap();
        assert_eq!((shown.id.as_str(), shown.secret.unwrap().expose().as_str()), ("a:b", "p% q"));
        assert!(basic(&format!("basic {}", STANDARD.encode("a:"))).unwrap().secret.is_none());
        for bad in ["Bearer x", "Basic", "Basic !", &format!("Basic {}", STANDARD.encode("nocolon"))] {
            assert!(basic(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_client_shows_itself_once() {
        let basic = format!("Basic {}", STANDARD.encode("a:s"));
        let own = |secret: &str| Ok(("a".to_owned(), Some(secret.to_owned())));
        assert_eq!(shown(&[&basic], ""), own("s"));
        assert_eq!(shown(&[&basic], "client_id=a"), own("s"));
        assert_eq!(shown(&[], "client_id=a&client_secret=t"), own("t"));
        assert_eq!(shown(&[], "client_id=a&client_secret="), Ok(("a".to_owned(), None)));
        assert_eq!(shown(&[], "client_secret=t"), Err(OAuthCode::InvalidClient));
        assert_eq!(shown(&[&basic, &basic], ""), Err(OAuthCode::InvalidClient));
        assert_eq!(shown(&["Bearer x"], "client_id=a&client_secret=s"), Err(OAuthCode::InvalidClient));
        assert_eq!(shown(&[&basic], "client_id=a&client_secret=s"), Err(OAuthCode::InvalidRequest));
        assert_eq!(shown(&[&basic], "client_id=b"), Err(OAuthCode::InvalidRequest));
    }

    #[test]
    fn a_token_is_read_of_one_header() {
        let token = |lines: &[&str]| bearer(&headers(lines)).map(|token| token.expose().clone());
        assert_eq!(token(&["bEARER  a.b "]).as_deref(), Some("a.b"));
        for none in [&[][..], &["Basic YTpz"], &["Bearer"], &["Bearer a", "Bearer a"]] {
            assert_eq!(token(none), None, "{none:?}");
        }
    }
}
