//! A server of the test's own: it lets clients in, asks the test's script for each answer, remembers what was sent on which
//! connection, and can be silent or cut a connection where a real one would only do so once in a year.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use marktwerk_sqlserver::{Address, Encryption, Pool};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::version::TLS12;

use crate::wire::{self, Wire};

pub(crate) const USER: &str = "shop";
pub(crate) const PASSWORD: &str = "Orchid-7 blooms";
/// What ought to happen at once has so long on a machine that does something else; more than any time that a test lets pass.
const GUARD: Duration = Duration::from_secs(20);
/// What each session is set to begins so; it is no statement of a test.
const SESSION: &str = "SET XACT_ABORT ON";

/// What the server says of encryption (MS-TDS 2.2.6.5), or nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Greeting {
    Encrypts,
    EncryptsLoginOnly,
    RefusesEncryption,
    IsSilent,
}

/// How it answers a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Done,
    /// A row with one number.
    Number(i32),
    Error(u32, &'static str),
    /// The connection is closed without a word.
    Cut,
    /// The same in the middle of a token.
    CutInside,
    /// The same after a whole token, between two packets.
    CutBetween,
    /// Nothing, for ever.
    Silence,
}

/// What happened; connections count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// Something came that is never answered.
    Silent,
    /// The connection is gone, whoever closed it.
    Closed(usize),
}

type Script = Box<dyn FnMut(usize, &str) -> Answer + Send>;

struct Shared {
    greeting: Greeting,
    tls: Arc<ServerConfig>,
    script: Mutex<Script>,
    log: Mutex<Vec<(usize, String)>>,
    opened: Mutex<usize>,
    events: mpsc::UnboundedSender<Event>,
    cut: watch::Sender<()>,
}

pub(crate) struct Server {
    shared: Arc<Shared>,
    events: mpsc::UnboundedReceiver<Event>,
    place: SocketAddr,
    /// DER.
    pub(crate) certificate: Vec<u8>,
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Server({})", self.place)
    }
}

impl Server {
    /// A server that encrypts and answers by this script: connection and statement in, answer out.
    pub(crate) async fn start(script: impl FnMut(usize, &str) -> Answer + Send + 'static) -> Self {
        Self::start_at("127.0.0.1", Greeting::Encrypts, script).await
    }

    pub(crate) async fn start_at(
        host: &str,
        greeting: Greeting,
        script: impl FnMut(usize, &str) -> Answer + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let place = listener.local_addr().unwrap();
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let certificate = made.cert.der().to_vec();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let tls = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            greeting,
            tls: Arc::new(tls),
            script: Mutex::new(Box::new(script)),
            log: Mutex::default(),
            opened: Mutex::default(),
            events: sender,
            cut: watch::Sender::new(()),
        });
        let server = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&server).keep(tcp));
            }
        });
        Self { shared, events, place, certificate }
    }

    /// Where it is, for a client that takes any certificate.
    pub(crate) fn address(&self) -> Address {
        Address {
            host: self.place.ip().to_string(),
            instance: None,
            port: Some(self.place.port()),
            database: "toci".to_owned(),
            user: USER.to_owned(),
            password: PASSWORD.to_owned().into(),
            encryption: Encryption::AnyCertificate,
        }
    }

    pub(crate) fn pool(&self) -> Pool {
        Pool::new(self.address())
    }

    pub(crate) fn port(&self) -> u16 {
        self.place.port()
    }

    /// How many connections were opened so far.
    pub(crate) fn opened(&self) -> usize {
        *self.shared.opened.lock().unwrap()
    }

    /// The statements so far, each with its connection.
    pub(crate) fn log(&self) -> Vec<(usize, String)> {
        self.shared.log.lock().unwrap().clone()
    }

    /// Waits until this has happened; what happened before it is forgotten.
    pub(crate) async fn until(&mut self, event: Event) {
        let wait = async { while self.events.recv().await.expect("the server runs") != event {} };
        tokio::time::timeout(GUARD, wait).await.unwrap_or_else(|_| panic!("{event:?} did not happen"));
    }

    /// The same for the next connection that is gone, whichever it is.
    pub(crate) async fn until_any_closed(&mut self) {
        let wait = async { while !matches!(self.events.recv().await, Some(Event::Closed(_))) {} };
        tokio::time::timeout(GUARD, wait).await.expect("a connection is gone");
    }

    /// Closes every connection.
    pub(crate) fn cut_all(&self) {
        self.shared.cut.send_replace(());
    }
}

impl Shared {
    async fn keep(self: Arc<Self>, tcp: TcpStream) {
        let mut cut = self.cut.subscribe();
        let connection = {
            let mut opened = self.opened.lock().unwrap();
            *opened += 1;
            *opened
        };
        tokio::select! {
            // However it ends: the client hung up, or was not let in, or the script wants it so.
            _ = self.serve(connection, Wire::new(tcp)) => {}
            _ = cut.changed() => {}
        }
        // Whoever waits for nothing has gone already.
        self.events.send(Event::Closed(connection)).ok();
    }

    async fn serve(&self, connection: usize, mut wire: Wire) -> io::Result<()> {
        wire.message().await?;
        let encryption = match self.greeting {
            Greeting::EncryptsLoginOnly => 0,
            Greeting::Encrypts => 1,
            Greeting::RefusesEncryption => 2,
            Greeting::IsSilent => return self.say_nothing(wire).await,
        };
        wire.answer(&wire::prelogin(encryption)).await?;
        wire.handshake(Arc::clone(&self.tls)).await?;
        let (_, login) = wire.message().await?;
        if self.greeting == Greeting::EncryptsLoginOnly {
            wire.tls = None;
        }
        if wire::password(&login) != PASSWORD {
            return wire.answer(&wire::error(18_456, "Login failed for user.")).await;
        }
        wire.answer(&wire::login_acknowledged()).await?;
        loop {
            let (kind, body) = wire.message().await?;
            let statement = wire::statement(kind, &body);
            let answer = (self.script.lock().unwrap())(connection, &statement);
            if !statement.starts_with(SESSION) {
                self.log.lock().unwrap().push((connection, statement));
            }
            match answer {
                Answer::Done => wire.answer(&wire::done(None)).await?,
                Answer::Number(value) => {
                    wire.answer(&[wire::row(value), wire::done(Some(1))].concat()).await?;
                }
                Answer::Error(number, words) => wire.answer(&wire::error(number, words)).await?,
                Answer::Cut => return Ok(()),
                Answer::CutInside => return wire.begin_answer(&wire::row(1)[..14]).await,
                Answer::CutBetween => return wire.begin_answer(&wire::done_with_more()).await,
                Answer::Silence => return self.say_nothing(wire).await,
            }
        }
    }

    /// Until the client hangs up.
    async fn say_nothing(&self, mut wire: Wire) -> io::Result<()> {
        self.events.send(Event::Silent).ok();
        wire.message().await.map(drop)
    }
}

/// Lets time pass at once. Nobody may wait for bytes meanwhile who has a time limit to lose. A little more than asked for, as the
/// runtime's timers go by whole milliseconds and a limit would not be over at its very end.
pub(crate) async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration + Duration::from_millis(10)).await;
    tokio::time::resume();
}
