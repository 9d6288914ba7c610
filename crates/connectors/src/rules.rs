//! What workflows must know of a marketplace, in the domain's words.

use jiff::SignedDuration;
use marktwerk_domain::judgement::ReportUnit;

/// How a marketplace differs from others where workflows have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Its list of orders is complete only up to this long before now.
    pub lag: SignedDuration,
    /// Changes become visible late, and clocks differ: each reading begins this long before the newest change that is known.
    pub overlap: SignedDuration,
    /// How far the daily deep read reaches back.
    pub deep_read: SignedDuration,
    /// An order stands in its list at the latest this long after it was bought.
    pub visible_within: SignedDuration,
    /// What it takes a shipment report of. A parcel that is reported by itself may hold parts of lines.
    pub report: ReportUnit,
    /// Orders that went out in one parcel are reported in one call, for a tracking number is taken once only.
    pub joins_shared_parcels: bool,
}

impl Rules {
    /// A list that is complete up to now, in which an order stands within an hour; orders are reported as a whole.
    pub const DEFAULT: Self = Self {
        lag: SignedDuration::ZERO,
        overlap: SignedDuration::from_mins(10),
        deep_read: SignedDuration::from_hours(14 * 24),
        visible_within: SignedDuration::from_mins(60),
        report: ReportUnit::WholeOrder,
        joins_shared_parcels: false,
    };
}
