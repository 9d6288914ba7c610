//! A store on the SQL Server of the tests, for plays that the product stores there.

use marktwerk_store::SharedStore;

/// A store without a row.
pub(crate) async fn empty_store() -> SharedStore {
    unimplemented!("plays on SQL Server")
}
