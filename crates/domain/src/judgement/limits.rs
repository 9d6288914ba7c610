//! How long things may take before they need a person. `[orders]` of the settings has the same names.

use jiff::SignedDuration;

/// How long a wait may last before it needs a person, and how long an order is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the hand-over (or its intent) until the ERP shows the order.
    pub hand_over: SignedDuration,
    /// From the last parcel until its tracking number is there.
    pub without_number: SignedDuration,
    /// Before the order must leave: what is not reported by then is an entry.
    pub before_deadline: SignedDuration,
    /// For what Marktwerk itself does with its next run: read, hand over, report.
    pub own_step: SignedDuration,
    /// For a buyer's wish or the marketplace's check before the hand-over.
    pub hold: SignedDuration,
    /// For the marketplace to release an order.
    pub pending: SignedDuration,
    /// From one parcel to the next, where a part has left.
    pub part: SignedDuration,
    /// For the ERP to ship an order.
    pub shipment: SignedDuration,
    /// Both sides are asked about a reported order for this long after the report.
    pub watch: SignedDuration,
    /// Without agreement of both sides, watching ends this long after the last change on either side.
    pub give_up: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        let (hours, days) = (SignedDuration::from_hours, |days: i64| SignedDuration::from_hours(24 * days));
        Self {
            hand_over: SignedDuration::from_mins(30),
            without_number: hours(24),
            before_deadline: hours(12),
            own_step: hours(2),
            hold: hours(24),
            pending: days(14),
            part: days(3),
            shipment: days(7),
            watch: days(30),
            give_up: days(60),
        }
    }
}
