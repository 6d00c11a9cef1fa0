//! Slows down whoever tries secrets of a client, by the address they come from. Behind a proxy all come from one address: there, whoever gets
//! it wrong for one client keeps the others out of nothing.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::answer::Failure;

/// Wrong secrets for one client from one address within [`WINDOW`].
const MOST: u32 = 10;
/// How long wrong secrets are remembered.
const WINDOW: Duration = Duration::from_secs(60);
/// Places that are remembered at a time; beyond that all are forgotten.
const MOST_PLACES: usize = 10_000;

/// Who got it wrong how often, and since when.
#[derive(Default)]
pub(super) struct Limiter(Mutex<BTreeMap<Place, (Duration, u32)>>);

/// An address, and a client that somebody there says to be, whether or not there is one.
type Place = (IpAddr, [u8; 32]);

impl Limiter {
    /// Whether somebody at this address may try as this client. What comes from nowhere that is known shares one address.
    pub(super) fn check(&self, peer: Option<IpAddr>, client: &str, now: Duration) -> Result<(), Failure> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&place(peer, client)) {
            Some((since, count)) if *count >= MOST && now.saturating_sub(*since) < WINDOW => {
                Err(Failure::TooMany(WINDOW.saturating_sub(now.saturating_sub(*since)).as_secs() + 1))
            }
            _ => Ok(()),
        }
    }

    /// Notes that somebody there got it wrong.
    pub(super) fn failed(&self, peer: Option<IpAddr>, client: &str, now: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_PLACES {
            known.retain(|_, (since, _)| now.saturating_sub(*since) < WINDOW);
        }
        if known.len() >= MOST_PLACES {
            known.clear(); // looking for the oldest each time would cost more than the guesses that this allows
        }
        let entry = known.entry(place(peer, client)).or_insert((now, 0));
        if now.saturating_sub(entry.0) >= WINDOW {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

/// One person has a whole /64 of IPv6, so that it is one place.
fn place(peer: Option<IpAddr>, client: &str) -> Place {
    let address = match peer.map(|peer| peer.to_canonical()) {
        Some(IpAddr::V6(address)) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        Some(address) => address,
        None => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    (address, Sha256::digest(client.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_waits_and_others_do_not() {
        let limiter = Limiter::default();
        let (one, other): (IpAddr, IpAddr) = ("2001:db8::1".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        let neighbour: IpAddr = "2001:db8::ffff".parse().unwrap();
        for second in 0..10 {
            assert_eq!(limiter.check(Some(one), "deployer", Duration::from_secs(second)), Ok(()));
            limiter.failed(Some(one), "deployer", Duration::from_secs(second));
        }
        assert_eq!(limiter.check(Some(neighbour), "deployer", Duration::from_secs(10)), Err(Failure::TooMany(51)));
        assert_eq!(limiter.check(Some(other), "deployer", Duration::from_secs(10)), Ok(()));
        assert_eq!(limiter.check(Some(one), "other", Duration::from_secs(10)), Ok(()), "who shares a proxy with them");
        assert_eq!(limiter.check(Some(one), "deployer", Duration::from_secs(60)), Ok(()));
    }

    #[test]
    fn many_addresses_take_no_more_room_than_there_is() {
        let limiter = Limiter::default();
        for number in 0..(MOST_PLACES as u32 + 50) {
            limiter.failed(Some(IpAddr::from(number.to_be_bytes())), "", Duration::from_millis(u64::from(number)));
        }
        assert!(limiter.0.lock().unwrap().len() <= MOST_PLACES);
    }
}
