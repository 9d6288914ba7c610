//! How talking to the ERP fails. Policy: a variant per kind that a caller treats differently; each text
//! names place and cure; none carries a value of an address, a document or a bound parameter.

use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::reason::Reason;

/// What went wrong at the ERP's border.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErpError {
    /// A setting of `[erp.jtl]` cannot work.
    #[error("[erp.jtl] {setting}: {reason}")]
    Setting {
        /// Its name in the settings file.
        setting: &'static str,
        /// What is wrong and what to write instead.
        reason: String,
    },
    /// The order cannot be handed over as it is; the others can.
    #[error("order {number}: {reason}")]
    Order {
        /// The marketplace's order number.
        number: String,
        /// Why, and what a person can do.
        reason: Reason,
    },
    /// Somebody else holds a lock on the ERP's database for too long.
    #[error(
        "JTL's database is busy while trying to {action}: another program holds a lock; it is tried again"
    )]
    Busy {
        /// What was being done.
        action: &'static str,
    },
    /// The ERP's database cannot be reached or read.
    #[error("JTL's database cannot be used to {action}: {reason}")]
    Unreachable {
        /// What was being done.
        action: &'static str,
        /// The database's own words.
        reason: String,
    },
    /// The login is refused.
    #[error("JTL's database refused the login while trying to {action}: {reason}")]
    Login {
        /// What was being done.
        action: &'static str,
        /// Place and cure; never the password.
        reason: String,
    },
    /// The login lacks a right.
    #[error(
        "JTL's database refuses to {action}: {reason}; grant what docs/OPERATING.md lists under \"Rights in JTL's database\""
    )]
    Permission {
        /// What was being done.
        action: &'static str,
        /// The database's own words, which name the object.
        reason: String,
    },
    /// The database has not the tables or columns that this version of Marktwerk knows.
    #[error(
        "JTL's database does not fit while trying to {action}: {reason}; Marktwerk knows JTL-Wawi 1.6 to 1.10"
    )]
    Schema {
        /// What was being done.
        action: &'static str,
        /// The database's own words.
        reason: String,
    },
    /// A value is not what the schema promises.
    #[error("JTL's database answered with something unreadable: {what}")]
    Unreadable {
        /// Column and what was expected; never the value.
        what: String,
    },
    /// A mistake in this program.
    #[error("defect while trying to {action}: {reason}")]
    Defect {
        /// What was being done.
        action: &'static str,
        /// What was found out.
        reason: String,
    },
}

impl ErpError {
    /// The error in the words that decide what happens next.
    pub fn failure(&self) -> Failure {
        Failure::new(self.class(), self.to_string())
    }

    fn class(&self) -> FailureClass {
        match self {
            Self::Setting { .. } | Self::Order { .. } | Self::Schema { .. } => FailureClass::Refused,
            // A right is granted without a restart, and the same call goes through.
            Self::Busy { .. } | Self::Unreachable { .. } | Self::Permission { .. } => FailureClass::Transient,
            Self::Login { .. } => FailureClass::Unauthorised,
            Self::Unreadable { .. } => FailureClass::Unreadable,
            Self::Defect { .. } => FailureClass::Defect,
        }
    }
}

impl From<ErpError> for Failure {
    fn from(error: ErpError) -> Self {
        error.failure()
    }
}
