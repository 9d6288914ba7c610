//! Places for connections. When a peer has used its share, or all are taken, one connection is closed: the one whose peer has kept the
//! server waiting for longest, first among the peers that have more than half of their share. It may be idle, have sent half a request, or
//! not read its answer. A request is never cut off while its answer is being prepared.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use tokio_util::sync::CancellationToken;

use super::peers::{Limits, Peer};

/// At most one warning of full places in this time.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The places.
#[derive(Debug)]
pub(crate) struct Places {
    limits: Limits,
    clock: SharedClock,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    connections: HashMap<u64, (Peer, Arc<Activity>)>,
    by_peer: HashMap<Peer, usize>,
    warned: Option<Duration>,
}

/// What a connection does.
#[derive(Debug)]
pub(crate) struct Activity {
    clock: SharedClock,
    /// Whether the peer waits for the server, and not the server for the peer.
    is_working: AtomicBool,
    /// Whether it has become a socket, which has rules of its own.
    is_socket: AtomicBool,
    /// When something was last received or sent, in microseconds of monotonic time.
    moved: AtomicU64,
    /// Cancelled when it has to give way.
    pub(crate) cut: CancellationToken,
}

impl Activity {
    /// Something was received or sent.
    pub(crate) fn moved(&self) {
        let now = u64::try_from(self.clock.monotonic().as_micros()).unwrap_or(u64::MAX);
        self.moved.store(now, Ordering::Relaxed);
    }

    /// Whether it is the server's turn.
    pub(crate) fn set_working(&self, is_working: bool) {
        self.is_working.store(is_working, Ordering::Relaxed);
    }

    pub(crate) fn become_socket(&self) {
        self.is_socket.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_socket(&self) -> bool {
        self.is_socket.load(Ordering::Relaxed)
    }

    /// Since when the server has been waiting for the peer, if it has.
    fn waiting_since(&self) -> Option<u64> {
        let is_working = self.is_working.load(Ordering::Relaxed) || self.is_socket();
        (!is_working).then(|| self.moved.load(Ordering::Relaxed))
    }
}

/// A connection's place, until it is dropped or has to give way.
#[derive(Debug)]
pub(crate) struct Place {
    id: u64,
    places: Arc<Places>,
    pub(crate) activity: Arc<Activity>,
}

impl Places {
    pub(crate) fn new(limits: Limits, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self { limits, clock, held: Mutex::default() })
    }

    /// A place for a connection of this peer; another connection may have to give way for it. `None` if all of them are at work.
    pub(crate) fn take(self: &Arc<Self>, peer: Peer) -> Option<Place> {
        let mut held = self.held();
        let share = self.limits.share(peer);
        let has_own_full = held.by_peer.get(&peer).is_some_and(|own| *own >= share);
        if has_own_full || held.connections.len() >= self.limits.total {
            self.warn(&mut held, peer, has_own_full);
            held.give_way(&self.limits, |other| !has_own_full || *other == peer)?;
        }
        let activity = Arc::new(Activity {
            clock: Arc::clone(&self.clock),
            is_working: AtomicBool::new(false),
            is_socket: AtomicBool::new(false),
            moved: AtomicU64::new(0),
            cut: CancellationToken::new(),
        });
        activity.moved();
        let id = held.next;
        held.next += 1;
        held.connections.insert(id, (peer, Arc::clone(&activity)));
        *held.by_peer.entry(peer).or_default() += 1;
        Some(Place { id, places: Arc::clone(self), activity })
    }

    /// Cuts the connection that waits for longest, because the machine is out of something.
    pub(crate) fn make_room(&self) {
        self.held().give_way(&self.limits, |_| true);
    }

    fn warn(&self, held: &mut Held, peer: Peer, is_own: bool) {
        let now = self.clock.monotonic();
        if held.warned.is_some_and(|last| now.saturating_sub(last) < WARN_EVERY) {
            return;
        }
        held.warned = Some(now);
        let share = self.limits.share(peer);
        // The share of this machine's own addresses, and the most that any address may have, follow from the total.
        let (number, setting) = match is_own {
            true if share == self.limits.per_peer => (share, "connections_per_address"),
            true => (share, "connections"),
            false => (self.limits.total, "connections"),
        };
        tracing::warn!(
            "{peer} opens another connection while all {number} places are taken: connections that wait for their peer are closed for \
             new ones ([server] {setting} sets how many there may be)"
        );
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Cuts the longest wait, first among the peers that have more than half of their share.
    fn give_way(&mut self, limits: &Limits, is_meant: impl Fn(&Peer) -> bool) -> Option<()> {
        let has_many = |peer: &Peer| self.by_peer.get(peer).is_some_and(|own| *own * 2 > limits.share(*peer));
        let waiting = self
            .connections
            .iter()
            .filter(|(_, (peer, _))| is_meant(peer))
            .filter_map(|(id, (peer, activity))| Some((*id, has_many(peer), activity.waiting_since()?)));
        let (id, ..) = waiting.max_by_key(|(_, has_many, since)| (*has_many, Reverse(*since)))?;
        self.remove(id)?.cut.cancel();
        Some(())
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Activity>> {
        let (peer, activity) = self.connections.remove(&id)?;
        if let Some(own) = self.by_peer.get_mut(&peer) {
            *own -= 1;
            if *own == 0 {
                self.by_peer.remove(&peer);
            }
        }
        Some(activity)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.held().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::clock::{Clock, ManualClock};

    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::of(address.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_wait_gives_way_and_work_never_does() {
        let clock = ManualClock::starting_at(jiff::Timestamp::UNIX_EPOCH);
        let places = Places::new(Limits { total: 8, per_peer: 3 }, clock.clone());
        let (greedy, other) = (peer("10.0.0.1"), peer("10.0.0.2"));
        let mut own = Vec::new();
        for _ in 0..3 {
            own.push(places.take(greedy).unwrap());
            clock.sleep(Duration::from_secs(1)).await;
        }
        // The oldest has a request under way, the second has moved since.
        own[0].activity.set_working(true);
        own[1].activity.moved();
        let _fourth = places.take(greedy).unwrap();
        let is_cut: Vec<bool> = own.iter().map(|place| place.activity.cut.is_cancelled()).collect();
        assert_eq!(is_cut, [false, false, true]);
        // Another peer is not touched by it, and has its own places.
        let others: Vec<Place> = (0..3).map(|_| places.take(other).unwrap()).collect();
        assert!(others.iter().all(|place| !place.activity.cut.is_cancelled()));
        own[1].activity.set_working(true);
        _fourth.activity.become_socket();
        assert!(places.take(greedy).is_none(), "all three are at work");
        drop(own);
        assert!(places.take(greedy).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_places_are_taken_a_peer_with_many_gives_way() {
        let clock = ManualClock::starting_at(jiff::Timestamp::UNIX_EPOCH);
        let places = Places::new(Limits { total: 4, per_peer: 3 }, clock.clone());
        let single = places.take(peer("10.0.0.2")).unwrap();
        clock.sleep(Duration::from_secs(1)).await;
        let many: Vec<Place> = (0..3).map(|_| places.take(peer("10.0.0.1")).unwrap()).collect();
        let _new = places.take(peer("10.0.0.3")).unwrap();
        assert!(!single.activity.cut.is_cancelled());
        assert_eq!(many.iter().filter(|place| place.activity.cut.is_cancelled()).count(), 1);
    }
}
