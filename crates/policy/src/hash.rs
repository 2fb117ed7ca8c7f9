//! The hash that names of keys and actions are looked up by.
//!
//! Fixed, so that a name has the same hash in every index and context, and quick on short texts. It is not keyed:
//! INVARIANT: whoever looks up by hash confirms by name, so that names made to collide cost time and decide nothing.

const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xd6e8_feb8_6659_fd93;

/// The hash of a name.
pub(crate) fn hash(name: &str) -> u64 {
    let (words, rest) = name.as_bytes().as_chunks::<8>();
    let mut last = [0; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let start = FIRST ^ u64::try_from(name.len()).unwrap_or(u64::MAX);
    let all = words.iter().chain(std::iter::once(&last));
    all.fold(start, |state, word| mix(state ^ u64::from_le_bytes(*word)))
}

/// Folds the 128 bits of a product, so that every bit of `word` reaches every bit of the result.
fn mix(word: u64) -> u64 {
    let product = u128::from(word ^ SECOND).wrapping_mul(u128::from(FIRST));
    let [low, high] = [product, product >> 64].map(|half| (half & u128::from(u64::MAX)) as u64);
    low ^ high
}
