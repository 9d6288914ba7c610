//! Everything that a test or a demonstration can do to the world.

mod seed;

pub use seed::{AnyOrder, LineSeed, OrderSeed, ShipmentReport};

/// The world's levers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Control {}
