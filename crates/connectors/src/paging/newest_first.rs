//! A list with page numbers and a total, newest change first.
//!
//! It is read through a *fixed* window of time, from its last page to its first. An order that changes meanwhile leaves the window,
//! which moves older ones to the front: into pages that are still unread. Its newest state is found by a further window that begins at
//! this one's end.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{OrderBatch, OrderReader};
use crate::error::ConnectorError;
use crate::orders::OrderWindow;

/// Windows that follow each other in one reading, where orders keep changing meanwhile.
const WINDOWS_AT_MOST: u32 = 5;

/// One page of a listing of orders.
#[derive(Debug, Clone)]
pub(crate) struct OrderPage {
    /// Orders in the whole window, as the marketplace counts them now.
    pub(crate) total: u64,
    /// Entries that a full page has.
    pub(crate) page_size: u32,
    /// What it shows, newest change first.
    pub(crate) batch: OrderBatch,
}

/// Where the pages come from.
#[async_trait]
pub(crate) trait OrderPages: Send + Sync {
    /// One page of the orders changed in `window`, newest change first. Pages count from 1.
    async fn page(&self, window: &OrderWindow, number: u32) -> Result<OrderPage, ConnectorError>;

    /// Up to when the list is complete now.
    fn list_end(&self) -> Timestamp;
}

/// Reads a window, and those that follow it as long as orders leave them.
pub(crate) struct NewestFirst<P> {
    pages: P,
    window: OrderWindow,
    reader: WindowReader,
    windows: u32,
    is_complete: bool,
    read_until: Option<Timestamp>,
}

impl<P: OrderPages> NewestFirst<P> {
    pub(crate) fn new(pages: P, window: OrderWindow) -> Self {
        Self { pages, window, reader: WindowReader::new(), windows: 1, is_complete: false, read_until: None }
    }

    /// The window was read: either all is known, or a further one follows.
    fn end_window(&mut self) {
        if !self.reader.has_shrunk() {
            self.read_until = Some(self.window.changed_until);
        }
        self.is_complete = self.read_until.is_some() || self.windows >= WINDOWS_AT_MOST;
        if !self.is_complete {
            self.windows += 1;
            self.window.changed_from = self.window.changed_until;
            self.window.changed_until = self.pages.list_end();
            self.reader = WindowReader::new();
        }
    }
}

#[async_trait]
impl<P: OrderPages> OrderReader for NewestFirst<P> {
    fn is_complete(&self) -> bool {
        self.is_complete
    }

    async fn next(&mut self) -> Result<OrderBatch, ConnectorError> {
        let Some(number) = self.reader.next_page().filter(|_| !self.is_complete) else {
            return Ok(OrderBatch::default());
        };
        let page = self.pages.page(&self.window, number).await?;
        if self.reader.accept(&page)? == PageVerdict::Complete {
            self.end_window();
        }
        Ok(page.batch)
    }

    fn read_until(&self) -> Option<Timestamp> {
        self.read_until
    }
}

/// How often reading is restarted before it is given up; each restart costs all pages.
const RESTARTS_AT_MOST: u32 = 10;

/// What a page meant for the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageVerdict {
    /// Further pages are to be read.
    More,
    /// Orders entered the window behind the read position: reading was restarted.
    Restarted,
    /// As many distinct orders were seen as the last total says.
    Complete,
}

/// Decides which page of one window is read next. Whoever reads it hands it to [`accept`](Self::accept).
#[derive(Debug)]
struct WindowReader {
    next: Option<u32>,
    is_probing: bool,
    total: u64,
    has_shrunk: bool,
    restarts: u32,
    seen: HashSet<String>,
}

impl WindowReader {
    /// A reader that has not begun.
    fn new() -> Self {
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
    fn next_page(&self) -> Option<u32> {
        self.next
    }

    /// Whether orders left the window meanwhile, because they changed again: their newest state is found by
    /// a further window that begins at this one's end.
    fn has_shrunk(&self) -> bool {
        self.has_shrunk
    }

    /// Takes note of the page that [`next_page`](Self::next_page) asked for. Fails with
    /// [`ConnectorError::Unsettled`] (transient) after [`RESTARTS_AT_MOST`] new beginnings.
    fn accept(&mut self, page: &OrderPage) -> Result<PageVerdict, ConnectorError> {
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
        self.seen.extend(page.batch.entries.iter().map(|entry| entry.number.clone()));
        let malformed = page.batch.malformed.iter();
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
#[path = "newest_first_tests.rs"]
mod tests;
