//! Work that is done to its end, though nobody waits for it any more.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use garita_model::{Error, Result};

/// Does `work` to its end: when this future is dropped half-way, as it is when a client hangs up, the work goes on as a
/// task of its own. So what a request began never stops half-way to the audit trail.
///
/// # Errors
/// `Internal` when the work panics.
pub fn to_the_end<T, W>(work: W) -> impl Future<Output = Result<T>> + Send
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    ToTheEnd(Some(Box::pin(work)))
}

/// What is left of some work; none when it has ended.
struct ToTheEnd<T: Send + 'static>(Option<Work<T>>);

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let ended = match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(done)) => Ok(done),
            Err(panic) => Err(Error::internal(format!("a request was not answered: {}", said(&*panic)))),
        };
        self.0 = None;
        Poll::Ready(ended)
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_is_answered_and_its_panic_is_an_error() {
        assert_eq!(to_the_end(async { 7 }).await.unwrap(), 7);
        let died = to_the_end::<u8, _>(async {
            tokio::task::yield_now().await;
            panic!("for the test")
        });
        assert!(matches!(died.await, Err(Error::Internal(_))));
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let (go_on, told) = oneshot::channel::<u8>();
        let (tell, done) = oneshot::channel();
        let working = to_the_end(async move { tell.send(told.await.unwrap()).unwrap() });
        assert!(tokio::time::timeout(Duration::from_millis(5), working).await.is_err());
        go_on.send(7).unwrap();
        assert_eq!(done.await.unwrap(), 7);
    }
}
