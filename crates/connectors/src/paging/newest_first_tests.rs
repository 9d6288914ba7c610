//! A list in memory that changes after every page: nothing that stays in it may be missed.

use std::sync::Mutex;

use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::order::MarketplaceStatus;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::orders::{MalformedEntry, OrderEntry};

/// A marketplace's list, newest change first.
struct List {
    orders: Vec<u32>,
    page_size: u32,
    pages_read: Vec<u32>,
}

impl List {
    fn of(count: u32) -> Self {
        Self { orders: (0..count).collect(), page_size: 100, pages_read: Vec::new() }
    }

    fn page(&mut self, number: u32) -> OrderPage {
        self.pages_read.push(number);
        let size = self.page_size as usize;
        let shown = self.orders.iter().skip((number as usize - 1) * size).take(size);
        OrderPage {
            total: self.orders.len() as u64,
            page_size: self.page_size,
            batch: of_entries(shown.map(|order| entry(&order.to_string())).collect()),
        }
    }

    /// An order changes: it leaves the fixed window.
    fn lose(&mut self, position: usize) {
        if !self.orders.is_empty() {
            let position = position % self.orders.len();
            self.orders.remove(position);
        }
    }
}

fn of_entries(entries: Vec<OrderEntry>) -> OrderBatch {
    OrderBatch { entries, malformed: Vec::new() }
}

fn entry(number: &str) -> OrderEntry {
    OrderEntry {
        number: number.to_owned(),
        changed_at: Timestamp::UNIX_EPOCH,
        ordered_at: Timestamp::UNIX_EPOCH,
        status: MarketplaceStatus::Ready,
        fingerprint: String::new(),
        raw: Value::Null,
    }
}

/// Reads the list to its end; `meanwhile` happens after each page.
fn read(list: &mut List, mut meanwhile: impl FnMut(&mut List, usize)) -> (WindowReader, HashSet<u32>) {
    let mut reader = WindowReader::new();
    let mut committed = HashSet::new();
    let mut pages = 0;
    while let Some(number) = reader.next_page() {
        let page = list.page(number);
        committed.extend(page.batch.entries.iter().map(|entry| entry.number.parse::<u32>().unwrap()));
        reader.accept(&page).unwrap();
        pages += 1;
        meanwhile(list, pages);
    }
    assert!(reader.next_page().is_none());
    (reader, committed)
}

#[test]
fn one_page_or_none_is_done_with_one_call() {
    for count in [0, 1, 100] {
        let mut list = List::of(count);
        let (reader, committed) = read(&mut list, |_, _| {});
        assert_eq!((list.pages_read.as_slice(), committed.len()), (&[1][..], count as usize));
        assert!(!reader.has_shrunk());
    }
}

#[test]
fn three_pages_are_read_from_the_last_to_the_first() {
    let mut list = List::of(250);
    let (reader, committed) = read(&mut list, |_, _| {});
    assert_eq!(list.pages_read, [1, 3, 2, 1]);
    assert_eq!((committed.len(), reader.total, reader.restarts), (250, 250, 0));
}

#[test]
fn orders_that_leave_the_window_hide_none_of_the_others() {
    let mut list = List::of(250);
    // The newest ones change: every page moves up by ten.
    let (reader, committed) = read(&mut list, |list, _| (0..10).for_each(|_| list.lose(0)));
    assert!(reader.has_shrunk() && reader.restarts == 0);
    assert!(list.orders.iter().all(|order| committed.contains(order)));
}

#[test]
fn a_total_that_rose_begins_anew() {
    let mut list = List::of(250);
    let (reader, committed) = read(&mut list, |list, pages| {
        if pages == 3 {
            list.orders.insert(0, 999);
        }
    });
    assert_eq!(list.pages_read, [1, 3, 2, 1, 3, 2, 1]);
    assert_eq!((reader.restarts, committed.len()), (1, 251));
}

#[test]
fn a_list_that_shrinks_to_one_page_is_not_asked_for_pages_behind_its_end() {
    let mut list = List::of(950);
    read(&mut list, |list, pages| {
        if pages == 2 {
            list.orders.truncate(60);
        }
    });
    assert_eq!(list.pages_read, [1, 10, 9, 1]);
}

#[test]
fn a_list_that_never_holds_still_is_given_up_as_transient() {
    let mut list = List::of(250);
    let mut reader = WindowReader::new();
    let error = loop {
        let page = list.page(reader.next_page().unwrap());
        list.orders.insert(0, 1_000 + list.pages_read.len() as u32);
        if let Err(error) = reader.accept(&page) {
            break error;
        }
    };
    assert_eq!(error.failure().class, FailureClass::Transient);
    assert_eq!(reader.restarts, RESTARTS_AT_MOST);
    assert!(reader.next_page().is_some());
}

#[test]
fn a_page_that_holds_less_than_the_total_says_is_not_taken_for_complete() {
    let mut reader = WindowReader::new();
    let page = |count: usize| OrderPage {
        total: 3,
        page_size: 100,
        batch: of_entries((0..count).map(|number| entry(&number.to_string())).collect()),
    };
    assert_eq!(reader.accept(&page(2)).unwrap(), PageVerdict::Restarted);
    assert_eq!(reader.accept(&page(3)).unwrap(), PageVerdict::Complete);
    assert_eq!(reader.next_page(), None);
}

#[test]
fn malformed_entries_count_as_seen() {
    let malformed = |number: Option<&str>, raw: Value| MalformedEntry {
        number: number.map(str::to_owned),
        reason: "broken".to_owned(),
        raw,
    };
    let mut reader = WindowReader::new();
    let page = OrderPage {
        total: 4,
        page_size: 100,
        batch: OrderBatch {
            entries: vec![entry("1")],
            malformed: vec![
                malformed(Some("2"), json!({})),
                malformed(None, json!(3)),
                malformed(None, json!(4)),
            ],
        },
    };
    assert_eq!(reader.accept(&page).unwrap(), PageVerdict::Complete);
}

proptest! {
    /// Whatever leaves or enters between pages: an order that stays to the end was committed.
    #[test]
    fn what_stays_in_the_list_is_seen(
        count in 0_u32..350,
        page_size in 1_u32..120,
        changes in prop::collection::vec(prop::option::of((any::<bool>(), 0_usize..400, 1_usize..30)), 0..12),
    ) {
        let mut list = List { page_size, ..List::of(count) };
        let (_, committed) = read(&mut list, |list, pages| {
            match changes.get(pages - 1) {
                // Orders enter a window in the past only when the marketplace shows them late; at most 8 times
                // here, for the reader gives up after ten.
                Some(Some((true, position, number))) if pages <= 8 => {
                    for entered in 0..*number {
                        let position = position % (list.orders.len() + 1);
                        list.orders.insert(position, (1_000 * pages + entered) as u32);
                    }
                }
                Some(Some((false, position, number))) => (0..*number).for_each(|_| list.lose(*position)),
                _ => {}
            }
        });
        let still_there: Vec<&u32> =
            list.orders.iter().filter(|order| !committed.contains(order)).collect();
        // What entered after the last page was read cannot have been seen; it has its own number.
        prop_assert!(still_there.iter().all(|order| **order as usize / 1_000 == list.pages_read.len()), "{still_there:?}");
    }
}

/// A marketplace whose orders change while they are read: before each page, those that the test says. Its clock moves a second with each.
struct Changing {
    /// When each order changed last.
    orders: Mutex<Vec<Timestamp>>,
    changes: Vec<Vec<usize>>,
    asked: Mutex<usize>,
}

impl Changing {
    fn at(seconds: usize) -> Timestamp {
        Timestamp::from_second(seconds as i64).unwrap()
    }
}

/// Before the first page.
const BEGIN: usize = 1_000;

#[async_trait]
impl OrderPages for &Changing {
    async fn page(&self, window: &OrderWindow, number: u32) -> Result<OrderPage, ConnectorError> {
        let mut asked = self.asked.lock().unwrap();
        let mut orders = self.orders.lock().unwrap();
        *asked += 1;
        for changed in self.changes.get(*asked - 1).into_iter().flatten() {
            let count = orders.len();
            orders[changed % count] = Changing::at(BEGIN + *asked);
        }
        let mut found: Vec<(Timestamp, usize)> =
            orders.iter().enumerate().map(|(order, changed_at)| (*changed_at, order)).collect();
        found.retain(|(changed_at, _)| (window.changed_from..=window.changed_until).contains(changed_at));
        found.sort_unstable_by(|one, other| other.cmp(one));
        let shown = found.iter().skip((number as usize - 1) * 10).take(10);
        let shown = shown
            .map(|(changed_at, order)| OrderEntry { changed_at: *changed_at, ..entry(&order.to_string()) });
        Ok(OrderPage { total: found.len() as u64, page_size: 10, batch: of_entries(shown.collect()) })
    }

    fn list_end(&self) -> Timestamp {
        Changing::at(BEGIN + *self.asked.lock().unwrap())
    }
}

proptest! {
    /// Whatever changes while the list is read: up to where it says that it was read, each order came in its newest state.
    #[test]
    fn an_order_that_changes_while_the_list_is_read_is_not_missed(
        count in 1_usize..60,
        changes in prop::collection::vec(prop::collection::vec(0_usize..60, 0..4), 0..30),
    ) {
        let orders = (0..count).map(|order| Changing::at(order * 10)).collect();
        let world = Changing { orders: Mutex::new(orders), changes, asked: Mutex::default() };
        let window =
            OrderWindow { changed_from: Changing::at(0), changed_until: Changing::at(BEGIN), status: None };
        let mut reader = NewestFirst::new(&world, window);
        let mut came = HashSet::new();
        while !reader.is_complete() {
            let batch = futures::executor::block_on(reader.next());
            let Ok(batch) = batch else { return Ok(()) };
            came.extend(batch.entries.into_iter().map(|entry| (entry.number, entry.changed_at)));
        }
        let until = reader.read_until().unwrap_or(Changing::at(BEGIN));
        for (order, changed_at) in world.orders.lock().unwrap().iter().enumerate() {
            prop_assert!(*changed_at > until || came.contains(&(order.to_string(), *changed_at)), "{order} {changed_at}");
        }
    }
}
