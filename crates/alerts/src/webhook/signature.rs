//! Proves who sent a body and that it is complete: HMAC-SHA256 (RFC 2104).

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::error::AlertError;

/// `sha256=` and 64 hexadecimal digits.
pub(super) fn sign(secret: &SecretString, body: &[u8]) -> Result<String, AlertError> {
    let key = secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| AlertError::settings("secret", "cannot be used as a key; write another text"))?;
    mac.update(body);
    let mut signature = "sha256=".to_owned();
    for byte in mac.finalize().into_bytes() {
        // Writing to a text does not fail.
        let _ = write!(signature, "{byte:02x}");
    }
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_standards() {
        // RFC 4231, test case 2.
        let short = sign(&SecretString::from("Jefe"), b"what do ya want for nothing?").unwrap();
        assert_eq!(short, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
