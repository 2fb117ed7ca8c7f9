//! Bodies: the reply's type, a bounded read, and the upload that holds back its end.
//!
//! INVARIANT: an upstream never sees the end of an upload whose hash is not the one that was signed. It gets the
//! last bytes only after the hash agreed; otherwise the connection to it breaks, and it stores nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};

/// The body of a reply, and of a request to an upstream.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Why a body ends before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The client's or the upstream's connection broke.
    #[error("the connection broke: {0}")]
    Connection(#[from] hyper::Error),
    /// A spool file could not be read.
    #[error("reading the spool failed: {0}")]
    Spool(#[from] io::Error),
    /// The upload was given up on purpose.
    #[error("the upload was stopped")]
    Stopped,
}

/// How long a body that is read whole may take.
const WHOLE_TIME: Duration = Duration::from_secs(120);
/// How long a body that is taken in piece by piece may stand still.
pub(crate) const STALL_TIME: Duration = Duration::from_secs(60);

/// A body of known bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Why a bounded read gave nothing.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// More bytes than the limit.
    TooLarge,
    /// The connection broke.
    Broken,
    /// It took longer than [`WHOLE_TIME`].
    Slow,
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn read<B>(body: B, limit: usize) -> Result<Bytes, ReadError>
where
    B: HttpBody<Data = Bytes>,
{
    read_within(body, limit, WHOLE_TIME).await
}

async fn read_within<B>(body: B, limit: usize, time: Duration) -> Result<Bytes, ReadError>
where
    B: HttpBody<Data = Bytes>,
{
    tokio::time::timeout(time, read_patiently(body, limit)).await.unwrap_or(Err(ReadError::Slow))
}

async fn read_patiently<B>(body: B, limit: usize) -> Result<Bytes, ReadError>
where
    B: HttpBody<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let mut all = Vec::new();
    while let Some(frame) = body.as_mut().frame().await {
        let Ok(data) = frame.map_err(|_| ReadError::Broken)?.into_data() else { continue };
        if data.len() > limit.saturating_sub(all.len()) {
            return Err(ReadError::TooLarge);
        }
        all.extend_from_slice(&data);
    }
    Ok(all.into())
}

/// A finished hash as bytes.
pub(crate) fn to_array(hash: &digest::Digest) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    out
}

/// What became of an upload, seen from beside the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not at its end yet, or its end was given out.
    Good,
    /// The bytes are not the ones that were signed.
    Mismatch,
    /// More bytes than the limit.
    TooLarge,
    /// The client broke off.
    Broken,
}

/// Where an upload's verdict can be read while the upload itself is on its way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<AtomicU8>);

impl Watch {
    pub(crate) fn verdict(&self) -> Verdict {
        match self.0.load(Ordering::Acquire) {
            0 => Verdict::Good,
            1 => Verdict::Mismatch,
            2 => Verdict::TooLarge,
            _ => Verdict::Broken,
        }
    }
    fn set(&self, verdict: Verdict) {
        let code = match verdict {
            Verdict::Good => 0,
            Verdict::Mismatch => 1,
            Verdict::TooLarge => 2,
            Verdict::Broken => 3,
        };
        self.0.store(code, Ordering::Release);
    }
}

/// An upload on its way to an upstream, one chunk behind.
pub(crate) struct HeldBack<B> {
    inner: B,
    hash: Option<digest::Context>,
    signed: Option<[u8; 32]>,
    held: Option<Bytes>,
    left: u64,
    watch: Watch,
}

impl<B> HeldBack<B> {
    /// Lets `inner` pass if it has the hash `signed`, where one was, and at most `limit` bytes.
    pub(crate) fn new(inner: B, signed: Option<[u8; 32]>, limit: u64) -> (Self, Watch) {
        let watch = Watch::default();
        let hash = Some(digest::Context::new(&digest::SHA256));
        (Self { inner, hash, signed, held: None, left: limit, watch: watch.clone() }, watch)
    }

    fn stop(&mut self, verdict: Verdict) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.watch.set(verdict);
        self.hash = None;
        self.held = None;
        Poll::Ready(Some(Err(BodyError::Stopped)))
    }

    /// Takes a chunk in, and gives out the one before.
    fn turn(&mut self, data: Bytes) -> Option<Bytes> {
        if let Some(hash) = &mut self.hash {
            hash.update(&data);
        }
        self.held.replace(data)
    }

    fn end(&mut self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(hash) = self.hash.take() else { return Poll::Ready(None) };
        if self.signed.is_none_or(|signed| to_array(&hash.finish()) == signed) {
            return Poll::Ready(self.held.take().map(|last| Ok(Frame::data(last))));
        }
        self.stop(Verdict::Mismatch)
    }
}

impl<B> HttpBody for HeldBack<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.hash.is_none() {
            return Poll::Ready(None);
        }
        loop {
            let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(_)) => return self.stop(Verdict::Broken),
                None => return self.end(),
            };
            // Trailers are dropped: nothing that is judged or stored comes in them.
            let Ok(data) = frame.into_data() else { continue };
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            if length > self.left {
                return self.stop(Verdict::TooLarge);
            }
            self.left -= length;
            if data.is_empty() {
                continue;
            }
            if let Some(before) = self.turn(data) {
                return Poll::Ready(Some(Ok(Frame::data(before))));
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use http_body_util::StreamBody;

    type Chunks = Vec<Result<Frame<Bytes>, std::convert::Infallible>>;

    async fn pass(chunks: &[&str], signed: &str, limit: u64) -> (String, bool, Verdict) {
        let frames: Chunks =
            chunks.iter().map(|c| Ok(Frame::data(Bytes::copy_from_slice(c.as_bytes())))).collect();
        let inner = StreamBody::new(futures_util::stream::iter(frames));
        let (mut held, watch) =
            HeldBack::new(inner, Some(garita_wire::hash::sha256(signed.as_bytes())), limit);
        let (mut out, mut whole) = (String::new(), true);
        while let Some(frame) = held.frame().await {
            match frame {
                Ok(frame) => out.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap()),
                Err(_) => whole = false,
            }
        }
        (out, whole, watch.verdict())
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let begun: Chunks = vec![Ok(Frame::data(Bytes::from_static(b"{")))];
        let stalled = futures_util::stream::iter(begun)
            .chain(futures_util::stream::pending::<Result<Frame<Bytes>, std::convert::Infallible>>());
        let read = read_within(StreamBody::new(stalled), 10, Duration::from_millis(20)).await;
        assert!(matches!(read, Err(ReadError::Slow)));
    }

    #[tokio::test]
    async fn the_last_chunk_waits_for_the_hash() {
        assert_eq!(pass(&["ab", "", "cd", "ef"], "abcdef", 6).await, ("abcdef".into(), true, Verdict::Good));
        assert_eq!(pass(&["ab", "cd", "ef"], "abcdeX", 6).await, ("abcd".into(), false, Verdict::Mismatch));
        assert_eq!(pass(&["abcdef"], "abcde", 6).await, (String::new(), false, Verdict::Mismatch));
        assert_eq!(pass(&[], "", 0).await, (String::new(), true, Verdict::Good));
        assert_eq!(pass(&[], "x", 0).await, (String::new(), false, Verdict::Mismatch));
        assert_eq!(pass(&["ab", "cd", "ef"], "abcdef", 5).await, ("ab".into(), false, Verdict::TooLarge));
    }
}
