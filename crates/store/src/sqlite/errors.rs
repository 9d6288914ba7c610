//! What SQLite says, in the words of the store's border: busy or out of reach may pass by itself, a
//! value that cannot be read is the file's fault, everything else is a mistake in this program.

use rusqlite::ErrorCode;

use crate::StoreError;
use crate::error::MAKE_ROOM;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sqlite;
        match &error {
            Sqlite::FromSqlConversionFailure(..)
            | Sqlite::IntegralValueOutOfRange(..)
            | Sqlite::Utf8Error(..)
            | Sqlite::InvalidColumnType(..) => Self::Unreadable(format!("a stored value: {error}")),
            Sqlite::SqliteFailure(cause, _) if may_pass(cause.code) => {
                Self::Unavailable(format!("{error}{}", cure(cause.code)))
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

/// Another process holds the file, or the disk or its rights are in the way.
fn may_pass(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
    )
}

/// What a person can do about it.
fn cure(code: ErrorCode) -> String {
    let cure = match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "another program has it open and writes",
        ErrorCode::DiskFull => MAKE_ROOM,
        ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            "its user needs the right to write to it and in its folder"
        }
        _ => return String::new(),
    };
    format!(" ({cure})")
}
