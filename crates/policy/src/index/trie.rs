//! A byte trie: which of many prefixes a text begins with, in one walk along the text.
//!
//! Many tries live in one arena, each known by its root. Chains of single children are one node with a label, and
//! the children of a node lie side by side: in the place their first byte says, gaps and all, where these bytes lie close
//! together, as in numbered and in most lettered names, and else one after another with a list of the bytes. What a trie
//! finds are runs of a list that the caller keeps.
//! INVARIANT: a walk visits at most one node per byte of the text, and takes no memory. INVARIANT: of the nodes that
//! have a parent, at most half are gaps.

use std::ops::Range;

/// A trie of the arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Root(u32);

/// What to find under a prefix.
#[derive(Clone, Debug)]
pub(super) struct Entry<'k, T> {
    /// What a text must begin with.
    pub(super) key: &'k str,
    /// Whether the text must end there.
    pub(super) ends: bool,
    /// Among entries of one key the lower comes first.
    pub(super) rank: u8,
    /// What is found.
    pub(super) item: T,
}

/// The arena.
#[derive(Debug, Default)]
pub(super) struct Tries {
    nodes: Vec<Node>,
    /// The first byte of each node's label, and then some, so that there is a whole group behind each.
    firsts: Vec<u8>,
    labels: Vec<u8>,
}

const SHORT: usize = 8;

/// How many first bytes are compared at once.
const GROUP: usize = 16;

/// Aligned to its size: no node lies across two lines of the processor's cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Node {
    /// The label when it is short, so that most steps of a walk look at one place only; else where it stands, as four
    /// bytes. Zeros after it.
    short: [u8; SHORT],
    child: u32,
    /// Items for every text that comes by: from here to `ends`.
    open: u32,
    /// Items for texts that end here: from here to `after`.
    ends: u32,
    after: u32,
    label_len: u16,
    /// Places for children.
    children: u16,
    /// In place 0 is the child for this byte, in place 1 that for the next, and so on; none: the bytes are listed.
    first: Option<u8>,
}

impl Node {
    /// No text holds the byte of its label.
    const GAP: Self = Self {
        short: [0xff, 0, 0, 0, 0, 0, 0, 0],
        child: 0,
        open: 0,
        ends: 0,
        after: 0,
        label_len: 1,
        children: 0,
        first: None,
    };
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Labels are cut to this, and there are at most 256 children.
fn small(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

impl Tries {
    /// Adds a trie of `entries`, whose items are added to `items`.
    pub(super) fn add<T: Copy>(&mut self, mut entries: Vec<Entry<'_, T>>, items: &mut Vec<T>) -> Root {
        entries.sort_by(|a, b| (a.key, a.ends, a.rank).cmp(&(b.key, b.ends, b.rank)));
        let root = self.nodes.len();
        self.reserve(1);
        // Branch by branch, so that what lies below a node lies close together.
        let mut open = vec![(root, entries.as_slice(), 0)];
        while let Some((at, entries, depth)) = open.pop() {
            let depth = self.label(at, entries, depth);
            let here = entries.partition_point(|entry| entry.key.len() <= depth);
            let (here, mut rest) = entries.split_at_checked(here).unwrap_or((entries, &[]));
            self.place(at, here, items);
            let (child, mut branches) = (self.nodes.len(), Vec::new());
            while let Some(byte) = rest.first().and_then(|entry| entry.key.as_bytes().get(depth)) {
                let same = rest.partition_point(|entry| entry.key.as_bytes().get(depth) <= Some(byte));
                let (branch, others) = rest.split_at_checked(same).unwrap_or((rest, &[]));
                branches.push((*byte, branch));
                rest = others;
            }
            let first = in_place(&branches);
            let mut children = 0;
            for (byte, branch) in branches {
                let place = first.map_or(children, |first| usize::from(byte - first));
                open.push((child + place, branch, depth));
                children = place + 1;
            }
            self.reserve(children);
            if let Some(node) = self.nodes.get_mut(at) {
                (node.child, node.children, node.first) = (number(child), small(children), first);
            }
        }
        Root(number(root))
    }

    fn reserve(&mut self, nodes: usize) {
        self.nodes.resize(self.nodes.len() + nodes, Node::GAP);
        self.firsts.resize(self.nodes.len() + GROUP, 0);
    }

    /// Labels a node with what its entries have in common from `depth` on; answers how far that reaches.
    fn label<T>(&mut self, at: usize, entries: &[Entry<'_, T>], depth: usize) -> usize {
        // Sorted: what the first and the last have in common, all have.
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return depth };
        let first = first.key.as_bytes().get(depth..).unwrap_or_default();
        let last = last.key.as_bytes().get(depth..).unwrap_or_default();
        let same = first.iter().zip(last).take_while(|(a, b)| a == b).count();
        // What is longer goes on in a child.
        let common = same.min(usize::from(u16::MAX));
        let mut short = [0; SHORT];
        if common > SHORT {
            let start = number(self.labels.len());
            self.labels.extend(first.iter().take(common));
            short.iter_mut().zip(start.to_le_bytes()).for_each(|(to, from)| *to = from);
        } else {
            short.iter_mut().zip(first.iter().take(common)).for_each(|(to, from)| *to = *from);
        }
        if let (Some(node), Some(byte)) = (self.nodes.get_mut(at), self.firsts.get_mut(at)) {
            (node.short, node.label_len) = (short, small(common));
            *byte = first.first().copied().unwrap_or_default();
        }
        depth + common
    }

    fn place<T: Copy>(&mut self, at: usize, here: &[Entry<'_, T>], items: &mut Vec<T>) {
        let open = items.len();
        items.extend(here.iter().filter(|entry| !entry.ends).map(|entry| entry.item));
        let ends = items.len();
        items.extend(here.iter().filter(|entry| entry.ends).map(|entry| entry.item));
        if let Some(node) = self.nodes.get_mut(at) {
            (node.open, node.ends, node.after) = (number(open), number(ends), number(items.len()));
        }
    }

    /// Shows `visit` each run of items that `text` leads by, from the root on, until it answers.
    pub(super) fn find<R>(
        &self,
        root: Root,
        text: &str,
        mut visit: impl FnMut(Range<usize>) -> Option<R>,
    ) -> Option<R> {
        let mut node = self.nodes.get(root.0 as usize)?;
        let mut rest = text.as_bytes();
        loop {
            rest = self.after_label(node, rest)?;
            if node.open < node.ends
                && let Some(found) = visit(node.open as usize..node.ends as usize)
            {
                return Some(found);
            }
            let Some(first) = rest.first() else {
                return if node.ends < node.after {
                    visit(node.ends as usize..node.after as usize)
                } else {
                    None
                };
            };
            node = self.child(node, *first)?;
        }
    }

    /// The child of `node` for texts that go on with `byte`, if there is one; it may also be a gap.
    fn child(&self, node: &Node, byte: u8) -> Option<&Node> {
        let (child, children) = (node.child as usize, usize::from(node.children));
        let place = match node.first {
            Some(first) => Some(usize::from(byte.wrapping_sub(first))).filter(|place| *place < children),
            None => place(self.firsts.get(child..)?, children, byte),
        };
        self.nodes.get(child + place?)
    }

    /// What is left of `text` after the label of `node`.
    fn after_label<'t>(&self, node: &Node, text: &'t [u8]) -> Option<&'t [u8]> {
        let len = usize::from(node.label_len);
        let Some(short) = node.short.get(..len) else {
            let [a, b, c, d, ..] = node.short;
            let start = u32::from_le_bytes([a, b, c, d]) as usize;
            return text.strip_prefix(self.labels.get(start..start + len)?);
        };
        // Eight bytes at once, where there are as many: of those after the label any will do.
        let Some(next) = text.first_chunk::<SHORT>() else { return text.strip_prefix(short) };
        let [next, short] = [*next, node.short].map(u64::from_le_bytes);
        let counted = u64::MAX.checked_shr(64 - 8 * u32::from(node.label_len)).unwrap_or(0);
        if (next ^ short) & counted == 0 { text.get(len..) } else { None }
    }

    /// About how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        self.nodes.len() * (size_of::<Node>() + 1) + self.labels.len()
    }
}

/// The first byte of branches that lie so close together that each may have the place its byte says.
fn in_place<B>(branches: &[(u8, B)]) -> Option<u8> {
    let (first, last) = (branches.first()?.0, branches.last()?.0);
    (usize::from(last - first) < 2 * branches.len()).then_some(first)
}

/// Where `byte` stands among the first `count` of `bytes`; none when it does not.
///
/// A group at once and without a branch for each byte: which child a walk takes is what nobody can foresee, and a
/// processor that guesses wrong at each node of a deep trie loses more time than the comparisons take.
fn place(bytes: &[u8], count: usize, byte: u8) -> Option<usize> {
    const ONES: u128 = u128::from_le_bytes([1; GROUP]);
    const HIGHS: u128 = u128::from_le_bytes([0x80; GROUP]);
    let wanted = u128::from_le_bytes([byte; GROUP]);
    for start in (0..count).step_by(GROUP) {
        let group = bytes.get(start..)?.first_chunk::<GROUP>()?;
        let differing = u128::from_le_bytes(*group) ^ wanted;
        // The lowest of the bits that are left marks the first byte that does not differ.
        let same = differing.wrapping_sub(ONES) & !differing & HIGHS;
        if same != 0 {
            let place = start + same.trailing_zeros() as usize / 8;
            // Beyond `count` stand the bytes of others.
            return (place < count).then_some(place);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(keys: &[(String, bool)], text: &str) -> Vec<usize> {
        let mut tries = Tries::default();
        let mut items = Vec::new();
        let entries: Vec<_> = keys
            .iter()
            .enumerate()
            .map(|(item, (key, ends))| Entry { key: key.as_str(), ends: *ends, rank: 0, item })
            .collect();
        // A second trie in the arena must not disturb the first.
        let root = tries.add(entries.clone(), &mut items);
        tries.add(entries, &mut items);
        let mut all = Vec::new();
        tries.find(root, text, |run| -> Option<()> {
            all.extend_from_slice(&items[run]);
            None
        });
        all.sort_unstable();
        all
    }

    proptest! {
        /// Few letters and many, close together and far apart, short labels and long.
        #[test]
        fn finds_what_a_scan_finds_among_many(
            keys in prop::collection::vec(("([0-9]{1,3}|[a-zA-Z_é]{1,2}|0123456789abc[0-9])(/x*)?", any::<bool>()), 0..60),
            text in "([0-9]{1,3}|[a-zA-Z_é]{1,2}|0123456789abc[0-9])(/x*)?",
        ) {
            let fits = |(key, ends): &(String, bool)| if *ends { text == *key } else { text.starts_with(key.as_str()) };
            let wanted: Vec<_> = (0..keys.len()).filter(|at| fits(&keys[*at])).collect();
            prop_assert_eq!(found(&keys, &text), wanted);
        }

        #[test]
        fn finds_what_a_scan_finds(
            keys in prop::collection::vec(("[abñ]{0,4}", any::<bool>()), 0..12),
            text in "[abñ]{0,5}",
        ) {
            let fits = |(key, ends): &(String, bool)| if *ends { text == *key } else { text.starts_with(key.as_str()) };
            let wanted: Vec<_> = (0..keys.len()).filter(|at| fits(&keys[*at])).collect();
            prop_assert_eq!(found(&keys, &text), wanted);
        }
    }

    #[test]
    fn children_have_the_place_of_their_byte_where_that_leaves_few_gaps() {
        let branches = |bytes: &[u8]| bytes.iter().map(|byte| (*byte, ())).collect::<Vec<_>>();
        for (bytes, wanted) in [
            (&b""[..], None),
            (b"a", Some(b'a')),
            (b"ac", Some(b'a')),
            (b"ad", Some(b'a')),
            (b"ae", None),
            (b"abf", Some(b'a')),
            (b"abg", None),
            (b"0123456789", Some(b'0')),
            (b"\x00\xff", None),
        ] {
            assert_eq!(in_place(&branches(bytes)), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn a_byte_among_bytes() {
        let bytes: Vec<u8> = (0..40).map(|byte| byte * 3).chain([0; GROUP]).collect();
        for at in 0..40_usize {
            let byte = u8::try_from(at * 3).unwrap();
            assert_eq!(place(&bytes, 40, byte), Some(at));
            assert_eq!(place(&bytes, 40, byte + 1), None);
            // Those beyond the count are others'.
            assert_eq!(place(&bytes, at, byte), None, "{at}");
        }
    }

    #[test]
    fn a_walk_does_not_leave_its_trie() {
        let (mut tries, mut items) = (Tries::default(), Vec::new());
        let entry = |(key, item)| Entry { key, ends: false, rank: 0, item };
        let [first, second] = [vec![("a", 1), ("b", 2)], vec![("c", 3)]]
            .map(|keys| tries.add(keys.into_iter().map(entry).collect(), &mut items));
        let find = |root, text| tries.find(root, text, |run| items.get(run.start).copied());
        assert_eq!(["a", "b", "c"].map(|text| find(first, text)), [Some(1), Some(2), None]);
        assert_eq!(["b", "c"].map(|text| find(second, text)), [None, Some(3)]);
    }

    #[test]
    fn lower_ranks_come_first_and_shorter_prefixes_before() {
        let mut tries = Tries::default();
        let mut items = Vec::new();
        let entry = |key, rank, item| Entry { key, ends: false, rank, item };
        let root = tries.add(vec![entry("ab", 1, 1), entry("ab", 0, 2), entry("", 2, 3)], &mut items);
        let mut all = Vec::new();
        tries.find(root, "abc", |run| -> Option<()> {
            all.extend_from_slice(&items[run]);
            None
        });
        assert_eq!(all, [3, 2, 1]);
        assert_eq!(tries.find(root, "abc", |run| items.get(run.start).copied()), Some(3));
    }
}
