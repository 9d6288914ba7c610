//! The program's own output, and what ends the program: a reader that dies, one that stands still, a disk without room; a closed
//! terminal, and a part that it cannot do without.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

use std::fs::File;
use std::io::Read;
#[cfg(feature = "crash-points")]
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A small world that stands still, and much to say about it.
const WORLD: [(&str, &str); 5] = [
    ("MARKTWERK_SANDBOX__INITIAL_ORDERS", "2"),
    ("MARKTWERK_SANDBOX__INITIAL_ARTICLES", "3"),
    ("MARKTWERK_SANDBOX__ORDER_EVERY_SECONDS", "0"),
    ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "0"),
    ("MARKTWERK_LOG", "debug"),
];
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, killed when the test ends before it.
struct Running {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Running {
    /// Starts it on a port that is free now: nobody needs to read where it listens.
    fn start(folder: &Path, stdout: Stdio, stderr: Stdio, flags: &[&str]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
        command.args(["--listen", &address]).args(flags).current_dir(folder).env_clear().envs(WORLD);
        let child = command.stdout(stdout).stderr(stderr).spawn().unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, url: format!("http://{address}"), http }
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await.ok()?;
        answer.json().await.ok()
    }

    async fn is_up(&self) {
        let began = Instant::now();
        while self.get("/api/health").await.is_none() {
            assert!(began.elapsed() < PATIENCE, "it does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a job from start to end, so many times.
    async fn works(&self, times: usize) {
        for _ in 0..times {
            let url = format!("{}/api/v1/jobs/order_workflow/run", self.url);
            let run: Value = self.http.post(url).json(&json!({})).send().await.unwrap().json().await.unwrap();
            let began = Instant::now();
            loop {
                let path = format!("/api/v1/runs/{}", run["id"]);
                let state = self.get(&path).await.unwrap()["state"].clone();
                if state == "succeeded" {
                    break;
                }
                assert!(began.elapsed() < PATIENCE, "run {} is still {state}", run["id"]);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn lost_lines(&self) -> f64 {
        let page = self.http.get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap();
        let line = page.lines().find_map(|line| line.strip_prefix("marktwerk_output_lines_lost_total "));
        line.unwrap().parse().unwrap()
    }

    fn tell(&self, signal: &str) {
        let number = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &number]).status().unwrap().success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn work_goes_on_when_the_reader_of_the_output_dies() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Running::start(folder.path(), Stdio::piped(), Stdio::piped(), &[]);
    program.is_up().await;
    drop((program.child.stdout.take(), program.child.stderr.take()));
    program.works(3).await;
    assert!(program.lost_lines().await > 0.0, "what was lost is counted");
    let health = program.get("/api/health").await.unwrap();
    assert_eq!(
        (&health["status"], &health["reasons"][0]["code"]),
        (&"degraded".into(), &"lines_dropped".into()),
        "{health}"
    );
    program.tell("-TERM");
    assert_eq!(program.exit_code(), Some(0), "an end in order, though nobody hears of it");
}

#[tokio::test]
async fn work_goes_on_when_the_reader_of_the_output_stands_still() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Running::start(folder.path(), Stdio::piped(), Stdio::piped(), &[]);
    program.is_up().await;
    // More than a pipe holds.
    let mut said = 0;
    while said < 200_000 {
        program.works(5).await;
        said = program.get("/api/logs?limit=1").await.unwrap()[0]["log_id"].as_i64().unwrap() * 200;
    }
    program.works(1).await;
    program.tell("-TERM");
    assert_eq!(program.exit_code(), Some(0));
}

#[tokio::test]
async fn work_goes_on_when_the_disk_of_the_output_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let mut program = Running::start(folder.path(), full(), full(), &[]);
    program.is_up().await;
    program.works(3).await;
    assert!(program.lost_lines().await > 0.0, "what was lost is counted");
    let health = program.get("/api/health").await.unwrap();
    assert_eq!(health["reasons"][0]["code"], "lines_dropped", "{health}");
    program.tell("-TERM");
    assert_eq!(program.exit_code(), Some(0));
}

#[tokio::test]
async fn a_terminal_that_closes_ends_the_program_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Running::start(folder.path(), Stdio::piped(), Stdio::null(), &[]);
    program.is_up().await;
    program.tell("-HUP");
    assert_eq!(program.exit_code(), Some(0));
    let mut said = String::new();
    program.child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("SIGHUP: shutting down") && said.trim_end().ends_with(": shut down"), "{said}");
}

/// `nohup marktwerk &` is to outlive its terminal.
#[tokio::test]
async fn a_hang_up_that_was_ignored_from_the_start_stays_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = Command::new("sh");
    let script = "trap '' HUP; exec \"$0\" \"$@\"";
    command.args(["-c", script, env!("CARGO_BIN_EXE_marktwerk"), "--listen", &address]);
    command.current_dir(folder.path()).env_clear().envs(WORLD).stdout(Stdio::null()).stderr(Stdio::null());
    let (child, url) = (command.spawn().unwrap(), format!("http://{address}"));
    let mut program = Running { child, url, http: reqwest::Client::builder().no_proxy().build().unwrap() };
    program.is_up().await;
    program.tell("-HUP");
    program.works(1).await;
    program.tell("-TERM");
    assert_eq!(program.exit_code(), Some(0));
}

/// So that PM2, systemd or Docker start it again.
#[cfg(feature = "crash-points")]
#[tokio::test]
async fn the_end_of_a_part_that_it_cannot_do_without_ends_the_program_with_a_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--crash-at", "vital_task"];
    let mut program = Running::start(folder.path(), Stdio::null(), Stdio::piped(), &flags);
    let said = BufReader::new(program.child.stderr.take().unwrap());
    assert_eq!(program.exit_code(), Some(1));
    let last = said.lines().map_while(Result::ok).last().unwrap();
    assert!(last.contains("the heart ended unexpectedly: it panicked: asked for by --crash-at"), "{last}");
}
