//! Every row of the table with facts that lead to it: no row is there for a combination that cannot happen.

use std::collections::HashSet;

use marktwerk_domain::attention::AttentionKind as Kind;
use marktwerk_domain::judgement::{
    Cancellation, CancellationsTaken, Candidate, Candidates, Decision, Difference, Document, ErpFacts, Hold,
    OrderFacts, RefusalCause, Refused, Row, Taken, TakenBecause,
};
use marktwerk_domain::order::MarketplaceStatus as Status;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::shipment::Content;

use crate::order::{Story, at, one_order};

fn held(facts: &mut OrderFacts) {
    facts.there.holds = vec![Hold::Cancellation];
}

fn unreadable(facts: &mut OrderFacts) {
    facts.there.document = Document::Refused { reason: Reason::quoted("no address") };
}

fn before_the_hand_over() -> Vec<(Row, Story)> {
    let absent = ErpFacts::default;
    vec![
        (Row::History, Story::ready().status(Status::Shipped).with(|facts| facts.there.was_over = true)),
        (Row::FulfilledThere, Story::ready().with(|facts| facts.there.is_fulfilled = true)),
        (Row::Pending, Story::ready().status(Status::Pending)),
        (Row::DetailsMissing, Story::ready().with(|facts| facts.there.document = Document::Missing)),
        (Row::SetAside, Story::unusable()),
        (Row::Held, Story::ready().with(held)),
        (Row::UnknownArticle, Story::ready().with(|facts| facts.erp.unknown_articles = vec!["A".to_owned()])),
        (Row::Ready, Story::ready()),
        (Row::PartlyShippedElsewhere, Story::ready().status(Status::PartlyShipped)),
        (Row::ShippedElsewhereUnknown, Story::ready().status(Status::Shipped)),
        (Row::ShippedElsewhere, Story::ready().status(Status::Shipped).erp(absent())),
        (Row::CancelledBefore, Story::ready().status(Status::Cancelled).erp(absent())),
    ]
}

fn on_its_way_into_the_erp() -> Vec<(Row, Story)> {
    let open = Story::ready().with(|facts| facts.ours.hand_over_since = Some(at(0)));
    let waiting = Story::handed_over;
    vec![
        (Row::HandOverOpen, open.clone()),
        (Row::Unclear, open.at(30)),
        (Row::HandedOver, waiting()),
        (Row::WorkerStuck, waiting().at(30)),
        (Row::Dropped, waiting().erp(ErpFacts::default()).at(30)),
        (Row::Deleted, waiting().erp(ErpFacts { was_seen: true, ..ErpFacts::default() })),
        (Row::CancelledWaiting, waiting().status(Status::Cancelled)),
        (Row::ShippedWaiting, waiting().status(Status::Shipped)),
        (Row::WishWaiting, waiting().with(held)),
        (Row::ChangedWaiting, waiting().differs(Some(Difference::Contents))),
        (Row::UnreadableWaiting, waiting().with(unreadable)),
    ]
}

fn in_the_erp() -> Vec<(Row, Story)> {
    let (open, left) = (Story::in_erp, || Story::left(1, 0));
    let unread = |facts: &mut OrderFacts| facts.there.is_unread = true;
    vec![
        (Row::InErp, open()),
        (Row::InErpUnread, open().with(unread)),
        (Row::WishOpen, open().with(held)),
        (Row::WishLeft, left().with(held)),
        (Row::ChangedOpen, open().differs(Some(Difference::Address))),
        (Row::ChangedLeft, left().differs(Some(Difference::Address))),
        (Row::UnreadableOpen, open().with(unreadable)),
        (Row::UnreadableLeft, left().with(unreadable)),
        (Row::CancelledOpen, open().status(Status::Cancelled)),
        (Row::CancelledLeft, left().status(Status::Cancelled)),
        (
            Row::CancelledBoth,
            open().status(Status::Cancelled).erp(ErpFacts { is_cancelled: true, ..one_order() }),
        ),
        (Row::ShippedWithoutUs, open().status(Status::Shipped)),
        (Row::PartlyWithoutUs, open().status(Status::PartlyShipped)),
        (Row::PartLeft, open().parcels(1, 0)),
        (Row::WithoutNumber, Story::left(2, 1)),
        (Row::WithoutNumberLong, Story::left(2, 1).at(24 * 60)),
        (Row::RestClosed, open().erp(ErpFacts { is_closed_unshipped: true, ..one_order() }).parcels(1, 0)),
        (Row::ClosedUnshipped, open().erp(ErpFacts { is_closed_unshipped: true, ..one_order() })),
        (Row::CancelledInErp, open().erp(ErpFacts { is_cancelled: true, ..one_order() })),
        (Row::Several, open().erp(ErpFacts { orders: 2, ..one_order() })),
        (Row::LeftUnread, left().with(unread)),
    ]
}

fn other_numbers(facts: &mut OrderFacts) {
    let cause = Some(RefusalCause::OtherNumbers);
    facts.ours.refused = Some(Refused { kind: Kind::ShipmentRefused, message: "no".to_owned(), cause });
}

fn takes_cancellations(facts: &mut OrderFacts) {
    facts.there.takes = CancellationsTaken { accepted: true, own: true };
}

fn cancelling(facts: &mut OrderFacts) {
    facts.ours.cancellation = Some(Cancellation { accepts_wish: false, since: at(0), is_taken: true });
}

fn parcel_by_parcel() -> Vec<(Row, Story)> {
    let part = || Story::in_erp().parcels(2, 0);
    let closed = Story::in_erp().erp(ErpFacts { is_closed_unshipped: true, ..one_order() }).parcels(1, 0);
    vec![
        (Row::PartToReport, part().by_parcel(1)),
        (Row::PartReported, part().by_parcel(0)),
        (Row::PartNumberChanged, part().by_parcel(0).with(|facts| facts.erp.differs_from_reported = true)),
        (Row::RestToCancel, closed.by_parcel(0)),
        (Row::PartToReport, Story::left(2, 1).by_parcel(1)),
        (Row::WithoutNumber, Story::left(2, 1).by_parcel(0)),
        (Row::ToReport, Story::left(2, 0).by_parcel(0)),
        (Row::PartToReport, part().by_parcel(1).status(Status::PartlyShipped)),
        (Row::UnknownCarrier, part().by_parcel(1).refused(Kind::UnknownCarrier)),
        (
            Row::PartToReport,
            part().by_parcel(1).refused(Kind::UnknownCarrier).decided(Decision::ChooseCarrier),
        ),
    ]
}

fn around_the_report() -> Vec<(Row, Story)> {
    let left = || Story::left(1, 0);
    let open = || left().with(|facts| facts.ours.report_since = Some(at(0)));
    let reported = || left().with(|facts| facts.ours.reported_at = Some(at(0)));
    vec![
        (Row::ToReport, left()),
        (Row::ReportOpen, open()),
        (Row::ReportUnanswered, open().refused(Kind::ShipmentRefused)),
        (Row::UnknownCarrier, left().refused(Kind::UnknownCarrier)),
        (Row::Refused, left().refused(Kind::ShipmentRefused)),
        (Row::ShippedBoth, left().status(Status::Shipped)),
        (Row::OtherNumbers, left().status(Status::Shipped).with(other_numbers)),
        (Row::ReportedByHand, Story::left(2, 1).status(Status::Shipped)),
        (Row::Reported, reported()),
        (Row::CancelledAfterReport, reported().status(Status::Cancelled)),
    ]
}

fn after_a_decision_or_long_time() -> Vec<(Row, Story)> {
    let dropped = || Story::handed_over().erp(ErpFacts::default()).at(30);
    let wanted = || dropped().decided(Decision::HandOverAgain);
    let searched = |found: Vec<Candidate>| {
        wanted().with(|facts| facts.erp.candidates = Some(Candidates { found, shortcoming: None }))
    };
    let candidate = Candidate { erp_number: "B-1".to_owned(), external_number: String::new() };
    let reported = || Story::left(1, 0).with(|facts| facts.ours.reported_at = Some(at(0)));
    let renumbered = reported().with(|facts| {
        facts.ours.reported_numbers = Some(1);
        facts.erp.numbers = Some(2);
    });
    let taken = |because: TakenBecause| {
        let taken = Taken { erp_number: "B-1".to_owned(), because };
        Story::ready().with(|facts| facts.erp.taken = Some(taken))
    };
    let days = |days: i64| days * 24 * 60;
    let by_hand = || Story::unusable().decided(Decision::DoneByHand);
    let in_erp_by_hand = || Story::in_erp().decided(Decision::DoneByHand);
    let was_ready = Story::ready().decided(Decision::LeaveOut);
    vec![
        (Row::SharesParcel, Story::left(1, 0).with(|facts| facts.ours.shares_with = vec!["PO-2".to_owned()])),
        (Row::NumberChanged, renumbered),
        (Row::CancelledUnknown, Story::ready().status(Status::Cancelled)),
        // Never read as one to be shipped; a person may have entered it in the ERP all the same.
        (
            Row::CancelledUnknown,
            Story::ready().with(|facts| facts.there.document = Document::Missing).status(Status::Cancelled),
        ),
        (Row::CancelDue, Story::unusable().with(takes_cancellations).decided(Decision::CancelThere)),
        (
            Row::CancelDueInErp,
            Story::in_erp().with(held).with(takes_cancellations).decided(Decision::AcceptCancellation),
        ),
        (Row::CancelAsked, Story::unusable().with(cancelling)),
        (Row::CancelAskedInErp, Story::in_erp().with(cancelling)),
        (Row::NumberTaken, taken(TakenBecause::OfAccount("second".to_owned()))),
        (Row::NumberTaken, taken(TakenBecause::Lacks(vec![Content { sku: "A".to_owned(), quantity: 1 }]))),
        (
            Row::NumberTaken,
            Story::ready()
                .with(held)
                .with(|facts| {
                    let because = TakenBecause::OfAccount("second".to_owned());
                    facts.erp.taken = Some(Taken { erp_number: "B-1".to_owned(), because });
                })
                .decided(Decision::ShipAllTheSame),
        ),
        (Row::LookForIt, wanted()),
        (Row::Candidates, searched(vec![candidate.clone()])),
        (Row::HandOverAgain, searched(Vec::new())),
        (Row::HandOverAgain, searched(vec![candidate]).decided(Decision::NoneOfThese)),
        (Row::LeftOut, Story::unusable().decided(Decision::LeaveOut)),
        (Row::DoneByHand, by_hand()),
        (Row::DoneByHandInErp, in_erp_by_hand()),
        (
            Row::AskedAgain,
            was_ready.with(|facts| facts.erp.waiting_rows = 1).settled().erp(ErpFacts::default()),
        ),
        (Row::AskedAgainInErp, Story::left(1, 0).decided(Decision::DoneByHand).parcels(2, 0).settled()),
        (Row::NotAgreed, Story::unusable().with(|facts| facts.there.asked_at = Some(at(0))).at(days(60))),
        (Row::NotAgreedInErp, Story::in_erp().at(days(60))),
        (Row::Over, reported().at(days(30))),
        (Row::OverByHand, by_hand().at(days(60))),
        (Row::OverByHandInErp, in_erp_by_hand().at(days(60))),
    ]
}

#[test]
fn every_row_has_facts_that_lead_to_it() {
    let stories = [
        before_the_hand_over(),
        on_its_way_into_the_erp(),
        in_the_erp(),
        parcel_by_parcel(),
        around_the_report(),
        after_a_decision_or_long_time(),
    ]
    .concat();
    let mut reached = HashSet::new();
    for (row, story) in stories {
        assert_eq!(story.row(), row, "{:?}", story.facts);
        reached.insert(row);
    }
    let missing: Vec<&Row> = Row::ALL.iter().filter(|row| !reached.contains(row)).collect();
    assert!(missing.is_empty(), "no facts lead to {missing:?}");
}
