//! Databases for tests on a real server (feature `testing`): `MARKTWERK_TEST_MSSQL` holds the address of one, with a login that may
//! create databases. Without it such tests are skipped, and say so.

use std::fs::{File, OpenOptions};

use crate::{Address, Encryption, Pool, SqlError, reading};

/// The variable that names the server.
pub const VARIABLE: &str = "MARKTWERK_TEST_MSSQL";
/// More tests than these do not run at the same time.
const SLOTS: usize = 32;

/// A database that this test has for itself until the value is dropped. It keeps its tables for the next test, which cleans up.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where it is.
    pub address: Address,
    _lock: File,
}

/// The server of the tests; `None`, with a line on standard error, if there is none.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test's own setting, and a loud word where it is missing"
)]
#[expect(clippy::expect_used, reason = "a test that cannot begin has failed")]
pub fn server() -> Option<Address> {
    match std::env::var(VARIABLE) {
        Ok(text) => Some(Address::parse(&text).expect("MARKTWERK_TEST_MSSQL holds an address")),
        Err(_) => {
            eprintln!("!!! SKIPPED: no SQL Server is at hand; {VARIABLE} names one");
            None
        }
    }
}

/// A database whose name begins with `purpose`, made where it does not exist yet.
#[expect(clippy::expect_used, reason = "a test that cannot begin has failed")]
pub async fn database(purpose: &str) -> Option<TestDatabase> {
    let server = server()?;
    let lock_file = |name: &str| {
        let path = std::env::temp_dir().join(format!("marktwerk-test-{name}.lock"));
        OpenOptions::new().create(true).truncate(false).write(true).open(path).expect("a lock file")
    };
    for slot in 0..SLOTS {
        let name = format!("{purpose}_{slot}");
        let file = lock_file(&name);
        if file.try_lock().is_ok() {
            let create = format!("IF DB_ID('{name}') IS NULL CREATE DATABASE {name}");
            let master = Pool::new(server.with_database("master"));
            // Not every server makes two databases at the same time.
            let making = lock_file("create");
            making.lock().expect("a lock");
            let made: Result<(), SqlError> =
                reading!(master, "create a database", |connection| connection.batch("create", &create));
            made.expect("the login of the tests may create databases");
            return Some(TestDatabase { address: server.with_database(&name), _lock: file });
        }
    }
    panic!("more than {SLOTS} tests at the same time");
}

/// The address as a URL, password and all.
pub fn url(address: &Address) -> String {
    let encoded = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let port = address.port.map(|port| format!(":{port}")).unwrap_or_default();
    let mut options: Vec<String> = Vec::new();
    options.extend(address.instance.as_ref().map(|instance| format!("instance={}", encoded(instance))));
    options.extend(match &address.encryption {
        Encryption::Required => None,
        Encryption::Authority(file) => Some(format!("authority={}", encoded(&file.to_string_lossy()))),
        Encryption::AnyCertificate => Some("encrypt=any-certificate".to_owned()),
        Encryption::LoginOnly => Some("encrypt=login-only".to_owned()),
    });
    let options = if options.is_empty() { String::new() } else { format!("?{}", options.join("&")) };
    let (user, password) = (encoded(&address.user), encoded(address.password()));
    format!("mssql://{user}:{password}@{}{port}/{}{options}", address.host, encoded(&address.database))
}
