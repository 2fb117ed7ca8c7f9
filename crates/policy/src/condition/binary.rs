//! `BinaryEquals`: base64 texts, compared by the bytes they stand for.
//!
//! IAM User Guide, "Binary condition operators".

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeSliceError, Engine};

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

    /// Calls `test` with the bytes that `text` stands for; short ones take no memory.
    pub(super) fn decoded(text: &str, test: impl FnOnce(&[u8]) -> bool) -> bool {
        let mut buffer = [0; 192];
        match STANDARD.decode_slice(text, &mut buffer) {
            Ok(len) => buffer.get(..len).is_some_and(test),
            Err(DecodeSliceError::OutputSliceTooSmall) => {
                Self::read(text).is_some_and(|bytes| test(&bytes.0))
            }
            Err(DecodeSliceError::DecodeError(_)) => false,
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}
