//! Conditions of many statements as programs: what a decision runs.
//!
//! A program is a run of tests; a test names its key by the number the key has among all keys, and its values by
//! their places in one list per type. Literal texts stand one after another in one text. So a program takes few
//! steps in memory, and running it takes none: nothing is noted, built or copied.
//! INVARIANT: a program is met by the same contexts as the conditions it was made from.

use std::collections::HashMap;
use std::net::IpAddr;

use super::address::Network;
use super::arn::ArnPattern;
use super::binary::Bytes;
use super::boolean::Flag;
use super::date::Instant;
use super::number::Decimal;
use super::operator::{Mode, Order};
use super::{Condition, Operands};
use crate::context::{KeyName, Probe};
use crate::pattern::{Match, Pattern, Rest, fold_into};
use crate::resource::ArnParts;

/// A statement's conditions. The first test stands here, so that whoever holds the program need not look elsewhere to
/// find that it is not met; the others are a run of tests that programs share when they are the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    first: Test,
    others: Run,
}

/// A part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Run {
    start: u32,
    len: u32,
}

const SHORT: usize = 14;

const NONE: Run = Run { start: 0, len: 0 };

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Test {
    key: u32,
    mode: Mode,
    kind: Kind,
    values: Run,
}

/// The list that a test's values are in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    /// One text, and short: the commonest of all conditions needs no list.
    Text(Short),
    Texts,
    FoldedTexts,
    Numbers(Order),
    Dates(Order),
    Flags,
    Bytes,
    Networks,
    Arns,
    Flag {
        yes: bool,
        no: bool,
    },
    Absent {
        yes: bool,
        no: bool,
    },
}

/// A text that stands where it is used: its length and its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Short(u8, [u8; SHORT]);

/// A text to compare with.
#[derive(Clone, Copy, Debug)]
enum Text {
    /// Short enough to stand here.
    Short(Short),
    Is(Run),
    StartsWith(Run),
    Pattern(u32),
}

/// Programs and what they work on.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    tests: Vec<Test>,
    keys: Vec<KeyName>,
    literals: String,
    texts: Vec<Text>,
    patterns: Vec<Pattern>,
    numbers: Vec<Decimal<'static>>,
    dates: Vec<Instant>,
    flags: Vec<Flag>,
    bytes: Vec<Bytes>,
    networks: Vec<Network>,
    arns: Vec<ArnPattern>,
    numbered: HashMap<Box<str>, u32>,
    runs: HashMap<Box<[Test]>, Run>,
}

impl Run {
    /// What was added to `list` since it had `before` entries.
    fn since(before: usize, list: usize) -> Self {
        Self { start: number(before), len: number(list - before) }
    }

    fn of<T>(self, list: &[T]) -> &[T] {
        list.get(self.range()).unwrap_or_default()
    }

    fn range(self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// Lists stay far below 2^32: an index over more text than that cannot be built.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl Short {
    fn new(literal: &str) -> Option<Self> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..literal.len())?.copy_from_slice(literal.as_bytes());
        Some(Self(u8::try_from(literal.len()).ok()?, bytes))
    }

    /// The pattern, when it is a short text and nothing else.
    fn of(pattern: &Pattern) -> Option<Self> {
        match pattern.beginning() {
            (literal, Rest::End) => Self::new(literal),
            _ => None,
        }
    }

    fn is(&self, value: &str) -> bool {
        self.1.get(..usize::from(self.0)) == Some(value.as_bytes())
    }
}

fn extend<T: Clone>(list: &mut Vec<T>, values: &[T]) -> Run {
    let before = list.len();
    list.extend_from_slice(values);
    Run::since(before, list.len())
}

impl Programs {
    /// Compiles a statement's conditions; none when it has none.
    pub(crate) fn add(&mut self, conditions: &[Condition]) -> Option<Program> {
        let (first, others) = conditions.split_first()?;
        let first = self.test(first);
        let others: Box<[Test]> = others.iter().map(|condition| self.test(condition)).collect();
        if let Some(known) = self.runs.get(&others) {
            return Some(Program { first, others: *known });
        }
        let run = extend(&mut self.tests, &others);
        self.runs.insert(others, run);
        Some(Program { first, others: run })
    }

    fn test(&mut self, condition: &Condition) -> Test {
        let key = self.key(&condition.key);
        let (kind, values) = self.operands(&condition.operands);
        Test { key, mode: condition.operator.mode(), kind, values }
    }

    /// Forgets what only adding needs.
    pub(crate) fn finish(&mut self) {
        self.numbered = HashMap::new();
        self.runs = HashMap::new();
    }

    fn key(&mut self, key: &KeyName) -> u32 {
        if let Some(known) = self.numbered.get(key.folded()) {
            return *known;
        }
        let next = number(self.keys.len());
        self.keys.push(key.clone());
        self.numbered.insert(key.folded().into(), next);
        next
    }

    fn operands(&mut self, operands: &Operands) -> (Kind, Run) {
        match operands {
            Operands::Texts(patterns)
                if let [only] = patterns.as_slice()
                    && let Some(short) = Short::of(only) =>
            {
                (Kind::Text(short), NONE)
            }
            Operands::Texts(patterns) => (Kind::Texts, self.add_texts(patterns)),
            Operands::FoldedTexts(patterns) => (Kind::FoldedTexts, self.add_texts(patterns)),
            Operands::Numbers(order, all) => (Kind::Numbers(*order), extend(&mut self.numbers, all)),
            Operands::Dates(order, all) => (Kind::Dates(*order), extend(&mut self.dates, all)),
            Operands::Flags(all) if all.iter().all(|flag| flag.literal().is_some()) => {
                let [yes, no] = [true, false].map(|is| all.iter().any(|flag| flag.literal() == Some(is)));
                (Kind::Flag { yes, no }, NONE)
            }
            Operands::Flags(all) => (Kind::Flags, extend(&mut self.flags, all)),
            Operands::Bytes(all) => (Kind::Bytes, extend(&mut self.bytes, all)),
            Operands::Networks(all) => (Kind::Networks, extend(&mut self.networks, all)),
            Operands::Arns(all) => (Kind::Arns, extend(&mut self.arns, all)),
            Operands::Absent(wanted) => {
                let [yes, no] = [true, false].map(|absent| wanted.contains(&absent));
                (Kind::Absent { yes, no }, NONE)
            }
        }
    }

    fn add_texts(&mut self, patterns: &[Pattern]) -> Run {
        let before = self.texts.len();
        for pattern in patterns {
            let text = match pattern.beginning() {
                (literal, Rest::End) => {
                    Short::new(literal).map_or_else(|| Text::Is(self.literal(literal)), Text::Short)
                }
                (literal, Rest::Anything) => Text::StartsWith(self.literal(literal)),
                (_, Rest::Pattern) => {
                    self.patterns.push(pattern.clone());
                    Text::Pattern(number(self.patterns.len() - 1))
                }
            };
            self.texts.push(text);
        }
        Run::since(before, self.texts.len())
    }

    fn literal(&mut self, text: &str) -> Run {
        let before = self.literals.len();
        self.literals.push_str(text);
        Run::since(before, self.literals.len())
    }

    /// About how many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        let tests = self.tests.len() * size_of::<Test>();
        let texts = self.texts.len() * size_of::<Text>() + self.patterns.len() * 64 + self.literals.len();
        let others = self.numbers.len() + self.dates.len() + self.flags.len() + self.bytes.len();
        tests + texts + (others + self.networks.len() + self.arns.len() * 4) * 64
    }

    /// Whether `program` is met.
    pub(crate) fn is_met(&self, program: &Program, probe: &Probe<'_>) -> bool {
        self.holds(&program.first, probe)
            && self
                .tests
                .get(program.others.range())
                .is_some_and(|tests| tests.iter().all(|test| self.holds(test, probe)))
    }

    fn holds(&self, test: &Test, probe: &Probe<'_>) -> bool {
        let Some(key) = self.keys.get(test.key as usize) else { return false };
        let found = probe.find(key);
        if let Kind::Absent { yes, no } = test.kind {
            return if found.is_none() { yes } else { no };
        }
        test.mode.holds(found, |value| self.matches(test, value, probe))
    }

    fn matches(&self, test: &Test, value: &str, probe: &Probe<'_>) -> bool {
        match &test.kind {
            Kind::Text(short) => short.is(value),
            Kind::Texts => self.matches_text(test.values, value, probe),
            Kind::FoldedTexts => {
                let mut buffer = [0; 128];
                self.matches_text(test.values, &fold_into(value, &mut buffer), probe)
            }
            Kind::Numbers(order) => Decimal::read(value).is_some_and(|value| {
                test.values.of(&self.numbers).iter().any(|n| order.accepts(value.cmp(n)))
            }),
            Kind::Dates(order) => Instant::read(value)
                .is_some_and(|value| test.values.of(&self.dates).iter().any(|d| order.accepts(value.cmp(d)))),
            Kind::Flags => test.values.of(&self.flags).iter().any(|flag| flag.matches(value, probe)),
            Kind::Bytes => Bytes::decoded(value, |value| {
                test.values.of(&self.bytes).iter().any(|bytes| bytes.as_slice() == value)
            }),
            Kind::Networks => value.parse::<IpAddr>().is_ok_and(|address| {
                let address = address.to_canonical();
                test.values.of(&self.networks).iter().any(|network| network.holds(&address))
            }),
            Kind::Arns => ArnParts::split(value).is_some_and(|arn| {
                test.values.of(&self.arns).iter().any(|pattern| pattern.matches_parts(value, &arn, probe))
            }),
            Kind::Flag { yes, no } => {
                *yes && value.eq_ignore_ascii_case("true") || *no && value.eq_ignore_ascii_case("false")
            }
            Kind::Absent { .. } => false,
        }
    }

    fn matches_text(&self, texts: Run, value: &str, probe: &Probe<'_>) -> bool {
        let literal = |run: Run| self.literals.get(run.range());
        texts.of(&self.texts).iter().any(|text| match text {
            Text::Short(short) => short.is(value),
            Text::Is(run) => literal(*run) == Some(value),
            Text::StartsWith(run) => literal(*run).is_some_and(|prefix| value.starts_with(prefix)),
            Text::Pattern(at) => {
                let pattern = self.patterns.get(*at as usize);
                pattern.is_some_and(|pattern| pattern.matches(value, probe) == Match::Yes)
            }
        })
    }
}
