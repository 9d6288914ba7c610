//! How a list that changes while it is read is read completely: the rule of the order cursor.
//!
//! The list is sorted newest change first and read through a *fixed* window of time, from its last page to
//! its first. An order that changes meanwhile leaves the window, which moves older ones to the front: into
//! pages that are still unread. Not for fetching: the caller asks [`WindowReader::next_page`], fetches and
//! commits that page, and tells [`WindowReader::accept`].

use std::collections::HashSet;

use crate::error::ConnectorError;
use crate::orders::OrderPage;

/// How often reading is restarted before it is given up; each restart costs all pages.
pub const RESTARTS_AT_MOST: u32 = 10;

/// What a page meant for the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageVerdict {
    /// Further pages are to be read.
    More,
    /// Orders entered the window behind the read position: reading was restarted.
    Restarted,
    /// As many distinct orders were seen as the last total says.
    Complete,
}

/// Reads one window page by page. See the module.
#[derive(Debug)]
pub struct WindowReader {
    next: Option<u32>,
    is_probing: bool,
    total: u64,
    has_shrunk: bool,
    restarts: u32,
    seen: HashSet<String>,
}

impl WindowReader {
    /// A reader that has not begun.
    pub fn new() -> Self {
        Self {
            next: Some(1),
            is_probing: true,
            total: 0,
            has_shrunk: false,
            restarts: 0,
            seen: HashSet::new(),
        }
    }

    /// The page to fetch next, counted from 1; `None` when the reading is complete.
    pub fn next_page(&self) -> Option<u32> {
        self.next
    }

    /// Whether as many distinct orders were seen as the last total says. Only then may a cursor move.
    pub fn is_complete(&self) -> bool {
        self.next.is_none()
    }

    /// Whether orders left the window meanwhile, because they changed again: their newest state is found by
    /// a further window that begins at this one's end.
    pub fn has_shrunk(&self) -> bool {
        self.has_shrunk
    }

    /// How often reading was restarted.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// Orders in the window by the last answer.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Takes note of the page that [`next_page`](Self::next_page) asked for. Fails with
    /// [`ConnectorError::Unsettled`] (transient) after [`RESTARTS_AT_MOST`] new beginnings.
    pub fn accept(&mut self, page: &OrderPage) -> Result<PageVerdict, ConnectorError> {
        let Some(number) = self.next else { return Ok(PageVerdict::Complete) };
        let last = last_page(page);
        let before = std::mem::replace(&mut self.total, page.total);
        if self.is_probing {
            self.is_probing = false;
            if last > 1 {
                self.next = Some(last);
                return Ok(PageVerdict::More);
            }
        } else if page.total > before {
            return self.restart(last);
        } else if page.total < before {
            self.has_shrunk = true;
        }
        self.note(page);
        if number > 1 {
            // After a loss of several orders the next page may lie behind the list's end.
            self.next = Some((number - 1).min(last));
            return Ok(PageVerdict::More);
        }
        if (self.seen.len() as u64) < page.total {
            return self.restart(last);
        }
        self.next = None;
        Ok(PageVerdict::Complete)
    }

    fn note(&mut self, page: &OrderPage) {
        self.seen.extend(page.entries.iter().map(|entry| entry.number.clone()));
        let malformed = page.malformed.iter();
        self.seen
            .extend(malformed.map(|entry| entry.number.clone().unwrap_or_else(|| entry.raw.to_string())));
    }

    fn restart(&mut self, last: u32) -> Result<PageVerdict, ConnectorError> {
        if self.restarts >= RESTARTS_AT_MOST {
            let seen = self.seen.len() as u64;
            return Err(ConnectorError::Unsettled { restarts: self.restarts, seen, total: self.total });
        }
        self.restarts += 1;
        self.seen.clear();
        self.next = Some(last);
        Ok(PageVerdict::Restarted)
    }
}

impl Default for WindowReader {
    fn default() -> Self {
        Self::new()
    }
}

/// The number of the last page; 1 for an empty list.
fn last_page(page: &OrderPage) -> u32 {
    let pages = page.total.div_ceil(u64::from(page.page_size.max(1)));
    u32::try_from(pages).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
#[path = "paging_tests.rs"]
mod tests;
