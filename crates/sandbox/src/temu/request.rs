//! One call as it came in, checked as the gateway checks it: time, keys, token, signature, in this order.
//! What the business parameters mean is for the call types to say.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::Refusal;
use super::sign;
use crate::sandbox::Sandbox;

/// Another demonstration app: its pair shows what a mix-up of keys and tokens answers.
const OTHER_APP_KEY: &str = "sandbox-other-app-key";
const OTHER_ACCESS_TOKEN: &str = "sandbox-other-access-token";
/// A token that was refreshed long ago.
const EXPIRED_ACCESS_TOKEN: &str = "sandbox-expired-access-token";
/// How far a call's time may be off, in seconds.
const TOLERANCE: i64 = 300;

/// Members of the body in the order sent; of two with the same name only the first counts.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if members.iter().all(|(known, _)| *known != key) {
                        members.push((key, value));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// A body that is a JSON object.
pub(crate) struct Request {
    members: Vec<(String, Box<RawValue>)>,
}

impl Request {
    /// # Errors
    /// 3000000 when the body is no JSON object.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let members: Members =
            serde_json::from_slice(body).map_err(|_| Refusal::bad_parameters("BAD_PARAMS"))?;
        Ok(Self { members: members.0 })
    }

    /// A member's value; `null` counts as absent.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        let (_, raw) = self.members.iter().find(|(key, _)| key == name)?;
        serde_json::from_str(raw.get()).ok().filter(|value: &Value| !value.is_null())
    }

    /// # Errors
    /// 3000000 when it is no text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::bad_parameters(format!("{name} must be a string"))),
        }
    }

    /// A whole number, also as text of digits, which the documented examples use for long ids.
    ///
    /// # Errors
    /// 3000000 when it is none.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => whole_number(&value)
                .map(Some)
                .ok_or_else(|| Refusal::bad_parameters(format!("{name} must be an integer"))),
        }
    }

    /// # Errors
    /// 3000000 when it is no array.
    pub(crate) fn list(&self, name: &str) -> Result<Option<Vec<Value>>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(Refusal::bad_parameters(format!("{name} must be a list"))),
        }
    }

    fn common(&self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => Some(String::new()),
        }
    }

    /// The call's `type`, when it is one of the known.
    ///
    /// # Errors
    /// 3000002 or 3000003.
    pub(crate) fn operation(&self, known: &[&'static str]) -> Result<&'static str, Refusal> {
        let asked =
            self.common("type").ok_or_else(|| Refusal::new(3_000_002, "there is no type in body."))?;
        let found = known.iter().copied().find(|operation| *operation == asked);
        found.ok_or_else(|| Refusal::new(3_000_003, "type not exists"))
    }

    /// Everything that the gateway checks before a call type sees the call.
    ///
    /// # Errors
    /// 3000010 to 3000040 and 3000001.
    pub(crate) fn check(&self, now: i64) -> Result<(), Refusal> {
        let missing = |code, name: &str| Refusal::new(code, format!("there is no {name} in body."));
        let timestamp = self.common("timestamp").ok_or_else(|| missing(3_000_010, "timestamp"))?;
        match timestamp.parse::<i64>() {
            Ok(sent) if sent > now + TOLERANCE => {
                return Err(Refusal::new(3_000_011, "timestamp is invalid."));
            }
            Ok(sent) if sent < now - TOLERANCE => {
                return Err(Refusal::new(3_000_012, "timestamp is expired."));
            }
            Ok(_) => {}
            Err(_) => return Err(Refusal::new(3_000_011, "timestamp is invalid.")),
        }
        let data_type = self.common("data_type").ok_or_else(|| missing(3_000_013, "data_type"))?;
        if !data_type.eq_ignore_ascii_case("json") {
            return Err(Refusal::new(3_000_014, "data_type is invalid"));
        }
        let ours = Sandbox::credentials();
        let app_key = self.common("app_key").ok_or_else(|| missing(3_000_019, "client_id"))?;
        if app_key != ours.app_key && app_key != OTHER_APP_KEY {
            return Err(Refusal::new(3_000_020, "client_id not exists."));
        }
        let token = self.common("access_token").ok_or_else(|| missing(3_000_030, "access_token"))?;
        let owner = match token.as_str() {
            token if token == ours.access_token => ours.app_key,
            OTHER_ACCESS_TOKEN => OTHER_APP_KEY,
            EXPIRED_ACCESS_TOKEN => return Err(token_expired()),
            _ => return Err(Refusal::new(3_000_031, "access_token not exists.")),
        };
        if owner != app_key {
            return Err(Refusal::new(3_000_033, "access_token and app_key are not mapping."));
        }
        let sign = self.common("sign").ok_or_else(|| missing(3_000_040, "sign"))?;
        let signed: Vec<(String, Box<RawValue>)> =
            self.members.iter().filter(|(key, _)| key != "sign").cloned().collect();
        if sign::expected(&signed, ours.app_secret) != Some(sign) {
            return Err(Refusal::new(3_000_001, "sign invalid."));
        }
        Ok(())
    }
}

/// 3000034.
pub(crate) fn token_expired() -> Refusal {
    Refusal::new(3_000_034, "access_token is expired or have been refreshed.")
}

/// A whole number, or a text of digits.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
