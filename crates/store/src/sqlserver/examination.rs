//! What `marktwerk doctor` wants to know of a database on SQL Server before it is used: nothing is written, and each finding is one
//! sentence with its cure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::finding::Finding;
use marktwerk_sqlserver::{Address, Connection, Pool, SqlError, reading};

use super::migrations::{self, KNOWN_VERSION};
use crate::{StoreError, StoreResult};

/// OPENJSON is there from this compatibility level on: SQL Server 2016.
const COMPATIBILITY: i64 = 130;
const TRY_OPENJSON: &str = "SELECT COUNT(*) FROM OPENJSON(@P1)";
/// 0 where readers wait for writers.
const VERSIONED: &str =
    "SELECT CAST(d.is_read_committed_snapshot_on AS int) FROM sys.databases d WHERE d.name = DB_NAME()";
/// Leases are compared between machines; their clocks may differ by this much.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(2);
const ABOUT: &str = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(100)), CAST(SERVERPROPERTY('Edition') AS nvarchar(100)), \
    CAST(d.compatibility_level AS int), CAST(d.collation_name AS nvarchar(100)), SUSER_SNAME(), SYSUTCDATETIME(), SYSDATETIME() \
    FROM sys.databases d WHERE d.name = DB_NAME()";
/// What the first start and upgrades need in the database.
const TO_MAKE: [&str; 2] = ["CREATE TABLE", "CREATE SCHEMA"];
/// What they need on the log, which may be there already with somebody else's rows; where it is not, on the schema that it is made in.
const TO_WIDEN: &str = "CASE WHEN OBJECT_ID('dbo.scheduler_logs', 'U') IS NULL THEN HAS_PERMS_BY_NAME('dbo', 'SCHEMA', 'ALTER') \
    ELSE HAS_PERMS_BY_NAME('dbo.scheduler_logs', 'OBJECT', 'ALTER') END";
/// What the work needs, and on what. One table stands for its schema, on which the rights are given.
const TO_WORK: [(&str, &str); 7] = [
    ("SELECT", "dbo.scheduler_logs"),
    ("INSERT", "dbo.scheduler_logs"),
    ("DELETE", "dbo.scheduler_logs"),
    ("SELECT", "marktwerk.orders"),
    ("INSERT", "marktwerk.orders"),
    ("UPDATE", "marktwerk.orders"),
    ("DELETE", "marktwerk.orders"),
];

/// Looks at the database at `address`. `now` is this machine's time, `zone` the one that schedules go by.
pub async fn examine(address: &Address, now: impl Fn() -> Timestamp, zone: &TimeZone) -> Vec<Finding> {
    let pool = Pool::new(address.clone());
    let place = address.to_string();
    let mut findings = vec![Finding::Well(place.clone())];
    let looked: Result<_, SqlError> =
        reading!(pool, "look at the database", |connection| about(connection, &now, zone));
    match looked {
        Ok(more) => findings.extend(more),
        Err(error) => return vec![Finding::Wrong(error.to_string())],
    }
    let version: StoreResult<i64> =
        reading!(pool, "read the schema's version", |connection| migrations::examine(connection, &place));
    // Where nothing is yet, no right on it can be asked for.
    let (may_need_more, is_there) =
        (!matches!(version, Ok(KNOWN_VERSION)), !matches!(version, Ok(0) | Err(_)));
    findings.push(match version {
        Ok(KNOWN_VERSION) => Finding::Well(format!("schema version {KNOWN_VERSION}")),
        Ok(0) => Finding::Well("no tables of ours yet: the first start makes them".to_owned()),
        Ok(older) => {
            Finding::Well(format!("schema version {older}: the next start brings it to {KNOWN_VERSION}"))
        }
        Err(error) => Finding::Wrong(error.to_string()),
    });
    findings.extend(rights(&pool, may_need_more, is_there).await);
    findings
}

async fn about(
    connection: &mut Connection,
    now: &impl Fn() -> Timestamp,
    zone: &TimeZone,
) -> Result<Vec<Finding>, SqlError> {
    let name = "look at the database";
    let Some(row) = connection.one(name, ABOUT, &[]).await? else {
        return Ok(vec![Finding::Odd("the login cannot see this database in sys.databases".to_owned())]);
    };
    let here = now();
    let text = |column| row.optional_text(column).map(Option::unwrap_or_default);
    let (version, edition, collation, login) = (text(0)?, text(1)?, text(3)?, text(4)?);
    let mut findings =
        vec![Finding::Well(format!("SQL Server {version}, {edition}, collation {collation}, login {login}"))];
    if login.eq_ignore_ascii_case("sa") {
        findings.push(Finding::Odd(
            "the login is sa, who may do everything: make one with the rights of docs/OPERATING.md"
                .to_owned(),
        ));
    }
    // Babelfish says 120 and has what is needed.
    let level = row.optional_integer(2)?.unwrap_or(COMPATIBILITY);
    if connection.one("try OPENJSON", TRY_OPENJSON, &[&"[1]"]).await.is_err() {
        findings.push(Finding::Wrong(too_old(level)));
    }
    if let Ok(Some(row)) = connection.one("ask whether readers wait", VERSIONED, &[]).await
        && row.optional_integer(0)? == Some(0)
    {
        findings.push(Finding::Odd(
            "readers wait for writers in this database: ALTER DATABASE … SET READ_COMMITTED_SNAPSHOT ON, while nobody is connected"
                .to_owned(),
        ));
    }
    if let Some(there) = row.optional_date_time(5)? {
        let there = there.to_zoned(TimeZone::UTC).map(|time| time.timestamp()).unwrap_or(here);
        findings.push(clocks(here, there));
    }
    if let (Some(utc), Some(wall)) = (row.optional_date_time(5)?, row.optional_date_time(6)?) {
        let expected = zone.to_offset(here).seconds();
        let offset = wall.duration_since(utc).as_secs();
        // The two times are read one after the other.
        findings.push(match (offset - i64::from(expected)).abs() <= 60 {
            true => Finding::Well("the server's wall time is that of [scheduler] time_zone".to_owned()),
            false => Finding::Odd(format!(
                "the server's wall time is {} minutes away from [scheduler] time_zone: scheduler_logs shows the server's; where JTL is there too, set [erp.jtl] time_zone to the server's zone",
                (offset - i64::from(expected)) / 60
            )),
        });
    }
    Ok(findings)
}

fn too_old(level: i64) -> String {
    format!(
        "compatibility level {level} is too old, {COMPATIBILITY} is needed: ALTER DATABASE … SET COMPATIBILITY_LEVEL = {COMPATIBILITY}"
    )
}

/// Refuses a database whose compatibility level has no OPENJSON: the migrations do without it, nothing else does.
pub(super) async fn insist_on_level(pool: &Pool) -> StoreResult<()> {
    let tried: Result<_, SqlError> =
        reading!(pool, "try OPENJSON", |connection| connection.one("try OPENJSON", TRY_OPENJSON, &[&"[1]"]));
    let Err(SqlError::Schema { .. } | SqlError::Refused { .. }) = tried else {
        return Ok(tried.map(drop)?);
    };
    let sql = "SELECT CAST(compatibility_level AS int) FROM sys.databases WHERE name = DB_NAME()";
    let level: Result<_, SqlError> =
        reading!(pool, "read the level", |connection| connection.one("read the level", sql, &[]));
    let level = level?.and_then(|row| row.optional_integer(0).ok().flatten()).unwrap_or_default();
    Err(StoreError::Unusable { place: pool.address().to_string(), reason: too_old(level) })
}

fn clocks(here: Timestamp, there: Timestamp) -> Finding {
    let apart = here.duration_since(there).abs();
    let seconds = format!("{:.1}", apart.as_secs_f64());
    match apart > CLOCKS_DIFFER {
        true => Finding::Wrong(format!(
            "this machine's clock and the server's are {seconds} s apart: let both follow the same time server (NTP)"
        )),
        false => Finding::Well("clocks agree".to_owned()),
    }
}

async fn rights(pool: &Pool, to_make: bool, to_work: bool) -> Option<Finding> {
    let of_database = TO_MAKE.into_iter().filter(|_| to_make);
    let of_objects = TO_WORK.into_iter().filter(|_| to_work);
    let (questions, names): (Vec<String>, Vec<String>) = of_database
        .map(|right| (format!("HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', '{right}')"), right.to_owned()))
        .chain(to_make.then(|| (TO_WIDEN.to_owned(), "ALTER on dbo.scheduler_logs or its schema".to_owned())))
        .chain(of_objects.map(|(right, name)| {
            (format!("HAS_PERMS_BY_NAME(N'{name}', 'OBJECT', '{right}')"), format!("{right} on {name}"))
        }))
        .unzip();
    let sql = format!("SELECT {}", questions.join(", "));
    let row: Result<_, SqlError> =
        reading!(pool, "read the login's rights", |connection| connection.one("rights", &sql, &[]));
    let row = match row {
        Ok(row) => row?,
        Err(error) => return Some(Finding::Odd(format!("the login's rights cannot be asked for: {error}"))),
    };
    // NULL where the server cannot tell.
    let lacks = |column: usize| matches!(row.optional_integer(column), Ok(Some(0)));
    let missing: Vec<String> =
        names.into_iter().enumerate().filter(|(column, _)| lacks(*column)).map(|(_, name)| name).collect();
    (!missing.is_empty()).then(|| {
        let missing = missing.join(", ");
        Finding::Wrong(format!("the login lacks rights ({missing}): see the script in docs/OPERATING.md"))
    })
}
