//! Who is at the other end, and how much of what there is a single peer may hold: so that one that takes all it can get leaves
//! something to the others.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// What limits are counted by: an IPv4 address, or an IPv6 network of 64 bits, whose owner has every address in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Peer(IpAddr);

impl Peer {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
            }
            address => address,
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V6(address) if !address.is_loopback() => write!(formatter, "{address}/64"),
            address => address.fmt(formatter),
        }
    }
}

/// How many of something there are, and how many of them one peer may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) total: usize,
    pub(crate) per_peer: usize,
}

impl Limits {
    /// The share of a peer. A reverse proxy on this machine speaks for everybody, so loopback has a larger one; nobody has all.
    pub(crate) fn share(&self, peer: Peer) -> usize {
        let most = (self.total - self.total / 4).max(1);
        if peer.0.is_loopback() { most } else { self.per_peer.min(most) }
    }

    /// Half of it, in all and for each.
    pub(crate) fn half(&self) -> Self {
        Self { total: self.total.div_ceil(2), per_peer: self.per_peer.div_ceil(2) }
    }
}

/// Something that is counted for each peer.
#[derive(Debug)]
pub(crate) struct Shares {
    limits: Limits,
    held: Mutex<HashMap<Peer, usize>>,
}

impl Shares {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, held: Mutex::default() })
    }

    /// One of them until it is dropped, if there is one for this peer.
    pub(crate) fn take(self: &Arc<Self>, peer: Peer) -> Option<Share> {
        self.take_if(peer, |total, own| total < self.limits.total && own < self.limits.share(peer))
    }

    /// The same, but the first one of a peer is never refused, so that many peers together keep nobody out.
    pub(crate) fn take_or_first(self: &Arc<Self>, peer: Peer) -> Option<Share> {
        let may_take = |total, own| total < self.limits.total && own < self.limits.share(peer);
        self.take_if(peer, |total, own| own == 0 || may_take(total, own))
    }

    /// How many this peer holds.
    pub(crate) fn of(&self, peer: Peer) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(&peer).copied().unwrap_or(0)
    }

    fn take_if(self: &Arc<Self>, peer: Peer, may_take: impl Fn(usize, usize) -> bool) -> Option<Share> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, own) = (held.values().sum::<usize>(), held.get(&peer).copied().unwrap_or(0));
        if !may_take(total, own) {
            return None;
        }
        held.insert(peer, own + 1);
        Some(Share { of: Arc::clone(self), peer })
    }
}

/// What a peer holds.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Shares>,
    peer: Peer,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.of.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = held.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::of(address.parse().unwrap())
    }

    #[test]
    fn an_address_written_in_two_ways_and_a_network_are_one_peer() {
        assert_eq!(peer("10.0.0.1"), peer("::ffff:10.0.0.1"));
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_ne!(peer("10.0.0.1"), peer("10.0.0.2"));
        assert_eq!(peer("2001:db8::1").to_string(), "2001:db8::/64");
    }

    #[test]
    fn nobody_holds_all_and_what_is_given_back_can_be_taken_again() {
        let shares = Shares::new(Limits { total: 8, per_peer: 3 });
        let local: Vec<Share> = std::iter::from_fn(|| shares.take(peer("127.0.0.1"))).collect();
        assert_eq!(local.len(), 6);
        let remote: Vec<Share> = std::iter::from_fn(|| shares.take(peer("10.0.0.1"))).collect();
        assert_eq!(remote.len(), 2);
        drop(local);
        let third = shares.take(peer("10.0.0.1"));
        assert!(third.is_some() && shares.take(peer("10.0.0.1")).is_none());
        assert_eq!(Limits { total: 8, per_peer: 100 }.share(peer("10.0.0.1")), 6);
        let full: Vec<Share> = ["10.0.1.1", "10.0.1.2", "10.0.1.3"]
            .into_iter()
            .flat_map(|other| std::iter::from_fn(|| shares.take(peer(other))).collect::<Vec<_>>())
            .collect();
        assert!(shares.take(peer("10.0.0.9")).is_none() && !full.is_empty(), "eight of eight");
        let first = shares.take_or_first(peer("10.0.0.9"));
        assert!(first.is_some() && shares.take_or_first(peer("10.0.0.9")).is_none());
    }
}
