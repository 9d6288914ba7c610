//! What migrations are on every database alike: numbered texts with their checksums, and what this program must not touch.

use sha2::{Digest, Sha256};

use crate::{StoreError, StoreResult};

/// A numbered change of the schema.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

impl Migration {
    pub(crate) fn checksum(&self) -> String {
        Sha256::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The schema version of the database at `place`, 0 for an empty one, from the numbers and checksums of what was applied to it,
/// ascending. One that a newer program wrote is refused, and so is one whose migrations had another text.
pub(crate) fn version(known: &[Migration], applied: Vec<(i64, String)>, place: &str) -> StoreResult<i64> {
    let version = applied.last().map_or(0, |(number, _)| *number);
    let newest = i64::try_from(known.len()).unwrap_or(i64::MAX);
    if version > newest {
        return Err(StoreError::NewerSchema { place: place.to_owned(), found: version, known: newest });
    }
    for (number, found) in applied {
        let migration = usize::try_from(number - 1).ok().and_then(|index| known.get(index));
        let known = migration.map_or_else(|| "none".to_owned(), Migration::checksum);
        if known != found {
            return Err(StoreError::ChangedMigration { place: place.to_owned(), number, found, known });
        }
    }
    Ok(version)
}
