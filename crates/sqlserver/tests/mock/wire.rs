//! The bytes of TDS 7.4 as a server sends and reads them: packets, the TLS handshake inside of packets, and the few tokens that
//! the tests need (MS-TDS 2.2). It is written from the protocol's document and not from the driver.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::{ServerConfig, ServerConnection};

pub(crate) const PRELOGIN: u8 = 18;
const CALL: u8 = 3;
const ANSWER: u8 = 4;
const HEADER: usize = 8;
/// The bit of a packet's status that ends a message.
const LAST: u8 = 1;

/// A client's connection.
pub(crate) struct Wire {
    tcp: TcpStream,
    pub(crate) tls: Option<ServerConnection>,
    received: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self { tcp, tls: None, received: Vec::new() }
    }

    /// The next message: its type and what stands in its packets.
    pub(crate) async fn message(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut body = Vec::new();
        loop {
            self.fill(HEADER).await?;
            let length = usize::from(u16::from_be_bytes([self.received[2], self.received[3]]));
            self.fill(length).await?;
            let packet: Vec<u8> = self.received.drain(..length).collect();
            body.extend_from_slice(&packet[HEADER..]);
            if packet[1] & LAST == LAST {
                return Ok((packet[0], body));
            }
        }
    }

    async fn fill(&mut self, length: usize) -> io::Result<()> {
        while self.received.len() < length {
            let mut buffer = [0; 4096];
            let count = self.tcp.read(&mut buffer).await?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let mut rest = &buffer[..count];
            match &mut self.tls {
                None => self.received.extend_from_slice(rest),
                Some(tls) => {
                    while !rest.is_empty() {
                        tls.read_tls(&mut rest)?;
                        let plain =
                            tls.process_new_packets().map_err(Error::other)?.plaintext_bytes_to_read();
                        let begin = self.received.len();
                        self.received.resize(begin + plain, 0);
                        tls.reader().read_exact(&mut self.received[begin..])?;
                    }
                }
            }
        }
        Ok(())
    }

    /// TLS as it is done before TDS 8: each flight of the handshake is a message, what comes after it is not. TLS 1.2, for the
    /// tickets of 1.3 would come after the end.
    pub(crate) async fn handshake(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        let mut tls = ServerConnection::new(config).map_err(Error::other)?;
        while tls.is_handshaking() {
            let (_, flight) = self.message().await?;
            let mut rest = flight.as_slice();
            while !rest.is_empty() {
                tls.read_tls(&mut rest)?;
                tls.process_new_packets().map_err(Error::other)?;
            }
            let mut reply = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut reply)?;
            }
            if !reply.is_empty() {
                self.write(&packet(PRELOGIN, LAST, &reply)).await?;
            }
        }
        self.tls = Some(tls);
        Ok(())
    }

    pub(crate) async fn answer(&mut self, tokens: &[u8]) -> io::Result<()> {
        self.write(&packet(ANSWER, LAST, tokens)).await
    }

    /// A packet after which others ought to come.
    pub(crate) async fn begin_answer(&mut self, tokens: &[u8]) -> io::Result<()> {
        self.write(&packet(ANSWER, 0, tokens)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.tcp.write_all(bytes).await };
        tls.writer().write_all(bytes)?;
        let mut records = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut records)?;
        }
        self.tcp.write_all(&records).await
    }
}

fn packet(kind: u8, status: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + body.len()).expect("a short answer").to_be_bytes();
    [&[kind, status, length[0], length[1], 0, 0, 1, 0], body].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Version and encryption, each with its place in the message.
pub(crate) fn prelogin(encryption: u8) -> Vec<u8> {
    let mut body = vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
    body.extend_from_slice(&[16, 0, 0x10, 0, 0, 0, encryption]);
    body
}

pub(crate) fn login_acknowledged() -> Vec<u8> {
    let name = utf16("Mock");
    let mut body = vec![1, 0x74, 0, 0, 4, 4];
    body.extend_from_slice(&name);
    body.extend_from_slice(&[16, 0, 0, 0]);
    [&[0xad], &length(&body)[..], &body, &done(None)].concat()
}

/// The end of a statement, with the number of its rows.
pub(crate) fn done(rows: Option<u64>) -> Vec<u8> {
    let status: u8 = if rows.is_some() { 0x10 } else { 0 };
    [&[0xfd, status, 0, 0, 0], &rows.unwrap_or(0).to_le_bytes()[..]].concat()
}

/// The end of a statement after which another one ends.
pub(crate) fn done_with_more() -> Vec<u8> {
    let mut token = done(None);
    token[1] |= 1;
    token
}

/// A row with one number, without its end.
pub(crate) fn row(value: i32) -> Vec<u8> {
    let columns = [&[0x81, 1, 0, 0, 0, 0, 0, 1, 0, 0x26, 4, 1][..], &utf16("n")].concat();
    [&columns[..], &[0xd1, 4], &value.to_le_bytes()[..]].concat()
}

/// An error of the server, with the end of the statement.
pub(crate) fn error(number: u32, words: &str) -> Vec<u8> {
    let words = utf16(words);
    let characters = u16::try_from(words.len() / 2).expect("a short text").to_le_bytes();
    // State 1, severity 14; neither server nor procedure are named; line 1.
    let body = [&number.to_le_bytes()[..], &[1, 14], &characters, &words, &[0, 0, 1, 0, 0, 0]].concat();
    [&[0xaa], &length(&body)[..], &body, &[0xfd, 2, 0, 0, 0], &[0; 8]].concat()
}

fn length(body: &[u8]) -> [u8; 2] {
    u16::try_from(body.len()).expect("a short token").to_le_bytes()
}

/// The password of a LOGIN7 message, whose bytes are stored with their halves swapped and XOR 0xA5.
pub(crate) fn password(login: &[u8]) -> String {
    let number = |at: usize| usize::from(u16::from_le_bytes([login[at], login[at + 1]]));
    let (begin, characters) = (number(44), number(46));
    let bytes: Vec<u8> =
        login[begin..begin + 2 * characters].iter().map(|byte| (byte ^ 0xa5).rotate_left(4)).collect();
    from_utf16(&bytes)
}

/// The SQL of a message: all of a batch, or the first parameter of a call of `sp_executesql`.
pub(crate) fn statement(kind: u8, body: &[u8]) -> String {
    /// Headers of a message after the login.
    const HEADERS: usize = 22;
    /// The procedure's number, its options, the parameter's name `stmt`, its flags, and its type up to the collation.
    const BEFORE_LENGTH: usize = 4 + 2 + 9 + 1 + 1 + 2 + 5;
    let text = match kind {
        CALL => {
            let (length, rest) = body[HEADERS + BEFORE_LENGTH..].split_at(2);
            &rest[..usize::from(u16::from_le_bytes([length[0], length[1]]))]
        }
        _ => &body[HEADERS..],
    };
    from_utf16(text)
}

fn from_utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}
