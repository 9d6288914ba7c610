//! Who has logged in: sessions in memory, gone with the process. Only digests of their ids are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// How long a session lasts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at the same time at the most; the oldest gives way.
const MOST: usize = 1_000;

pub(crate) type Fingerprint = [u8; 32];

/// What stands for a secret in memory.
pub(crate) fn fingerprint(secret: &str) -> Fingerprint {
    Sha256::digest(secret.as_bytes()).into()
}

/// The sessions, by fingerprint, with the monotonic time at which each ends.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    ends: Mutex<HashMap<Fingerprint, Duration>>,
}

impl Sessions {
    /// Opens one and answers with its id.
    pub(crate) fn open(&self, now: Duration) -> String {
        let id: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.retain(|_, end| *end > now);
        if ends.len() >= MOST
            && let Some(oldest) = ends.iter().min_by_key(|(_, end)| **end).map(|(print, _)| *print)
        {
            ends.remove(&oldest);
        }
        ends.insert(fingerprint(&id), now + LIFETIME);
        id
    }

    /// Whether this id is of a session that has not ended. Looked up by its digest, so the time it takes tells nothing of it.
    pub(crate) fn is_open(&self, id: &str, now: Duration) -> bool {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get(&fingerprint(id)).is_some_and(|end| *end > now)
    }

    pub(crate) fn close(&self, id: &str) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).remove(&fingerprint(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_itself_or_by_logging_out() {
        let sessions = Sessions::default();
        let (one, other) = (sessions.open(Duration::ZERO), sessions.open(Duration::ZERO));
        assert!(sessions.is_open(&one, LIFETIME - Duration::from_secs(1)));
        assert!(!sessions.is_open(&one, LIFETIME));
        sessions.close(&other);
        assert!(!sessions.is_open(&other, Duration::ZERO));
        assert!(!sessions.is_open("", Duration::ZERO));
    }
}
