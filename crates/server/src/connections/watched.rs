//! A connection's two directions, watched: a peer that does not read its answer, or stops in the middle of a body, is not waited for
//! for ever. One that is slow and goes on is.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use marktwerk_domain::clock::{SharedClock, Sleep};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::places::{Activity, Place};

/// How long a peer may leave an answer unread. With [the buffer of a connection](super::BUFFER) a reader of 1 kB a second goes on.
const LONGEST_UNREAD: Duration = Duration::from_secs(120);
/// How long a peer may stop in the middle of a body.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A connection that holds its place, also as a socket.
pub(super) struct WatchedStream {
    stream: TcpStream,
    place: Place,
    clock: SharedClock,
    /// Ends when the peer has read nothing for too long.
    unread: Option<Sleep>,
}

impl WatchedStream {
    pub(super) fn new(stream: TcpStream, place: Place, clock: SharedClock) -> Self {
        Self { stream, place, clock, unread: None }
    }

    fn written(&mut self, context: &mut Context<'_>, written: Poll<Result<usize>>) -> Poll<Result<usize>> {
        if written.is_ready() {
            self.unread = None;
            self.place.activity.moved();
            return written;
        }
        // A socket's reader is watched by the live channel.
        if self.place.activity.is_socket() {
            return Poll::Pending;
        }
        let clock = &self.clock;
        let unread = self.unread.get_or_insert_with(|| clock.sleep(LONGEST_UNREAD));
        ready!(unread.as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the peer does not read its answer")))
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.place.activity.moved();
        }
        read
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The peer stopped in the middle of a body.
#[derive(Debug, thiserror::Error)]
#[error("nothing more of the body came for {} seconds", LONGEST_PAUSE.as_secs())]
pub(crate) struct StoppedBody;

/// A body on its way in. While it is awaited, the server waits for the peer.
pub(super) struct WatchedBody {
    body: Incoming,
    activity: Arc<Activity>,
    clock: SharedClock,
    pause: Option<Sleep>,
}

impl WatchedBody {
    pub(super) fn new(body: Incoming, activity: Arc<Activity>, clock: SharedClock) -> Self {
        Self { body, activity, clock, pause: None }
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.pause = None;
            this.activity.set_working(true);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        this.activity.set_working(false);
        let clock = &this.clock;
        let pause = this.pause.get_or_insert_with(|| clock.sleep(LONGEST_PAUSE));
        ready!(pause.as_mut().poll(context));
        Poll::Ready(Some(Err(StoppedBody.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
