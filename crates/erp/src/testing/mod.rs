//! An eazybusiness for tests on a real SQL Server (feature `testing`), and a small JTL-Worker for it. Written from the same facts
//! as the statements of `jtl/`, and only as wide as those: it shows that they run, not that JTL is as we think.

mod schema;
mod worker;

use marktwerk_sqlserver::{Pool, SqlError, reading, testing};

pub use schema::Schema;
pub use worker::{Taken, ship, take_all};

/// A JTL-Wawi database that a test has for itself.
#[derive(Debug)]
pub struct Eazybusiness {
    /// With the login of the tests, which may do everything.
    pub pool: Pool,
    /// Keeps other tests out.
    database: testing::TestDatabase,
}

impl Eazybusiness {
    /// An empty one with JTL's own rows (company, users, methods …); `None` where no server is at hand, which is told.
    pub async fn new(purpose: &str, schema: Schema) -> Option<Self> {
        let database = testing::database(purpose).await?;
        let pool = Pool::new(database.address.clone());
        let made: Result<(), SqlError> =
            reading!(pool, "make an eazybusiness", |connection| schema::create(connection, schema));
        #[expect(clippy::expect_used, reason = "a test that cannot begin has failed")]
        made.expect("the schema of the tests");
        Some(Self { pool, database })
    }

    /// What `[erp.jtl] url` holds for it, with the login of the tests.
    pub fn url(&self) -> String {
        let testing::TestDatabase { address, .. } = &self.database;
        testing::url(address)
    }

    /// The same with another login.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let mut address = self.database.address.clone();
        address.user = user.to_owned();
        address.password = password.to_owned().into();
        testing::url(&address)
    }
}
