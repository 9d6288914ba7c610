//! Lists that may go on: one row more than wanted is asked for, and a person is told where the rest is. A list that ends without a word
//! is complete.

use serde_json::Value;

use super::client::Client;
use super::output::{Column, Output};

/// A list, and how to see more of it.
pub(super) struct Listing<'a> {
    pub(super) path: &'a str,
    pub(super) query: Vec<(&'static str, String)>,
    /// So many rows are shown.
    pub(super) limit: usize,
    /// So many are given at once.
    pub(super) most: usize,
    /// The flags that go on after a row, if there are such.
    pub(super) next: fn(&Value) -> Option<String>,
}

impl Listing<'_> {
    /// Shows it.
    pub(super) async fn show(
        mut self,
        client: &Client,
        output: &Output,
        columns: &[Column],
    ) -> anyhow::Result<()> {
        // What is too many is refused there, with the most that there may be.
        let asked = if self.limit < self.most { self.limit + 1 } else { self.limit };
        self.query.push(("limit", asked.to_string()));
        let mut answer = client.get(self.path, &self.query).await?;
        let rows = answer.as_array_mut();
        let count = rows.as_ref().map_or(0, |rows| rows.len());
        if let Some(rows) = rows {
            rows.truncate(self.limit);
        }
        output.list(&answer, columns)?;
        if count >= asked {
            let last = answer.as_array().and_then(|rows| rows.last());
            output.aside(&self.told(count > self.limit, last.and_then(self.next)))?;
        }
        Ok(())
    }

    fn told(&self, are_more: bool, next: Option<String>) -> String {
        let more = if are_more { "there are more" } else { "there may be more" };
        let mut told = format!("these are the first {}, and {more}", self.limit);
        let larger = (self.limit < self.most).then(|| format!("--limit shows up to {}", self.most));
        let next = next.map(|flags| format!("{flags} goes on here"));
        let ways: Vec<String> = larger.into_iter().chain(next).collect();
        if !ways.is_empty() {
            told.push_str(": ");
            told.push_str(&ways.join(", "));
        }
        told
    }
}
