//! `GET /ws/logs`: the job list on connect and at every change, each stored line once and in order. Pages of the system in use before
//! take every list for the whole one, so that only who asks for it is sent what changed alone. A reader that does not read is waited for
//! by nobody: its own task stops at its own full connection, and when it reads again it is told what it missed.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::http::Extensions;
use axum::response::Response;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use marktwerk_domain::clock::SharedClock;
use marktwerk_engine::journal::{LiveTail, TailItem};
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::board::News;
use super::{Board, Source};
use crate::connections::Share;
use crate::documented::LogEntry;
use crate::error::{ApiError, ApiResult};
use crate::fields::QueryFields;
use crate::safety::peer_of;
use crate::state::AppState;

/// What is read from a client; nothing of it is needed.
const LARGEST_MESSAGE: usize = 4 * 1024;
/// Time between two pings. A peer that has not answered one by the time the next is due is dead.
const PING_EVERY: Duration = Duration::from_secs(30);
/// Messages and pings between two of our pings at the most. Each ping is to be answered, and a client that reads no answers makes us
/// keep them.
const MOST_SAID: u32 = 100;
/// How long a client may leave a message unread before its connection is cut.
const LONGEST_SEND: Duration = Duration::from_secs(120);
/// So many bytes of whole job lists a client is sent in a second at the most; the first one after a rest comes at once.
const LIST_PACE: u64 = 100_000;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Opens a socket.
pub(crate) async fn open(
    State(state): State<AppState>,
    extensions: Extensions,
    QueryFields(mut fields): QueryFields,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let (after, job_type) = (fields.integer("after", 0..=i64::MAX), fields.text("job_type"));
    let with_lines = fields.boolean("recent_logs").unwrap_or(true);
    let jobs = fields.word("jobs", |word| match word {
        "changes" => Ok(Jobs::Changes),
        "all" => Ok(Jobs::All),
        _ => Err(format!("must be all or changes, not `{word}`")),
    });
    fields.finish()?;
    let upgrade =
        upgrade.map_err(|error| ApiError::field("header", "upgrade", "value_error", error.body_text()))?;
    let place = state.socket_places.take(peer_of(&extensions)?).ok_or(ApiError::TooMany)?;
    let after = match after {
        Some(after) => after,
        None => state.store().highest_log_id().await?,
    };
    let (hello, news) = state.board.join(&state.source, with_lines).await?;
    let tail = LiveTail::after(Arc::clone(state.store()), after);
    let job_type = job_type.map(|written| match state.engine.registry().resolve(&written) {
        Ok((job_type, _)) => job_type,
        Err(_) => written,
    });
    let reader = Reader {
        tail,
        board: state.board.clone(),
        source: state.source.clone(),
        news,
        with_lines,
        jobs: jobs.unwrap_or(Jobs::All),
        job_type,
        closing: state.closing.clone(),
        clock: state.engine.clock().clone(),
    };
    let sockets = state.sockets.clone();
    let upgrade = upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| sockets.track_future(reader.serve(socket, hello, place))))
}

/// What a client is sent when jobs change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Jobs {
    /// All of them.
    All,
    /// Those that changed.
    Changes,
}

struct Reader {
    tail: LiveTail,
    board: Board,
    source: Source,
    news: broadcast::Receiver<Arc<News>>,
    /// Whether jobs are told of with their latest lines.
    with_lines: bool,
    jobs: Jobs,
    job_type: Option<String>,
    closing: CancellationToken,
    clock: SharedClock,
}

/// Why a socket ends.
enum End {
    /// The client went, or does not read.
    Gone,
    /// The client says more than anybody has to say.
    TooMuch,
    /// The server shuts down.
    Closing,
    /// The store cannot be read: the client should come again.
    TryAgain,
}

impl Reader {
    async fn serve(mut self, socket: WebSocket, hello: Utf8Bytes, place: Share) {
        let (mut sink, stream) = socket.split();
        let end = self.follow(&mut sink, stream, hello).await;
        let frame = match end {
            End::Gone => return,
            End::TooMuch => {
                CloseFrame { code: close_code::POLICY, reason: Utf8Bytes::from_static("too many messages") }
            }
            End::Closing => {
                CloseFrame { code: close_code::AWAY, reason: Utf8Bytes::from_static("shutting down") }
            }
            End::TryAgain => {
                CloseFrame { code: close_code::AGAIN, reason: Utf8Bytes::from_static("try again") }
            }
        };
        tokio::select! {
            _ = sink.send(Message::Close(Some(frame))) => {}
            () = self.clock.sleep(GOODBYE) => {}
        }
        drop(place);
    }

    async fn follow(
        &mut self,
        sink: &mut SplitSink<WebSocket, Message>,
        mut stream: SplitStream<WebSocket>,
        hello: Utf8Bytes,
    ) -> End {
        if let Err(end) = self.send(sink, Message::Text(hello)).await {
            return end;
        }
        let mut next_ping = self.clock.sleep(PING_EVERY);
        let (mut has_answered, mut said) = (true, 0);
        // Whether its list is out of date, and how long it has to be content with it.
        let (mut is_stale, mut rest) = (false, self.clock.sleep(Duration::ZERO));
        loop {
            let message = tokio::select! {
                () = self.closing.cancelled() => return End::Closing,
                incoming = stream.next() => match incoming {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Gone,
                    // Whatever it says, it lives.
                    Some(Ok(_)) if said == MOST_SAID => return End::TooMuch,
                    Some(Ok(_)) => { (has_answered, said) = (true, said + 1); continue }
                },
                item = self.tail.next() => match item {
                    Ok(item) => match self.told(item) { Some(message) => message, None => continue },
                    Err(error) => {
                        tracing::warn!("a live reader lost the store: {error}");
                        return End::TryAgain;
                    }
                },
                news = self.news.recv() => match news {
                    Ok(news) if self.jobs == Jobs::Changes => Message::Text(news.message(self.with_lines)),
                    // It missed some, or wants them all.
                    Ok(_) | Err(RecvError::Lagged(_)) => { is_stale = true; continue }
                    Err(RecvError::Closed) => return End::Closing,
                },
                () = &mut rest, if is_stale => match self.board.join(&self.source, self.with_lines).await {
                    Ok((jobs, news)) => {
                        (self.news, is_stale) = (news, false);
                        rest = self.clock.sleep(Duration::from_millis(jobs.len() as u64 * 1_000 / LIST_PACE));
                        Message::Text(jobs)
                    }
                    Err(error) => {
                        tracing::warn!("a live reader lost the store: {error}");
                        return End::TryAgain;
                    }
                },
                () = &mut next_ping => {
                    if !std::mem::replace(&mut has_answered, false) {
                        return End::Gone;
                    }
                    (next_ping, said) = (self.clock.sleep(PING_EVERY), 0);
                    Message::Ping(Default::default())
                },
            };
            if let Err(end) = self.send(sink, message).await {
                return end;
            }
        }
    }

    /// The message of an item, where it passes the filter.
    fn told(&self, item: TailItem) -> Option<Message> {
        let text = match item {
            TailItem::Line(row) if self.job_type.as_ref().is_some_and(|wanted| row.job_type != *wanted) => {
                return None;
            }
            TailItem::Line(row) => json!({ "type": "log", "data": LogEntry::from(*row) }),
            TailItem::Beyond { after, end } => {
                json!({ "type": "beyond", "data": { "after": after, "end": end } })
            }
            TailItem::Lagged { after, dropped } => {
                json!({ "type": "lagged", "data": { "after": after, "dropped": dropped } })
            }
        };
        Some(Message::Text(text.to_string().into()))
    }

    async fn send(&self, sink: &mut SplitSink<WebSocket, Message>, message: Message) -> Result<(), End> {
        tokio::select! {
            biased;
            sent = sink.send(message) => sent.map_err(|_| End::Gone),
            () = self.closing.cancelled() => Err(End::Closing),
            () = self.clock.sleep(LONGEST_SEND) => Err(End::Gone),
        }
    }
}
