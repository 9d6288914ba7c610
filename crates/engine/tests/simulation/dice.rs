//! Chance that a seed decides: numbers for one purpose each, so that another throw for one thing leaves all others as they are.

/// A stream of numbers (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice for what these numbers name; the first is the seed.
    pub(crate) fn of<const PARTS: usize>(name: [u64; PARTS]) -> Self {
        let mut dice = Self(0);
        for part in name {
            dice.0 ^= part;
            dice.0 = dice.number();
        }
        dice
    }

    /// Any number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.number() % (most - least + 1)
    }

    /// An index into something of this length, which is not empty.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        (self.number() % length as u64) as usize
    }

    /// Happens in so many cases of a hundred.
    pub(crate) fn happens(&mut self, percent: u64) -> bool {
        self.number() % 100 < percent
    }

    /// One of them.
    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())].clone()
    }
}

/// A name as a number, for [`Dice::of`].
pub(crate) fn named(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
