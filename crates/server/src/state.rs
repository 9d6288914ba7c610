//! What every handler may touch.

use std::sync::Arc;

use jiff::Timestamp;
use marktwerk_domain::judgement::Limits;
use marktwerk_domain::language::{Language, Reader};
use marktwerk_domain::reason::Reason;
use marktwerk_engine::{Commands, Engine};
use marktwerk_store::SharedStore;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connections::{Limits as ConnectionLimits, Shares};
use crate::documented::MOST_EXPORTS;
use crate::live::{Board, Source};
use crate::metrics::MetricsSource;
use crate::safety::{Access, Caller, Hosts};
use crate::times;

/// Shared by all handlers; a clone is cheap.
#[derive(Clone)]
pub(crate) struct AppState {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Arc<Engine>,
    pub(crate) source: Source,
    pub(crate) version: &'static str,
    pub(crate) notice: Option<Reason>,
    /// What is measured, where something is.
    pub(crate) metrics: Option<MetricsSource>,
    /// Whose requests are answered at all.
    pub(crate) hosts: Hosts,
    /// Access control; `None` lets in everybody who can reach the address.
    pub(crate) access: Option<Access>,
    /// The job list as sockets show it.
    pub(crate) board: Board,
    /// How long an order's waits may last.
    pub(crate) limits: Limits,
    /// Open sockets.
    pub(crate) sockets: TaskTracker,
    /// Each has a connection; half of them are left to requests.
    pub(crate) socket_places: Arc<Shares>,
    /// Exports of lines that are being written.
    pub(crate) exports: Arc<Semaphore>,
    /// Cancelled when the server shuts down.
    pub(crate) closing: CancellationToken,
}

impl AppState {
    pub(crate) fn new(
        source: Source,
        options: crate::ServerOptions,
        hosts: Hosts,
        access: Option<Access>,
        board: Board,
    ) -> Self {
        let connections =
            ConnectionLimits { total: options.connections, per_peer: options.connections_per_address };
        let inner = Inner {
            engine: Arc::clone(source.engine()),
            source,
            version: options.version,
            notice: options.notice,
            metrics: options.metrics,
            hosts,
            access,
            board,
            limits: options.limits,
            sockets: TaskTracker::new(),
            socket_places: Shares::new(connections.half()),
            exports: Arc::new(Semaphore::new(MOST_EXPORTS)),
            closing: CancellationToken::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The commands of a caller: the only way to change jobs and runs.
    pub(crate) fn commands(&self, caller: &Caller) -> Commands {
        self.engine.on_behalf_of(caller.actor())
    }

    /// What the answer to a change of jobs is to say beside it: that the jobs file does not have it.
    pub(crate) fn warning(&self) -> Option<String> {
        self.engine.jobs_file_warning()
    }

    pub(crate) fn store(&self) -> &SharedStore {
        self.inner.engine.store()
    }

    /// A time as answers carry it.
    pub(crate) fn time(&self, time: Timestamp) -> String {
        self.inner.source.time(time)
    }

    /// The reader's language and time zone.
    pub(crate) fn reader(&self, language: Language) -> Reader {
        self.inner.source.reader(language)
    }

    /// `days` before now.
    pub(crate) fn days_ago(&self, days: i64) -> Timestamp {
        times::days_before(self.inner.engine.clock().now(), days)
    }
}

impl std::ops::Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}
