//! Accepts connections and serves each, with limits that hold before a request exists: how many at once, how long a head may
//! take, how large it may be.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use marktwerk_domain::clock::SharedClock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at the same time at the most; more wait to be accepted. Sockets do not count here.
const MOST: usize = 1_000;
/// How long the head of a request may take, and how long a connection may rest between two requests.
const LONGEST_HEAD: Duration = Duration::from_secs(15);
/// Bytes and fields of a head at the most.
const LARGEST_HEAD: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// After a connection that could not be accepted: the machine is out of something.
const PATIENCE: Duration = Duration::from_millis(200);

/// The accepting side of the server.
pub(crate) struct Connections {
    pub(crate) router: Router,
    pub(crate) clock: SharedClock,
    /// Nothing new is accepted any more; what is under way may end.
    pub(crate) closing: CancellationToken,
    /// What is under way is cut off.
    pub(crate) cut: CancellationToken,
}

impl Connections {
    /// Serves until `closing` and then until the last answer is given.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MOST));
        let tracker = TaskTracker::new();
        while let Some(stream) = self.next(&listener, &places).await {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let connection = serve_one(stream, self.router.clone(), self.closing.clone(), self.cut.clone());
            tracker.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        drop(listener);
        tracker.close();
        tracker.wait().await;
    }

    async fn next(&self, listener: &TcpListener, places: &Semaphore) -> Option<TcpStream> {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.closing.cancelled() => return None,
                // Only this loop takes places: one that is free now is free afterwards.
                accepted = async { drop(places.acquire().await); listener.accept().await } => accepted,
            };
            match accepted {
                Ok((stream, _)) => return Some(stream),
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    self.clock.sleep(PATIENCE).await;
                }
            }
        }
    }
}

async fn serve_one(stream: TcpStream, router: Router, closing: CancellationToken, cut: CancellationToken) {
    // Answers are small: waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
    builder.max_headers(MOST_HEADERS).max_buf_size(LARGEST_HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection.with_upgrades());
    let mut is_closing = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("a connection ended badly: {error}");
                }
                return;
            }
            () = closing.cancelled(), if !is_closing => {
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            () = cut.cancelled() => return,
        }
    }
}
