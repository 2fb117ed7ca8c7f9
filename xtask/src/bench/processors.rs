//! Who runs where: the load generator gets a processor of its own, so that it takes no time from what is measured.

use anyhow::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Leaves a processor to the load generator and answers with its number: this thread, and all that it starts from now on,
/// keeps to the others. `None` on a machine that has one only.
pub(super) fn set_apart() -> Result<Option<usize>> {
    let mut ours = sched_getaffinity(None)?;
    let last = (0..CpuSet::MAX_CPU).rev().find(|&number| ours.is_set(number));
    let Some(last) = last.filter(|_| ours.count() > 1) else { return Ok(None) };
    ours.unset(last);
    sched_setaffinity(None, &ours)?;
    Ok(Some(last))
}

#[cfg(test)]
mod tests {
    use std::thread::available_parallelism;

    use super::*;

    #[test]
    fn one_processor_is_set_apart_while_there_is_another() {
        // In a thread of its own: what it is pinned to goes with it.
        let pinned = std::thread::spawn(|| {
            let before = available_parallelism().unwrap().get();
            let apart = set_apart().unwrap();
            assert_eq!(apart.is_some(), before > 1);
            let left = available_parallelism().unwrap().get();
            assert_eq!(left, before.max(2) - 1);
            let ours = sched_getaffinity(None).unwrap();
            assert!(apart.is_none_or(|number| !ours.is_set(number)));
        });
        pinned.join().unwrap();
    }
}
