//! A list in memory that changes after every page, and whose tokens end now and then: nothing that stays in it may be missed.

use std::collections::HashSet;
use std::sync::Mutex;

use marktwerk_domain::order::MarketplaceStatus;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::error::Place;
use crate::orders::OrderEntry;

const FROM: i64 = 0;
const UNTIL: i64 = 1_000;
const PAGE: usize = 10;

/// Orders by their time of change, oldest change first; a token is the last one that was shown.
#[derive(Default)]
struct List {
    changed_at: Vec<i64>,
    asked: usize,
    /// Questions with a token that are refused because it has ended.
    ended: HashSet<usize>,
    leads_to_itself: bool,
}

struct Pages<'a>(&'a Mutex<List>);

fn gone() -> ConnectorError {
    ConnectorError::Refused {
        place: Place::default(),
        message: "the token has ended".to_owned(),
        cure: "",
        is_about_order: false,
    }
}

#[async_trait]
impl TokenPages for Pages<'_> {
    async fn page(&self, window: &OrderWindow, token: Option<&str>) -> Result<TokenPage, ConnectorError> {
        let mut list = self.0.lock().unwrap();
        list.asked += 1;
        if token.is_some() && list.ended.contains(&list.asked) {
            return Err(gone());
        }
        let shown: Option<(i64, usize)> = token.map(|token| {
            let (changed_at, order) = token.split_once(' ').unwrap();
            (changed_at.parse().unwrap(), order.parse().unwrap())
        });
        let within = window.changed_from.as_second()..=window.changed_until.as_second();
        let mut rows: Vec<(i64, usize)> =
            list.changed_at.iter().enumerate().map(|(order, changed_at)| (*changed_at, order)).collect();
        rows.retain(|row| within.contains(&row.0) && shown.is_none_or(|shown| *row > shown));
        rows.sort_unstable();
        let is_last = rows.len() <= PAGE;
        rows.truncate(PAGE);
        let next = match rows.last() {
            Some((changed_at, order)) if !is_last => Some(format!("{changed_at} {order}")),
            _ if list.leads_to_itself => token.map(str::to_owned),
            _ => None,
        };
        let entries = rows.into_iter().map(|(changed_at, order)| entry(changed_at, order)).collect();
        Ok(TokenPage { batch: OrderBatch { entries, malformed: Vec::new() }, next, until: None })
    }

    fn has_ended(&self, error: &ConnectorError) -> bool {
        *error == gone()
    }

    fn unreadable(&self, message: &str) -> ConnectorError {
        ConnectorError::Unreadable { place: Place::default(), message: message.to_owned() }
    }
}

fn entry(changed_at: i64, order: usize) -> OrderEntry {
    let changed_at = Timestamp::from_second(changed_at).unwrap();
    OrderEntry {
        number: order.to_string(),
        changed_at,
        ordered_at: changed_at,
        status: MarketplaceStatus::Ready,
        fingerprint: String::new(),
        raw: Value::Null,
    }
}

fn window() -> OrderWindow {
    let [changed_from, changed_until] = [FROM, UNTIL].map(|second| Timestamp::from_second(second).unwrap());
    OrderWindow { changed_from, changed_until, status: None }
}

/// Reads the list to its end; `meanwhile` happens after each page.
async fn read(
    list: &Mutex<List>,
    mut meanwhile: impl FnMut(&mut List),
) -> Result<HashSet<usize>, ConnectorError> {
    let mut reader = ByToken::new(Pages(list), window());
    let mut seen = HashSet::new();
    while !reader.is_complete() {
        assert_eq!(reader.read_until(), None);
        let batch = reader.next().await?;
        seen.extend(batch.entries.iter().map(|entry| entry.number.parse::<usize>().unwrap()));
        meanwhile(&mut list.lock().unwrap());
    }
    assert_eq!(reader.read_until(), Some(window().changed_until));
    assert!(reader.next().await?.entries.is_empty());
    Ok(seen)
}

proptest! {
    #[test]
    fn an_order_that_changes_while_the_list_is_read_is_not_missed(
        changed_at in prop::collection::vec(FROM..=UNTIL, 0..60),
        ended in prop::collection::hash_set(1_usize..12, 0..=RESTARTS as usize),
        changes in prop::collection::vec(prop::collection::vec(0_usize..60, 0..4), 12),
    ) {
        let list = Mutex::new(List { changed_at: changed_at.clone(), ended, ..List::default() });
        let mut changes = changes.into_iter();
        let seen = futures::executor::block_on(read(&list, |list| {
            for order in changes.next().into_iter().flatten().filter(|order| *order < changed_at.len()) {
                list.changed_at[order] = UNTIL + 1;
            }
        }));
        let seen = seen.unwrap();
        for (order, changed_at) in list.lock().unwrap().changed_at.iter().enumerate() {
            // What has changed comes with the next window.
            prop_assert!(seen.contains(&order) || *changed_at > UNTIL, "{order} was missed");
        }
    }
}

#[tokio::test]
async fn tokens_that_always_end_and_pages_that_lead_to_themselves_end_the_reading() {
    let full = |ended, leads_to_itself| {
        Mutex::new(List { changed_at: vec![5; 25], asked: 0, ended, leads_to_itself })
    };
    let always = full((1..100).collect(), false);
    assert_eq!(read(&always, |_| {}).await, Err(gone()));
    assert_eq!(always.lock().unwrap().asked, 2 * (1 + RESTARTS as usize));
    let error = read(&full(HashSet::new(), true), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("leads to itself"), "{error}");
}

#[tokio::test]
async fn the_marketplaces_own_end_counts_where_it_is_earlier() {
    struct Early;
    #[async_trait]
    impl TokenPages for Early {
        async fn page(&self, _: &OrderWindow, _: Option<&str>) -> Result<TokenPage, ConnectorError> {
            Ok(TokenPage { until: Timestamp::from_second(UNTIL - 120).ok(), ..TokenPage::default() })
        }

        fn has_ended(&self, _: &ConnectorError) -> bool {
            false
        }

        fn unreadable(&self, _: &str) -> ConnectorError {
            gone()
        }
    }
    let mut reader = ByToken::new(Early, window());
    reader.next().await.unwrap();
    assert_eq!(reader.read_until(), Timestamp::from_second(UNTIL - 120).ok());
}
