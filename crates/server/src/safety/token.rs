//! A token as the settings hold it: the token itself, or its Argon2 hash as a PHC text.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params};

use crate::options::ServerError;

/// Hashes a token for the settings, as a PHC text.
pub fn hash_token(token: &str) -> Result<String, ServerError> {
    let refused = |reason: String| ServerError::BadSetting { setting: "[server] token", reason };
    if token.trim().is_empty() {
        return Err(refused("it is empty".to_owned()));
    }
    let hash: PasswordHash =
        Argon2::default().hash_password(token.as_bytes()).map_err(|error| refused(error.to_string()))?;
    Ok(hash.to_string())
}

/// The hash of a token that is written as itself or as its hash.
pub fn token_hash(written: &str) -> Result<String, ServerError> {
    if !is_hash(written) {
        return hash_token(written);
    }
    match read_hash(written) {
        Ok(_) => Ok(written.to_owned()),
        Err(reason) => Err(ServerError::BadSetting { setting: "[server] token", reason }),
    }
}

/// Refuses a text of the settings that is a hash, but not one that a token can be compared with; the reason does not repeat it.
pub fn check_token(written: &str) -> Result<(), String> {
    if is_hash(written) { read_hash(written).map(drop) } else { Ok(()) }
}

/// Whether this is a hash of any kind instead of a token: `$scheme$…`, as programs that hash write it.
fn is_hash(written: &str) -> bool {
    let is_scheme = |scheme: &str| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !scheme.is_empty() && scheme.bytes().all(is_letter)
    };
    let scheme = written.strip_prefix('$').and_then(|rest| rest.split_once('$'));
    written.starts_with("$argon2") || scheme.is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// A complete Argon2 hash.
pub(super) fn read_hash(written: &str) -> Result<PasswordHash, String> {
    let refused = || {
        "is a hash, but not a complete one of Argon2; write the token itself, or its Argon2 hash ($argon2id$v=19$…)"
            .to_owned()
    };
    let hash = PasswordHash::new(written).map_err(|_| refused())?;
    let is_argon2 = Algorithm::try_from(hash.algorithm.as_str()).is_ok() && Params::try_from(&hash).is_ok();
    let is_complete = hash.salt.is_some() && hash.hash.is_some();
    if is_argon2 && is_complete { Ok(hash) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_told_from_a_token_and_only_one_of_argon2_is_accepted() {
        let hash = hash_token("open sesame").unwrap();
        assert_eq!(token_hash(&hash).unwrap(), hash);
        for token in ["open sesame", "$ecret", "$Ecret$x", "$$", "a$b$c"] {
            assert!(!is_hash(token) && check_token(token).is_ok(), "{token}");
            assert!(token_hash(token).unwrap().starts_with("$argon2id$"), "{token}");
        }
        let (without_digest, _) = hash.rsplit_once('$').unwrap();
        for wrong in ["$2b$12$abcdefghijklmnopqrstuu", "$scrypt$ln=16$abc$def", "$argon2x", without_digest] {
            let reason = check_token(wrong).unwrap_err();
            assert!(is_hash(wrong) && !reason.contains(wrong), "{reason}");
            assert!(token_hash(wrong).is_err(), "{wrong}");
        }
    }
}
