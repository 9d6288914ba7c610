//! Login with Amazon: what the seller has given the application is exchanged for a token that lasts an hour.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::AmazonAccount;
use crate::call::{Caller, Failed};
use crate::error::{ConnectorError, Place};
use crate::token::Token;

/// For messages: the sign-in has no name of its own.
pub(super) const SIGN_IN: &str = "sign-in";
const CURE: &str = "check client_id and client_secret, and authorise the application again in Seller Central (Apps and Services > \
                    Develop Apps > Authorise): that gives a new refresh_token";

pub(super) struct SignIn {
    address: String,
    client_id: String,
    client_secret: SecretString,
    refresh_token: SecretString,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds.
    expires_in: u64,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl SignIn {
    pub(super) fn of(account: &AmazonAccount) -> Self {
        Self {
            address: account.sign_in.clone(),
            client_id: account.client_id.clone(),
            client_secret: account.client_secret.clone(),
            refresh_token: account.refresh_token.clone(),
        }
    }

    pub(super) async fn token(&self, caller: &Caller) -> Result<Token, Failed> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.expose_secret()),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        let answer = caller.http().post_form(&self.address, &fields).await;
        let answer = answer.map_err(|none| caller.no_answer(SIGN_IN, none))?;
        let place = caller.place(SIGN_IN);
        match answer.status {
            200..=299 => match serde_json::from_str(&answer.body) {
                Ok(Granted { access_token, expires_in }) => {
                    Ok(Token { secret: access_token.into(), lasts: Duration::from_secs(expires_in) })
                }
                Err(_) => {
                    let message = format!("no token came ({})", answer.describe());
                    Err(Failed::for_good(ConnectorError::Unreadable { place, message }))
                }
            },
            429 => {
                let until = caller.retry_after(&answer);
                Err(caller.limited(place, "too many sign-ins".to_owned(), until))
            }
            408 | 500..=599 => Err(caller.unwell(place, &answer)),
            400..=499 => {
                let (place, message) = match serde_json::from_str(&answer.body) {
                    Ok(Refused { error, error_description }) => {
                        let said =
                            if error_description.is_empty() { error.clone() } else { error_description };
                        let code = Some(error.chars().take(60).collect::<String>().into());
                        (Place { code, ..place }, said.chars().take(300).collect())
                    }
                    Err(_) => (place, answer.describe()),
                };
                Err(Failed::for_good(ConnectorError::Unauthorised { place, message, cure: CURE }))
            }
            _ => {
                let message = answer.describe();
                Err(Failed::for_good(ConnectorError::Unreadable { place, message }))
            }
        }
    }
}
