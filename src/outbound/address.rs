//! Which addresses are nobody's business: everything that is not a public, global unicast address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::PolicyError;

/// Why an address is refused unless a range allows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// `127.0.0.0/8`, `::1`
    Loopback,
    /// `0.0.0.0/8`, `::`
    Unspecified,
    /// RFC 1918, RFC 6598 (shared by carriers), RFC 4193 (unique local), and the old site-local addresses.
    Private,
    /// `169.254.0.0/16`, `fe80::/10`: also where clouds tell a machine its credentials.
    LinkLocal,
    /// `168.63.129.16`, public by its number, at which Azure answers its machines.
    Cloud,
    /// To many: multicast and broadcast.
    Many,
    /// For documents, benchmarks and protocols, or not given to anybody.
    Reserved,
    /// IPv6 that stands for an IPv4 address, and could lead anywhere: mapped, compatible, translated, 6to4, Teredo.
    Embedding,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "a loopback address",
            Self::Unspecified => "an unspecified address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::Cloud => "an address of the cloud's own services",
            Self::Many => "an address of many",
            Self::Reserved => "a reserved address",
            Self::Embedding => "an address that stands for another",
        })
    }
}

/// The special ranges of IPv4 (IANA's registry, RFC 6890), the narrowest first.
const IPV4: &[([u8; 4], u8, Kind)] = &[
    ([168, 63, 129, 16], 32, Kind::Cloud),
    ([255, 255, 255, 255], 32, Kind::Many),
    ([192, 0, 0, 0], 24, Kind::Reserved),
    ([192, 0, 2, 0], 24, Kind::Reserved),
    ([192, 88, 99, 0], 24, Kind::Reserved),
    ([198, 51, 100, 0], 24, Kind::Reserved),
    ([203, 0, 113, 0], 24, Kind::Reserved),
    ([169, 254, 0, 0], 16, Kind::LinkLocal),
    ([192, 168, 0, 0], 16, Kind::Private),
    ([198, 18, 0, 0], 15, Kind::Reserved),
    ([172, 16, 0, 0], 12, Kind::Private),
    ([100, 64, 0, 0], 10, Kind::Private),
    ([0, 0, 0, 0], 8, Kind::Unspecified),
    ([10, 0, 0, 0], 8, Kind::Private),
    ([127, 0, 0, 0], 8, Kind::Loopback),
    ([224, 0, 0, 0], 4, Kind::Many),
    ([240, 0, 0, 0], 4, Kind::Reserved),
];

/// The special ranges of IPv6. What is neither here nor in `2000::/3` is reserved.
const IPV6: &[([u16; 8], u8, Kind)] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, Kind::Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, Kind::Loopback),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, Kind::Embedding),         // compatible
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, Kind::Embedding),    // mapped
    ([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, Kind::Embedding),    // translated (RFC 2765)
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Kind::Embedding), // translated, within one network
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, Kind::Embedding),    // Teredo
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Kind::Reserved),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Kind::Reserved), // protocols, benchmarks, ORCHID
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Kind::Reserved),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Kind::Embedding), // 6to4
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Kind::LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Kind::Private),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Kind::Many),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Kind::Private),
];

/// Why an address is refused; `None` for a public one.
pub fn refused(address: IpAddr) -> Option<Kind> {
    match address {
        IpAddr::V4(v4) => refused_v4(v4),
        IpAddr::V6(v6) => refused_v6(v6),
    }
}

fn refused_v4(address: Ipv4Addr) -> Option<Kind> {
    let within = |(octets, prefix, _): &&([u8; 4], u8, Kind)| same_v4(Ipv4Addr::from(*octets), address, *prefix);
    IPV4.iter().find(within).map(|(_, _, kind)| *kind)
}

fn refused_v6(address: Ipv6Addr) -> Option<Kind> {
    let within = |(segments, prefix, _): &&([u16; 8], u8, Kind)| same_v6(Ipv6Addr::from(*segments), address, *prefix);
    if let Some((_, _, kind)) = IPV6.iter().find(within) {
        return Some(*kind);
    }
    // The well-known prefix of NAT64 (RFC 6052) is how a network without IPv4 reaches public IPv4: what it stands for decides.
    let translated = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);
    if same_v6(translated, address, 96) {
        let [.., a, b, c, d] = address.octets();
        return refused_v4(Ipv4Addr::new(a, b, c, d)).map(|_| Kind::Embedding);
    }
    let global = same_v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), address, 3);
    (!global).then_some(Kind::Reserved)
}

/// Whether two addresses share their first `prefix` bits.
fn same_v4(one: Ipv4Addr, other: Ipv4Addr, prefix: u8) -> bool {
    let differing = u32::from(one) ^ u32::from(other);
    u32::from(prefix) <= differing.leading_zeros()
}

fn same_v6(one: Ipv6Addr, other: Ipv6Addr, prefix: u8) -> bool {
    let differing = u128::from(one) ^ u128::from(other);
    u32::from(prefix) <= differing.leading_zeros()
}

/// A range of addresses: `10.1.0.0/16`, or one alone.
///
/// A range of IPv4 holds no IPv6 address that stands for one of its own: whoever wants `::ffff:10.1.2.3` writes that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    first: IpAddr,
    prefix: u8,
}

impl Range {
    /// Reads one.
    ///
    /// # Errors
    /// Where it is none, or its address lies within the range instead of at its beginning.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let wrong = |why| PolicyError::Range { range: text.to_owned(), why };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| wrong("write an address, or a range as `10.1.0.0/16`"))?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) if !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(|| wrong("it has no so many bits"))?
            }
            Some(_) => return Err(wrong("behind the slash stands how many bits are fixed")),
        };
        let range = Self { first, prefix };
        if range.lowest() != first {
            return Err(wrong("its address is not the first of the range"));
        }
        Ok(range)
    }

    /// Whether an address lies within.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => same_v4(first, address, self.prefix),
            (IpAddr::V6(first), IpAddr::V6(address)) => same_v6(first, address, self.prefix),
            _ => false,
        }
    }

    fn lowest(&self) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from(u32::from(first) & mask))
            }
            IpAddr::V6(first) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from(u128::from(first) & mask))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_it_says() {
        let range = Range::parse("10.1.0.0/16").unwrap();
        for (address, within) in [("10.1.0.0", true), ("10.1.255.255", true), ("10.2.0.0", false), ("::ffff:10.1.0.1", false)] {
            assert_eq!(range.contains(address.parse().unwrap()), within, "{address}");
        }
        assert!(Range::parse("0.0.0.0/0").unwrap().contains("192.168.1.1".parse().unwrap()));
        assert!(Range::parse("::/0").unwrap().contains("fd00::1".parse().unwrap()));
        assert!(Range::parse("::1").unwrap().contains("::1".parse().unwrap()));
        assert!(!Range::parse("::1").unwrap().contains("::2".parse().unwrap()));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.1/8",
            "::/129",
            "fd00::1/8",
            "10.0.0.0/8/8",
            "localhost",
            "fe80::%1",
        ] {
            assert!(Range::parse(text).is_err(), "{text}");
        }
    }
}
