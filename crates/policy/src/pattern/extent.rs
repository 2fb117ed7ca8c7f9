//! How all texts with one beginning stand to a pattern, without trying any of them.
//!
//! The pattern is walked as an automaton over the beginning: where no state is left, no text that begins so can
//! match; where the walk stands before a last `*`, every text does.

use super::{Pattern, Piece, fold, without_first};
use crate::context::Probe;

/// How many of some texts match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// Every one.
    All,
    /// Some, perhaps.
    Some,
    /// None.
    None,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Is(char),
    One,
    Any,
}

impl Pattern {
    /// How many of the texts that begin with `beginning` match; with a variable that has no value, none.
    pub(crate) fn extent(&self, beginning: &str, probe: &Probe<'_>) -> Extent {
        let Some(steps) = self.steps(probe) else { return Extent::None };
        let mut states = vec![0];
        pass_any(&steps, &mut states);
        for letter in beginning.chars() {
            let mut next = Vec::with_capacity(states.len());
            for state in states {
                match steps.get(state) {
                    Some(Step::Is(wanted)) if *wanted == letter => next.push(state + 1),
                    Some(Step::One) => next.push(state + 1),
                    Some(Step::Any) => next.push(state),
                    Some(Step::Is(_)) | None => {}
                }
            }
            next.sort_unstable();
            pass_any(&steps, &mut next);
            states = next;
        }
        let last = |state: &usize| steps.get(*state..) == Some(&[Step::Any]);
        match states.as_slice() {
            [] => Extent::None,
            states if states.iter().any(last) => Extent::All,
            _ => Extent::Some,
        }
    }

    /// Whether `text` can match for some values of the variables; under `fold`, it must be folded.
    pub(crate) fn may_match(&self, text: &str) -> bool {
        let (mut pieces, mut rest) = (&*self.pieces, text);
        // After the last piece that stands for anything, and where that was last tried.
        let mut retry: Option<(&[Piece], &str)> = None;
        loop {
            let advanced = match pieces.split_first() {
                None if rest.is_empty() => return true,
                None => None,
                Some((Piece::Any | Piece::Variable(_), after)) => {
                    retry = Some((after, rest));
                    Some((after, rest))
                }
                Some((Piece::One, after)) => without_first(rest).map(|left| (after, left)),
                Some((Piece::Text(literal), after)) => {
                    rest.strip_prefix(&**literal).map(|left| (after, left))
                }
            };
            let Some(next) = advanced.or_else(|| step_back(&mut retry)) else { return false };
            (pieces, rest) = next;
        }
    }

    /// The pattern letter by letter; none when a variable has no value.
    fn steps(&self, probe: &Probe<'_>) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => steps.extend(text.chars().map(Step::Is)),
                Piece::One => steps.push(Step::One),
                Piece::Any => steps.push(Step::Any),
                Piece::Variable(variable) => {
                    let value = variable.value(probe)?;
                    let value = if self.fold { fold(value) } else { value.into() };
                    steps.extend(value.chars().map(Step::Is));
                }
            }
        }
        Some(steps)
    }
}

/// Tries the pieces after the last `*` one character later.
fn step_back<'p, 't>(retry: &mut Option<(&'p [Piece], &'t str)>) -> Option<(&'p [Piece], &'t str)> {
    let (after, tried) = (*retry)?;
    *retry = Some((after, without_first(tried)?));
    *retry
}

/// A `*` may also stand for nothing: adds the states behind it. `states` is in order.
fn pass_any(steps: &[Step], states: &mut Vec<usize>) {
    let mut behind: Vec<usize> =
        states.iter().filter(|state| steps.get(**state) == Some(&Step::Any)).map(|state| state + 1).collect();
    states.append(&mut behind);
    states.sort_unstable();
    states.dedup();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context::Context;
    use crate::pattern::{Match, Syntax};

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text, Syntax { wildcards: true, variables: true, fold: false }).unwrap()
    }

    #[test]
    fn tells_all_from_some_from_none() {
        let mut context = Context::new();
        context.set("aws:username", "ana");
        let probe = Probe::new(&context);
        for (text, beginning, wanted) in [
            ("*", "user/", Extent::All),
            ("user/*", "user/", Extent::All),
            ("us*", "user/", Extent::All),
            ("*/*", "user/", Extent::All),
            ("user/a*", "user/", Extent::Some),
            ("user/ana", "user/", Extent::Some),
            ("user/", "user/", Extent::Some),
            ("user/${aws:username}*", "user/ana", Extent::All),
            ("user/${aws:username}", "user/bo", Extent::None),
            ("user/${x:y}*", "user/", Extent::None),
            ("group/*", "user/", Extent::None),
            ("user", "user/", Extent::None),
            ("user/?*", "user/", Extent::Some),
        ] {
            assert_eq!(pattern(text).extent(beginning, &probe), wanted, "{text} {beginning}");
        }
    }

    #[test]
    fn a_variable_may_be_anything() {
        for (text, subject, wanted) in [
            ("home/${aws:username}/2/*", "home/ana/2/notes", true),
            ("home/${aws:username}/2/*", "home/ana/3/notes", false),
            ("home/${aws:username}", "home/", true),
            ("home/${aws:username}?", "home/", false),
            ("${x:y}a${x:y}", "bab", true),
            ("${x:y}a${x:y}", "bb", false),
        ] {
            assert_eq!(pattern(text).may_match(subject), wanted, "{text} {subject}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_matching(text in "[ab*?]{0,6}", beginning in "[ab]{0,4}", ends in prop::collection::vec("[ab]{0,4}", 12)) {
            let (context, pattern) = (Context::new(), pattern(&text));
            let probe = Probe::new(&context);
            let extent = pattern.extent(&beginning, &probe);
            for end in ends {
                let matches = pattern.matches(&format!("{beginning}{end}"), &probe) == Match::Yes;
                prop_assert!(!matches || extent != Extent::None);
                prop_assert!(matches || extent != Extent::All);
                prop_assert_eq!(pattern.may_match(&format!("{beginning}{end}")), matches);
            }
        }
    }
}
