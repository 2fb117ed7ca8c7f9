//! The query, parsed into pairs and written anew.
//!
//! INVARIANT: the query that reaches an upstream has every key once, but for keys the route means as a list, and
//! never two spellings of one field. MLflow takes the first of two equal keys, and the SDK's signer covers the
//! last: letting both through would let the unsigned one decide.

use crate::field::{self, FieldError};
use crate::path::{encode_into, percent_decode};

/// Most pairs in a query.
const MAX_PAIRS: usize = 1000;

/// Why a query is refused. Its text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Not ASCII, not UTF-8 once decoded, a bad escape, or a NUL.
    #[error("the query is not percent-encoded UTF-8")]
    Malformed,
    /// More than a thousand pairs.
    #[error("the query has more than 1000 parameters")]
    TooMany,
    /// Credentials in the query; this door takes them in the header only.
    #[error("sign in the Authorization header: a signature in the query is not accepted here")]
    Credentials,
    /// A field that must not stand as it does.
    #[error("in the query, {0}")]
    Field(#[from] FieldError),
}

/// A parsed query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Parses a raw query; keys in `repeats` may stand more than once.
    ///
    /// # Errors
    /// [`QueryError`] for whatever an upstream could read in another way than we do.
    pub fn parse(raw: &str, repeats: &[&str]) -> Result<Self, QueryError> {
        let mut pairs = Vec::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() >= MAX_PAIRS {
                return Err(QueryError::TooMany);
            }
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decode(key)?, decode(value)?);
            if key.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-")) {
                return Err(QueryError::Credentials);
            }
            pairs.push((key, value));
        }
        field::check_names(pairs.iter().map(|(key, _)| key.as_str()), repeats)?;
        for (key, value) in &pairs {
            field::check_experiment_id(key, value)?;
        }
        let query = Self { pairs };
        field::check_run_id(query.get("run_id"), query.get("run_uuid"))?;
        Ok(query)
    }

    /// The value of a key that stands once.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The query to send, without `?`.
    pub fn encoded(&self) -> String {
        let mut out = String::new();
        for (key, value) in &self.pairs {
            if !out.is_empty() {
                out.push('&');
            }
            encode_into(&mut out, key);
            out.push('=');
            encode_into(&mut out, value);
        }
        out
    }
}

fn decode(raw: &str) -> Result<String, QueryError> {
    if raw.bytes().any(|b| !b.is_ascii_graphic()) {
        return Err(QueryError::Malformed);
    }
    let decoded = percent_decode(&raw.replace('+', " ")).ok_or(QueryError::Malformed)?;
    let text = String::from_utf8(decoded).map_err(|_| QueryError::Malformed)?;
    if text.contains('\0') { Err(QueryError::Malformed) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_queries_are_refused() {
        for raw in [
            "a=1&a=2",
            "run_id=a&run_id=b",
            "run_id=a&run_uuid=b",
            "runId=a&run_id=a",
            "r%75n_id=a&run_id=b",
            "experiment_id=05%20",
            "experiment_id=%205",
            "experiment_id=%2B5",
            "experiment_id=%EF%BC%95",
            "experimentId=x",
            "experiment_id=",
            "a=%zz",
            "a=%ff",
            "a=%00",
            "a=é",
            "=x",
            "a%20b=x",
            "X-Amz-Signature=1",
            "order_by=a&order_by=b",
        ] {
            assert!(Query::parse(raw, &[]).is_err(), "{raw}");
        }
    }

    #[test]
    fn rebuilt_from_pairs() {
        for (raw, repeats, sent) in [
            ("", &[][..], ""),
            ("run_uuid=a&run_id=a", &[], "run_uuid=a&run_id=a"),
            ("filter=name+%3D+%27x%27", &[], "filter=name%20%3D%20%27x%27"),
            ("&&a=1&", &[], "a=1"),
            ("flag", &[], "flag="),
            ("a=b=c", &[], "a=b%3Dc"),
            ("order_by=a&order_by=b", &["order_by"], "order_by=a&order_by=b"),
            ("experiment_id=05", &[], "experiment_id=05"),
        ] {
            assert_eq!(Query::parse(raw, repeats).unwrap().encoded(), sent, "{raw}");
        }
    }
}
