//! How talking to SQL Server fails: a variant for each kind that a caller treats differently, each with place and cure. The
//! server's own words are kept where they hold no values of ours.

use tiberius::error::Error as Tiberius;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The server cannot be reached.
    #[error("{place} cannot be reached: {reason}")]
    Unreachable {
        /// Server and database.
        place: String,
        /// What happened and what to do.
        reason: String,
    },
    /// The login was refused.
    #[error(
        "{place}: the login `{user}` was refused: check user and password, and that SQL Server allows SQL logins (mixed mode)"
    )]
    Login {
        /// Server and database.
        place: String,
        /// The login's name.
        user: String,
    },
    /// The login works, and the database is not there for it.
    #[error(
        "{place}: this database does not exist, or the login has no user in it: check the name, and create the user"
    )]
    NoDatabase {
        /// Server and database.
        place: String,
    },
    /// No connection can be made that is encrypted as the settings want.
    #[error("{place}: the connection cannot be encrypted: {reason}")]
    Encryption {
        /// Server and database.
        place: String,
        /// What happened and what to do.
        reason: String,
    },
    /// The login lacks a right.
    #[error("{statement}: the login lacks a right: {reason}")]
    Permission {
        /// The statement's name.
        statement: &'static str,
        /// The server's words, which name the object.
        reason: String,
    },
    /// A table or column is not there, or a name occurs twice.
    #[error("{statement}: {reason}")]
    Schema {
        /// The statement's name.
        statement: &'static str,
        /// The server's words, which name the object.
        reason: String,
    },
    /// A unique key has this row already.
    #[error("{statement}: there is such a row already ({reason})")]
    Duplicate {
        /// The statement's name.
        statement: &'static str,
        /// The key's name; the value is left out.
        reason: String,
    },
    /// Somebody else holds a lock, or this transaction was chosen to end a deadlock. Nothing of it was written.
    #[error("{statement}: the database is busy: {reason}")]
    Busy {
        /// The statement's name.
        statement: &'static str,
        /// What happened.
        reason: String,
    },
    /// The server kept silent for as long as such a statement may take. It is not tried again at once: it would wait as long again.
    #[error("{statement}: no answer within {seconds} s: it was given up")]
    TimedOut {
        /// The statement's name.
        statement: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The connection broke while a statement was under way.
    #[error("{statement}: the connection was lost: {reason}")]
    Lost {
        /// The statement's name.
        statement: &'static str,
        /// What happened.
        reason: String,
    },
    /// The connection broke while the server was told to commit: it may have done so.
    #[error(
        "{statement}: the connection was lost while the transaction was committed; whether it was is not known ({reason})"
    )]
    Unknown {
        /// The transaction's name.
        statement: &'static str,
        /// What happened.
        reason: String,
    },
    /// A value is not what was expected.
    #[error("{statement}: {reason}")]
    Unreadable {
        /// The statement's name.
        statement: &'static str,
        /// Column and type; never the value.
        reason: String,
    },
    /// The server refused the statement: a mistake in this program.
    #[error("{statement}: SQL Server refused it: {reason}")]
    Refused {
        /// The statement's name.
        statement: &'static str,
        /// Number and words of the server.
        reason: String,
    },
}

impl SqlError {
    /// Whether the same call may succeed later without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Busy { .. }
                | Self::TimedOut { .. }
                | Self::Lost { .. }
                | Self::Unknown { .. }
        )
    }

    /// What the driver said about a statement.
    pub(crate) fn of_statement(error: Tiberius, statement: &'static str) -> Self {
        match error {
            Tiberius::Server(token) => of_token(token.code(), token.class(), token.message(), statement),
            Tiberius::Conversion(reason) => Self::Unreadable { statement, reason: reason.into_owned() },
            Tiberius::BulkInput(reason) => Self::Refused { statement, reason: reason.into_owned() },
            // After any other the stream of answers cannot be trusted any more.
            other => Self::Lost { statement, reason: other.to_string() },
        }
    }
}

/// Whether the server ended the statement in good order, so that the connection can go on: it said so itself, and by a number and a
/// severity that do not tell of its own end. After anything else nobody knows what is still to come, and it would be taken for the next
/// statement's answer.
pub(crate) fn ends_in_order(error: &Tiberius) -> bool {
    let Tiberius::Server(token) = error else { return false };
    let (number, class) = (token.code(), token.class());
    match of_token(number, class, token.message(), "") {
        SqlError::Duplicate { .. } | SqlError::Permission { .. } | SqlError::Schema { .. } => true,
        SqlError::Refused { .. } => class <= STATEMENTS_OWN && number != BABELFISH,
        _ => false,
    }
}

/// Up to this severity an error is the statement's own; 17 to 19 tell of what the server lacks, and what is above ends the connection.
const STATEMENTS_OWN: u8 = 16;
const ENDS_CONNECTION: u8 = 20;

/// Error numbers: sys.messages. Those of a failover or a restart pass; a deadlock's victim is asked to try again. What is not known
/// goes by its severity.
fn of_token(number: u32, class: u8, words: &str, statement: &'static str) -> SqlError {
    let reason = words.trim().to_owned();
    match number {
        229 | 230 | 262 | 297 | 300 | 916 | 1088 | 2760 | 3701 | 4902 | 15151 | 15247 => {
            SqlError::Permission { statement, reason }
        }
        207 | 208 | 209 | 2812 => SqlError::Schema { statement, reason },
        2601 | 2627 => SqlError::Duplicate { statement, reason: without_values(&reason) },
        1205 => SqlError::Busy { statement, reason: "it was chosen to end a deadlock".to_owned() },
        1222 => SqlError::Busy { statement, reason: "another program holds a lock".to_owned() },
        3960 | 3961 => SqlError::Busy { statement, reason: "a row was changed meanwhile".to_owned() },
        // 922 to 952 and 3906: the database is being recovered, is offline, or lets only read after a failover.
        701 | 802 | 845 | 922 | 926 | 927 | 942 | 952 | 1101 | 1105 | 1204 | 3906 | 8645 | 8651 | 9002
        | 10928 | 10929 | 40197 | 40501 | 40613 | 49918 => {
            SqlError::Busy { statement, reason: format!("{number}: {reason}") }
        }
        596 | 6002 | 6005 | 983 | 976 | 21 => {
            SqlError::Lost { statement, reason: format!("{number}: {reason}") }
        }
        BABELFISH => of_babelfish(reason, statement),
        _ if class >= ENDS_CONNECTION => SqlError::Lost { statement, reason: format!("{number}: {reason}") },
        _ if class > STATEMENTS_OWN => SqlError::Busy { statement, reason: format!("{number}: {reason}") },
        _ => SqlError::Refused { statement, reason: format!("{number}: {}", without_values(&reason)) },
    }
}

/// Babelfish for PostgreSQL, which speaks TDS too, has one number for whatever PostgreSQL tells and SQL Server has no number for.
const BABELFISH: u32 = 33_557_097;

fn of_babelfish(reason: String, statement: &'static str) -> SqlError {
    let tells = |part: &str| reason.contains(part);
    if tells("permission denied") {
        SqlError::Permission { statement, reason }
    } else if tells("does not exist") {
        SqlError::Schema { statement, reason }
    } else if tells("lock timeout") || tells("could not serialize") {
        SqlError::Busy { statement, reason }
    } else if tells("terminating connection") || tells("shutting down") || tells("starting up")
        // It answers a bulk load's last packet as if it were another request: `connect::PACKET`.
        || tells("protocol stream is incorrect")
    {
        SqlError::Lost { statement, reason }
    } else {
        SqlError::Refused { statement, reason }
    }
}

/// What a value follows on in a message; it may be a buyer's order number or address. 2627 and 2601, 2628, 245 and its kin.
const BEFORE_VALUES: [&str; 3] =
    ["The duplicate key value", "Truncated value", "Conversion failed when converting the"];

fn without_values(words: &str) -> String {
    let ends = BEFORE_VALUES.into_iter().filter_map(|beginning| {
        let at = words.find(beginning)?;
        // Of a conversion that is all, up to the value in quotes.
        Some(at + words[at..].find('\'').filter(|_| beginning.starts_with("Conversion")).unwrap_or(0))
    });
    words[..ends.min().unwrap_or(words.len())].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_what_a_caller_treats_alike() {
        assert!(of_token(1205, 13, "deadlocked", "s").may_pass());
        assert!(matches!(of_token(208, 16, "Invalid object name 'dbo.x'.", "s"), SqlError::Schema { .. }));
        assert!(matches!(of_token(229, 14, "denied", "s"), SqlError::Permission { .. }));
        let error = of_token(
            2627,
            14,
            "Violation of UNIQUE KEY constraint 'k'. The duplicate key value is (PO-1).",
            "s",
        );
        assert!(error.to_string().contains("'k'") && !error.to_string().contains("PO-1"), "{error}");
        for (number, words) in [
            (
                2628,
                "String or binary data would be truncated in table 't', column 'c'. Truncated value: 'PO-1'.",
            ),
            (245, "Conversion failed when converting the nvarchar value 'PO-1' to data type int."),
        ] {
            let error = of_token(number, 16, words, "s").to_string();
            assert!(error.contains(&number.to_string()) && !error.contains("PO-1"), "{error}");
        }
        assert!(!of_token(102, 15, "Incorrect syntax", "s").may_pass());
    }

    #[test]
    fn an_unknown_number_goes_by_its_severity() {
        assert!(matches!(of_token(9999, 16, "no", "s"), SqlError::Refused { .. }));
        assert!(matches!(of_token(9999, 17, "no room", "s"), SqlError::Busy { .. }));
        assert!(matches!(of_token(823, 24, "the disk", "s"), SqlError::Lost { .. }));
        assert!(matches!(of_token(3906, 16, "read-only", "s"), SqlError::Busy { .. }));
    }
}
