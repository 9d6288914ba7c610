//! A merchant's shop with everything on one SQL Server.

use std::path::Path;
use std::time::Duration;

use marktwerk::clock::SystemClock;
use marktwerk::compose::{Program, sandbox_options};
use marktwerk::config::{SandboxSection, Settings};
use marktwerk_connectors::TemuAccount;
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::run::{Run, RunId};
use marktwerk_erp::testing::{Eazybusiness, Schema};
use marktwerk_sandbox::{Control, LineSeed, OrderSeed, Sandbox, WorldOptions};
use marktwerk_sqlserver::testing::{TestDatabase, database};
use marktwerk_sqlserver::{Address, Column, Kind, Pool, SqlError, Value, reading, transaction};
use serde_json::json;

/// Articles that the first ones of have no stock worth selling.
const FIRST: usize = 3;

pub(crate) struct Shop {
    pub(crate) program: Program,
    pub(crate) world: Control,
    pub(crate) jtl: Eazybusiness,
    pub(crate) settings: Settings,
    articles: usize,
    _sandbox: Sandbox,
    _store: TestDatabase,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// An empty store, a JTL with so many articles that the marketplace lists, too; `None` without a server.
    pub(crate) async fn open(articles: usize) -> Option<Self> {
        let store = database("marktwerk_program").await?;
        clean(&store.address).await;
        let jtl = Eazybusiness::new("marktwerk_program_jtl", Schema::Newer).await?;
        stock_up(&jtl.pool, articles).await;
        let folder = tempfile::tempdir().unwrap();
        let clock = SystemClock::shared();
        let sandbox = marketplace(folder.path(), articles).await;
        let account = account(&sandbox);
        let mut settings = Settings { data_dir: folder.path().join("data"), ..Settings::default() };
        settings.server.listen.set_port(0);
        settings.accounts = vec![account.into()];
        settings.sqlserver.store = Some(store.address.clone());
        settings.sqlserver.jtl = Some(Address::parse(&jtl.url()).unwrap());
        let program = Program::start(settings.clone(), clock).await.unwrap();
        let world = sandbox.control();
        let shop = Self {
            program,
            world,
            jtl,
            settings,
            articles,
            _sandbox: sandbox,
            _store: store,
            _folder: folder,
        };
        for job in shop.program.engine().jobs().await.unwrap() {
            // The tests start what they want.
            let patch = json!({ "enabled": false });
            shop.program
                .engine()
                .on_behalf_of("test")
                .change_job(&job.id, patch.as_object().unwrap(), None)
                .await
                .unwrap();
        }
        Some(shop)
    }

    /// Places so many orders, one line each.
    pub(crate) fn place(&self, count: usize) -> Vec<String> {
        let seed = |index: usize| OrderSeed {
            lines: vec![LineSeed::new(sku(FIRST + index % (self.articles - FIRST)), 1)],
            ..OrderSeed::default()
        };
        (0..count).map(|index| self.world.add_order(seed(index)).unwrap()).collect()
    }

    /// Starts a job by hand.
    pub(crate) async fn start(&self, job: &str, parameters: serde_json::Value) -> RunId {
        start(&self.program, job, parameters).await
    }

    /// The run when it has ended. The database may be away meanwhile.
    pub(crate) async fn end_of(&self, id: RunId) -> Run {
        end_of(&self.program, id).await
    }

    /// Starts a job and waits for its end and for that of its further slices.
    pub(crate) async fn run(&self, job: &str, parameters: serde_json::Value) -> Run {
        let id = self.start(job, parameters).await;
        self.end_of(id).await
    }
}

/// Starts a program's job by hand.
pub(crate) async fn start(program: &Program, job: &str, parameters: serde_json::Value) -> RunId {
    let parameters: Parameters = parameters.as_object().cloned().unwrap_or_default();
    program.engine().on_behalf_of("test").run_now(&JobId(job.to_owned()), parameters).await.unwrap().id
}

/// A program's run when it has ended. The database may be away meanwhile.
pub(crate) async fn end_of(program: &Program, id: RunId) -> Run {
    let look = async {
        let mut every = tokio::time::interval(Duration::from_millis(100));
        loop {
            every.tick().await;
            if let Ok(Some(run)) = program.store().run(id).await
                && run.state.is_ended()
            {
                return run;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(600), look).await.unwrap()
}

/// A marketplace that stands still and sells so many articles.
pub(crate) async fn marketplace(folder: &Path, articles: usize) -> Sandbox {
    let initial_articles = u32::try_from(articles).unwrap();
    let world = Some(WorldOptions { initial_articles, ..WorldOptions::quiet() });
    let section = SandboxSection { world, ..SandboxSection::default() };
    let mut options = sandbox_options(folder.join("world"), &section, &SystemClock::shared());
    options.listen.set_port(0);
    Sandbox::start(options).await.unwrap()
}

/// The one account that it has.
pub(crate) fn account(sandbox: &Sandbox) -> TemuAccount {
    let credentials = Sandbox::credentials();
    TemuAccount {
        name: "temu".to_owned(),
        endpoint: sandbox.temu_endpoint(),
        app_key: credentials.app_key.to_owned(),
        app_secret: credentials.app_secret.into(),
        access_token: credentials.access_token.into(),
        calls_per_second: None,
    }
}

fn sku(number: usize) -> String {
    format!("MW-{number:04}")
}

/// The tables of an earlier test go.
pub(crate) async fn clean(address: &Address) {
    const TABLES: &str = "SELECT TABLE_SCHEMA + '.' + TABLE_NAME FROM INFORMATION_SCHEMA.TABLES \
        WHERE TABLE_TYPE = 'BASE TABLE' AND (TABLE_SCHEMA = 'marktwerk' OR TABLE_NAME = 'scheduler_logs')";
    let pool = Pool::new(address.clone());
    let dropped: Result<(), SqlError> = reading!(pool, "clean", |connection| async {
        for table in connection.query("list tables", TABLES, &[]).await? {
            connection.batch("drop a table", &format!("DROP TABLE {}", table.text(0)?)).await?;
        }
        Ok(())
    });
    dropped.unwrap();
}

/// Articles with 1,000 pieces each in the first warehouse.
pub(crate) async fn stock_up(pool: &Pool, articles: usize) {
    const STEPS: [&str; 3] = [
        "INSERT INTO dbo.tArtikel (kArtikel, cArtNr, nPuffer, kStueckliste, cAktiv, nDelete, nIstVater) \
            SELECT id, sku, 0, 0, 'Y', 0, 0 FROM #articles",
        "INSERT INTO dbo.tlagerbestand (kArtikel, fVerfuegbar, fInAuftraegen, nLagerAktiv) SELECT id, 1000, 0, 1 FROM #articles",
        "INSERT INTO dbo.tlagerbestandProLagerLagerartikel (kArtikel, kWarenlager, fBestand, fVerfuegbarGesperrt) \
            SELECT id, 1, 1000, 0 FROM #articles",
    ];
    let skus: Vec<String> = (1..=articles).map(sku).collect();
    let stocked: Result<(), SqlError> = transaction!(pool, "stock up", |connection| async {
        let columns = [Column::new("id", Kind::Integer), Column::new("sku", Kind::Text(100))];
        let rows = (1_i64..).zip(&skus).map(|(id, sku)| vec![Value::from(id), Value::from(sku.as_str())]);
        connection.load("load articles", "#articles", &columns, rows.collect()).await?;
        for step in STEPS {
            connection.execute("stock up", step, &[]).await?;
        }
        Ok(())
    });
    stocked.unwrap();
}
