//! Promises that can be broken on purpose, so that the simulation can prove that it would notice. Only with the feature
//! `mutants`, for tests; without it each question is answered with no by the compiler.

use std::sync::atomic::{AtomicU8, Ordering};

/// A promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mutant {
    /// A busy job or lane is not claimed again, and its planned times are subject to the overlap policy.
    Overlap = 1,
    /// What carries an outdated epoch has no effect.
    Fence,
    /// A waiting run rises.
    Ageing,
}

static BROKEN: AtomicU8 = AtomicU8::new(0);

/// Breaks one promise in all stores of this process from now on; `None` keeps them all again.
pub fn set(mutant: Option<Mutant>) {
    BROKEN.store(mutant.map_or(0, |mutant| mutant as u8), Ordering::SeqCst);
}

pub(crate) fn is(mutant: Mutant) -> bool {
    BROKEN.load(Ordering::Relaxed) == mutant as u8
}
