//! Histories as merchants report them: each is one line of what went wrong before, with the right value.

use marktwerk_domain::attention::AttentionKind as Kind;
use marktwerk_domain::judgement::{Act, Decision, Difference, ErpFacts, Hold, OrderFacts, Row};
use marktwerk_domain::language::Language;
use marktwerk_domain::order::{MarketplaceStatus as Status, OrderState};

use crate::order::{Story, at, one_order};

#[test]
fn an_order_goes_its_usual_way() {
    let states: Vec<_> = [
        Story::ready(),
        Story::ready().with(|facts| facts.ours.hand_over_since = Some(at(0))),
        Story::handed_over(),
        Story::in_erp(),
        Story::left(2, 0),
        Story::left(2, 0).with(|facts| facts.ours.report_since = Some(at(0))),
        Story::left(2, 0).with(|facts| facts.ours.reported_at = Some(at(0))),
    ]
    .iter()
    .map(|story| {
        let judgement = story.judged();
        assert_eq!(judgement.entry, None, "{:?}", judgement.row);
        (judgement.state, judgement.next_act, judgement.takes_stock)
    })
    .collect();
    let expected = [
        (OrderState::Imported, Act::HandOver, true),
        (OrderState::Exporting, Act::ResolveHandOver, true),
        (OrderState::HandedOver, Act::AskErp, true),
        (OrderState::InJtl, Act::AskErp, false),
        (OrderState::Shipped, Act::Report, false),
        (OrderState::Shipped, Act::ResolveReport, false),
        (OrderState::Reported, Act::AskErp, false),
    ];
    assert_eq!(states, expected);
}

/// The buyer asks to cancel or for another address, or a check is open.
#[test]
fn a_wish_keeps_an_order_here_and_is_an_entry_after_the_hand_over() {
    for hold in [Hold::Cancellation, Hold::Address, Hold::Risk, Hold::Payment] {
        let held = |story: Story| story.with(|facts| facts.there.holds = vec![hold]);
        let before = held(Story::ready());
        assert_eq!((before.row(), before.kind()), (Row::Held, None));
        assert!(before.reason().contains(hold.words(Language::English)));
        for after in [Story::handed_over(), Story::in_erp(), Story::left(1, 0)] {
            let after = held(after);
            assert_eq!(after.kind(), Some(Kind::BuyerWish), "{:?}", after.row());
            assert!(after.message().contains(hold.words(Language::English)));
            assert!(!after.judged().next_act.writes_outside());
        }
    }
}

#[test]
fn an_order_shipped_there_without_us_is_an_entry_at_once() {
    for story in [Story::handed_over(), Story::in_erp(), Story::in_erp().parcels(1, 0)] {
        for status in [Status::Shipped, Status::PartlyShipped] {
            let story = story.clone().status(status);
            if story.row() == Row::PartLeft {
                continue;
            }
            assert_eq!(story.kind(), Some(Kind::ShippedElsewhere), "{:?}", story.row());
            assert!(story.message().contains("do not ship"), "{}", story.message());
        }
    }
    let both = Story::left(1, 0).status(Status::Shipped);
    assert_eq!((both.row(), both.kind()), (Row::ShippedBoth, None));
}

#[test]
fn an_order_set_aside_and_shipped_by_hand_keeps_entry_and_units() {
    let aside = Story::unusable();
    assert_eq!((aside.kind(), aside.judged().takes_stock), (Some(Kind::SetAside), true));
    let shipped = aside.status(Status::Shipped);
    assert_eq!((shipped.row(), shipped.judged().next_act), (Row::ShippedElsewhereUnknown, Act::AskErp));
    let absent = shipped.erp(ErpFacts::default());
    assert_eq!((absent.kind(), absent.judged().takes_stock), (Some(Kind::ShippedElsewhere), true));
    assert!(absent.message().contains("book it in JTL"));
    let booked = absent.erp(one_order()).with(|facts| facts.erp.is_complete = true).parcels(1, 0);
    assert_eq!((booked.kind(), booked.judged().takes_stock), (None, false));
    assert_eq!(booked.judged().next_act, Act::ResolveReport, "the tracking numbers are compared");
}

#[test]
fn an_order_entered_by_hand_is_taken_up() {
    let aside = Story::unusable().erp(one_order());
    assert_eq!((aside.row(), aside.judged().state), (Row::InErp, OrderState::InJtl));
    assert!(!aside.judged().takes_stock, "JTL has reserved the units");
    let unknown = Story::ready().with(|facts| facts.erp.unknown_articles = vec!["A".to_owned()]);
    assert_eq!((unknown.kind(), unknown.message().contains('A')), (Some(Kind::UnknownArticle), true));
    assert_eq!(unknown.erp(one_order()).row(), Row::InErp);
    let left = Story::ready().erp(ErpFacts { is_complete: true, ..one_order() }).parcels(1, 0);
    assert_eq!((left.row(), left.judged().next_act), (Row::ToReport, Act::Report));
}

#[test]
fn what_changes_back_needs_no_person() {
    let changed = Story::in_erp().differs(Some(Difference::Address));
    assert_eq!(changed.kind(), Some(Kind::ChangedAfterHandOver));
    assert!(changed.message().contains("the address"));
    assert_eq!(changed.differs(None).kind(), None);
    let cancelled = Story::in_erp().status(Status::Cancelled);
    assert_eq!(cancelled.kind(), Some(Kind::CancelledAfterHandOver));
    assert_eq!(cancelled.status(Status::Ready).kind(), None);
}

#[test]
fn advice_knows_that_a_parcel_is_on_its_way() {
    for (kind, change) in [
        (
            Kind::ChangedAfterHandOver,
            (|story: Story| story.differs(Some(Difference::Both))) as fn(Story) -> Story,
        ),
        (Kind::CancelledAfterHandOver, |story| story.status(Status::Cancelled)),
    ] {
        let (open, left) = (change(Story::in_erp()), change(Story::left(1, 0)));
        assert_eq!((open.kind(), left.kind()), (Some(kind), Some(kind)));
        assert!(!open.message().contains("parcel") && left.message().contains("parcel has left"));
        assert!(!left.judged().next_act.writes_outside(), "the report waits for a person");
        // The marketplace does not take a report of a cancelled order.
        let takes_it = kind == Kind::ChangedAfterHandOver;
        assert_eq!(left.judged().offers.contains(&Decision::ShipAllTheSame), takes_it);
        if takes_it {
            assert_eq!(left.decided(Decision::ShipAllTheSame).row(), Row::ToReport);
        } else {
            assert_eq!(left.decided(Decision::DoneByHand).row(), Row::DoneByHandInErp);
        }
    }
}

#[test]
fn what_has_left_decides_what_a_closed_order_means() {
    let closed = |story: Story| story.with(|facts| facts.erp.is_closed_unshipped = true);
    let cancelled = |story: Story| story.with(|facts| facts.erp.is_cancelled = true);
    assert_eq!(closed(Story::in_erp()).row(), Row::ClosedUnshipped);
    assert_eq!(cancelled(Story::in_erp()).row(), Row::CancelledInErp);
    for end in [closed, cancelled] {
        let part = end(Story::in_erp().parcels(1, 0));
        assert_eq!((part.row(), part.kind()), (Row::RestClosed, Some(Kind::ClosedInErp)));
        assert!(part.message().contains("cancel the rest"), "{}", part.message());
        let all = end(Story::in_erp().parcels(1, 0)).with(|facts| facts.erp.has_all_left = true);
        assert_eq!(all.row(), Row::ToReport);
    }
    let both = cancelled(Story::in_erp()).status(Status::Cancelled);
    assert_eq!((both.row(), both.judged().is_over), (Row::CancelledBoth, true));
}

#[test]
fn a_missing_number_is_an_entry_before_the_deadline() {
    let story = Story::left(2, 1);
    assert_eq!((story.row(), story.kind()), (Row::WithoutNumber, None));
    assert_eq!(story.judged().changes_at, Some(at(24 * 60)));
    let long = story.clone().at(24 * 60);
    assert_eq!(long.kind(), Some(Kind::WithoutNumber));
    let urgent = story.with(|facts| facts.there.ship_until = Some(at(20 * 60)));
    assert_eq!(urgent.judged().changes_at, Some(at(8 * 60)));
    assert_eq!(urgent.at(8 * 60).kind(), Some(Kind::WithoutNumber));
}

#[test]
fn a_hand_over_that_takes_long_needs_a_person() {
    let stuck = Story::handed_over();
    assert_eq!((stuck.row(), stuck.judged().changes_at), (Row::HandedOver, Some(at(30))));
    assert_eq!(stuck.at(30).kind(), Some(Kind::WorkerStuck));
    let dropped = Story::handed_over().erp(ErpFacts::default()).at(30);
    assert_eq!((dropped.row(), dropped.kind()), (Row::Dropped, Some(Kind::Unclear)));
    let unknown = Story::handed_over().with(|facts| facts.erp = ErpFacts::default()).at(600);
    assert_eq!(
        (unknown.row(), unknown.kind()),
        (Row::HandedOver, Some(Kind::Waiting)),
        "JTL was not asked, which takes too long"
    );
    let open = Story::ready().with(|facts| facts.ours.hand_over_since = Some(at(0)));
    assert_eq!((open.clone().at(29).row(), open.at(30).row()), (Row::HandOverOpen, Row::Unclear));
    let deleted = Story::in_erp().erp(ErpFacts { was_seen: true, ..ErpFacts::default() });
    assert_eq!((deleted.row(), deleted.kind()), (Row::Deleted, Some(Kind::Unclear)));
    assert_eq!(deleted.status(Status::Cancelled).row(), Row::CancelledBoth);
}

#[test]
fn a_refused_report_waits_for_its_time() {
    let refused = |kind| Story::left(1, 0).refused(kind).with(|facts| facts.ours.next_try = Some(at(15)));
    for kind in [Kind::UnknownCarrier, Kind::ShipmentRefused] {
        let judgement = refused(kind).judged();
        assert_eq!(judgement.entry.as_ref().map(|entry| entry.kind), Some(kind));
        assert_eq!((judgement.next_act, judgement.not_before), (Act::Report, Some(at(15))));
    }
    let unanswered = refused(Kind::ShipmentRefused).with(|facts| facts.ours.report_since = Some(at(0)));
    assert_eq!((unanswered.row(), unanswered.judged().next_act), (Row::ReportUnanswered, Act::ResolveReport));
}

#[test]
fn what_was_over_when_it_was_first_read_is_history() {
    let over = |facts: &mut OrderFacts| facts.there.was_over = true;
    let shipped = Story::ready().status(Status::Shipped).with(over).judged();
    assert_eq!((shipped.row, shipped.is_over, shipped.takes_stock), (Row::History, true, false));
    let cancelled = Story::ready().status(Status::Cancelled).with(over).judged();
    assert_eq!((cancelled.row, cancelled.is_over), (Row::CancelledBefore, true));
    let handed_over = Story::in_erp().status(Status::Shipped).with(over);
    assert_eq!(handed_over.kind(), Some(Kind::ShippedElsewhere), "we handed it over: it is no history");
}

#[test]
fn a_cancellation_after_the_report_is_an_entry() {
    let reported = Story::left(1, 0).with(|facts| facts.ours.reported_at = Some(at(0)));
    let cancelled = reported.status(Status::Cancelled);
    assert_eq!((cancelled.row(), cancelled.judged().is_over), (Row::CancelledAfterReport, true));
    assert_eq!(cancelled.kind(), Some(Kind::CancelledAfterHandOver));
    assert_eq!(cancelled.judged().offers, [Decision::DoneByHand, Decision::RemindMe]);
    let done = cancelled.decided(Decision::DoneByHand);
    assert_eq!((done.row(), done.kind()), (Row::Over, None));
}

#[test]
fn several_orders_are_an_entry_until_one_is_left() {
    let several = Story::in_erp().with(|facts| facts.erp.orders = 2);
    assert_eq!((several.row(), several.kind()), (Row::Several, Some(Kind::Duplicate)));
    assert!(several.message().starts_with("JTL has 2 orders"));
    let cancelled = several.clone().status(Status::Cancelled);
    assert_eq!(cancelled.row(), Row::CancelledOpen);
    assert_eq!(several.with(|facts| facts.erp.orders = 1).kind(), None);
}
