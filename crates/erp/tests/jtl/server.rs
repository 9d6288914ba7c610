//! A real SQL Server behind [`crate::world::World`]: an eazybusiness of the test's own, written with a login that may everything, and
//! read with one that has exactly the rights of docs/OPERATING.md, granted by the very script that stands there.

use std::cell::RefCell;
use std::sync::mpsc;

use marktwerk_erp::testing::{Eazybusiness, Schema};
use marktwerk_sqlserver::{Pool, SqlError, reading};

const GUIDE: &str = include_str!("../../../../docs/OPERATING.md");
const LOGIN: &str = "marktwerk_erp_test";
const PASSWORD: &str = "Least-rights-1433";

/// The database.
pub(crate) struct Server {
    pub(crate) eazybusiness: Eazybusiness,
    teller: Teller,
    /// Statements between `BEGIN` and `COMMIT`, which go together.
    together: RefCell<Option<Vec<String>>>,
}

impl Server {
    pub(crate) async fn new(schema: Schema) -> Option<Self> {
        let eazybusiness = Eazybusiness::new("marktwerk_erp", schema).await?;
        let teller = Teller::new(eazybusiness.pool.address().clone());
        let server = Self { eazybusiness, teller, together: RefCell::new(None) };
        for statement in rights(schema) {
            server.tell(&statement);
        }
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        self.eazybusiness.url_as(LOGIN, PASSWORD)
    }

    pub(crate) fn url_of_an_administrator(&self) -> String {
        self.eazybusiness.url()
    }

    pub(crate) fn run(&self, statement: &str) {
        match statement {
            "BEGIN" => *self.together.borrow_mut() = Some(Vec::new()),
            "COMMIT" => {
                for some in self.together.take().unwrap_or_default().chunks(500) {
                    self.tell(&some.join("; "));
                }
            }
            other => match &mut *self.together.borrow_mut() {
                Some(together) => together.push(other.to_owned()),
                None => self.tell(other),
            },
        }
    }

    pub(crate) fn count(&self, query: &str) -> i64 {
        self.teller.ask(query).expect(query).expect("one number")
    }

    pub(crate) fn tell(&self, statement: &str) {
        let _no_number = self.teller.ask(statement).expect(statement);
    }
}

/// The script of the guide, in the names of this test.
fn rights(schema: Schema) -> Vec<String> {
    let (_, section) = GUIDE.split_once("## Rights in JTL's database").expect("the section");
    let (_, script) = section.split_once("```sql").expect("the script");
    let (script, _) = script.split_once("```").expect("its end");
    let statements =
        script.split(';').map(|statement| statement.replace("GO\n", "")).filter(|s| !s.trim().is_empty());
    statements
        .filter(|statement| !statement.contains("USE "))
        .map(|statement| {
            let mut statement = statement
                .trim()
                .replace("LOGIN marktwerk", &format!("LOGIN {LOGIN}"))
                .replace("USER marktwerk", &format!("USER {LOGIN}"))
                .replace("MEMBER marktwerk", &format!("MEMBER {LOGIN}"))
                .replace("choose-a-long-one", PASSWORD);
            if schema == Schema::Older {
                statement = statement
                    .replace("Verkauf.tAuftragPosition", "dbo.tbestellpos")
                    .replace("Verkauf.tAuftrag ", "dbo.tBestellung ");
            }
            // The databases of tests are used again.
            let is_there = match statement.split_whitespace().nth(1) {
                Some("LOGIN") => format!("SUSER_ID('{LOGIN}')"),
                Some("USER") => format!("DATABASE_PRINCIPAL_ID('{LOGIN}')"),
                Some("ROLE") if statement.starts_with("CREATE") => {
                    "DATABASE_PRINCIPAL_ID('marktwerk_jtl')".to_owned()
                }
                _ => return statement,
            };
            format!("IF {is_there} IS NULL {statement}")
        })
        .collect()
}

/// A thread with a runtime of its own: tests write between two awaits as if SQL Server were a file.
struct Teller(mpsc::Sender<(String, mpsc::Sender<Told>)>);

type Told = Result<Option<i64>, SqlError>;

impl Teller {
    fn new(address: marktwerk_sqlserver::Address) -> Self {
        let (sender, receiver) = mpsc::channel::<(String, mpsc::Sender<Told>)>();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let pool = Pool::new(address);
            for (statement, answer) in receiver {
                let told = runtime.block_on(tell(&pool, &statement));
                // A test that has failed listens no more.
                drop(answer.send(told));
            }
        });
        Self(sender)
    }

    fn ask(&self, statement: &str) -> Told {
        let (sender, receiver) = mpsc::channel();
        self.0.send((statement.to_owned(), sender)).expect("the teller lives");
        receiver.recv().expect("the teller answers")
    }
}

async fn tell(pool: &Pool, statement: &str) -> Told {
    if !statement.starts_with("SELECT") {
        return reading!(pool, "a test's statement", |connection| async {
            connection.batch("a test's statement", statement).await.map(|()| None)
        });
    }
    reading!(pool, "a test's question", |connection| async {
        let row = connection.one("a test's question", statement, &[]).await?;
        row.map(|row| row.integer(0)).transpose()
    })
}
