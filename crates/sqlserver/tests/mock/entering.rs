//! Coming in: login, encryption, a server that is not there or does not answer.

use std::time::Duration;

use marktwerk_sqlserver::{Address, Encryption, Pool, SqlError, reading};

use crate::server::{Answer, Event, Greeting, PASSWORD, Server, USER, pass};

/// TCP, TLS and login, and the session's settings, have so long each.
const PATIENCE: Duration = Duration::from_secs(10);

async fn look(address: Address) -> Result<i64, SqlError> {
    let pool = Pool::new(address);
    reading!(pool, "look", |connection| async {
        connection.one("look", "SELECT the number", &[]).await?.unwrap().integer(0)
    })
}

fn seven(_: usize, statement: &str) -> Answer {
    if statement.starts_with("SELECT the number") { Answer::Number(7) } else { Answer::Done }
}

#[tokio::test]
async fn whoever_has_the_password_comes_in() {
    let server = Server::start(seven).await;
    assert_eq!(look(server.address()).await, Ok(7));
}

#[tokio::test]
async fn a_refused_login_names_the_user_and_not_the_password() {
    let server = Server::start(seven).await;
    let wrong = "Thistle-9 withers";
    let error = look(Address { password: wrong.to_owned().into(), ..server.address() }).await.unwrap_err();
    assert!(matches!(&error, SqlError::Login { user, .. } if user == USER), "{error:?}");
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.contains(USER) && !text.contains(wrong) && !text.contains(PASSWORD), "{text}");
    }
    assert_eq!(server.opened(), 1, "a second try could lock the login");
}

#[tokio::test]
async fn a_certificate_that_nobody_knows_keeps_one_out() {
    let server = Server::start(seven).await;
    let error = look(Address { encryption: Encryption::Required, ..server.address() }).await.unwrap_err();
    assert!(matches!(error, SqlError::Encryption { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("`authority`") && text.contains("`any-certificate`"), "{text}");
    assert!(!text.contains("Config::"), "the driver's advice to programmers is none for operators: {text}");
    assert_eq!(server.log(), []);
}

#[tokio::test]
async fn the_authoritys_file_lets_one_in() {
    let server = Server::start(seven).await;
    let stranger = Server::start(seven).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.der");
    let address = Address { encryption: Encryption::Authority(file.clone()), ..server.address() };

    let error = look(address.clone()).await.unwrap_err();
    assert!(matches!(error, SqlError::Encryption { .. }), "{error:?}");
    assert!(error.to_string().contains("authority.der"), "{error}");
    std::fs::write(&file, &stranger.certificate).unwrap();
    let error = look(address.clone()).await.unwrap_err();
    assert!(matches!(error, SqlError::Encryption { .. }), "another authority: {error:?}");
    std::fs::write(&file, &server.certificate).unwrap();
    assert_eq!(look(address).await, Ok(7));
}

#[tokio::test]
async fn only_the_login_is_encrypted_where_the_settings_say_so() {
    let server = Server::start_at("127.0.0.1", Greeting::EncryptsLoginOnly, seven).await;
    let address = Address { encryption: Encryption::LoginOnly, ..server.address() };
    assert_eq!(look(address).await, Ok(7));
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_told_nothing() {
    let server = Server::start_at("127.0.0.1", Greeting::RefusesEncryption, seven).await;
    for encryption in [Encryption::Required, Encryption::AnyCertificate] {
        let error = look(Address { encryption, ..server.address() }).await.unwrap_err();
        assert!(matches!(error, SqlError::Encryption { .. }), "{error:?}");
        assert!(error.to_string().contains("encrypt=login-only"), "{error}");
    }
    assert_eq!(server.log(), []);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_as_one() {
    // `.invalid` is reserved for this (RFC 2606).
    let address = Address::of_server("no-such-server.invalid\\JTLWAWI", "toci").unwrap();
    let error = look(address).await.unwrap_err();
    assert!(matches!(error, SqlError::Unreachable { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("the name no-such-server.invalid is not known"), "{message}");
}

#[tokio::test]
async fn a_closed_port_names_what_may_be_wrong() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let server = Server::start(seven).await;
    let error = look(Address { port: Some(port), ..server.address() }).await.unwrap_err();
    assert!(matches!(error, SqlError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("TCP/IP is enabled"), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_the_login_is_given_up() {
    let mut server = Server::start_at("127.0.0.1", Greeting::IsSilent, seven).await;
    let (error, ()) = tokio::join!(look(server.address()), async {
        server.until(Event::Silent).await;
        pass(PATIENCE).await;
        server.until(Event::Closed(1)).await;
    });
    let error = error.unwrap_err();
    assert!(matches!(error, SqlError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("the login was not answered within 10 s"), "{error}");
}

#[tokio::test]
async fn a_server_that_falls_silent_after_the_login_is_given_up() {
    let script = |_, statement: &str| {
        if statement.starts_with("SET XACT_ABORT") { Answer::Silence } else { Answer::Done }
    };
    let mut server = Server::start(script).await;
    let (error, ()) = tokio::join!(look(server.address()), async {
        server.until(Event::Silent).await;
        pass(PATIENCE).await;
        server.until(Event::Closed(1)).await;
    });
    let error = error.unwrap_err();
    assert!(matches!(error, SqlError::Unreachable { .. }), "{error:?}");
}

/// The browser's port is fixed, so that each process has an address of its own: a whole network of them is Linux' loopback.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_browser_service_says_where_a_named_instance_is() {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let host = format!("127.77.{high}.{low}");
    let server = Server::start_at(&host, Greeting::Encrypts, seven).await;
    let browser = tokio::net::UdpSocket::bind((host.as_str(), 1434)).await.unwrap();
    let words = format!("ServerName;ERP;InstanceName;JTLWAWI;IsClustered;No;tcp;{};;", server.port());
    let answer = [&[5, words.len() as u8, 0], words.as_bytes()].concat();
    let address = Address { port: None, instance: Some("JTLWAWI".to_owned()), ..server.address() };
    let (number, question) = tokio::join!(look(address), async {
        let mut question = [0; 64];
        let (length, client) = browser.recv_from(&mut question).await.unwrap();
        browser.send_to(&answer, client).await.unwrap();
        question[..length].to_vec()
    });
    assert_eq!(number, Ok(7));
    assert_eq!(question, b"\x04JTLWAWI");
}
