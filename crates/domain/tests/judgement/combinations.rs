//! Every combination of answers has one row, every row is reached, and no row leaves an order to itself.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{
    Act, Cancellation, CancellationsTaken, Candidates, Choice, Decided, Decision, Difference, Document,
    ErpFacts, HandOver, Hold, InErp, Limits, NotPossible, OrderFacts, Parcels, RefusalCause, Refused,
    ReportUnit, Reporting, Row, Situation, Taken, TakenBecause, There, decide, judge,
};
use marktwerk_domain::language::Language;
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::reason::Reason;
use proptest::prelude::*;

use crate::order::at;

#[test]
fn every_row_is_reached_and_every_combination_has_one() {
    let mut covered: BTreeMap<String, usize> = BTreeMap::new();
    let mut combinations = 0;
    for situation in Situation::all() {
        combinations += 1;
        *covered.entry(format!("{:?}", Row::of(&situation))).or_default() += 1;
    }
    let axes = [There::ALL.len(), InErp::ALL.len(), HandOver::ALL.len(), Reporting::ALL.len()];
    let axes = [&axes[..], &[Parcels::ALL.len(), 2, 2]].concat();
    assert_eq!(combinations, axes.into_iter().product::<usize>());
    for row in Row::ALL.iter().filter(|row| row.is_of_a_situation()) {
        assert!(covered.contains_key(&format!("{row:?}")), "{row:?} is never reached");
    }
    for (row, count) in &covered {
        #[expect(clippy::print_stdout, reason = "shown with --no-capture")]
        {
            println!("{count:>6} {row}");
        }
    }
}

/// An order that is not over has something that is done without a person, or an entry that asks one.
#[test]
fn no_open_row_is_without_a_next_act_or_an_entry() {
    for row in Row::ALL {
        let line = row.line();
        assert_eq!(line.is_over, line.act == Act::Nothing, "{row:?}");
        for language in [Language::English, Language::German] {
            assert_eq!(
                line.kind.is_some(),
                !row.advice(language).is_empty(),
                "{row:?}: advice is for entries"
            );
            assert!(!row.meaning(language).is_empty(), "{row:?}");
        }
        assert!(
            !line.is_over || !line.takes_stock || line.kind.is_some(),
            "{row:?}: nobody would give the units back"
        );
        assert!(line.kind.is_none() || line.wait.is_none(), "{row:?}: an entry waits for nothing");
        assert!(
            line.kind.is_none() || !row.offers().is_empty(),
            "{row:?}: its entry can never be ended by a person"
        );
        assert!(line.kind.is_none_or(AttentionKind::is_of_an_order), "{row:?}");
    }
}

#[test]
fn rows_have_meanings_of_their_own() {
    for language in [Language::English, Language::German] {
        let meanings: HashSet<&str> = Row::ALL.iter().map(|row| row.meaning(language)).collect();
        assert_eq!(meanings.len(), Row::ALL.len());
    }
}

/// While an intent is open, resolving it is the only next act.
#[test]
fn an_open_intent_is_resolved_first() {
    for situation in Situation::all() {
        let act = Row::of(&situation).line().act;
        let is_reporting = matches!(situation.reporting, Reporting::Intended | Reporting::Unanswered);
        let is_handing_over = matches!(situation.hand_over, HandOver::Intended | HandOver::IntendedLong);
        if is_reporting {
            assert_eq!(act, Act::ResolveReport, "{situation:?}");
        } else if is_handing_over && situation.reporting != Reporting::Done {
            assert_eq!(act, Act::ResolveHandOver, "{situation:?}");
        }
    }
}

/// What is not known leads to no act towards the outside, and what the ERP has or may have is not handed over again.
#[test]
fn nothing_is_done_outside_without_knowledge() {
    for situation in Situation::all() {
        let row = Row::of(&situation);
        match row.line().act {
            Act::Report => {
                let has_left = situation.in_erp == InErp::Left || situation.parcels == Parcels::Untold;
                assert!(has_left, "{situation:?}: {row:?}");
                let wants = [There::Open, There::PartlyShipped, There::Unusable];
                assert!(wants.contains(&situation.there), "{situation:?}: {row:?}");
            }
            Act::HandOver => {
                assert_eq!(
                    (situation.there, situation.hand_over),
                    (There::Open, HandOver::Never),
                    "{situation:?}"
                );
                // The hand-over itself looks it up, under the lock of an insert.
                assert!(matches!(situation.in_erp, InErp::Unknown | InErp::Absent), "{situation:?}");
            }
            act => assert!(!act.writes_outside(), "{situation:?}: {row:?}"),
        }
    }
}

/// Shipped at the marketplace without us: an entry at once wherever the order is, unless the ERP has shipped it too.
#[test]
fn shipped_elsewhere_is_an_entry_in_every_state() {
    let is_quiet = |situation: &Situation| {
        let is_unreported =
            !matches!(situation.reporting, Reporting::Done | Reporting::Intended | Reporting::Unanswered);
        let is_known = situation.in_erp != InErp::Unknown;
        let is_open = matches!(situation.hand_over, HandOver::Intended | HandOver::IntendedLong);
        situation.there == There::Shipped && is_unreported && is_known && !is_open
    };
    for situation in Situation::all().filter(is_quiet) {
        let row = Row::of(&situation);
        let has_left = matches!(
            situation.in_erp,
            InErp::Left | InErp::WithoutNumber | InErp::WithoutNumberLong | InErp::RestClosed
        );
        let kind = row.line().kind;
        let is_entry = !has_left || row == Row::OtherNumbers;
        assert_eq!(kind == Some(AttentionKind::ShippedElsewhere), is_entry, "{situation:?}: {row:?}");
    }
}

fn facts() -> impl Strategy<Value = OrderFacts> {
    let time = || prop::option::of((0..6_000_i64).prop_map(at));
    let there = (
        prop::sample::select(vec![
            MarketplaceStatus::Pending,
            MarketplaceStatus::Ready,
            MarketplaceStatus::Cancelled,
            MarketplaceStatus::PartlyShipped,
            MarketplaceStatus::Shipped,
        ]),
        prop::sample::select(vec![
            Document::Missing,
            Document::Translated,
            Document::Refused { reason: Reason::quoted("a") },
            Document::Untranslatable { reason: Reason::quoted("b") },
        ]),
        prop::collection::vec(prop::sample::select(vec![Hold::Cancellation, Hold::Risk]), 0..2),
        (any::<bool>(), any::<bool>(), prop::bool::weighted(0.05), prop::bool::weighted(0.3)),
        prop::option::of(Just(Difference::Address)),
        time(),
    );
    let erp = (
        time(),
        (0..3_u32, 0..2_u32, 0..3_u32, 0..2_u32, 0..3_u32),
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        time(),
        prop::collection::vec(Just("A-1".to_owned()), 0..2),
    );
    let kinds = prop::sample::select(vec![AttentionKind::UnknownCarrier, AttentionKind::ShipmentRefused]);
    let refused = prop::option::of((kinds, prop::option::of(Just(RefusalCause::OtherNumbers))));
    let ours = (time(), time(), time(), prop::option::weighted(0.1, Just(at(5))), refused);
    let decided = prop::option::of((prop::sample::select(Decision::ALL.to_vec()), any::<bool>()));
    (there, erp, ours, decided).prop_map(|(there, erp, ours, decided)| {
        let mut facts = OrderFacts::default();
        let (status, document, holds, flags, difference, ship_until) = there;
        let (is_unread, was_over, is_fulfilled, is_by_parcel) = flags;
        facts.there.status = status;
        facts.there.document = document;
        facts.there.holds = holds;
        (facts.there.is_unread, facts.there.was_over, facts.there.is_fulfilled) =
            (is_unread, was_over, is_fulfilled);
        facts.there.report_unit = if is_by_parcel { ReportUnit::EachParcel } else { ReportUnit::WholeOrder };
        (facts.there.difference, facts.there.ship_until) = (difference, ship_until);
        let (
            since,
            (orders, waiting_rows, parcels, without, unreported),
            flags,
            without_number_since,
            articles,
        ) = erp;
        facts.erp = ErpFacts {
            since,
            orders,
            waiting_rows,
            was_seen: flags.0,
            is_cancelled: flags.1,
            is_complete: flags.2,
            is_closed_unshipped: flags.3,
            has_all_left: flags.4,
            has_buyers_left: flags.4 && parcels > 0,
            without_number_since,
            unknown_articles: articles,
            parcels,
            parcels_without_number: without.min(parcels),
            candidates: flags.0.then(Candidates::default),
            taken: (flags.1 && orders == 0).then(|| Taken {
                erp_number: "B-1".to_owned(),
                because: if flags.2 {
                    TakenBecause::Lacks(Vec::new())
                } else {
                    TakenBecause::OfAccount("b".to_owned())
                },
            }),
            numbers: (parcels > 0).then_some(7),
            unreported: unreported.min(parcels.saturating_sub(without)),
            differs_from_reported: flags.2,
            words: flags.1.then(|| "unbekannt".to_owned()),
        };
        facts.ours.hand_over_since = ours.0;
        facts.ours.handed_over_at = ours.1;
        facts.ours.report_since = ours.2;
        facts.ours.reported_at = ours.3;
        facts.ours.refused = ours.4.map(|(kind, cause)| Refused { kind, message: "no".to_owned(), cause });
        facts.there.takes = CancellationsTaken { accepted: was_over, own: is_fulfilled };
        facts.ours.cancellation = (facts.ours.tries == 0 && is_unread).then(|| Cancellation {
            accepts_wish: was_over,
            since: at(1),
            is_taken: is_by_parcel,
        });
        facts.decided = decided.map(|(decision, is_in_force)| {
            let decided = Decided::on(&facts, decision, "office", at(1));
            Decided { has_lapsed: !is_in_force, ..decided }
        });
        facts
    })
}

proptest! {
    /// The same facts and the same time give the same result, stored facts too.
    #[test]
    fn the_same_facts_have_the_same_result(facts in facts(), minutes in 0..6_000_i64) {
        let limits = Limits::default();
        let judgement = judge(&facts, &limits, at(minutes));
        prop_assert_eq!(&judgement, &judge(&facts.clone(), &limits, at(minutes)));
        let text = serde_json::to_string(&facts).unwrap();
        let mut read: OrderFacts = serde_json::from_str(&text).unwrap();
        // What columns hold is filled in by the store.
        read.there = marktwerk_domain::judgement::ThereFacts {
            document: read.there.document,
            holds: read.there.holds,
            notices: read.there.notices,
            is_fulfilled: read.there.is_fulfilled,
            difference: read.there.difference,
            newest: read.there.newest,
            takes: read.there.takes,
            report_unit: read.there.report_unit,
            ..facts.there.clone()
        };
        (read.erp.parcels, read.erp.parcels_without_number) =
            (facts.erp.parcels, facts.erp.parcels_without_number);
        read.erp.numbers = facts.erp.numbers;
        read.erp.words.clone_from(&facts.erp.words);
        (read.erp.unreported, read.erp.differs_from_reported) =
            (facts.erp.unreported, facts.erp.differs_from_reported);
        (read.ours.hand_over_since, read.ours.report_since) =
            (facts.ours.hand_over_since, facts.ours.report_since);
        prop_assert_eq!(judgement, judge(&read, &limits, at(minutes)));
    }

    /// Until the named time nothing changes by time alone, and at that time something does.
    #[test]
    fn the_named_time_is_the_first_change(facts in facts(), minutes in 0..6_000_i64) {
        let limits = Limits::default();
        let now = at(minutes);
        let judgement = judge(&facts, &limits, now);
        let end = judgement.changes_at.unwrap_or(at(20_000));
        prop_assert!(end > now);
        for part in 1..20 {
            let between = now + SignedDuration::from_millis(end.duration_since(now).as_millis() as i64 * part / 20);
            prop_assert_eq!(judge(&facts, &limits, between).row, judgement.row);
        }
        if let Some(at) = judgement.changes_at {
            let later = judge(&facts, &limits, at);
            prop_assert!((later.row, later.entry) != (judgement.row, judgement.entry));
        }
    }

    /// Time alone, or a decision that lapses, never leads to an act towards the outside.
    #[test]
    fn time_alone_sends_nothing(facts in facts(), minutes in 0..6_000_i64, later in 1..200_000_i64) {
        let limits = Limits::default();
        let before = judge(&facts, &limits, at(minutes));
        let after = judge(&facts, &limits, at(minutes + later));
        if !before.next_act.writes_outside() {
            prop_assert!(!after.next_act.writes_outside(), "{:?} became {:?}", before.row, after.row);
        }
        let mut settled = facts.clone();
        let lapsed = settled.settle_decision();
        if lapsed.is_some_and(Decision::is_standing) {
            let act = judge(&settled, &limits, at(minutes)).next_act;
            prop_assert!(!act.writes_outside(), "{act:?}");
        }
    }

    /// What is offered can be decided, what is not is refused, and a decision that stands leads to no act.
    #[test]
    fn what_is_offered_can_be_decided(facts in facts(), minutes in 0..6_000_i64) {
        let (limits, now) = (Limits::default(), at(minutes));
        let offers = judge(&facts, &limits, now).offers;
        for &decision in Decision::ALL {
            let until = Some(now + SignedDuration::from_hours(1));
            let choice = Choice { decision, by: "office".to_owned(), carrier: Some("DHL".to_owned()), until };
            match decide(&facts, &limits, &choice, now) {
                Err(NotPossible::NotOffered { .. }) => prop_assert!(!offers.contains(&decision)),
                Err(problem) => prop_assert!(false, "{problem}"),
                Ok(chosen) => {
                    prop_assert!(offers.contains(&decision), "{decision:?}");
                    let after = judge(&chosen.facts, &limits, now);
                    let is_standing = chosen.facts.decided.as_ref().is_some_and(|it| it.decision.is_standing());
                    prop_assert!(!is_standing || !after.next_act.writes_outside(), "{decision:?}: {:?}", after.row);
                }
            }
        }
    }

    /// No stored time makes a judgement fail.
    #[test]
    fn extreme_times_are_judged(mut facts in facts(), late in any::<bool>()) {
        let extreme = if late { Timestamp::MAX } else { Timestamp::MIN };
        facts.ours.hand_over_since = facts.ours.hand_over_since.map(|_| extreme);
        facts.erp.without_number_since = Some(extreme);
        facts.there.ship_until = Some(extreme);
        judge(&facts, &Limits::default(), at(0));
        judge(&facts, &Limits::default(), extreme);
    }
}
