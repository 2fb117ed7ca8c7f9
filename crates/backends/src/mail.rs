//! E-mail: through an SMTP server, or into a folder where someone looks.
//!
//! [`smtp`] hands messages to a server, over TLS unless the server is on this machine; [`folder`] writes them down for
//! trying things out; [`queue`] stands in front of either, so that no request waits for a mail server and none can make
//! Garita hold mail without end. [`compose`] is the one place where a message becomes text on a wire.
//!
//! INVARIANT: an address or a subject with a line break in it is refused, so nothing that people call themselves can
//! become a header. INVARIANT: neither the text of a message nor its address is ever logged: it may hold a code.

mod compose;
pub mod folder;
pub mod queue;
pub mod smtp;

pub use compose::Sender;
pub use folder::FolderMailer;
pub use queue::QueuedMailer;
pub use smtp::{Encryption, SmtpMailer, SmtpSettings};
