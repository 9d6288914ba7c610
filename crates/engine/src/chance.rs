//! Where chance comes from: the system or, for a simulation that has to come out the same each time, a seed.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// The dice of one engine; clones share them.
#[derive(Clone)]
pub(crate) struct Chance {
    seeded: Option<Arc<Mutex<StdRng>>>,
}

impl Chance {
    /// Dice that fall as `seed` says; without one, as they like.
    pub(crate) fn of(seed: Option<u64>) -> Self {
        Self { seeded: seed.map(|seed| Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))) }
    }

    /// A part of the whole, 0 to 1.
    pub(crate) fn part(&self) -> f64 {
        match &self.seeded {
            Some(dice) => dice.lock().unwrap_or_else(PoisonError::into_inner).random(),
            None => rand::random(),
        }
    }

    /// Any number.
    pub(crate) fn number(&self) -> u64 {
        match &self.seeded {
            Some(dice) => dice.lock().unwrap_or_else(PoisonError::into_inner).next_u64(),
            None => rand::random(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_how_the_dice_fall() {
        let throw = |seed| {
            let dice = Chance::of(seed);
            (dice.number(), dice.part().to_bits())
        };
        assert_eq!(throw(Some(7)), throw(Some(7)));
        assert_ne!(throw(Some(7)), throw(Some(8)));
        assert_ne!(throw(None), throw(None));
    }
}
