//! JTL-Worker, when a test wants it to work.

use marktwerk_erp::testing::{Eazybusiness, Taken, take_all};

use crate::shop::Shop;

/// Takes what waits; answers with the external numbers of JTL's new orders.
pub(crate) async fn work(shop: &Shop) -> Vec<String> {
    work_in(&shop.jtl).await
}

/// The same in any JTL.
pub(crate) async fn work_in(jtl: &Eazybusiness) -> Vec<String> {
    let taken = take_all(&jtl.pool).await.unwrap();
    taken
        .into_iter()
        .map(|taken| match taken {
            Taken::Order(number) => number,
            Taken::Dropped => panic!("JTL dropped a row"),
        })
        .collect()
}
