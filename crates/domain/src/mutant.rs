//! Faults that can be switched on at run time, so that the random play of the business can prove that it would notice them. One at a
//! time, for the whole process, because the business works on several threads.
//!
//! Only with the feature `mutants`, for tests; without it the compiler answers each question with no.

#[cfg(feature = "mutants")]
use std::sync::atomic::{AtomicUsize, Ordering};

macro_rules! mutants {
    ($($(#[$of:meta])* $variant:ident $name:literal),+ $(,)?) => {
        /// A fault that can be switched on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Mutant {
            $($(#[$of])* $variant),+
        }

        impl Mutant {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that is typed and printed.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

mutants! {
    /// Judgement: an order that was shipped at the marketplace by hand counts as over.
    ShippedIsOver "shipped-is-over",
    /// Judgement: no order becomes an entry because time passes.
    NeverUrgent "never-urgent",
    /// Judgement: an entry that a person put off never comes back.
    RemindsNever "reminds-never",
    /// Judgement: a decision holds whatever changes after it.
    DecisionForEver "decision-for-ever",
    /// Import: a newer document is never compared with what JTL has.
    ChangeForgotten "change-forgotten",
    /// Import: a buyer's wish or a check is not noted.
    WishIgnored "wish-ignored",
    /// JTL: a cancelled order looks like any other.
    CancelledInErpUnseen "cancelled-in-erp-unseen",
    /// JTL: several orders with one number look like one.
    SeveralLookLikeOne "several-look-like-one",
    /// Tracking: an order that was shipped at the marketplace is no longer asked about.
    ShippedNotAsked "shipped-not-asked",
    /// Tracking: only orders that we handed over are asked about.
    OnlyOursAsked "only-ours-asked",
    /// Tracking: a reported order is no longer asked about.
    ReportedNotWatched "reported-not-watched",
    /// Fetch: there is no daily deep read.
    NoDeepRead "no-deep-read",
    /// Export: what the marketplace says is not read again before something is sent.
    NotReadAgain "not-read-again",
    /// JTL: a row that waits for the JTL-Worker counts as absent.
    WaitingRowIgnored "waiting-row-ignored",
    /// JTL: a row is inserted without a look at what is there.
    InsertsBlindly "inserts-blindly",
    /// Stock: an order of a bundle takes the bundle alone, not its components.
    BundleNotExploded "bundle-not-exploded",
    /// Stock: figures are raised over orders that were not read.
    RaisesOverUnread "raises-over-unread",
    /// Stock: a figure that fell at the marketplace is no sale.
    FallIgnored "fall-ignored",
    /// Stock: open orders keep nothing back.
    OpenOrdersIgnored "open-orders-ignored",
    /// Stock: a listing that lost its article keeps its figure.
    LostKeepsFigure "lost-keeps-figure",
    /// JTL: article numbers are compared by their exact text.
    ExactNumbers "exact-numbers",
    /// JTL: the document lacks what the buyer paid for shipping.
    ShippingDropped "shipping-dropped",
}

/// The position in [`Mutant::ALL`] of the one that is on, counted from 1.
#[cfg(feature = "mutants")]
static ON: AtomicUsize = AtomicUsize::new(0);

/// Switches one on for the whole process; `None` switches it off.
#[cfg(feature = "mutants")]
pub fn set(mutant: Option<Mutant>) {
    ON.store(mutant.map_or(0, |mutant| mutant as usize + 1), Ordering::SeqCst);
}

/// Whether it is on.
#[cfg(feature = "mutants")]
pub fn is(mutant: Mutant) -> bool {
    ON.load(Ordering::Relaxed) == mutant as usize + 1
}

/// Whether it is on: never, in a program.
#[cfg(not(feature = "mutants"))]
pub const fn is(_: Mutant) -> bool {
    false
}
