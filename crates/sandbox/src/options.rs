//! What the sandbox is started with: where it keeps its files, which time it lives in, and how lively the
//! world is. No environment, no settings file: the program hands everything over as values.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

/// Time as plain arguments (no type of ours): works with the system's and with a test's clock.
#[derive(Clone)]
pub struct SandboxTime {
    /// Milliseconds since 1970 UTC.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// Completes once this much of the same time has passed.
    pub sleep: Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>,
}

impl SandboxTime {
    pub(crate) fn now_ms(&self) -> i64 {
        (self.now_ms)()
    }

    pub(crate) fn now_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        (self.sleep)(duration).await;
    }
}

impl std::fmt::Debug for SandboxTime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SandboxTime").field("now_ms", &self.now_ms()).finish()
    }
}

/// Everything that [`crate::Sandbox::start`] needs.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Holds `temu.db` and `jtl.db`; made when missing. The same directory continues the same world.
    pub data_dir: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The same seed makes the same articles, orders, buyers and parcels.
    pub seed: u64,
    /// The clock that the world lives in.
    pub time: SandboxTime,
    /// `false` = only the JTL side: the merchant's marketplace endpoint is configured elsewhere. Articles
    /// unknown to the simulated JTL are then taken as free-text positions.
    pub marketplace: bool,
    /// How much happens by itself.
    pub world: WorldOptions,
}

impl SandboxOptions {
    /// A lively world with a marketplace on a free loopback port.
    pub fn new(data_dir: impl Into<PathBuf>, time: SandboxTime) -> Self {
        Self {
            data_dir: data_dir.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 1,
            time,
            marketplace: true,
            world: WorldOptions::default(),
        }
    }
}

/// What JTL-Worker does with a position whose `cArtNr` is no article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownArticles {
    /// The whole row is dropped.
    Drop,
    /// The position is taken without an article (`kArtikel` NULL).
    FreeText,
}

/// How much of the world moves by itself. `Default` is a lively demonstration, [`WorldOptions::quiet`] a
/// test's world in which only the worker moves.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Orders that exist at the first start.
    pub initial_orders: u32,
    /// Mean time between two new orders; `None` = no order comes by itself.
    pub order_every: Option<Duration>,
    /// How long a new order stays PENDING before it may be processed; zero = not at all.
    pub pending_for: Duration,
    /// Share of the orders that their buyer cancels, half of them after UN_SHIPPING.
    pub cancel_share: f64,
    /// Share of the orders whose buyer changes the address after UN_SHIPPING.
    pub readdress_share: f64,
    /// Time from SHIPPED to RECEIPTED; `None` = never.
    pub deliver_after: Option<Duration>,
    /// Share of the orders whose amounts are "still being calculated" at the first call.
    pub late_amounts_share: f64,
    /// Share of the generated lines that are partly or wholly cancelled before shipment.
    pub line_cancel_share: f64,
    /// Articles in the catalogue at the first start.
    pub initial_articles: u32,
    /// How often the marketplace looks for what is due in it.
    pub market_every: Duration,
    /// How often JTL-Worker looks for rows to take and orders to ship.
    pub worker_every: Duration,
    /// Time from an order's arrival in JTL to its first parcel.
    pub ship_after: Duration,
    /// Share of the orders that leave in two parcels or two deliveries.
    pub split_share: f64,
    /// Mean time between two stock movements in JTL; `None` = stock moves only by orders.
    pub stock_moves_every: Option<Duration>,
    /// What JTL-Worker does with unknown articles.
    pub unknown_articles: UnknownArticles,
    /// Latency of every answer of the marketplace.
    pub latency: Duration,
    /// More calls within one second are answered 4000004; `None` = unlimited.
    pub calls_per_second: Option<u32>,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self {
            initial_orders: 25,
            order_every: Some(Duration::from_secs(20)),
            pending_for: Duration::from_secs(5),
            cancel_share: 0.08,
            readdress_share: 0.05,
            deliver_after: Some(Duration::from_secs(300)),
            late_amounts_share: 0.05,
            line_cancel_share: 0.04,
            initial_articles: 60,
            market_every: Duration::from_millis(500),
            worker_every: Duration::from_secs(5),
            ship_after: Duration::from_secs(25),
            split_share: 0.2,
            stock_moves_every: Some(Duration::from_secs(60)),
            unknown_articles: UnknownArticles::Drop,
            latency: Duration::from_millis(20),
            calls_per_second: Some(20),
        }
    }
}

impl WorldOptions {
    /// A test's world: nothing moves by itself except the worker (each second) and the parcels (5 s later).
    pub fn quiet() -> Self {
        Self {
            initial_orders: 0,
            order_every: None,
            pending_for: Duration::ZERO,
            cancel_share: 0.0,
            readdress_share: 0.0,
            deliver_after: None,
            late_amounts_share: 0.0,
            line_cancel_share: 0.0,
            initial_articles: 40,
            market_every: Duration::from_millis(500),
            worker_every: Duration::from_secs(1),
            ship_after: Duration::from_secs(5),
            split_share: 0.0,
            stock_moves_every: None,
            unknown_articles: UnknownArticles::Drop,
            latency: Duration::ZERO,
            calls_per_second: None,
        }
    }
}

/// The fixed demonstration credentials of the simulated marketplace. Clearly not real ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxCredentials {
    /// The app's public key.
    pub app_key: &'static str,
    /// The app's secret, prefix and suffix of the signed text.
    pub app_secret: &'static str,
    /// The seller's token.
    pub access_token: &'static str,
}

/// An account at a simulated marketplace, as the settings of a merchant would say it.
#[derive(Debug, Clone)]
pub struct SimulatedAccount {
    /// The marketplace's name, such as `temu`.
    pub marketplace: &'static str,
    /// Where calls go.
    pub endpoint: String,
    /// Keys and what they hold. None of it is a real secret.
    pub values: Vec<(&'static str, String)>,
}
