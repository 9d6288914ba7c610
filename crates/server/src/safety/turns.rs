//! Turns at hashing. A token that was not seen before costs a tenth of a second of a core for each person, so few are hashed at the
//! same time. Peers take turns, and within a peer the callers do: guesses delay a token that is right, and do not keep it out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connections::{Limits, Peer, Share, Shares};

/// How many callers of one peer may wait for a hash. The last of them is still answered within the time limit.
const MOST_WAITING: usize = 64;

/// Whose turn it is.
#[derive(Debug)]
pub(super) struct Turns {
    /// Half of the cores, so that the program goes on beside any number of guesses.
    places: Arc<Semaphore>,
    waiting: Arc<Shares>,
    /// One of each peer waits for a place; the others wait behind it.
    peers: Mutex<HashMap<Peer, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
pub(super) struct Turn {
    _place: OwnedSemaphorePermit,
    _first_of_peer: OwnedSemaphorePermit,
    _waiting: Share,
}

impl Turns {
    /// Half of a peer's connections may wait for a turn, but not more than [`MOST_WAITING`].
    pub(super) fn new(connections: Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            places: Arc::new(Semaphore::new((cores / 2).max(1))),
            waiting: Shares::new(connections.half()),
            peers: Mutex::default(),
        }
    }

    /// Waits for a turn; `None` where too many of this peer, or of all, wait already.
    pub(super) async fn take(&self, peer: Peer) -> Option<Turn> {
        let waiting = self.waiting.take_or_first(peer)?;
        if self.waiting.of(peer) > MOST_WAITING {
            return None;
        }
        let first_of_peer = self.queue(peer).acquire_owned().await.ok()?;
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        Some(Turn { _place: place, _first_of_peer: first_of_peer, _waiting: waiting })
    }

    fn queue(&self, peer: Peer) -> Arc<Semaphore> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        // A queue that nobody else holds is empty.
        peers.retain(|other, queue| *other == peer || Arc::strong_count(queue) > 1);
        Arc::clone(peers.entry(peer).or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}
