//! The files of the trail: their names, and how room in them is made sure of.
//!
//! INVARIANT: [`Place::ensure`] answers `Ok` only when that many bytes can be written without asking the file system
//! for more.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

/// How far ahead of need the file is allocated.
const AHEAD: u64 = 1024 * 1024;

/// The next file while it is being made.
pub(super) const DRAFT: &str = "next";

/// The newest file, open for appending.
pub(super) struct Place {
    file: File,
    pub(super) number: u32,
    /// Bytes of good lines; whatever lies behind is not on the trail.
    pub(super) good: u64,
    /// Bytes that are allocated from the start of the file.
    allocated: u64,
}

/// The name of a file of the trail.
pub(super) fn name(number: u32) -> String {
    format!("trail-{number:06}.jsonl")
}

/// The files of the trail, oldest first.
pub(super) fn files(folder: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|n| n.to_str()).and_then(|n| {
            let number = n.strip_prefix("trail-")?.strip_suffix(".jsonl")?.parse().ok()?;
            (name(number) == n).then_some(number)
        });
        found.extend(number.map(|number| (number, path)));
    }
    found.sort_unstable();
    Ok(found)
}

/// Makes the names in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

impl Place {
    /// Opens a file whose good part is known; what lies behind it is cut off.
    pub(super) fn open(folder: &Path, number: u32, good: u64) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file =
            options.write(true).create(true).truncate(false).mode(0o600).open(folder.join(name(number)))?;
        if file.metadata()?.len() != good {
            file.set_len(good)?;
            file.sync_all()?;
        }
        sync_folder(folder)?;
        Ok(Self { file, number, good, allocated: good })
    }

    /// Begins the next file with `lines` in it and room for `room` bytes more: it appears whole or not at all.
    pub(super) fn next(&self, folder: &Path, lines: &[u8], room: u64) -> io::Result<Self> {
        let draft = folder.join(DRAFT);
        let next = self.draft(folder, &draft, lines, room);
        if next.is_err() {
            // Gives back what was allocated; what stays is removed when the trail is opened next.
            let _ = std::fs::remove_file(draft);
        }
        next
    }

    fn draft(&self, folder: &Path, draft: &Path, lines: &[u8], room: u64) -> io::Result<Self> {
        let number = self.number + 1;
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
        let mut next = Self { file, number, good: 0, allocated: 0 };
        next.ensure(room + lines.len() as u64)?;
        next.append(lines)?;
        std::fs::rename(draft, folder.join(name(number)))?;
        sync_folder(folder)?;
        Ok(next)
    }

    /// Makes sure of room for `bytes` behind the good part.
    pub(super) fn ensure(&mut self, bytes: u64) -> io::Result<()> {
        let needed = self.good + bytes;
        if needed <= self.allocated {
            return Ok(());
        }
        self.allocate(needed + AHEAD).or_else(|_| self.allocate(needed))
    }

    fn allocate(&mut self, end: u64) -> io::Result<()> {
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.allocated, end - self.allocated) {
            Ok(()) => {
                self.allocated = end;
                Ok(())
            }
            // A file system that cannot allocate ahead: there must at least be that much free now.
            Err(Errno::OPNOTSUPP) => {
                let free = rustix::fs::fstatvfs(&self.file)?;
                if free.f_bavail.saturating_mul(free.f_frsize) >= end - self.good {
                    Ok(())
                } else {
                    Err(Errno::NOSPC.into())
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Appends lines and waits until they are on disk; on failure the file is as before.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let written = self.file.write_all_at(lines, self.good).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => {
                self.good += lines.len() as u64;
                self.allocated = self.allocated.max(self.good);
                Ok(())
            }
            Err(error) => {
                self.cut();
                Err(error)
            }
        }
    }

    /// Cuts off what lies behind the good part, and what was allocated there.
    pub(super) fn cut(&mut self) {
        self.allocated = self.good;
        if let Err(error) = self.file.set_len(self.good).and_then(|()| self.file.sync_data()) {
            tracing::error!(%error, "what was not written whole to the trail cannot be cut off; it is overwritten next");
        }
    }
}
