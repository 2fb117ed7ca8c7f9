//! What the pages of all doors share: the reader's language, the words in it, and the look.
//!
//! Doors do not know one another, but a person goes from one to the other: from the gateway to the sign-in pages and
//! back. So both speak the same language to them and look the same. A door has its own catalogues of messages and its own
//! templates.
//!
//! INVARIANT: nothing here knows a request, a user or a rule.

pub mod words;

/// The mark at the head of every page, as a part of it.
pub const MARK: &str = include_str!("../assets/mark.html");

/// The stylesheet of all pages: one column, in the reader's own light or dark.
pub const STYLESHEET: &str = include_str!("../assets/garita.css");
