//! The server as its owner sees it: started, asked for its address, shut down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_engine::Engine;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connections::{Connections, Limits, listen};
use crate::live::{Board, Source};
use crate::options::{ServerError, ServerOptions};
use crate::routes;
use crate::safety::{Access, Hosts};
use crate::state::AppState;

/// How long a shutdown waits for answers under way and for sockets.
const GRACE: Duration = Duration::from_secs(3);

/// The running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    closing: CancellationToken,
    cut: CancellationToken,
    sockets: TaskTracker,
    clock: SharedClock,
    serving: JoinHandle<()>,
    board: JoinHandle<()>,
}

impl Server {
    /// Listens and begins to answer. Refuses an address that others can reach if nobody would have to show a token.
    pub async fn start(options: ServerOptions, engine: Arc<Engine>) -> Result<Self, ServerError> {
        let clock = engine.clock().clone();
        let limits = Limits { total: options.connections, per_peer: options.connections_per_address };
        let access = Access::new(options.token_hash.as_deref(), &options.people, limits, clock.clone())?;
        if !options.listen.ip().is_loopback() && access.is_none() {
            return Err(ServerError::NoToken(options.listen));
        }
        let hosts = Hosts::new(options.public_url.as_deref())?;
        let listener = open(options.listen)?;
        let reason = |reason| ServerError::CannotListen { address: options.listen, reason };
        let address = listener.local_addr().map_err(reason)?;
        if !address.ip().is_loopback() && options.public_url.is_none() {
            tracing::warn!(
                "listening on {address}, but answering only to localhost: set [server] public_url to the address that people use"
            );
        }
        let (board, source) = (Board::new(), Source::new(engine, options.zone.clone()));
        let state = AppState::new(source.clone(), options, hosts, access, board.clone());
        let (closing, sockets) = (state.closing.clone(), state.sockets.clone());
        let (supervision, ending) = (source.engine().supervision().clone(), closing.clone());
        let begin = move || board.clone().keep(source.clone(), ending.clone());
        let board = supervision.keep("job list", clock.clone(), begin);
        let cut = CancellationToken::new();
        let connections = Connections {
            router: routes::router(state),
            clock: clock.clone(),
            limits,
            closing: closing.clone(),
            cut: cut.clone(),
        };
        let ending = closing.clone();
        let serving = supervision.vital("server", move || ending.is_cancelled(), connections.serve(listener));
        Ok(Self { address, closing, cut, sockets, clock, serving, board })
    }

    /// Where it listens, with the port that it was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, lets those under way end, says goodbye to sockets; at the latest after a few seconds it is done.
    pub async fn shutdown(self) {
        self.closing.cancel();
        self.sockets.close();
        let Self { sockets, serving, board, clock, cut, .. } = self;
        tokio::select! {
            _ = async { tokio::join!(serving, board, sockets.wait()) } => {}
            () = clock.sleep(GRACE) => {
                tracing::warn!("some connections did not end in time and are cut off");
                cut.cancel();
            }
        }
    }
}

fn open(address: SocketAddr) -> Result<TcpListener, ServerError> {
    listen(address).map_err(|reason| match reason.kind() {
        std::io::ErrorKind::AddrInUse => ServerError::AddressInUse(address),
        _ => ServerError::CannotListen { address, reason },
    })
}
