//! What SQL Server says, in the words of the store's border.

use marktwerk_sqlserver::SqlError;

use crate::StoreError;

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match &error {
            error if error.may_pass() => Self::Unavailable(error.to_string()),
            // A person cures these, and the same call succeeds then: work goes on without a restart.
            SqlError::Login { .. }
            | SqlError::NoDatabase { .. }
            | SqlError::Encryption { .. }
            | SqlError::Permission { .. } => Self::Unavailable(error.to_string()),
            SqlError::Unreadable { .. } => Self::Unreadable(error.to_string()),
            _ => Self::Database(error.to_string()),
        }
    }
}
