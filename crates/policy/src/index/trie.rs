//! A byte trie: which of many prefixes a text begins with, in one walk along the text.
//!
//! Many tries live in one arena, each known by its root. Chains of single children are one node with a label, and
//! the children of a node lie side by side. What a trie finds are runs of a list that the caller keeps.
//! INVARIANT: a walk visits at most one node per byte of the text, and takes no memory.

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
    /// The first byte of each node's label.
    firsts: Vec<u8>,
    labels: Vec<u8>,
}

const SHORT: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The label when it is short, so that most steps of a walk look at one place only.
    short: [u8; SHORT],
    /// Where else the label stands.
    label: u32,
    child: u32,
    /// Items for every text that comes by: from here to `ends`.
    open: u32,
    /// Items for texts that end here: from here to `after`.
    ends: u32,
    after: u32,
    label_len: u16,
    children: u16,
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
            let child = self.nodes.len();
            let mut children = 0;
            while let Some(byte) = rest.first().and_then(|entry| entry.key.as_bytes().get(depth)) {
                let same = rest.partition_point(|entry| entry.key.as_bytes().get(depth) <= Some(byte));
                let (branch, others) = rest.split_at_checked(same).unwrap_or((rest, &[]));
                open.push((child + children, branch, depth));
                children += 1;
                rest = others;
            }
            self.reserve(children);
            if let Some(node) = self.nodes.get_mut(at) {
                (node.child, node.children) = (number(child), small(children));
            }
        }
        Root(number(root))
    }

    fn reserve(&mut self, nodes: usize) {
        self.nodes.resize(self.nodes.len() + nodes, Node::default());
        self.firsts.resize(self.nodes.len(), 0);
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
        let start = self.labels.len();
        if common > SHORT {
            self.labels.extend(first.iter().take(common));
        }
        if let (Some(node), Some(byte)) = (self.nodes.get_mut(at), self.firsts.get_mut(at)) {
            (node.label, node.label_len) = (number(start), small(common));
            for (to, from) in node.short.iter_mut().zip(first.iter().take(common)) {
                *to = *from;
            }
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
            let len = usize::from(node.label_len);
            let label = match node.short.get(..len) {
                Some(short) => short,
                None => self.labels.get(node.label as usize..node.label as usize + len)?,
            };
            rest = rest.strip_prefix(label)?;
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
            let child = node.child as usize;
            let firsts = self.firsts.get(child..child + usize::from(node.children))?;
            node = self.nodes.get(child + place(firsts, *first)?)?;
        }
    }

    /// About how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        self.nodes.len() * (size_of::<Node>() + 1) + self.labels.len()
    }
}

/// Where `byte` stands among bytes in order.
fn place(bytes: &[u8], byte: u8) -> Option<usize> {
    if bytes.len() > 16 { bytes.binary_search(&byte).ok() } else { bytes.iter().position(|b| *b == byte) }
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
