//! A mail server of a few lines for the tests: it speaks enough SMTP for one mail, answers as a test tells it to, and writes down
//! what it was told. Checks nothing.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{EmailSettings, Security};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
type Connection = BufReader<Box<dyn Stream>>;

/// How a server behaves.
#[derive(Clone)]
pub(super) struct Script {
    /// Its first line; empty: it hangs up at once.
    pub(super) greeting: &'static str,
    /// What it says that it can.
    pub(super) extensions: &'static [&'static str],
    /// Answers in place of the usual ones: (beginning of the line, answer). An empty answer hangs up.
    pub(super) answers: &'static [(&'static str, &'static str)],
    /// For STARTTLS, or from the first byte.
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) is_tls_at_once: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            greeting: "220 mail.example.org ready",
            extensions: &["SIZE 1000000", "AUTH PLAIN LOGIN"],
            answers: &[],
            tls: None,
            is_tls_at_once: false,
        }
    }
}

/// The server, on a free port.
pub(super) struct FakeServer {
    pub(super) port: u16,
    told: Arc<Mutex<Vec<String>>>,
}

impl FakeServer {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let book = told.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that hangs up, or does not trust the certificate, is what some tests are about.
                let _ = serve(stream, &script, &book).await;
            }
        });
        Self { port, told }
    }

    /// Settings that lead here, without signing in.
    pub(super) fn settings(&self) -> EmailSettings {
        EmailSettings {
            server: "localhost".to_owned(),
            port: Some(self.port),
            security: Security::None,
            allow_clear_text: false,
            user: None,
            password: None,
            from: "Marktwerk <alerts@example.org>".to_owned(),
            to: vec!["ada@example.org".to_owned(), "ben@example.net".to_owned()],
        }
    }

    /// The lines that it was told, over all connections; a mail is one of them, `(TLS)` marks where encryption began.
    pub(super) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    /// The mails that it was given.
    pub(super) fn mails(&self) -> Vec<String> {
        self.told().into_iter().filter(|line| line.contains("\r\n")).collect()
    }
}

async fn serve(stream: TcpStream, script: &Script, book: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut connection: Connection = BufReader::new(Box::new(stream));
    if script.is_tls_at_once {
        connection = encrypt(connection, script, book).await?;
    }
    if script.greeting.is_empty() {
        return Ok(());
    }
    say(&mut connection, script.greeting).await?;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        book.lock().unwrap().push(line.clone());
        let own = script.answers.iter().find(|(beginning, _)| line.starts_with(beginning));
        let answer = match own {
            Some((_, "")) => return Ok(()),
            Some((_, answer)) => (*answer).to_owned(),
            None => usual(&line, script),
        };
        say(&mut connection, &answer).await?;
        match line.as_str() {
            "STARTTLS" if answer.starts_with("220") => connection = encrypt(connection, script, book).await?,
            "DATA" if answer.starts_with("354") => {
                let mail = read_mail(&mut connection).await?;
                book.lock().unwrap().push(mail);
                let end = script.answers.iter().find(|(beginning, _)| *beginning == ".");
                match end {
                    Some((_, "")) => return Ok(()),
                    Some((_, answer)) => say(&mut connection, answer).await?,
                    None => say(&mut connection, "250 2.0.0 queued").await?,
                }
            }
            "QUIT" => return Ok(()),
            _ => {}
        }
    }
}

fn usual(line: &str, script: &Script) -> String {
    match line.split([' ', ':']).next().unwrap_or_default() {
        "EHLO" => {
            let lines = script.extensions.iter().map(|extension| format!("250-{extension}\r\n"));
            format!("250-mail.example.org\r\n{}250 8BITMIME", lines.collect::<String>())
        }
        "AUTH" => "235 2.7.0 welcome".to_owned(),
        "STARTTLS" => "220 go ahead".to_owned(),
        "DATA" => "354 end with a dot".to_owned(),
        "QUIT" => "221 2.0.0 goodbye".to_owned(),
        "MAIL" | "RCPT" => "250 2.1.0 fine".to_owned(),
        _ => "500 5.5.2 what?".to_owned(),
    }
}

async fn encrypt(
    connection: Connection,
    script: &Script,
    book: &Mutex<Vec<String>>,
) -> std::io::Result<Connection> {
    assert!(connection.buffer().is_empty(), "something was said in clear after STARTTLS");
    let stream = script.tls.as_ref().unwrap().accept(connection.into_inner()).await?;
    book.lock().unwrap().push("(TLS)".to_owned());
    Ok(BufReader::new(Box::new(stream)))
}

async fn say(connection: &mut Connection, answer: &str) -> std::io::Result<()> {
    connection.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await?;
    connection.get_mut().flush().await
}

/// Up to the line with a dot alone; dots that were doubled on the way are single again (RFC 5321 §4.5.2).
async fn read_mail(connection: &mut Connection) -> std::io::Result<String> {
    let mut mail = String::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
