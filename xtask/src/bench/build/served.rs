//! The program, started until its page answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// What the program prints when it is ready, in front of its address.
const READY: &str = "Marktwerk is ready: http://";

/// Runs the command until the program that it starts is ready, asks for its page, and ends it.
pub(crate) fn page(mut command: Command) -> Result<()> {
    let mut process = command.stdout(Stdio::piped()).spawn().context("the program cannot be started")?;
    let output = process.stdout.take().context("the program has no output")?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let ready = lines.find_map(|line| {
        let address = line.strip_prefix(READY)?.split(['/', ' ']).next()?;
        Some(address.to_owned())
    });
    let answered = ready.context("the program ended before it was ready").and_then(|address| ask(&address));
    // It may have ended by itself. `cargo run` becomes the program, so nothing is left behind.
    let _ = process.kill();
    process.wait().context("the program got lost")?;
    answered
}

fn ask(address: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(
        answer.starts_with("HTTP/1.1 200 "),
        "the page did not answer: {}",
        answer.lines().next().unwrap_or("")
    );
    Ok(())
}
