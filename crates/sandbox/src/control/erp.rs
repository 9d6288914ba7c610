//! The levers of the simulated JTL-Wawi and its worker.

use super::Control;
use crate::calendar::jtl_date;
use crate::error::SandboxError;
use crate::jtl::{DroppedRow, JtlStock, ParcelSeed, articles, look, rearrange, ship, stock};
use crate::temu::life;

/// Result of every lever.
type Done<T> = Result<T, SandboxError>;

impl Control {
    /// Somebody enters an article that JTL did not have, with this many pieces in warehouse 1.
    pub fn create_article(&self, sku: &str, pieces: i64) -> Done<()> {
        self.erp.with(|connection| stock::create(connection, sku, pieces))
    }

    /// The article is deleted in JTL, with its stock.
    pub fn delete_article(&self, sku: &str) -> Done<()> {
        self.erp.with(|connection| articles::delete(connection, sku))
    }

    /// The article has another number in JTL from now on.
    pub fn rename_article(&self, sku: &str, name: &str) -> Done<()> {
        self.erp.with(|connection| articles::rename(connection, sku, name))
    }

    /// The article is active in JTL, or is not.
    pub fn set_article_active(&self, sku: &str, is_active: bool) -> Done<()> {
        self.erp.with(|connection| articles::set_active(connection, sku, is_active))
    }

    /// The article is the parent of variations in JTL, or is not.
    pub fn set_variation_parent(&self, sku: &str, is_parent: bool) -> Done<()> {
        self.erp.with(|connection| articles::set_parent(connection, sku, is_parent))
    }

    /// Another mandant is chosen in JTL: all articles are gone, until [`Control::restore_mandant`].
    pub fn empty_mandant(&self) -> Done<()> {
        self.erp.with(articles::empty_mandant)
    }

    /// The right mandant is chosen again, and its articles are there.
    pub fn restore_mandant(&self) -> Done<()> {
        self.erp.with(articles::restore_mandant)
    }

    /// JTL's server answers nobody any more, or answers again. What people and the worker do in JTL goes on.
    pub fn set_jtl_away(&self, is_away: bool) -> Done<()> {
        let now = self.erp.time.now_ms();
        self.erp.with(|connection| {
            connection.execute("DELETE FROM sandbox_away", [])?;
            if is_away {
                connection.execute("INSERT INTO sandbox_away VALUES (?1)", [now])?;
            }
            Ok(())
        })
    }

    /// So many pieces lie in a warehouse (1 or 2) from now on.
    pub fn set_stock(&self, sku: &str, warehouse: i64, pieces: i64) -> Done<()> {
        self.erp.with(|connection| stock::set(connection, sku, warehouse, pieces))
    }

    /// Goods arrive in warehouse 1.
    pub fn receive(&self, sku: &str, pieces: i64) -> Done<()> {
        self.erp.with(|connection| stock::receive(connection, sku, pieces))
    }

    /// Pieces are sold over another channel and leave the warehouses.
    pub fn sell_elsewhere(&self, sku: &str, pieces: i64) -> Done<()> {
        self.erp.with(|connection| stock::take(connection, stock::article(connection, sku)?, pieces))
    }

    /// The article's `nPuffer`.
    pub fn set_buffer(&self, sku: &str, pieces: i64) -> Done<()> {
        self.erp.with(|connection| stock::set_buffer(connection, sku, pieces))
    }

    /// The article's stock as JTL keeps it.
    pub fn jtl_stock(&self, sku: &str) -> Done<JtlStock> {
        self.erp.with(|connection| stock::read(connection, sku))
    }

    /// JTL-Worker takes no more rows; parcels still leave.
    pub fn pause_worker(&self) {
        self.erp.mood().is_worker_paused = true;
    }

    /// JTL-Worker takes rows again.
    pub fn resume_worker(&self) {
        self.erp.mood().is_worker_paused = false;
    }

    /// One round of everything that is due by the clock, now and done when it returns: the marketplace's
    /// events, the worker (also when it is paused) and the warehouse.
    pub fn work_now(&self) -> Done<()> {
        if let Some(market) = self.market.as_deref() {
            market.with(|connection| life::step(market, connection))?;
        }
        self.erp.take_all()?;
        self.erp.ship_due()
    }

    /// How many orders in JTL have this external number. More than one is a duplicate.
    pub fn orders_in_jtl(&self, external: &str) -> Done<u64> {
        self.erp.with(|connection| look::orders(connection, external))
    }

    /// Rows of `tXMLBestellImport` that wait for the worker.
    pub fn waiting_rows(&self) -> Done<u64> {
        self.erp.with(look::waiting)
    }

    /// Rows that the worker threw away, oldest first.
    pub fn dropped(&self) -> Done<Vec<DroppedRow>> {
        self.erp.with(look::dropped)
    }

    /// Parcels leave now; no parcel = one with everything. Returns their tracking numbers.
    pub fn ship_now(&self, external: &str, parcels: &[ParcelSeed]) -> Done<Vec<String>> {
        let method = self.erp.mood().shipping_method.clone();
        self.erp.with(|connection| ship::now(&self.erp, connection, external, parcels, method.as_deref()))
    }

    /// The order is cancelled in JTL (`nStorno`); its reservation ends.
    pub fn cancel_in_jtl(&self, external: &str) -> Done<()> {
        self.erp.with(|connection| ship::cancel(&self.erp, connection, external))
    }

    /// The order is deleted in JTL, as if there had never been one.
    pub fn delete_in_jtl(&self, external: &str) -> Done<()> {
        self.erp.with(|connection| ship::delete(connection, external))
    }

    /// Somebody gives the order another external number.
    pub fn renumber_in_jtl(&self, external: &str, number: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::renumber(connection, external, number))
    }

    /// Somebody puts two orders together: the second one is gone.
    pub fn merge_in_jtl(&self, external: &str, other: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::merge(connection, external, other))
    }

    /// Somebody splits an order in two with the same external number.
    pub fn split_in_jtl(&self, external: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::split(connection, external))
    }

    /// Somebody enters an order by hand, for this many pieces of an article, with this external number.
    pub fn enter_in_jtl(&self, external: &str, sku: &str, pieces: i64) -> Done<()> {
        self.enter_order_in_jtl(external, &[(sku.to_owned(), pieces)])
    }

    /// Somebody enters an order by hand, with a position for each (article number, pieces).
    pub fn enter_order_in_jtl(&self, external: &str, lines: &[(String, i64)]) -> Done<()> {
        let now = jtl_date(self.erp.time.now_ms());
        self.erp.with(|connection| rearrange::enter(connection, &now, external, lines))
    }

    /// Somebody puts a piece of another article on the order.
    pub fn add_gift_in_jtl(&self, external: &str, sku: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::add_gift(connection, external, sku))
    }

    /// Somebody puts a carton on the order, as a position of packaging with this article number.
    pub fn add_packaging_in_jtl(&self, external: &str, sku: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::add_packaging(connection, external, sku))
    }

    /// The order's bundles are taken apart: delivery notes hold their components alone.
    pub fn take_bundles_apart_in_jtl(&self, external: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::take_bundles_apart(connection, external))
    }

    /// Somebody deletes the order's position of an article, of which nothing has left.
    pub fn delete_position_in_jtl(&self, external: &str, sku: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::delete_position(connection, external, sku))
    }

    /// The buyer collects the order: a delivery note without a parcel.
    pub fn collect_in_jtl(&self, external: &str) -> Done<()> {
        self.erp.with(|connection| ship::collect(&self.erp, connection, external))
    }

    /// Somebody prints another label for the order's last parcel and does not use it. Returns its number.
    pub fn print_label_again(&self, external: &str) -> Done<String> {
        self.erp.with(|connection| ship::print_label_again(&self.erp, connection, external))
    }

    /// Somebody corrects the tracking number of an order's parcels.
    pub fn renumber_parcels(&self, external: &str, tracking: &str) -> Done<()> {
        self.erp.with(|connection| rearrange::renumber_parcels(connection, external, tracking))
    }

    /// Name of the shipping method of all next parcels, also one that no carrier map knows; `None` = the
    /// carriers by chance.
    pub fn set_shipping_method(&self, name: Option<String>) {
        self.erp.mood().shipping_method = name;
    }
}
