//! Properties of a listing's figure over any history of reads, writes and orders.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::stock::Figures;
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
enum Event {
    /// The marketplace sells pieces, and their order arrives with the next one of these, or later.
    Sold(i64),
    Arrived,
    Read,
    /// A write, and whether its answer arrived and whether it took effect.
    Wrote(i64, bool, bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1..4_i64).prop_map(Event::Sold),
        Just(Event::Arrived),
        Just(Event::Read),
        (0..20_i64, any::<bool>(), any::<bool>()).prop_map(|(figure, is_answered, is_effective)| {
            Event::Wrote(figure, is_answered, is_effective || is_answered)
        }),
    ]
}

proptest! {
    /// The marketplace's own figure always lies within what we think it may be, less what it has sold unseen, and that never
    /// exceeds what was really sold.
    #[test]
    fn the_truth_lies_within_what_is_known(events in prop::collection::vec(event(), 1..40)) {
        let mut truth = 10_i64;
        let mut waiting: Vec<(i64, Timestamp)> = Vec::new();
        let mut all_sold = 0;
        let mut figures = Figures::default();
        let mut now = Timestamp::UNIX_EPOCH;
        for event in events {
            now += SignedDuration::from_mins(20);
            match event {
                Event::Sold(units) => {
                    let units = units.min(truth);
                    truth -= units;
                    all_sold += units;
                    if units > 0 {
                        waiting.push((units, now));
                    }
                }
                Event::Arrived => {
                    figures = figures.without_what_was_read(Some(now), SignedDuration::ZERO);
                    for (units, bought) in waiting.drain(..) {
                        figures.sold += units;
                        let (first, last) = figures.bought.unwrap_or((bought, bought));
                        figures.bought = Some((first.min(bought), last.max(bought)));
                    }
                }
                Event::Read => figures = figures.read_live(Some(truth), now),
                Event::Wrote(figure, is_answered, is_effective) => {
                    figures = figures.sending(figure);
                    if is_effective {
                        truth = figure;
                    }
                    if is_answered {
                        figures = figures.confirmed(figure, now);
                    }
                }
            }
            let unread: i64 = waiting.iter().map(|(units, _)| units).sum();
            prop_assert!(figures.unseen_left() >= 0 && figures.unseen_left() <= all_sold);
            // However often the figure was replaced: whatever sold since the orders were read is allowed for.
            if let Some(most) = figures.may_sell(false) {
                let allowed = most + figures.unseen_left();
                prop_assert!(truth + unread <= allowed, "{truth} {unread} {figures:?}");
            }
            if let (Some(least), Some(most)) = (figures.at_least(), figures.at_most(false)) {
                prop_assert!(least <= most, "{figures:?}");
                prop_assert!(truth <= most, "{truth} {figures:?}");
                prop_assert!(least <= truth + unread, "{truth} {unread} {figures:?}");
            }
        }
    }
}
