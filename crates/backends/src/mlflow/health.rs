//! Whether MLflow answers: `GET /health` over its socket.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
const REQUEST: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 ";

/// Whether a server on this socket says that it is well.
pub(super) async fn answers(socket: &Path) -> bool {
    let asked = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(REQUEST).await?;
        let mut status = [0; OK.len()];
        stream.read_exact(&mut status).await?;
        std::io::Result::Ok(status == OK)
    };
    matches!(tokio::time::timeout(ANSWERS_WITHIN, asked).await, Ok(Ok(true)))
}
