//! What may be published of an article, and why a figure is held back: pure functions of facts and time. A figure is absolute, so
//! that a wrong one offers pieces that are sold already; every rule about that is here, above databases and marketplaces.
//!
//! - [`figures`]: what is known of a listing's figure at the marketplace
//! - [`units`]: open units by article, with bundles taken apart
//! - [`picture`]: the facts of a run together, and the verdict about each listing
//! - [`lost`]: listings that lost their article
//! - [`offering`]: what a merchant lets an account offer
//! - [`entries`]: what needs a person, in German and English
//!
//! Not for reading or writing anything: workflows do that.

pub mod entries;
pub mod figures;
pub mod lost;
pub mod offering;
pub mod picture;
pub mod units;
pub mod view;

pub use entries::{StockEntry, Work};
pub use figures::{Figures, Sent, UNSURE, Unread};
pub use lost::{LostArticle, LostReason};
pub use offering::Offering;
pub use picture::{AccountReads, Held, Offer, OwnRead, Picture, Verdict};
pub use units::{Levels, Units};
