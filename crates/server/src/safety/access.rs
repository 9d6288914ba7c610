//! The access token: stored as an argon2 hash, compared in constant time, slow to guess.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use marktwerk_domain::clock::SharedClock;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::sessions::{Fingerprint, Sessions, fingerprint};
use crate::error::{ApiError, ApiResult};
use crate::options::ServerError;

/// Tokens hashed at the same time: each takes about 20 MB and a tenth of a second of a core.
const AT_ONCE: usize = 2;
/// Callers that may wait for their turn; more are sent away.
const WAITING: usize = 32;
/// What a wrong token costs; its place stays taken meanwhile, so that many callers guess no faster than one.
const PENALTY: Duration = Duration::from_secs(1);

/// Hashes a token for the settings, as a PHC text.
pub fn hash_token(token: &str) -> Result<String, ServerError> {
    let refused = |reason: String| ServerError::BadSetting { setting: "[server] token", reason };
    if token.trim().is_empty() {
        return Err(refused("it is empty".to_owned()));
    }
    let hash =
        Argon2::default().hash_password(token.as_bytes()).map_err(|error| refused(error.to_string()))?;
    Ok(hash.to_string())
}

/// Who may do what.
#[derive(Debug)]
pub(crate) struct Access {
    hash: Arc<PasswordHash>,
    clock: SharedClock,
    places: Semaphore,
    waiting: Semaphore,
    /// The token that was found to be right, so that not every call costs a hash.
    verified: Mutex<Option<Fingerprint>>,
    pub(crate) sessions: Sessions,
}

impl Access {
    pub(crate) fn new(hash: &str, clock: SharedClock) -> Result<Self, ServerError> {
        let hash = PasswordHash::new(hash).map_err(|error| ServerError::BadSetting {
            setting: "[server] token",
            reason: format!("its stored hash is not an argon2 PHC text ({error}); set the token again"),
        })?;
        Ok(Self {
            hash: Arc::new(hash),
            clock,
            places: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
            verified: Mutex::new(None),
            sessions: Sessions::default(),
        })
    }

    /// Whether this is the token.
    pub(crate) async fn is_token(&self, token: &str) -> ApiResult<bool> {
        let print = fingerprint(token);
        if self.was_verified(&print) {
            return Ok(true);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| ApiError::TooMany)?;
        let _place = self.places.acquire().await.map_err(|_| ApiError::Internal)?;
        let (hash, token) = (Arc::clone(&self.hash), token.to_owned());
        let is_right = tokio::task::spawn_blocking(move || {
            Argon2::default().verify_password(token.as_bytes(), &*hash).is_ok()
        })
        .await
        .map_err(|_| ApiError::Internal)?;
        if is_right {
            *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some(print);
        } else {
            tracing::warn!("a wrong access token was refused");
            self.clock.sleep(PENALTY).await;
        }
        Ok(is_right)
    }

    /// Opens a session.
    pub(crate) fn open_session(&self) -> String {
        self.sessions.open(self.clock.monotonic())
    }

    /// Whether this is the id of an open session.
    pub(crate) fn has_session(&self, id: &str) -> bool {
        self.sessions.is_open(id, self.clock.monotonic())
    }

    fn was_verified(&self, print: &Fingerprint) -> bool {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.is_some_and(|known| known.ct_eq(print).into())
    }
}
