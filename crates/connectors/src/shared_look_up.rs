//! What many orders need and one call tells, such as the list of carriers: asked for by one of them while the others wait, and they share
//! its failure as they share its answer. Otherwise an outage would be paid for once by each of those that wait.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use crate::error::ConnectorError;

/// What is known so far, held while it is asked for.
#[derive(Default)]
pub(crate) struct SharedLookUp<T> {
    failures: AtomicU64,
    state: Mutex<State<T>>,
}

#[derive(Default)]
struct State<T> {
    known: T,
    last_failure: Option<ConnectorError>,
}

/// The right to ask.
pub(crate) struct Turn<'a, T> {
    failures: &'a AtomicU64,
    state: MutexGuard<'a, State<T>>,
}

impl<T> SharedLookUp<T> {
    /// Waits while somebody else asks; fails as it did if that failed.
    pub(crate) async fn turn(&self) -> Result<Turn<'_, T>, ConnectorError> {
        let before = self.failures.load(Ordering::Acquire);
        let state = self.state.lock().await;
        if self.failures.load(Ordering::Acquire) != before
            && let Some(failure) = &state.last_failure
        {
            return Err(failure.clone());
        }
        Ok(Turn { failures: &self.failures, state })
    }
}

impl<T> Turn<'_, T> {
    /// Notes how the call ended, for those that wait.
    pub(crate) fn ended<A>(&mut self, answer: Result<A, ConnectorError>) -> Result<A, ConnectorError> {
        let answer = answer.map_err(ConnectorError::of_shared);
        self.state.last_failure = answer.as_ref().err().cloned();
        if answer.is_err() {
            self.failures.fetch_add(1, Ordering::Release);
        }
        answer
    }
}

impl<T> Deref for Turn<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.state.known
    }
}

impl<T> DerefMut for Turn<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.state.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;

    #[tokio::test]
    async fn whoever_waits_shares_the_failure_and_the_next_one_asks_again() {
        let look_up = SharedLookUp::<Option<u32>>::default();
        let mut first = look_up.turn().await.ok().unwrap();
        let second = look_up.turn();
        tokio::pin!(second);
        assert!(futures::poll!(&mut second).is_pending());
        let away = ConnectorError::Transient { place: Place::default(), message: "away".to_owned() };
        let failed = first.ended::<u32>(Err(away)).unwrap_err();
        drop(first);
        assert!(failed.place().unwrap().is_shared);
        assert_eq!(second.await.err(), Some(failed));

        let mut third = look_up.turn().await.ok().unwrap();
        let answer = third.ended(Ok(7)).unwrap();
        *third = Some(answer);
        drop(third);
        assert_eq!(*look_up.turn().await.ok().unwrap(), Some(7));
    }
}
