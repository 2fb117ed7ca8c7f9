//! The name of a condition key.
//!
//! Names are compared without regard to case, by their id first. Every request has the same dozen keys and a few of its
//! own: the names of those are made once and for all.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use crate::hash::hash;
use crate::pattern::fold;

/// The name of a condition key, as written and as compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyName {
    id: u64,
    written: Box<str>,
    folded: Box<str>,
}

impl KeyName {
    pub(crate) fn new(written: &str) -> Self {
        let folded = fold(written);
        Self { id: hash(&folded), written: written.into(), folded: folded.into() }
    }

    /// The hash of the name in the form that names are compared in.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.written
    }

    /// The name in the form that names are compared in.
    pub(crate) fn folded(&self) -> &str {
        &self.folded
    }
}

/// The name of a key in a context, which is copied with it.
#[derive(Clone, Debug)]
pub(super) enum SharedName {
    Known(&'static KeyName),
    Other(Arc<KeyName>),
}

/// Keys of nearly every request, as AWS writes them: IAM User Guide, "AWS global condition context keys".
const KNOWN: [&str; 17] = [
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:SourceIp",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
];

impl SharedName {
    pub(super) fn of(written: &str) -> Self {
        static NAMES: LazyLock<HashMap<&str, KeyName>> =
            LazyLock::new(|| KNOWN.into_iter().map(|name| (name, KeyName::new(name))).collect());
        NAMES.get(written).map_or_else(|| Self::Other(Arc::new(KeyName::new(written))), Self::Known)
    }
}

impl Deref for SharedName {
    type Target = KeyName;

    fn deref(&self) -> &KeyName {
        match self {
            Self::Known(name) => name,
            Self::Other(name) => name,
        }
    }
}

impl PartialEq for SharedName {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl Eq for SharedName {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_is_the_same_as_one_that_is_made() {
        for name in KNOWN {
            assert!(matches!(SharedName::of(name), SharedName::Known(_)), "{name}");
            assert_eq!(*SharedName::of(name), KeyName::new(name));
        }
        // Written in another way it is kept as it was written.
        let other = SharedName::of("AWS:sourceip");
        assert_eq!(other.as_str(), "AWS:sourceip");
        assert_eq!(
            (other.folded(), other.id()),
            (SharedName::of("aws:SourceIp").folded(), SharedName::of("aws:SourceIp").id())
        );
    }
}
