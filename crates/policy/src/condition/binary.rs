//! `BinaryEquals`: base64 texts, compared by the bytes they stand for.
//!
//! IAM User Guide, "Binary condition operators".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::parse_error::quoted;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Bytes(Vec<u8>);

impl Bytes {
    pub(super) fn operand(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| format!("{} is not base64", quoted(text)))
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().map(Self)
    }
}
