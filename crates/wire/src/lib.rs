//! How clients talk: SigV4, bearer tokens, cookies and the wire protocols of AWS, without state.
//!
//! * [`sigv4`] turns the credentials on a request into a [`sigv4::Presented`] and verifies it against a key;
//! * [`bearer`] finds the token of a request that brings one instead;
//! * [`cookie`] finds the cookies of browsers, and writes them; [`browser`] knows a browser again by one; [`origin`] says
//!   whose page sent a request;
//! * [`page`] says what every reply to a browser says beside what it shows; [`cors`] lets scripts of other sites read some;
//! * [`peer`] says where a request came from, with what a trusted proxy tells;
//! * [`protocol`] reads and writes the bodies: AWS Query with XML replies, AWS JSON 1.0 and 1.1;
//! * [`operation`] is the row type of the operations table, and the routing of a request to a row.
//!
//! INVARIANT: nothing here reads a clock, a key store, a socket or a random number, and no function panics
//! whatever bytes it is given. What a caller may do is decided elsewhere; this crate says who claims to call and
//! whether the claim is signed.

pub mod bearer;
pub mod browser;
pub mod cookie;
pub mod cors;
pub mod form;
pub mod hash;
pub mod operation;
pub mod origin;
pub mod page;
pub mod peer;
pub mod protocol;
pub mod sigv4;
