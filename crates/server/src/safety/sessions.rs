//! Sessions of people who have logged in, in memory; they end with the process. Only digests of their ids are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::people::Caller;

/// How long a session lasts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at the same time at the most; the oldest gives way.
const MOST: usize = 1_000;

pub(crate) type Fingerprint = [u8; 32];

/// What stands for a secret in memory.
pub(crate) fn fingerprint(secret: &str) -> Fingerprint {
    Sha256::digest(secret.as_bytes()).into()
}

/// The sessions, by fingerprint.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<Fingerprint, Session>>,
}

#[derive(Debug)]
struct Session {
    caller: Caller,
    /// Monotonic time.
    ends: Duration,
}

impl Sessions {
    /// Opens one; returns its id.
    pub(crate) fn open(&self, caller: Caller, now: Duration) -> String {
        let id: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.ends > now);
        if open.len() >= MOST
            && let Some(oldest) = open.iter().min_by_key(|(_, session)| session.ends).map(|(print, _)| *print)
        {
            open.remove(&oldest);
        }
        open.insert(fingerprint(&id), Session { caller, ends: now + LIFETIME });
        id
    }

    /// Whose session this is, if it has not ended. Looked up by its digest, so the time it takes tells nothing of it.
    pub(crate) fn caller(&self, id: &str, now: Duration) -> Option<Caller> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get(&fingerprint(id)).filter(|session| session.ends > now);
        session.map(|session| session.caller.clone())
    }

    pub(crate) fn close(&self, id: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&fingerprint(id));
    }
}

#[cfg(test)]
mod tests {
    use super::super::people::Role;
    use super::*;

    #[test]
    fn a_session_is_its_persons_and_ends_by_itself_or_by_logging_out() {
        let sessions = Sessions::default();
        let office = Caller { name: "office".to_owned(), role: Role::Viewer };
        let one = sessions.open(office.clone(), Duration::ZERO);
        let other = sessions.open(Caller::with_token(), Duration::ZERO);
        assert_eq!(sessions.caller(&one, LIFETIME - Duration::from_secs(1)), Some(office));
        assert_eq!(sessions.caller(&one, LIFETIME), None);
        assert_eq!(sessions.caller(&other, Duration::ZERO), Some(Caller::with_token()));
        sessions.close(&other);
        assert_eq!(sessions.caller(&other, Duration::ZERO), None);
        assert_eq!(sessions.caller("", Duration::ZERO), None);
    }
}
