//! Fingerprints: they show whether something changed, without keeping what it was.

/// FNV-1a, 64 bits: stored values stay comparable, whatever the compiler's own hasher does.
pub(super) struct Fingerprint(pub(super) u64);

impl Fingerprint {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a text and its end.
    pub(super) fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Adds anything that is written as a text.
    pub(super) fn add_shown(&mut self, value: impl std::fmt::Display) {
        self.add(&value.to_string());
    }
}
