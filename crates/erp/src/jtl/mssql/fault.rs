//! What SQL Server says, in the words of the crate's border.

use marktwerk_sqlserver::SqlError;

use crate::ErpError;

/// What may go wrong while working on a connection.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(SqlError),
    Erp(ErpError),
}

impl From<SqlError> for Fault {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
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
            Self::Sql(error) => error,
        };
        match error {
            SqlError::Login { .. } => ErpError::Login { action, reason: error.to_string() },
            SqlError::Permission { reason, .. } => ErpError::Permission { action, reason },
            SqlError::Schema { reason, .. } => ErpError::Schema { action, reason },
            SqlError::Unreadable { .. } => ErpError::Unreadable { what: error.to_string() },
            SqlError::Busy { .. } | SqlError::TimedOut { .. } => ErpError::Busy { action },
            // A trigger or a constraint of theirs, or a server that does not know our words.
            SqlError::Refused { reason, .. } | SqlError::Duplicate { reason, .. } => {
                ErpError::Schema { action, reason }
            }
            // Among them a connection that went while it was committed: whoever handed over looks it up.
            other => ErpError::Unreachable { action, reason: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubtful_commit_is_looked_up() {
        let doubt = SqlError::Unknown { statement: "hand orders over", reason: "reset".to_owned() };
        let error = Fault::from(doubt).during("hand orders over");
        assert!(matches!(error, ErpError::Unreachable { .. }), "{error}");
        let busy = SqlError::Busy { statement: "s", reason: "a lock".to_owned() };
        assert_eq!(
            Fault::from(busy).during("hand orders over"),
            ErpError::Busy { action: "hand orders over" }
        );
    }
}
