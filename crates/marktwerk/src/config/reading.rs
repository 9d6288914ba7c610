//! Values become a section: again and again without what does not fit, until the rest does. So every fault is told, not only the first.

use figment::error::Kind;
use figment::value::Value;
use serde::de::DeserializeOwned;

/// The section; `refuse` is told each fault with its path. None if the values are no section at all.
pub(super) fn read<T: DeserializeOwned>(
    values: &mut Value,
    mut refuse: impl FnMut(&str, &Kind),
) -> Option<T> {
    loop {
        let error = match values.deserialize::<T>() {
            Ok(section) => return Some(section),
            Err(error) => error,
        };
        let mut path: Vec<&str> = error.path.iter().map(String::as_str).collect();
        if let Kind::UnknownField(name, _) = &error.kind
            && path.last() != Some(&name.as_str())
        {
            path.push(name);
        }
        refuse(&path.join("."), &error.kind);
        if !remove(values, &path) {
            return None;
        }
    }
}

/// Removes the value at a path, or what is around it where that is a list. False if nothing is left to remove.
fn remove(value: &mut Value, path: &[&str]) -> bool {
    let (Value::Dict(_, values), Some((name, rest))) = (value, path.split_first()) else { return false };
    match values.get_mut(*name) {
        Some(inner) => (!rest.is_empty() && remove(inner, rest)) || values.remove(*name).is_some(),
        None => false,
    }
}
