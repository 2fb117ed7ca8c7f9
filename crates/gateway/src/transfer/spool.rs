//! Parts on disk, while an upload is under way.
//!
//! INVARIANT: a part's file is readable by Garita's own user alone (folder 0700, file 0600), is never one that was
//! there before, and is gone when its upload is.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use tokio::fs::{self, DirBuilder, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::body::{Body, BodyError, STALL_TIME, to_array};

/// Bytes read from a part at once.
const CHUNK: usize = 64 * 1024;

/// Why a part was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpoolError {
    #[error("the part is too large")]
    TooLarge,
    #[error("the request body broke off")]
    Broken,
    #[error("writing a part failed: {0}")]
    Disk(#[from] io::Error),
}

/// A part that was kept.
pub(super) struct Kept {
    pub(super) length: u64,
    pub(super) hash: [u8; 32],
}

/// Makes the folder anew, empty.
pub(super) fn reset(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the folder of one upload.
pub(super) async fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder).await
}

/// Removes a folder with all parts; that it is not there is fine.
pub(super) async fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The file of a part.
pub(super) fn part_file(folder: &Path, number: u32) -> PathBuf {
    folder.join(number.to_string())
}

/// Writes a body of at most `limit` bytes to a new file; what cannot be kept whole is removed.
pub(super) async fn keep(path: &Path, body: Incoming, limit: u64) -> Result<Kept, SpoolError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await?;
    let result = write(file, body, limit).await;
    if result.is_err()
        && let Err(error) = fs::remove_file(path).await
    {
        tracing::warn!(%error, "half a part could not be removed");
    }
    result
}

async fn write(mut file: File, mut body: Incoming, limit: u64) -> Result<Kept, SpoolError> {
    let (mut length, mut hash) = (0_u64, digest::Context::new(&digest::SHA256));
    // A client that stands still must not keep the part's place, and its connection, for good.
    while let Some(frame) = timeout(STALL_TIME, body.frame()).await.map_err(|_| SpoolError::Broken)? {
        let Ok(data) = frame.map_err(|_| SpoolError::Broken)?.into_data() else { continue };
        length = length.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        if length > limit {
            return Err(SpoolError::TooLarge);
        }
        hash.update(&data);
        file.write_all(&data).await?;
    }
    file.flush().await?;
    Ok(Kept { length, hash: to_array(&hash.finish()) })
}

/// All parts, one after the other, as one body.
pub(super) fn joined(folder: PathBuf, parts: u32) -> Body {
    let state = Reading { folder: Arc::new(folder), next: 1, parts, file: None };
    StreamBody::new(stream::try_unfold(state, Reading::step)).boxed_unsync()
}

struct Reading {
    folder: Arc<PathBuf>,
    next: u32,
    parts: u32,
    file: Option<File>,
}

impl Reading {
    async fn step(mut self) -> Result<Option<(Frame<Bytes>, Self)>, BodyError> {
        loop {
            let Some(file) = &mut self.file else {
                if self.next > self.parts {
                    return Ok(None);
                }
                self.file = Some(File::open(part_file(&self.folder, self.next)).await?);
                self.next += 1;
                continue;
            };
            let mut buffer = BytesMut::with_capacity(CHUNK);
            if file.read_buf(&mut buffer).await? > 0 {
                return Ok(Some((Frame::data(buffer.freeze()), self)));
            }
            self.file = None;
        }
    }
}
