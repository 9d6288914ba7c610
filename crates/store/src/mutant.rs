//! Promises that can be broken on purpose, so that the simulation can prove that it would notice. Only with the feature
//! `mutants`, for tests; without it each question is answered with no by the compiler.

use std::cell::Cell;

/// A promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A busy job or lane is not claimed again, and its planned times are subject to the overlap policy.
    Overlap,
    /// What carries an outdated epoch has no effect.
    Fence,
    /// A waiting run rises.
    Ageing,
}

thread_local! {
    static BROKEN: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Breaks one promise of the stores in memory that this thread uses from now on (they do their work on the thread that asks for it);
/// `None` keeps them all again.
pub fn set(mutant: Option<Mutant>) {
    BROKEN.set(mutant);
}

pub(crate) fn is(mutant: Mutant) -> bool {
    BROKEN.get() == Some(mutant)
}
