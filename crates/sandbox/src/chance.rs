//! Reproducible chance. Each thing that is thrown has its own stream, named by purpose and number, so that a
//! restart or another order of events does not change what an order looks like.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One stream of throws.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, purpose: &str, number: u64) -> Self {
        // FNV-1a over purpose and number: only has to keep streams apart, not to be strong.
        let bytes = purpose.bytes().chain(number.to_le_bytes());
        let mixed = bytes.fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(ChaCha8Rng::seed_from_u64(mixed))
    }

    /// 0 to `bound` − 1; 0 when there is nothing to choose from.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.random_range(0..bound) }
    }

    /// Both ends included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    pub(crate) fn happens(&mut self, share: f64) -> bool {
        self.0.random_range(0.0..1.0) < share
    }

    pub(crate) fn word(&mut self, words: &[&'static str]) -> &'static str {
        let index = usize::try_from(self.below(words.len() as u64)).unwrap_or(0);
        words.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for end in (1..count).rev() {
            let other = usize::try_from(self.below(end as u64 + 1)).unwrap_or(0);
            order.swap(end, other);
        }
        order
    }
}
