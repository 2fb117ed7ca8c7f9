//! What is asked about: an action, and a resource or all resources of a kind.
//!
//! INVARIANT: a kind of resources is a product of its six parts, so that a pattern covers all of them exactly when
//! it covers all of each part.

use crate::arn::AccountId;
use crate::context::{Context, Probe};
use crate::document::Statement;
use crate::evaluate::order::is_kms_key;
use crate::pattern::{Extent, Match, fold};
use crate::resource::{ArnParts, Covers, ResourcePattern};

/// An action on a resource.
#[derive(Clone, Debug)]
pub struct Aim<'a> {
    pub(crate) action: String,
    /// What is acted on.
    pub target: Target<'a>,
    /// The account that owns it; `None` when it is the principal's own.
    pub resource_account: Option<AccountId>,
}

/// What is acted on.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One resource, by its ARN; `*` for an action that has none.
    One(&'a str),
    /// All resources of a kind.
    All(&'a ArnSet),
}

/// ARNs by their parts: each is one text, or begins with one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArnSet {
    parts: [(String, bool); 6],
}

impl<'a> Aim<'a> {
    /// An action, in any case, on a target.
    pub fn new(action: &str, target: Target<'a>, resource_account: Option<AccountId>) -> Self {
        Self { action: fold(action).into_owned(), target, resource_account }
    }

    /// Whether the action is one of a statement's.
    pub(super) fn action_fits(&self, statement: &Statement) -> bool {
        let nothing = Context::new();
        let probe = Probe::quiet(&nothing);
        let named = statement.actions().iter().any(|pattern| pattern.matches_folded(&self.action, &probe));
        named != statement.is_not_action()
    }

    /// Whether a key of KMS is asked about.
    pub(super) fn is_kms_key(&self) -> bool {
        match self.target {
            Target::One(resource) => is_kms_key(resource),
            Target::All(ArnSet { parts: [_, _, service, _, _, (last, _)] }) => {
                service.0 == "kms" && last.starts_with("key/")
            }
        }
    }
}

impl ArnSet {
    /// From the text of an ARN whose parts may end in `*`; none when it is no ARN.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = ArnParts::split(text)?;
        let part = |index| {
            let part = arn.part(index);
            part.strip_suffix('*').map_or((part.to_owned(), false), |beginning| (beginning.to_owned(), true))
        };
        Some(Self { parts: [part(0), part(1), part(2), part(3), part(4), part(5)] })
    }
}

impl Target<'_> {
    /// How many of the resources meant `pattern` covers. All its variables must have their values in `probe`.
    pub(super) fn extent(&self, pattern: &ResourcePattern, probe: &Probe<'_>) -> Extent {
        match self {
            Self::One(resource) => match pattern.matches(ArnParts::split(resource).as_ref(), probe) {
                Match::Yes => Extent::All,
                Match::No | Match::Unresolved => Extent::None,
            },
            Self::All(set) => set.extent(pattern, probe),
        }
    }

    /// Whether `pattern` can cover any of the resources meant, whatever value its variables take.
    pub(super) fn can_fit(&self, pattern: &ResourcePattern, probe: &Probe<'_>) -> bool {
        let Covers::Parts([.., last]) = pattern.covers() else { return true };
        let beginning = last.beginning().0;
        match self {
            Self::One(resource) => ArnParts::split(resource)
                .is_some_and(|arn| pattern.fit(&arn, probe).0 >= 5 && arn.resource().starts_with(beginning)),
            Self::All(set) => {
                let (text, open) = &set.parts[5];
                text.starts_with(beginning) || *open && beginning.starts_with(text.as_str())
            }
        }
    }
}

impl ArnSet {
    fn extent(&self, pattern: &ResourcePattern, probe: &Probe<'_>) -> Extent {
        let patterns = match pattern.covers() {
            Covers::Everything => return Extent::All,
            Covers::Nothing => return Extent::None,
            Covers::Parts(patterns) => patterns,
        };
        let mut whole = Extent::All;
        for (pattern, (text, open)) in patterns.into_iter().zip(&self.parts) {
            let part = match open {
                true => pattern.extent(text, probe),
                false if pattern.matches(text, probe) == Match::Yes => Extent::All,
                false => Extent::None,
            };
            match part {
                Extent::None => return Extent::None,
                Extent::Some => whole = Extent::Some,
                Extent::All => {}
            }
        }
        whole
    }
}
