//! The suite on a SQL Server database; skipped, and said so, where there is none at hand.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

mod server;

use std::sync::Arc;

use marktwerk_sqlserver::testing::TestDatabase;
use marktwerk_store::{SharedStore, store_conformance};

async fn open() -> Option<(TestDatabase, SharedStore)> {
    let (database, store) = server::empty().await?;
    Some((database, Arc::new(store)))
}

store_conformance!(on_sql_server, if_at_hand open().await);
