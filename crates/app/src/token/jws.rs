//! A compact JWS as someone sent it, taken apart (RFC 7515, with the advice of RFC 8725).
//!
//! Of the header only `alg` and `kid` are read: `alg` to be compared with the key's own, `kid` to look the key up among
//! the issuer's. Keys that the header brings or points to (`jwk`, `x5c`, `jku`, `x5u`) are nobody's. A critical
//! extension is refused: none is known. Base64 and JSON are strict, so a token has one reading.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_policy::json::{self, Member, Value};

use super::MAX_TOKEN;
use super::verify::TokenError;

/// A token, taken apart; nothing of it is proved.
pub(super) struct Compact<'a> {
    /// The algorithm the header names.
    pub(super) alg: String,
    /// The key the header names.
    pub(super) kid: String,
    /// The claims as text.
    pub(super) claims: String,
    /// The claims.
    pub(super) members: Claims,
    /// What was signed.
    pub(super) signed: &'a str,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let malformed = TokenError::Malformed;
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed("it has no three parts"))?;
        let (header, payload) = signed.split_once('.').ok_or(malformed("it has no three parts"))?;
        let bytes =
            |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("a part of it is not base64url"));
        let readable =
            |part: &str| String::from_utf8(bytes(part)?).map_err(|_| malformed("a part of it is not UTF-8"));
        let header = Claims::parse(&readable(header)?)?;
        if header.has("crit") {
            return Err(malformed("it has critical extensions, and none is known here"));
        }
        let claims = readable(payload)?;
        Ok(Self {
            alg: header.text("alg")?.to_owned(),
            kid: header.text("kid")?.to_owned(),
            members: Claims::parse(&claims)?,
            claims,
            signed,
            signature: bytes(signature)?,
        })
    }
}

/// The members of a JSON object, each name once.
pub(super) struct Claims(Vec<Member>);

impl Claims {
    fn parse(text: &str) -> Result<Self, TokenError> {
        match json::parse(text).map(|node| node.value) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(TokenError::Malformed("a part of it is not a JSON object")),
            Err(_) => Err(TokenError::Malformed("a part of it is not JSON with distinct names")),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|member| member.name == name).map(|member| &member.value.value)
    }
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A string that must be there.
    pub(super) fn text(&self, name: &'static str) -> Result<&str, TokenError> {
        match self.get(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(TokenError::Claim(name)),
        }
    }
    /// A string that may be there.
    pub(super) fn maybe_text(&self, name: &'static str) -> Result<Option<&str>, TokenError> {
        if self.has(name) { self.text(name).map(Some) } else { Ok(None) }
    }
    /// Strings that may be there.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, TokenError> {
        let one = |value: &Value| match value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(TokenError::Claim(name)),
        };
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(nodes)) => nodes.iter().map(|node| one(&node.value)).collect(),
            Some(_) => Err(TokenError::Claim(name)),
        }
    }
    /// A whole number that must be there: a string of digits is none (CVE-2026-25537 of a JWT library).
    pub(super) fn number<N: std::str::FromStr>(&self, name: &'static str) -> Result<N, TokenError> {
        match self.get(name) {
            Some(Value::Number(digits)) => digits.parse().map_err(|_| TokenError::Claim(name)),
            _ => Err(TokenError::Claim(name)),
        }
    }
    /// A whole number that may be there.
    pub(super) fn maybe_number<N: std::str::FromStr>(
        &self,
        name: &'static str,
    ) -> Result<Option<N>, TokenError> {
        if self.has(name) { self.number(name).map(Some) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library took a time that was a string for one that was not there, and so for one that had not come or gone.
    #[test]
    fn cve_2026_25537_times_that_are_strings_are_none() {
        for written in
            [r#""4102444800""#, r#""""#, "null", "true", "[4102444800]", "{}", "4102444800.5", "4e9"]
        {
            let claims = Claims::parse(&format!(r#"{{"exp":{written},"nbf":{written}}}"#)).unwrap();
            assert_eq!(claims.number::<i64>("exp"), Err(TokenError::Claim("exp")), "{written}");
            assert_eq!(claims.maybe_number::<i64>("nbf"), Err(TokenError::Claim("nbf")), "{written}");
        }
        let claims = Claims::parse(r#"{"exp":4102444800}"#).unwrap();
        assert_eq!(claims.number::<i64>("exp"), Ok(4_102_444_800));
        assert_eq!(claims.maybe_number::<i64>("nbf"), Ok(None));
    }
}
