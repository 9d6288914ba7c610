//! Tokens that end: fetched when one is first needed, kept until shortly before its end, and fetched by one caller at a time.
//!
//! Whether a token is good is measured by the clock that only goes forward: a wall clock that is wrong makes none of them old.

use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

/// A token is not used in the last part of its life, for a call takes its time …
const AHEAD: Duration = Duration::from_secs(120);
/// … which is at most this part of it.
const SHARE: u32 = 4;
/// A token that is refused so soon after it was fetched was never good: another would fare alike.
const NEW: Duration = Duration::from_secs(60);

/// What a sign-in gives.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    pub(crate) lasts: Duration,
}

/// The token of one account.
#[derive(Debug)]
pub(crate) struct TokenKeeper {
    clock: SharedClock,
    kept: Mutex<Option<Kept>>,
}

/// Instants are durations of the clock's monotonic time.
#[derive(Debug)]
struct Kept {
    secret: SecretString,
    fetched_at: Duration,
    good_until: Duration,
}

impl TokenKeeper {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// The token, by `fetch` where none is kept that is good for a while. Who asks meanwhile waits for the same one.
    pub(crate) async fn token<E>(
        &self,
        fetch: impl AsyncFnOnce() -> Result<Token, E>,
    ) -> Result<SecretString, E> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.monotonic();
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.good_until) {
            return Ok(kept.secret.clone());
        }
        let Token { secret, lasts } = fetch().await?;
        let good_for = lasts.saturating_sub(AHEAD.min(lasts / SHARE));
        *kept = Some(Kept { secret: secret.clone(), fetched_at: now, good_until: now + good_for });
        Ok(secret)
    }

    /// The marketplace has refused this token: it is not used again. Answers whether another one may fare better.
    pub(crate) async fn refused(&self, token: &SecretString) -> bool {
        let mut kept = self.kept.lock().await;
        let is_kept = |kept: &mut Kept| kept.secret.expose_secret() == token.expose_secret();
        match kept.take_if(is_kept) {
            Some(refused) => self.clock.monotonic().saturating_sub(refused.fetched_at) >= NEW,
            // Somebody has noticed before.
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;
    use marktwerk_domain::clock::ManualClock;

    use super::*;

    /// A sign-in that takes a second and counts.
    struct SignIn {
        clock: SharedClock,
        count: AtomicU32,
    }

    impl SignIn {
        async fn token(&self, lasts: Duration) -> Result<Token, Infallible> {
            self.clock.sleep(Duration::from_secs(1)).await;
            let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
            Ok(Token { secret: number.to_string().into(), lasts })
        }
    }

    fn keeper() -> (TokenKeeper, SignIn) {
        let clock: SharedClock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
        (TokenKeeper::new(clock.clone()), SignIn { clock, count: AtomicU32::new(0) })
    }

    const HOUR: Duration = Duration::from_secs(3_600);

    async fn ask(keeper: &TokenKeeper, sign_in: &SignIn) -> String {
        let Ok(token) = keeper.token(async || sign_in.token(HOUR).await).await;
        token.expose_secret().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_at_once_get_one_token_until_shortly_before_its_end() {
        let (keeper, sign_in) = keeper();
        let asked = (0..20).map(|_| ask(&keeper, &sign_in));
        assert_eq!(futures::future::join_all(asked).await, vec!["1"; 20]);
        sign_in.clock.sleep(HOUR - AHEAD - Duration::from_secs(2)).await;
        assert_eq!(ask(&keeper, &sign_in).await, "1");
        sign_in.clock.sleep(Duration::from_secs(2)).await;
        assert_eq!(ask(&keeper, &sign_in).await, "2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_of_a_short_life_is_used_as_well() {
        let (keeper, sign_in) = keeper();
        let brief = async || keeper.token(async || sign_in.token(Duration::from_secs(40)).await).await;
        let Ok(first) = brief().await;
        let Ok(second) = brief().await;
        assert_eq!(first.expose_secret(), second.expose_secret());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_fetched_anew_once_unless_it_was_new() {
        let (keeper, sign_in) = keeper();
        let first: SecretString = ask(&keeper, &sign_in).await.into();
        assert!(!keeper.refused(&first).await, "it has just been fetched");
        let second: SecretString = ask(&keeper, &sign_in).await.into();
        sign_in.clock.sleep(NEW).await;
        assert!(keeper.refused(&second).await);
        assert!(keeper.refused(&second).await, "who had it as well tries again too");
        assert_eq!(ask(&keeper, &sign_in).await, "3");
        assert!(keeper.refused(&second).await);
        assert_eq!(
            ask(&keeper, &sign_in).await,
            "3",
            "the new one is not thrown away for the old one's sake"
        );
    }
}
