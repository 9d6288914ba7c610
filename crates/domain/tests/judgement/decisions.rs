//! What a person decides: each decision from the situation that offers it to its end, and what ends it before.

use marktwerk_domain::attention::{Attention, AttentionKind as Kind};
use marktwerk_domain::judgement::{
    Act, Choice, Decision, Difference, ErpFacts, Hold, Limits, NotPossible, Row, decide, groups,
};
use marktwerk_domain::language::{Language, Reader};
use marktwerk_domain::order::MarketplaceStatus as Status;

use crate::order::{Story, at, one_order};

fn held(story: Story) -> Story {
    story.with(|facts| facts.there.holds = vec![Hold::Cancellation])
}

#[test]
fn shipping_all_the_same_holds_until_the_wish_is_another_one() {
    let decided = held(Story::left(1, 0)).decided(Decision::ShipAllTheSame);
    assert_eq!((decided.row(), decided.judged().next_act), (Row::ToReport, Act::Report));
    assert!(decided.judged().offers.contains(&Decision::TakeBack));
    assert_eq!(decided.clone().decided(Decision::TakeBack).kind(), Some(Kind::BuyerWish));
    let other = decided.with(|facts| facts.there.holds.push(Hold::Address)).settled();
    assert_eq!(other.kind(), Some(Kind::BuyerWish), "it is another wish: asked again");
    let back = other.with(|facts| facts.there.holds = vec![Hold::Cancellation]);
    assert_eq!(back.kind(), Some(Kind::BuyerWish), "a decision that lapsed does not come back");
}

#[test]
fn shipping_all_the_same_before_the_parcel_leaves_goes_on_with_it() {
    let open = held(Story::in_erp()).decided(Decision::ShipAllTheSame);
    assert_eq!(open.row(), Row::InErp);
    let left =
        open.with(|facts| (facts.erp.is_complete, facts.erp.has_all_left) = (true, true)).parcels(1, 0);
    assert_eq!(left.settled().row(), Row::ToReport);
}

#[test]
fn a_change_that_was_made_in_the_erp_too_is_dealt_with_and_the_next_one_is_not() {
    let changed = Story::in_erp().differs(Some(Difference::Address)).decided(Decision::DoneByHand);
    assert_eq!((changed.row(), changed.facts.decided.is_none()), (Row::InErp, true));
    assert_eq!(changed.differs(Some(Difference::Address)).kind(), Some(Kind::ChangedAfterHandOver));
}

#[test]
fn what_is_done_by_hand_is_left_alone_until_something_changes() {
    let done = Story::unusable().decided(Decision::DoneByHand);
    let judgement = done.judged();
    assert_eq!((judgement.entry, judgement.takes_stock, judgement.next_act), (None, false, Act::AskErp));
    // The person ships it at the marketplace: that is what was said.
    assert_eq!(done.clone().status(Status::Shipped).settled().row(), Row::DoneByHand);
    let cancelled = done.clone().status(Status::Cancelled).settled();
    assert_eq!(cancelled.row(), Row::CancelledUnknown, "a person may have entered it in JTL");
    let cancelled = cancelled.erp(ErpFacts::default());
    assert_eq!(cancelled.row(), Row::CancelledBefore);
    let entered = done.erp(one_order()).settled();
    assert_eq!(entered.row(), Row::InErp);
    let left =
        entered.with(|facts| (facts.erp.is_complete, facts.erp.has_all_left) = (true, true)).parcels(1, 0);
    assert_eq!((left.kind(), left.judged().next_act), (Some(Kind::AskedAgain), Act::AskErp));
    assert_eq!(left.decided(Decision::GoOn).row(), Row::ToReport);
}

#[test]
fn an_order_left_out_is_not_handed_over_when_it_could_be() {
    let left_out = Story::ready()
        .with(|facts| facts.erp.unknown_articles = vec!["A".to_owned()])
        .decided(Decision::LeaveOut);
    assert_eq!((left_out.row(), left_out.judged().takes_stock), (Row::LeftOut, false));
    let known = left_out.with(|facts| facts.erp.unknown_articles.clear()).settled();
    assert_eq!(known.row(), Row::LeftOut);
    let changed = known.with(|facts| facts.there.holds = vec![Hold::Address]).settled();
    let free = changed.with(|facts| facts.there.holds.clear());
    assert_eq!(
        (free.row(), free.judged().next_act),
        (Row::AskedAgain, Act::AskErp),
        "nothing is sent by a lapse"
    );
}

#[test]
fn a_waiting_row_keeps_an_order_from_being_handed_over_again() {
    let stuck = Story::handed_over().at(45);
    assert_eq!(stuck.kind(), Some(Kind::WorkerStuck));
    assert_eq!(stuck.judged().offers, [Decision::RemindMe]);
    let choice =
        Choice { decision: Decision::HandOverAgain, by: "office".to_owned(), carrier: None, until: None };
    let refused = decide(&stuck.facts, &Limits::default(), &choice, stuck.now).unwrap_err();
    assert!(matches!(refused, NotPossible::NotOffered { .. }));
    assert!(refused.to_string().contains("remind_me"), "{refused}");
}

#[test]
fn a_reminder_hides_the_entry_until_its_time_or_another_entry() {
    let story = Story::unusable().decided(Decision::RemindMe);
    assert_eq!((story.kind(), story.judged().changes_at), (None, Some(at(60))));
    assert_eq!(story.clone().at(60).kind(), Some(Kind::SetAside));
    let shipped = story.status(Status::Shipped).erp(marktwerk_domain::judgement::ErpFacts::default());
    assert_eq!(shipped.kind(), Some(Kind::ShippedElsewhere));
}

/// Found by a new user: an order whose article JTL does not know was put off for two days, and its deadline passed in silence.
#[test]
fn a_reminder_does_not_reach_beyond_the_deadline() {
    let due_in = |hours: i64| {
        let unusable = Story::unusable().with(|facts| facts.there.ship_until = Some(at(hours * 60)));
        let choice = Choice {
            decision: Decision::RemindMe,
            by: "office".to_owned(),
            carrier: None,
            until: Some(at(48 * 60)),
        };
        let limits = Limits::default();
        let put_off = decide(&unusable.facts, &limits, &choice, unusable.now).unwrap().facts;
        put_off.remind.unwrap().until
    };
    assert_eq!(due_in(72), at(48 * 60), "it has time");
    assert_eq!(due_in(24), at(12 * 60), "when it becomes urgent");
    assert_eq!(due_in(2), at(2 * 60), "it is urgent already");
    assert_eq!(due_in(-2), at(48 * 60), "it is late already, and somebody has taken care of it");
}

#[test]
fn what_needs_a_person_says_when_it_must_leave() {
    let unusable = Story::unusable().with(|facts| facts.there.ship_until = Some(at(24 * 60)));
    assert!(!unusable.message().contains("must leave"), "{}", unusable.message());
    let put_off = unusable.decided(Decision::RemindMe).with(|facts| {
        facts.remind.as_mut().unwrap().until = at(48 * 60);
    });
    let near = put_off.at(12 * 60);
    assert_eq!(near.kind(), Some(Kind::SetAside), "that it becomes urgent is something else than before");
    assert!(near.message().contains("; the order must leave by 2026-11-24 08:00"), "{}", near.message());
    let shipped = near.status(Status::Shipped).erp(marktwerk_domain::judgement::ErpFacts::default());
    assert!(!shipped.message().contains("must leave"), "{}", shipped.message());
}

/// Only the reminder goes: what a person has to decide again is still to be decided.
#[test]
fn taking_a_reminder_back_decides_nothing() {
    let asked = Story::left(1, 0).decided(Decision::DoneByHand).parcels(2, 0).settled();
    let put_off = asked.decided(Decision::RemindMe);
    assert_eq!(put_off.kind(), None);
    let back = put_off.clone().decided(Decision::TakeBack);
    assert_eq!((back.kind(), back.judged().next_act), (Some(Kind::AskedAgain), Act::AskErp));
    assert!(!put_off.at(61).judged().offers.contains(&Decision::TakeBack), "it has passed");
}

#[test]
fn a_reminder_does_not_hide_something_more_urgent() {
    let waiting = Story::in_erp().at(7 * 24 * 60);
    assert_eq!(waiting.kind(), Some(Kind::Waiting));
    let put_off = waiting.decided(Decision::RemindMe);
    assert_eq!(put_off.kind(), None);
    let deadline = put_off.with(|facts| facts.there.ship_until = Some(at(7 * 24 * 60)));
    assert_eq!(deadline.kind(), Some(Kind::Late));
}

/// The parcel went out as it was before: nobody can correct that in the ERP, so that nothing is reported by itself.
#[test]
fn a_change_after_the_parcel_left_is_not_reported_by_done_by_hand() {
    let done = Story::left(1, 0).differs(Some(Difference::Address)).decided(Decision::DoneByHand);
    assert_eq!((done.row(), done.judged().next_act), (Row::DoneByHandInErp, Act::AskErp));
}

#[test]
fn a_chosen_carrier_makes_the_report_due() {
    let unknown = Story::left(1, 0).refused(Kind::UnknownCarrier);
    let chosen = unknown.decided(Decision::ChooseCarrier);
    assert_eq!((chosen.row(), chosen.facts.chosen_carrier()), (Row::ToReport, Some("DHL")));
    let another = chosen.parcels(2, 0).settled();
    assert_eq!((another.row(), another.facts.chosen_carrier()), (Row::UnknownCarrier, None));
}

#[test]
fn deadlines_and_long_waits_are_entries() {
    let story = Story::in_erp().with(|facts| facts.there.ship_until = Some(at(20 * 60)));
    assert_eq!((story.kind(), story.judged().changes_at), (None, Some(at(8 * 60))));
    let late = story.at(8 * 60);
    assert_eq!(late.kind(), Some(Kind::Late));
    assert!(late.message().contains("must leave by 2026-11-24 04:00 UTC"), "{}", late.message());
    let part = Story::in_erp().parcels(1, 0);
    assert_eq!((part.kind(), part.judged().changes_at), (None, Some(at(3 * 24 * 60))));
    assert_eq!(part.at(3 * 24 * 60).kind(), Some(Kind::Waiting));
}

fn entry(id: i64, number: &str, story: &Story) -> Attention {
    let entry = story.judged().entry.unwrap();
    Attention {
        id,
        account: "shop".to_owned(),
        kind: entry.kind,
        subject: number.to_owned(),
        message: String::new(),
        facts: serde_json::to_value(&entry.facts).unwrap(),
        since: at(id),
    }
}

#[test]
fn thirty_orders_with_one_cause_are_one_entry() {
    let unknown =
        |article: &str| Story::ready().with(|facts| facts.erp.unknown_articles = vec![article.to_owned()]);
    let stuck = Story::handed_over().at(45);
    let cancelled = Story::in_erp().status(Status::Cancelled);
    let mut entries: Vec<Attention> =
        (0..30).map(|id| entry(id, &format!("PO-{id}"), &unknown("A-1"))).collect();
    entries.push(entry(30, "PO-30", &unknown("B-1")));
    entries.extend((31..61).map(|id| entry(id, &format!("PO-{id}"), &stuck)));
    entries.extend((61..63).map(|id| entry(id, &format!("PO-{id}"), &cancelled)));
    let groups = groups(entries);
    let sizes: Vec<usize> = groups.iter().map(|group| group.entries.len()).collect();
    assert_eq!(sizes, [30, 1, 30, 1, 1]);
    let text = groups[0].message(&german());
    assert!(
        text.starts_with(
            "30 Bestellungen (PO-0, PO-1, PO-2, PO-3, PO-4 und 25 weitere), für jede gilt: JTL kennt den Artikel A-1 nicht"
        ),
        "{text}"
    );
}

/// A decision about an order that was on its way does not send it again once the time for that has passed.
#[test]
fn time_alone_does_not_make_a_decision_send() {
    let early = |story: Story| {
        story.decided(Decision::HandOverAgain).with(|facts| facts.decided.as_mut().unwrap().at = at(29))
    };
    let dropped = || Story::handed_over().erp(ErpFacts::default()).at(30);
    assert_eq!(dropped().decided(Decision::HandOverAgain).row(), Row::LookForIt);
    assert_eq!(early(dropped()).row(), Row::Dropped);
    let unclear = dropped().with(|facts| {
        (facts.ours.hand_over_since, facts.ours.handed_over_at) = (Some(at(0)), None);
    });
    assert_eq!(unclear.clone().decided(Decision::HandOverAgain).row(), Row::LookForIt);
    assert_eq!(early(unclear).row(), Row::Unclear);
}

fn german() -> Reader {
    Reader { language: Language::German, ..Reader::of_the_store() }
}
