//! The other parts of the page: numbers, what needs a person, accounts, the live log.

use marktwerk_domain::account::AccountSummary;
use maud::{Markup, html};

use super::Words;
use super::jobs_table::path_segment;
use crate::documented::{LogEntry, TemuStatistics};
use crate::times::for_people;
use crate::v1::AccountStatistics;

const LEVELS: [&str; 4] = ["DEBUG", "INFO", "WARNING", "ERROR"];

/// The numbers of orders and stock.
pub(super) fn counts(words: Words, statistics: &TemuStatistics) -> Markup {
    let (orders, inventory) = (&statistics.orders, &statistics.inventory);
    let order_counts = [
        ("orders.total", words.total, orders.total),
        ("orders.imported", words.imported, orders.imported),
        ("orders.xml_generated", words.xml_generated, orders.xml_generated),
        ("orders.uploaded", words.uploaded, orders.uploaded),
        ("orders.tracked", words.tracked, orders.tracked),
    ];
    let inventory_counts = [
        ("inventory.total_skus", words.total_skus, inventory.total_skus),
        ("inventory.synced", words.synced, inventory.synced),
        ("inventory.pending", words.pending, inventory.pending),
        ("inventory.errors", words.errors, inventory.errors),
    ];
    html! {
        div.panels {
            (numbers(words, words.orders, &order_counts, "last_sync.orders", statistics.last_sync.orders.as_deref()))
            (numbers(words, words.inventory, &inventory_counts, "last_sync.inventory", statistics.last_sync.inventory.as_deref()))
        }
    }
}

fn numbers(
    words: Words,
    title: &str,
    counts: &[(&str, &str, u64)],
    sync: &str,
    synced: Option<&str>,
) -> Markup {
    html! {
        section.panel {
            h2 { (title) }
            dl.numbers {
                @for (key, word, count) in counts {
                    div { dt { (word) } dd { span data-count=(key) { (count) } } }
                }
            }
            p.small {
                (words.last_sync) ": "
                span data-time=(sync) { (synced.map(for_people).unwrap_or_else(|| "–".to_owned())) }
            }
        }
    }
}

/// The accounts.
pub(super) fn accounts(
    words: Words,
    accounts: &[AccountSummary],
    statistics: &[AccountStatistics],
) -> Markup {
    html! {
        section.panel {
            h2 { (words.accounts) }
            @if accounts.is_empty() { p { (words.no_accounts) } } @else {
                table {
                    thead {
                        tr {
                            th scope="col" { (words.name) }
                            th scope="col" { (words.marketplace) }
                            th scope="col" { (words.orders) }
                            th scope="col" { (words.tracked) }
                            th scope="col" { (words.total_skus) }
                            th scope="col" { (words.pending) }
                            th scope="col" { (words.endpoint) }
                            th scope="col" { (words.actions) }
                        }
                    }
                    tbody {
                        @for account in accounts {
                            tr {
                                th scope="row" { (account.name) }
                                td data-label=(words.marketplace) { (account.marketplace) }
                                @let counts = statistics.iter().find(|counts| counts.account == account.name);
                                @for (key, word, count) in counts_of_account(words, counts) {
                                    td data-label=(word) {
                                        span data-account=(account.name) data-account-count=(key) { (count) }
                                    }
                                }
                                td data-label=(words.endpoint) {
                                    (account.endpoint)
                                    @if account.is_loopback { small { (words.simulated) } }
                                }
                                td.actions {
                                    @let action = format!("/screen/accounts/{}/test", path_segment(&account.name));
                                    form.inline data-live method="post" action=(action) {
                                        button aria-label={ (words.test) ": " (account.name) } { (words.test) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is counted of an account: where the script finds the newest number, its word, and the number.
fn counts_of_account(
    words: Words,
    counts: Option<&AccountStatistics>,
) -> [(&'static str, &'static str, String); 4] {
    let shown = |number: fn(&AccountStatistics) -> u64| {
        counts.map_or_else(|| "–".to_owned(), |counts| number(counts).to_string())
    };
    [
        ("orders.total", words.orders, shown(|counts| counts.orders.total)),
        ("orders.tracked", words.tracked, shown(|counts| counts.orders.tracked)),
        ("inventory.total_skus", words.total_skus, shown(|counts| counts.inventory.total_skus)),
        ("inventory.pending", words.pending, shown(|counts| counts.inventory.pending)),
    ]
}

/// The live log, newest line first.
pub(super) fn log(words: Words, job_types: &[&str], lines: &[LogEntry]) -> Markup {
    html! {
        section.panel {
            h2 { (words.log) }
            form #log-filter .inline {
                label for="log-job-type" { (words.job_type) }
                select #log-job-type name="job_type" {
                    option value="" { (words.all) }
                    @for job_type in job_types { option { (job_type) } }
                }
                label for="log-level" { (words.level) }
                select #log-level name="level" {
                    option value="" { (words.all) }
                    @for level in LEVELS { option { (level) } }
                }
            }
            table #log data-last=(lines.first().map(|line| line.log_id).unwrap_or(0)) {
                thead {
                    tr {
                        th scope="col" { (words.time) }
                        th scope="col" { (words.level) }
                        th scope="col" { (words.job_type) }
                        th scope="col" { (words.message) }
                    }
                }
                tbody {
                    @for line in lines {
                        tr data-level=(line.level) data-log-id=(line.log_id) {
                            td { (for_people(&line.timestamp)) }
                            td { (line.level) }
                            td title=(line.job_id) { (line.job_type) }
                            td { (line.message) }
                        }
                    }
                    tr.empty hidden[!lines.is_empty()] { td colspan="4" { (words.no_logs) } }
                }
            }
        }
    }
}
