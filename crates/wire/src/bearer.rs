//! The bearer token of a request: found, not verified.
//!
//! Only the `Authorization` header is looked at: a token in a query would stand in logs, and one in a body could be sent
//! by a page of anyone's. INVARIANT: a request that presents an AWS credential as well is refused, wherever that stands,
//! because what looks at it next might take the other one.
//!
//! Spec: RFC 6750 section 2.1.

use http::header::AUTHORIZATION;

use crate::sigv4::{self, Presence, RequestHead};

/// Why no token can be taken from a request that presents one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BearerError {
    /// The header is there and holds no token, or more than one.
    #[error("the Authorization header must be `Bearer` and one token")]
    Header,
    /// An AWS credential is presented too.
    #[error("the request presents an AWS signature as well as a bearer token: send one of them")]
    Both,
}

/// Finds the bearer token of a request; none when it presents no such thing.
///
/// # Errors
/// [`BearerError`] for what is presented and cannot be taken.
pub fn parse<'r>(head: &RequestHead<'r>) -> Result<Option<&'r str>, BearerError> {
    let mut values = head.headers.get_all(AUTHORIZATION).iter();
    let claims = |value: &http::HeaderValue| {
        let (scheme, rest) = value.as_bytes().split_at(value.len().min(6));
        scheme.eq_ignore_ascii_case(b"bearer") && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
    };
    if !head.headers.get_all(AUTHORIZATION).iter().any(claims) {
        return Ok(None);
    }
    if head.headers.contains_key("x-amz-security-token")
        || !matches!(sigv4::parse(head), Ok(Presence::NotRequested))
    {
        return Err(BearerError::Both);
    }
    let (Some(value), None) = (values.next(), values.next()) else { return Err(BearerError::Header) };
    let token = value.as_bytes().get(6..).and_then(|rest| rest.strip_prefix(b" "));
    token
        .filter(|token| is_token(token))
        .and_then(|token| str::from_utf8(token).ok())
        .map(Some)
        .ok_or(BearerError::Header)
}

/// Whether it is made as tokens are. Every byte is looked at, several at once: a token is long.
fn is_token(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_');
    !text.is_empty() && text.iter().fold(true, |token, byte| token & fits(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, lines: &[(&'static str, &str)]) -> Result<Option<String>, BearerError> {
        let mut headers = http::HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let head = RequestHead { method: "GET", path: "/", query, headers: &headers };
        parse(&head).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn a_token_is_found_in_the_header_alone() {
        let token = |value: &str| found("", &[("authorization", value)]);
        assert_eq!(token("Bearer a.b-c_d"), Ok(Some("a.b-c_d".to_owned())));
        assert_eq!(token("bEARER a"), Ok(Some("a".to_owned())));
        for none in ["Basic YTpi", "Bearerx a", "AWS4-HMAC-SHA256 Credential=x", "Token Bearer a"] {
            assert_eq!(token(none), Ok(None), "{none}");
        }
        for bad in [
            "Bearer",
            "Bearer ",
            "Bearer  a",
            "Bearer a b",
            "Bearer a,b",
            "Bearer\ta",
            "Bearer=a",
            "Bearer a=",
        ] {
            assert_eq!(token(bad), Err(BearerError::Header), "{bad}");
        }
        assert_eq!(found("access_token=a", &[]), Ok(None));
    }

    #[test]
    fn a_token_beside_an_aws_credential_is_refused() {
        let bearer = ("authorization", "Bearer a.b.c");
        for query in ["X-Amz-Signature=1", "X-Amz-%41lgorithm=x", "AWSAccessKeyId=x"] {
            assert_eq!(found(query, &[bearer]), Err(BearerError::Both), "{query}");
        }
        for other in [("x-amz-security-token", "t"), ("authorization", "AWS4-HMAC-SHA256 Credential=x")] {
            assert_eq!(found("", &[bearer, other]), Err(BearerError::Both), "{other:?}");
            assert_eq!(found("", &[other, bearer]), Err(BearerError::Both), "{other:?}");
        }
        assert_eq!(found("", &[bearer, bearer]), Err(BearerError::Header));
    }
}
