//! Accepts connections and serves each, with limits that hold before a request exists and after it is answered: how many connections
//! there are at once and of each peer, how long and how large a head may be, how long an answer may stay unread.

mod peers;
mod places;
mod watched;

pub(crate) use peers::{Limits, Peer, Share, Shares};
pub(crate) use watched::StoppedBody;

use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use marktwerk_domain::clock::SharedClock;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use places::{Activity, Place, Places};
use watched::{WatchedBody, WatchedStream};

/// How long the head of a request may take, and how long a connection may rest between two requests.
const LONGEST_HEAD: Duration = Duration::from_secs(15);
/// Bytes and fields of a head at the most.
const LARGEST_HEAD: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// Bytes that the machine keeps for a connection in each direction (Linux takes twice as many). Left to itself it lets them grow to
/// several megabytes, for peers that do not read as for others.
const BUFFER: u32 = 64 * 1024;
/// Connections that the machine may have accepted before the program does.
const BACKLOG: u32 = 1_024;
/// After a connection that could not be accepted: the machine is out of something.
const PATIENCE: Duration = Duration::from_millis(200);
/// The answer to a peer whose connection cannot be served.
const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-type: application/json\r\n\
    content-length: 65\r\nconnection: close\r\n\r\n\
    {\"detail\": \"no connection is free right now: try again shortly\"}\n";

/// The accepting side of the server.
pub(crate) struct Connections {
    pub(crate) router: Router,
    pub(crate) clock: SharedClock,
    pub(crate) limits: Limits,
    /// Nothing new is accepted any more; what is under way may end.
    pub(crate) closing: CancellationToken,
    /// What is under way is cut off.
    pub(crate) cut: CancellationToken,
}

/// Listens, with buffers that do not grow.
pub(crate) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Elsewhere it would let two programs share a port; here a program that starts again gets its own back at once.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    // What is accepted inherits both.
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Connections {
    /// Serves until `closing` and then until the last answer is given.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let places = Places::new(self.limits, Arc::clone(&self.clock));
        let tracker = TaskTracker::new();
        while let Some((stream, address)) = self.next(&listener, &places).await {
            let peer = Peer::of(address.ip());
            match places.take(peer) {
                Some(place) => drop(tracker.spawn(self.serve_one(stream, peer, place))),
                None => refuse(stream),
            }
        }
        drop(listener);
        tracker.close();
        tracker.wait().await;
    }

    async fn next(&self, listener: &TcpListener, places: &Places) -> Option<(TcpStream, SocketAddr)> {
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.closing.cancelled() => return None,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok(accepted) => return Some(accepted),
                // The peer has gone before it was accepted: that is its own affair.
                Err(error) if is_of_the_peer(&error) => {
                    tracing::debug!("a connection ended before it was accepted: {error}");
                }
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    places.make_room();
                    self.clock.sleep(PATIENCE).await;
                }
            }
        }
    }

    fn serve_one(&self, stream: TcpStream, peer: Peer, place: Place) -> impl Future<Output = ()> + use<> {
        let (clock, activity) = (Arc::clone(&self.clock), Arc::clone(&place.activity));
        let (closing, cut) = (self.closing.clone(), self.cut.clone());
        let service = served(self.router.clone(), peer, Arc::clone(&activity), Arc::clone(&clock));
        async move {
            // Answers are small: waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
            builder.max_headers(MOST_HEADERS).max_buf_size(LARGEST_HEAD);
            let stream = TokioIo::new(WatchedStream::new(stream, place, clock));
            let mut connection = pin!(builder.serve_connection(stream, service).with_upgrades());
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
                    () = activity.cut.cancelled() => {
                        tracing::debug!("a connection of {peer} gave way to another");
                        return;
                    }
                    () = cut.cancelled() => return,
                }
            }
        }
    }
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

/// The router as a connection asks it: each request knows its peer, and while it is worked on the connection stays.
fn served(
    router: Router,
    peer: Peer,
    activity: Arc<Activity>,
    clock: SharedClock,
) -> impl Service<
    Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> {
    let router = TowerToHyperService::new(router);
    service_fn(move |request: Request<Incoming>| {
        let (router, activity, clock) = (router.clone(), Arc::clone(&activity), Arc::clone(&clock));
        async move {
            let _work = Work::begin(&activity);
            let watched = |body| WatchedBody::new(body, Arc::clone(&activity), clock);
            let mut request = request.map(watched);
            request.extensions_mut().insert(peer);
            let answer = router.call(request).await;
            if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS) {
                activity.become_socket();
            }
            answer
        }
    })
}

/// A request that is worked on.
struct Work<'a>(&'a Activity);

impl<'a> Work<'a> {
    fn begin(activity: &'a Activity) -> Self {
        activity.set_working(true);
        Self(activity)
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.0.moved();
        self.0.set_working(false);
    }
}

/// Tells a peer that there is no place, as far as that goes without waiting for it.
fn refuse(stream: TcpStream) {
    let told = stream.into_std().and_then(|mut stream| stream.write(NO_PLACE));
    if let Err(error) = told {
        tracing::debug!("a peer was not told that there is no place for it: {error}");
    }
}
