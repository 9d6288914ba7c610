//! What SQLite says, in the words of the crate's border. Only SQLite's own message is passed on, never a
//! statement or a parameter.

use rusqlite::ErrorCode;

use crate::ErpError;

/// What may go wrong while working on a connection.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Erp(ErpError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<ErpError> for Fault {
    fn from(error: ErpError) -> Self {
        Self::Erp(error)
    }
}

impl Fault {
    /// The error while trying to `action`.
    pub(super) fn during(self, action: &'static str) -> ErpError {
        let error = match self {
            Self::Erp(error) => return error,
            Self::Sqlite(error) => error,
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErpError::Busy { action },
            // Plain SQLITE_ERROR: the statement names what is not there.
            Some(ErrorCode::Unknown | ErrorCode::ConstraintViolation | ErrorCode::NotADatabase) => {
                ErpError::Schema { action, reason: message(&error) }
            }
            Some(_) => ErpError::Unreachable { action, reason: message(&error) },
            None => ErpError::Unreadable { what: format!("while trying to {action}") },
        }
    }
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqliteFailure(code, None) => code.to_string(),
        _ => "SQLite refused".to_owned(),
    }
}
