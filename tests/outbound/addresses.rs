//! To whom nothing is sent: whatever name, number or redirect leads to the inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use portcullis::outbound::address::refused;
use portcullis::outbound::{Outbound, OutboundError, OutboundPolicy, PolicyError, SystemResolver};
use proptest::prelude::*;

use crate::sink::{Act, Names, Sink, post};

/// Addresses inside, in every form that a resolver can give them.
const INSIDE: &[&str] = &[
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.5",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.5",
    "::ffff:169.254.169.254",
    "::ffff:93.184.216.34",
    "::ffff:0:10.0.0.5",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::10.0.0.5",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2001:2::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "4000::1",
    "5f00::1",
];

fn policy(hosts: &[&str], private: &[&str]) -> OutboundPolicy {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    OutboundPolicy {
        hosts: texts(hosts),
        private: texts(private),
        plain_http: true,
        connect_timeout: Duration::from_secs(5),
        ..OutboundPolicy::default()
    }
}

fn is_forbidden(error: &OutboundError) -> bool {
    matches!(error, OutboundError::Forbidden(_))
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_whatever_form_the_address_has() {
    for inside in INSIDE {
        let names = Names::leading_to(&[&[inside]]);
        let outbound = Outbound::new(policy(&["receiver.example"], &[]), names).unwrap();
        let error = outbound.send(post("http://receiver.example/")).await.unwrap_err();
        assert!(is_forbidden(&error), "{inside}: {error:?}");
    }
}

#[tokio::test]
async fn an_address_inside_is_refused_though_it_is_a_host_that_is_allowed() {
    for inside in INSIDE {
        let address: IpAddr = inside.parse().unwrap();
        let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let outbound = Outbound::new(policy(&[&host], &[]), Arc::new(SystemResolver)).unwrap();
        let error = outbound.send(post(&format!("http://{host}/"))).await.unwrap_err();
        assert!(is_forbidden(&error), "{inside}: {error:?}");
    }
}

#[tokio::test]
async fn one_address_inside_refuses_the_whole_name() {
    for answer in [&["93.184.216.34", "10.0.0.5"], &["10.0.0.5", "93.184.216.34"], &["2606:2800:220:1::1", "::ffff:10.0.0.5"]] {
        let outbound = Outbound::new(policy(&["receiver.example"], &[]), Names::leading_to(&[answer])).unwrap();
        let error = outbound.send(post("http://receiver.example/")).await.unwrap_err();
        assert!(is_forbidden(&error), "{answer:?}: {error:?}");
    }
}

/// A name that is harmless when it is judged, and leads elsewhere when it is connected to.
#[tokio::test]
async fn a_name_is_looked_up_once_and_what_was_judged_is_connected_to() {
    let sink = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = sink.address.port();
    let names = Names::leading_to(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let policy = policy(&[&format!("receiver.example:{port}")], &["127.0.0.1"]);
    let outbound = Outbound::new(policy, Arc::clone(&names) as _).unwrap();
    let url = format!("http://receiver.example:{port}/");
    let answered = outbound.send(post(&url)).await.unwrap();
    assert_eq!((answered.status, answered.peer), (200, Some(IpAddr::V4(Ipv4Addr::LOCALHOST))));
    assert_eq!(names.asked(), ["receiver.example"]);
    assert!(sink.heard()[0].contains(&format!("host: receiver.example:{port}\r\n")));
    // It has changed, and is judged anew.
    assert!(is_forbidden(&outbound.send(post(&url)).await.unwrap_err()));
    assert_eq!(sink.connections(), 1);
}

#[tokio::test]
async fn a_mapped_address_is_not_let_in_by_the_range_of_what_it_stands_for() {
    let sink = Sink::playing(vec![Act::Hang]).await;
    let port = sink.address.port();
    let names = Names::leading_to(&[&["::ffff:127.0.0.1"]]);
    let outbound = Outbound::new(policy(&[&format!("receiver.example:{port}")], &["127.0.0.0/8", "::1"]), names).unwrap();
    let error = outbound.send(post(&format!("http://receiver.example:{port}/"))).await.unwrap_err();
    assert!(is_forbidden(&error), "{error:?}");
    assert_eq!(sink.connections(), 0);
}

#[tokio::test]
async fn a_redirect_to_the_inside_is_an_answer_and_nothing_more() {
    let inside = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for status in [301, 302, 303, 307, 308] {
        let location = inside.url("/latest/meta-data");
        let answer = format!("HTTP/1.1 {status} There\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let sink = Sink::answering(&answer).await;
        let mut policy = sink.policy();
        policy.hosts.push(inside.address.to_string());
        let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
        let answered = outbound.send(post(&sink.url("/"))).await.unwrap();
        assert_eq!((answered.status, answered.headers["location"].as_str()), (status, location.as_str()));
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn only_hosts_that_are_written_down_are_spoken_to_and_only_in_the_way_that_is_allowed() {
    let sink = Sink::playing(vec![Act::Hang]).await;
    let names = Names::leading_to(&[&["127.0.0.1"]]);
    let outbound = Outbound::new(sink.policy(), Arc::clone(&names) as _).unwrap();
    let port = sink.address.port();
    for url in [
        format!("http://other.example:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://127.0.0.1:{port}@other.example/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        "http://127.0.0.1/".to_owned(),
        "http://127.0.0.1:22/".to_owned(),
    ] {
        let error = outbound.send(post(&url)).await.unwrap_err();
        assert!(is_forbidden(&error), "{url}: {error:?}");
        assert_eq!(outbound.allows(&url).unwrap_err(), error, "{url}");
    }
    assert_eq!((sink.connections(), names.asked().len()), (0, 0));
    let https_alone = OutboundPolicy { plain_http: false, ..sink.policy() };
    let outbound = Outbound::new(https_alone, Arc::new(SystemResolver)).unwrap();
    assert!(is_forbidden(&outbound.send(post(&sink.url("/"))).await.unwrap_err()));
    let nobody = Outbound::new(OutboundPolicy::default(), Arc::new(SystemResolver)).unwrap();
    assert!(is_forbidden(&nobody.send(post("https://receiver.example/")).await.unwrap_err()));
}

#[test]
fn a_policy_that_cannot_be_read_is_none() {
    let new = |policy| Outbound::new(policy, Arc::new(SystemResolver)).map(|_| ());
    assert!(matches!(new(policy(&["*"], &[])), Err(PolicyError::Host { .. })));
    assert!(matches!(new(policy(&[], &["10.0.0.1/8"])), Err(PolicyError::Range { .. })));
    let wrong = OutboundPolicy { authorities: "no certificate".to_owned(), ..OutboundPolicy::default() };
    assert!(matches!(new(wrong), Err(PolicyError::Authorities(_))));
}

/// The same question answered by the standard library's predicates, and by arithmetic where it has none.
fn is_inside_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_unspecified()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a, b, c, d) == (168, 63, 129, 16)
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [a, b] = s[6].to_be_bytes();
        let [c, d] = s[7].to_be_bytes();
        return is_inside_v4(Ipv4Addr::new(a, b, c, d));
    }
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4().is_some()
        || !(0x2000..0x4000).contains(&s[0])
        || (s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8))
        || s[0] == 0x2002
        || (s[0] == 0x3fff && s[1] < 0x1000)
}

/// Addresses near the borders of special ranges, and any other.
fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let near = prop::sample::select(INSIDE).prop_filter_map("IPv4", |text| text.parse::<Ipv4Addr>().ok());
    let moved = (near, 0u32..32, any::<bool>(), any::<u16>()).prop_map(|(address, bit, flip, low)| {
        let bits = u32::from(address) ^ (u32::from(flip) << bit) ^ (u32::from(low) >> (bit / 2));
        Ipv4Addr::from(bits)
    });
    prop_oneof![any::<u32>().prop_map(Ipv4Addr::from), moved]
}

fn v6() -> impl Strategy<Value = Ipv6Addr> {
    let near = prop::sample::select(INSIDE).prop_filter_map("IPv6", |text| text.parse::<Ipv6Addr>().ok());
    let moved = (near, 0u32..128, any::<bool>(), any::<u64>(), 0u32..64).prop_map(|(address, bit, flip, low, cut)| {
        Ipv6Addr::from(u128::from(address) ^ (u128::from(flip) << bit) ^ u128::from(low >> cut))
    });
    let translated = v4().prop_map(|v4| Ipv6Addr::from((0x64_ff9b_u128 << 96) | u128::from(u32::from(v4))));
    let global = any::<u128>().prop_map(|bits| Ipv6Addr::from((bits >> 3) | (1 << 125)));
    prop_oneof![any::<u128>().prop_map(Ipv6Addr::from), moved, translated, global]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_table_of_ranges_agrees_with_another_reckoning(four in v4(), six in v6()) {
        prop_assert_eq!(refused(IpAddr::V4(four)).is_some(), is_inside_v4(four), "{}", four);
        prop_assert_eq!(refused(IpAddr::V6(six)).is_some(), is_inside_v6(six), "{}", six);
    }
}
