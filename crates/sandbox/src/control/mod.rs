//! Everything that a test or a demonstration can do to the world: `marketplace` and `erp` are the two halves,
//! `http` the same as JSON for another process. All calls are short and done when they return.

mod erp;
pub(crate) mod http;
mod marketplace;
mod seed;

use std::sync::Arc;

pub use http::LEVERS;
pub use seed::{AnyOrder, LineSeed, OrderSeed, ShipmentReport};

use crate::error::SandboxError;
use crate::jtl::Erp;
use crate::temu::Market;

/// The world's levers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control {
    market: Option<Arc<Market>>,
    erp: Arc<Erp>,
}

impl Control {
    pub(crate) fn new(market: Option<Arc<Market>>, erp: Arc<Erp>) -> Self {
        Self { market, erp }
    }

    fn market(&self) -> Result<&Market, SandboxError> {
        self.market.as_deref().ok_or(SandboxError::NoMarketplace)
    }
}
