//! `IpAddress` and `NotIpAddress`: an address in a network, IPv4 or IPv6.
//!
//! An address without a prefix length is a network of one. An IPv4 address written as IPv6 (`::ffff:a.b.c.d`) is
//! the IPv4 address, so that a dual-stack listener does not walk round a deny.
//! IAM User Guide, "IP address condition operators"; RFC 4632, RFC 4291 section 2.3.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::parse_error::quoted;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Network(IpNet);

impl Network {
    pub(super) fn operand(text: &str) -> Result<Self, String> {
        let single = || text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        let network = text.parse::<IpNet>().or_else(|_| single());
        network.map(Self).map_err(|_| format!("{} is not an IP address or CIDR block", quoted(text)))
    }

    pub(super) fn contains(self, value: &str) -> bool {
        value.parse::<IpAddr>().is_ok_and(|address| self.holds(&address.to_canonical()))
    }

    /// Whether it holds an address in its canonical form.
    pub(super) fn holds(self, address: &IpAddr) -> bool {
        self.0.contains(address)
    }
}
