//! Any forwarding headers: nobody but a trusted proxy is believed, and what stands before the client's address in the
//! list of addresses changes nothing.

#![no_main]

use std::net::{IpAddr, SocketAddr};

use garita_wire::peer::{Peer, TrustedProxies};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const FOR: &str = "x-forwarded-for";

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for (number, line) in data.split(|byte| *byte == b'\n').take(8).enumerate() {
        // What the HTTP library lets through.
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(if number % 3 == 2 { "x-forwarded-proto" } else { FOR }, line);
        }
    }
    let proxies = TrustedProxies::parse(&["10.0.0.0/8", "::1"]).unwrap();
    let stranger: SocketAddr = "192.0.2.1:1".parse().unwrap();
    assert_eq!(proxies.peer(stranger, &headers), Ok(Peer::connected(stranger)));

    let proxy: SocketAddr = "10.0.0.1:1".parse().unwrap();
    let said = proxies.peer(proxy, &headers);
    if let Ok(peer) = said {
        assert_eq!(peer.address, peer.address.to_canonical());
    }
    // A further proxy adds the client it was reached from: all that was said before is the client's own word.
    headers.append(FOR, HeaderValue::from_static("192.0.2.7, 10.0.0.2"));
    let client: IpAddr = "192.0.2.7".parse().unwrap();
    match proxies.peer(proxy, &headers) {
        Ok(peer) => assert_eq!(peer.address, client),
        Err(error) => assert_eq!(error, garita_wire::peer::ForwardedError::Scheme),
    }
});
