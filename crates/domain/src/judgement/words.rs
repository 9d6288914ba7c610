//! The sentences of the table: what a row means, and what a person is to do about it. English; a border may word an entry's facts
//! in another language.

use super::facts::{Document, Hold, OrderFacts};
use super::rows::Row;
use super::{Difference, EntryFacts};

/// What an order's facts have to say about their row.
pub(super) fn facts(row: Row, facts: &OrderFacts) -> EntryFacts {
    let OrderFacts { there, erp, ours, .. } = facts;
    let mut said = EntryFacts {
        row,
        cause: None,
        difference: None,
        holds: Vec::new(),
        articles: Vec::new(),
        orders: None,
        parcels: None,
    };
    match row {
        Row::SetAside | Row::UnreadableWaiting | Row::UnreadableOpen | Row::UnreadableLeft => {
            said.cause = match &there.document {
                Document::Refused { reason } | Document::Untranslatable { reason } => Some(reason.clone()),
                Document::Missing | Document::Translated => None,
            };
        }
        Row::Held | Row::WishWaiting | Row::WishOpen | Row::WishLeft => said.holds.clone_from(&there.holds),
        Row::ChangedWaiting | Row::ChangedOpen | Row::ChangedLeft => said.difference = there.difference,
        Row::UnknownArticle => said.articles.clone_from(&erp.unknown_articles),
        Row::Several => said.orders = Some(erp.orders),
        Row::PartLeft | Row::RestClosed | Row::WithoutNumber | Row::WithoutNumberLong => {
            said.parcels = Some(erp.parcels);
        }
        Row::UnknownCarrier | Row::Refused | Row::ReportUnanswered => {
            said.cause = ours.refused.as_ref().map(|refused| refused.message.clone());
        }
        _ => {}
    }
    said
}

/// Why an order waits, or needs a person. `None` where it goes its usual way.
pub(super) fn reason(facts: &EntryFacts) -> Option<String> {
    let waits = match facts.row {
        Row::Held => format!("waits: {}", holds(&facts.holds)),
        Row::PartLeft => {
            format!(
                "waits: {} parcels have left, JTL has not shipped all lines yet",
                facts.parcels.unwrap_or(0)
            )
        }
        Row::WithoutNumber => match facts.parcels {
            None | Some(0) => {
                "waits: JTL says that it is delivered, but there is no parcel to report".to_owned()
            }
            Some(_) => "waits: a parcel has no tracking number yet".to_owned(),
        },
        row if row.line().kind.is_some() => message(facts),
        _ => return None,
    };
    Some(waits)
}

/// What happened, what it means, and what to do.
pub(super) fn message(facts: &EntryFacts) -> String {
    let cause = facts.cause.as_deref().unwrap_or("no reason is known");
    let what = facts.difference.map_or("it", Difference::words);
    match facts.row {
        Row::SetAside | Row::UnknownCarrier | Row::Refused | Row::ReportUnanswered => {
            return cause.to_owned();
        }
        Row::UnknownArticle => {
            return format!("JTL does not know {}: {}", facts.articles.join(", "), facts.row.advice());
        }
        Row::Several => {
            let orders = facts.orders.unwrap_or(0);
            return format!("JTL has {orders} orders with this number: {}", facts.row.advice());
        }
        _ => {}
    }
    let happened = match facts.row {
        Row::ChangedWaiting | Row::ChangedOpen | Row::ChangedLeft => {
            format!("{what} changed at the marketplace, {}", where_it_is(facts.row))
        }
        Row::UnreadableWaiting | Row::UnreadableOpen | Row::UnreadableLeft => format!(
            "it changed at the marketplace and cannot be translated any more ({cause}), {}",
            where_it_is(facts.row)
        ),
        Row::WishWaiting | Row::WishOpen | Row::WishLeft => {
            format!("{}, {}", holds(&facts.holds), where_it_is(facts.row))
        }
        row => row.meaning().to_owned(),
    };
    format!("{happened}: {}", facts.row.advice())
}

fn holds(holds: &[Hold]) -> String {
    match holds {
        [] => "something is open at the marketplace".to_owned(),
        holds => holds.iter().map(|hold| hold.words()).collect::<Vec<_>>().join(", "),
    }
}

fn where_it_is(row: Row) -> &'static str {
    match row {
        Row::WishLeft | Row::ChangedLeft | Row::UnreadableLeft => "and a parcel has left already",
        _ => "already in JTL",
    }
}

impl Row {
    /// What the row means, as a sentence without its full stop.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::History => "shipped before the account was first read",
            Self::FulfilledThere => "shipped by the marketplace from its own warehouse",
            Self::Pending => "it may still change or vanish",
            Self::DetailsMissing => "to be shipped; its document is not there or not read yet",
            Self::SetAside => "it cannot be translated, or not be handed over as it is",
            Self::Held => "to be shipped once an open wish or check is decided",
            Self::UnknownArticle => "JTL does not know an article",
            Self::Ready => "to be handed over",
            Self::PartlyShippedElsewhere => "partly shipped at the marketplace, and not by way of JTL",
            Self::ShippedElsewhereUnknown => "shipped at the marketplace without us; JTL was not asked yet",
            Self::ShippedElsewhere => "shipped at the marketplace without us, and JTL has no order for it",
            Self::CancelledBefore => "cancelled before JTL had it",
            Self::HandOverOpen => "the hand-over began, and its outcome is not known yet",
            Self::Unclear => {
                "the hand-over was interrupted, and since then JTL has shown neither a waiting row nor an order with this number"
            }
            Self::HandedOver => "handed over; the JTL-Worker has not made an order of it yet",
            Self::WorkerStuck => {
                "handed over more than 30 minutes ago, and JTL has not shown an order for it since"
            }
            Self::Dropped => "the JTL-Worker took its row and there is no order",
            Self::Deleted => "JTL had the order and does not have it any more",
            Self::CancelledWaiting => {
                "cancelled at the marketplace, and its row waits in JTL to become an order"
            }
            Self::ShippedWaiting => {
                "shipped at the marketplace without us, and its row waits in JTL to become an order"
            }
            Self::WishWaiting => "a wish or check is open, and its row waits in JTL",
            Self::ChangedWaiting => "changed at the marketplace, and its row waits in JTL",
            Self::UnreadableWaiting => "changed so that it cannot be read, and its row waits in JTL",
            Self::InErp => "in JTL; nothing has left",
            Self::InErpUnread => "in JTL; the marketplace's newest word is not read yet",
            Self::WishOpen => "a wish or check is open; nothing has left",
            Self::WishLeft => "a wish or check is open; a parcel has left",
            Self::ChangedOpen => "changed at the marketplace; nothing has left",
            Self::ChangedLeft => "changed at the marketplace; a parcel has left",
            Self::UnreadableOpen => "changed so that it cannot be read; nothing has left",
            Self::UnreadableLeft => "changed so that it cannot be read; a parcel has left",
            Self::CancelledOpen => "cancelled at the marketplace, already in JTL",
            Self::CancelledLeft => "cancelled at the marketplace, and a parcel has left already",
            Self::CancelledBoth => "cancelled at the marketplace and in JTL",
            Self::ShippedWithoutUs => "shipped at the marketplace without us, and JTL has not shipped it",
            Self::PartlyWithoutUs => {
                "partly shipped at the marketplace without us, and JTL has not shipped anything"
            }
            Self::PartLeft => "a part has left",
            Self::WithoutNumber => "all of it has left; a tracking number is missing",
            Self::WithoutNumberLong => {
                "all of it has left, and a tracking number has been missing for too long"
            }
            Self::RestClosed => {
                "JTL sent a part of it and closed the rest, and the marketplace waits for all of it"
            }
            Self::ClosedUnshipped => "closed in JTL without shipment, and the marketplace waits for it",
            Self::CancelledInErp => "cancelled in JTL, and the marketplace waits for it",
            Self::Several => "JTL has several orders with this number",
            Self::LeftUnread => "all of it has left; the marketplace's newest word is not read yet",
            Self::ToReport => "all of it has left; to be reported",
            Self::ReportOpen => "its report was begun, and the outcome is not known yet",
            Self::ReportUnanswered => {
                "its report was begun, and the marketplace does not say what became of it"
            }
            Self::UnknownCarrier => "the marketplace does not know the carrier",
            Self::Refused => "the marketplace refused the report, or it cannot be composed",
            Self::ReportedByHand => "shipped in JTL, and reported at the marketplace by hand",
            Self::Reported => "reported",
            Self::CancelledAfterReport => "cancelled at the marketplace after its shipment was reported",
        }
    }

    /// What a person is to do. Empty where there is no entry.
    pub fn advice(self) -> &'static str {
        match self {
            Self::SetAside => {
                "mend what the reason says and close this entry; or enter the order in JTL by hand, with the \
                 marketplace's number as its external number"
            }
            Self::UnknownArticle => "add the article there and the order goes on",
            Self::PartlyShippedElsewhere => {
                "look at it there; if JTL has to book something, enter the order there with the marketplace's number as its external number"
            }
            Self::ShippedElsewhere => {
                "book it in JTL (an order with the marketplace's number as its external number) and do not ship it; until then its \
                 units stay subtracted from stock"
            }
            Self::Unclear => {
                "it may have been taken and dropped: look in the worker's log; closing this entry hands it over again, after another \
                 look-up"
            }
            Self::WorkerStuck => "is the JTL-Worker running? While the order job is paused, JTL is not asked",
            Self::Dropped => "look in the worker's log; closing this entry hands it over again",
            Self::Deleted => {
                "was it deleted there, or merged with another? Closing this entry hands it over again; if nothing is to be sent, \
                 cancel it at the marketplace"
            }
            Self::CancelledWaiting => {
                "cancel it in JTL as soon as it is an order there, or close this entry to ship it all the same"
            }
            Self::ShippedWaiting => {
                "do not ship it again: as soon as it is an order in JTL, book it there as shipped"
            }
            Self::WishWaiting | Self::WishOpen => {
                "decide on it at the marketplace; until then do not ship it in JTL. Its shipment is not reported meanwhile"
            }
            Self::WishLeft => {
                "decide on it at the marketplace, knowing that a parcel is on its way. Its shipment is not reported meanwhile"
            }
            Self::ChangedWaiting | Self::ChangedOpen => "change it there, then close this entry",
            Self::ChangedLeft => {
                "the parcel went out as it was before: stop or redirect it at the carrier, or inform the buyer; then close this entry \
                 and its shipment is reported"
            }
            Self::UnreadableWaiting | Self::UnreadableOpen => {
                "compare it there and in JTL, then close this entry"
            }
            Self::UnreadableLeft => {
                "compare it there with the parcel that left, then close this entry and its shipment is reported"
            }
            Self::CancelledOpen => "cancel it there, or close this entry to ship it all the same",
            Self::CancelledLeft => {
                "stop the parcel at the carrier or expect a return, and book that in JTL; close this entry to report the shipment all \
                 the same"
            }
            Self::ShippedWithoutUs => {
                "do not ship it a second time: book it in JTL as shipped, with the tracking number that the marketplace has"
            }
            Self::PartlyWithoutUs => {
                "do not ship that part a second time: book it in JTL as shipped, with the tracking number that the marketplace has"
            }
            Self::WithoutNumberLong => {
                "enter the number at the parcel in JTL, or report the shipment at the marketplace by hand"
            }
            Self::RestClosed => {
                "cancel the rest at the marketplace, and report the part that left by hand: it takes an order as a whole"
            }
            Self::ClosedUnshipped => "cancel it there",
            Self::CancelledInErp => "cancel it there too",
            Self::Several => "cancel all but one",
            Self::ReportUnanswered => {
                "look at it there; we ask again by ourselves before anything is reported"
            }
            Self::UnknownCarrier => {
                "choose another shipping method in JTL, or report it at the marketplace by hand"
            }
            Self::Refused => "the reason says what to do; the report is tried again by itself",
            Self::CancelledAfterReport => {
                "expect the parcel back, and book the return in JTL; then close this entry"
            }
            Self::History
            | Self::FulfilledThere
            | Self::Pending
            | Self::DetailsMissing
            | Self::Held
            | Self::Ready
            | Self::ShippedElsewhereUnknown
            | Self::CancelledBefore
            | Self::HandOverOpen
            | Self::HandedOver
            | Self::InErp
            | Self::InErpUnread
            | Self::CancelledBoth
            | Self::PartLeft
            | Self::WithoutNumber
            | Self::LeftUnread
            | Self::ToReport
            | Self::ReportOpen
            | Self::ReportedByHand
            | Self::Reported => "",
        }
    }
}
