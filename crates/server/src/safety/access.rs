//! Access control: tokens, stored as Argon2 hashes, compared in constant time and slow to guess, and the sessions that are opened
//! with them. Both lead to the person or program that a request comes from.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use marktwerk_domain::clock::SharedClock;
use subtle::ConstantTimeEq;

use super::people::{Caller, Person};
use super::sessions::{Fingerprint, Sessions, fingerprint};
use super::token::read_hash;
use super::turns::Turns;
use crate::connections::{Limits, Peer};
use crate::error::{ApiError, ApiResult};
use crate::options::ServerError;

/// What a wrong token costs its caller. The turn goes on to the next one meanwhile, which may have the right one.
const PENALTY: Duration = Duration::from_secs(1);

/// Access control.
#[derive(Debug)]
pub(crate) struct Access {
    known: Arc<[Known]>,
    clock: SharedClock,
    turns: Turns,
    /// The tokens that were found to be right, so that not every call costs a hash. At most one of each person.
    verified: Mutex<Vec<(Fingerprint, Caller)>>,
    sessions: Sessions,
}

#[derive(Debug)]
struct Known {
    caller: Caller,
    hash: PasswordHash,
}

impl Access {
    /// Access control for the one token and for people; `None` where there is neither.
    pub(crate) fn new(
        token_hash: Option<&str>,
        people: &[Person],
        connections: Limits,
        clock: SharedClock,
    ) -> Result<Option<Self>, ServerError> {
        let with_token = token_hash.map(|hash| ("[server] token", Caller::with_token(), hash));
        let people = people.iter().map(|person| {
            let caller = Caller { name: person.name.clone(), role: person.role };
            ("[[server.people]] token", caller, person.token_hash.as_str())
        });
        let mut known = Vec::new();
        for (setting, caller, hash) in with_token.into_iter().chain(people) {
            let hash = read_hash(hash).map_err(|reason| ServerError::BadSetting { setting, reason })?;
            known.push(Known { caller, hash });
        }
        if known.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            known: known.into(),
            clock,
            turns: Turns::new(connections),
            verified: Mutex::default(),
            sessions: Sessions::default(),
        }))
    }

    /// Whose token this is. One that was right before is known at once, however many others guess.
    pub(crate) async fn by_token(&self, token: &str, peer: Peer) -> ApiResult<Option<Caller>> {
        let print = fingerprint(token);
        if let Some(caller) = self.verified_before(&print) {
            return Ok(Some(caller));
        }
        let turn = self.turns.take(peer).await.ok_or(ApiError::TooMany)?;
        // Another request with the same token may have had its turn meanwhile.
        if let Some(caller) = self.verified_before(&print) {
            return Ok(Some(caller));
        }
        let (known, token) = (Arc::clone(&self.known), token.to_owned());
        let caller = tokio::task::spawn_blocking(move || {
            // Kept until the hash is done, also where its caller has gone.
            let _turn = turn;
            let is_its =
                |known: &&Known| Argon2::default().verify_password(token.as_bytes(), &known.hash).is_ok();
            known.iter().find(is_its).map(|known| known.caller.clone())
        })
        .await
        .map_err(|_| ApiError::Internal)?;
        match &caller {
            Some(caller) => self.remember(print, caller),
            None => {
                tracing::warn!("a wrong access token from {peer} was refused");
                self.clock.sleep(PENALTY).await;
            }
        }
        Ok(caller)
    }

    /// Opens a session of a caller; returns its id.
    pub(crate) fn open_session(&self, caller: Caller) -> String {
        self.sessions.open(caller, self.clock.monotonic())
    }

    /// Whose open session this is.
    pub(crate) fn by_session(&self, id: &str) -> Option<Caller> {
        self.sessions.caller(id, self.clock.monotonic())
    }

    /// Ends a session.
    pub(crate) fn close_session(&self, id: &str) {
        self.sessions.close(id);
    }

    fn verified_before(&self, print: &Fingerprint) -> Option<Caller> {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let found = verified.iter().find(|(known, _)| known.ct_eq(print).into());
        found.map(|(_, caller)| caller.clone())
    }

    fn remember(&self, print: Fingerprint, caller: &Caller) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.retain(|(known, _)| *known != print);
        verified.push((print, caller.clone()));
    }
}
