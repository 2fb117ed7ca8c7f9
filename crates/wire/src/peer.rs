//! Who sent a request: the other end of the connection, or whom a trusted proxy names in its place.
//!
//! A proxy that ends TLS hides the client: it tells the address in `X-Forwarded-For` and the scheme in
//! `X-Forwarded-Proto`. Anybody can send these headers, so they count only on connections from proxies that the operator
//! names. Each proxy adds the address it was reached from at the end: the list is read from there, up to the first address
//! that is no trusted proxy's. What stands before that is the client's own word and is not looked at.
//!
//! INVARIANT: without a trusted proxy at the other end, the headers change nothing. INVARIANT: what a trusted proxy says
//! and cannot be read is an error; the request does not pass for one of the proxy's own.

use std::net::{IpAddr, SocketAddr};

use http::header::{HeaderMap, HeaderValue};
use ipnet::IpNet;

/// The far end of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address; an IPv4 address that is mapped into IPv6 is the IPv4 address.
    pub address: IpAddr,
    /// Whether the client spoke TLS.
    pub secure: bool,
}

impl Peer {
    /// The other end of a plain connection.
    pub fn connected(address: SocketAddr) -> Self {
        Self { address: address.ip().to_canonical(), secure: false }
    }
}

/// The proxies whose word is taken.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// Why a text names no proxies to trust.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UntrustedError {
    /// No address, and no network.
    #[error("`{0}` must be an address such as `10.0.0.7`, or a network such as `10.0.0.0/24`")]
    Unreadable(String),
    /// A network of all addresses: every client could say of itself what it likes.
    #[error("`{0}` holds every address: name the addresses of the proxies")]
    Everybody(String),
}

/// Why the word of a trusted proxy cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardedError {
    /// Not a list of addresses.
    #[error(
        "the proxy's X-Forwarded-For holds something else than addresses: let it add the client's address there"
    )]
    Address,
    /// Neither `http` nor `https`, or more than one of them.
    #[error("the proxy's X-Forwarded-Proto is not `http` or `https`, once: let it set the header anew")]
    Scheme,
}

impl TrustedProxies {
    /// Reads addresses and networks in CIDR notation.
    ///
    /// # Errors
    /// [`UntrustedError`] for the first that is neither, or that holds every address.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, UntrustedError> {
        texts.iter().map(|text| network(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Who sent a request with these headers, on a connection from `connected`.
    ///
    /// # Errors
    /// [`ForwardedError`] when `connected` is a trusted proxy and cannot be understood.
    pub fn peer(&self, connected: SocketAddr, headers: &HeaderMap) -> Result<Peer, ForwardedError> {
        let peer = Peer::connected(connected);
        if !self.trusts(peer.address) {
            return Ok(peer);
        }
        Ok(Peer { address: self.client(peer.address, headers)?, secure: is_secure(headers)? })
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The first address before the proxies; that of the first proxy when it names none.
    fn client(&self, proxy: IpAddr, headers: &HeaderMap) -> Result<IpAddr, ForwardedError> {
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let mut nearest = proxy;
        for entry in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            nearest = address(entry).ok_or(ForwardedError::Address)?;
            if !self.trusts(nearest) {
                break;
            }
        }
        Ok(nearest)
    }
}

fn network(text: &str) -> Result<IpNet, UntrustedError> {
    let single = || text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    let unreadable = |_| UntrustedError::Unreadable(text.to_owned());
    let network = text.parse::<IpNet>().or_else(|_| single()).map_err(unreadable)?;
    if network.prefix_len() == 0 { Err(UntrustedError::Everybody(text.to_owned())) } else { Ok(network) }
}

/// An address, alone or with a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed =
        || text.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6);
    bare().or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

fn is_secure(headers: &HeaderMap) -> Result<bool, ForwardedError> {
    let mut schemes = headers.get_all("x-forwarded-proto").iter().map(HeaderValue::as_bytes);
    match (schemes.next(), schemes.next()) {
        (None, _) => Ok(false),
        (Some(scheme), None) if scheme.eq_ignore_ascii_case(b"https") => Ok(true),
        (Some(scheme), None) if scheme.eq_ignore_ascii_case(b"http") => Ok(false),
        (Some(_), _) => Err(ForwardedError::Scheme),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(
        trusted: &[&str],
        connected: &str,
        lines: &[(&'static str, &str)],
    ) -> Result<(String, bool), ForwardedError> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let connected = SocketAddr::new(connected.parse().unwrap(), 50_000);
        let proxies = TrustedProxies::parse(trusted).unwrap();
        proxies.peer(connected, &headers).map(|peer| (peer.address.to_string(), peer.secure))
    }

    const FOR: &str = "x-forwarded-for";
    const PROTO: &str = "x-forwarded-proto";

    #[test]
    fn who_is_no_trusted_proxy_says_nothing_of_others() {
        let said = [(FOR, "203.0.113.9"), (PROTO, "https")];
        for trusted in [&[][..], &["10.0.0.0/24"], &["127.0.0.2", "::1"]] {
            assert_eq!(
                asked(trusted, "127.0.0.1", &said),
                Ok(("127.0.0.1".to_owned(), false)),
                "{trusted:?}"
            );
        }
        let unreadable = [(FOR, "?"), (PROTO, "?"), (PROTO, "?")];
        assert_eq!(asked(&["10.0.0.1"], "10.0.0.2", &unreadable), Ok(("10.0.0.2".to_owned(), false)));
    }

    #[test]
    fn a_trusted_proxy_names_the_client_at_the_end() {
        for (said, client) in [
            (&[][..], "10.0.0.1"),
            (&["203.0.113.9"], "203.0.113.9"),
            (&["203.0.113.9:1234"], "203.0.113.9"),
            (&["[2001:db8::1]:1234"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&[" 2001:db8::1\t"], "2001:db8::1"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            // What the client itself sent stands before, whatever it is.
            (&["10.0.0.9, 203.0.113.9"], "203.0.113.9"),
            (&["none of your business,203.0.113.9"], "203.0.113.9"),
            (&["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
            // Behind two proxies.
            (&["198.51.100.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["203.0.113.9", "10.0.0.2, 10.0.0.3"], "203.0.113.9"),
            // A client that is a proxy itself.
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            let lines: Vec<_> = said.iter().map(|line| (FOR, *line)).collect();
            let told = asked(&["10.0.0.0/24"], "10.0.0.1", &lines);
            assert_eq!(told, Ok((client.to_owned(), false)), "{said:?}");
        }
        let mapped = asked(&["10.0.0.0/24"], "::ffff:10.0.0.1", &[(FOR, "203.0.113.9")]);
        assert_eq!(mapped, Ok(("203.0.113.9".to_owned(), false)));
    }

    #[test]
    fn a_trusted_proxy_names_the_scheme() {
        for (said, secure) in [("https", true), ("HTTPS", true), ("http", false)] {
            assert_eq!(asked(&["::1"], "::1", &[(PROTO, said)]), Ok(("::1".to_owned(), secure)), "{said}");
        }
        for said in ["", "wss", "https, http", "https "] {
            assert_eq!(asked(&["::1"], "::1", &[(PROTO, said)]), Err(ForwardedError::Scheme), "{said}");
        }
        let twice = [(PROTO, "https"), (PROTO, "https")];
        assert_eq!(asked(&["::1"], "::1", &twice), Err(ForwardedError::Scheme));
    }

    #[test]
    fn what_a_trusted_proxy_says_must_be_addresses() {
        for said in [
            "",
            "unknown",
            "203.0.113.9,",
            "203.0.113.9 198.51.100.1",
            "203.0.113.9:",
            "[203.0.113.9]",
            "a, 10.0.0.2",
        ] {
            assert_eq!(
                asked(&["10.0.0.0/24"], "10.0.0.1", &[(FOR, said)]),
                Err(ForwardedError::Address),
                "{said}"
            );
        }
    }

    #[test]
    fn proxies_are_named_by_address_or_network() {
        for (text, told) in [
            ("10.0.0.0/33", "must be an address"),
            ("proxy.example.com", "must be an address"),
            ("", "must be an address"),
            ("0.0.0.0/0", "holds every address"),
            ("::/0", "holds every address"),
        ] {
            let refused = TrustedProxies::parse(&["127.0.0.1", text]).unwrap_err().to_string();
            assert!(refused.contains(told) && refused.contains(text), "{refused}");
        }
    }
}
