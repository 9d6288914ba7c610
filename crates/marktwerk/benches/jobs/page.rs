//! An open page, as far as the live channel goes.

use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite::protocol::WebSocketConfig};

/// What the page of this program asks for; one of before does not know all of it.
const ADDRESSES: [&str; 2] = ["/ws/logs?recent_logs=false&jobs=changes", "/ws/logs"];
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) struct Page(WebSocketStream<TcpStream>);

impl Page {
    /// Opens it and takes in what it begins with.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        for path in ADDRESSES {
            let stream = TcpStream::connect(address).await.unwrap();
            // All jobs in one message are more than the library takes by itself.
            let limits = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
            let url = format!("ws://{address}{path}");
            if let Ok((socket, _)) = client_async_with_config(url, stream, Some(limits)).await {
                let mut page = Self(socket);
                page.next().await;
                return page;
            }
        }
        panic!("the live channel does not open");
    }

    /// The bytes that come until there is this text among them.
    pub(crate) async fn bytes_until(&mut self, text: &str) -> usize {
        let mut bytes = 0;
        loop {
            let message = self.next().await;
            bytes += message.len();
            if message.contains(text) {
                return bytes;
            }
        }
    }

    async fn next(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            if let Message::Text(text) = message.expect("an open socket").unwrap() {
                return text.as_str().to_owned();
            }
        }
    }
}
