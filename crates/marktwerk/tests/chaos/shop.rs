//! The program as a process that is started, harmed and ended, with the world beside it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::world::World;

/// How long a start, an end or an answer may take before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(100);
const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// Where the program's own output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    File,
    /// A pipe whose reader has died.
    DeadPipe,
}

pub(crate) struct Shop {
    pub(crate) world: World,
    /// Where it answers, the same at each start.
    address: String,
    program: Option<Child>,
    http: reqwest::Client,
}

impl Shop {
    /// A world, and the program not yet started.
    pub(crate) async fn open() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build().unwrap();
        let shop = Self { world: World::start().await, address, program: None, http };
        shop.set_clock(0);
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.folder.path().join(name)
    }

    /// A file of the program's data folder.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path("data").join(name)
    }

    pub(crate) fn jobs_file(&self) -> PathBuf {
        self.data("workers_config.json")
    }

    /// Begins a start; whether it comes up is seen later.
    pub(crate) fn begin_start(&mut self, output: Output) {
        assert!(self.program.is_none(), "it runs");
        // A write beyond a limit of the process is an error and no signal, as it is on a full disk.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_marktwerk")]);
        command.args(["--listen", &self.address, "--data-dir", "data", "--clock-offset", "clock"]);
        command.current_dir(self.world.folder.path()).env_clear().envs(self.world.variables());
        let log = || File::options().create(true).append(true).open(self.path("program.log")).unwrap();
        match output {
            Output::File => command.stdout(log()).stderr(log()),
            Output::DeadPipe => command.stdout(Stdio::piped()).stderr(Stdio::piped()),
        };
        let mut program = command.spawn().unwrap();
        drop((program.stdout.take(), program.stderr.take()));
        self.program = Some(program);
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn start(&mut self, output: Output) {
        self.begin_start(output);
        let began = Instant::now();
        while self.get("/api/health?probe=live").await.is_none() {
            let ended = self.program.as_mut().and_then(|program| program.try_wait().unwrap());
            assert!(ended.is_none(), "it ended at the start with {ended:?}: {}", self.last_lines());
            assert!(began.elapsed() < PATIENCE, "it does not come up: {}", self.last_lines());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// As a power cut: no signal that could be handled.
    pub(crate) fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            program.kill().unwrap();
            program.wait().unwrap();
        }
    }

    /// Asks it to end, and waits for that.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.tell("kill", &["-TERM"]);
        self.ended().await
    }

    /// Waits for it to end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        let mut program = self.program.take().unwrap();
        loop {
            if let Some(status) = program.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.last_lines());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it can write to any file.
    pub(crate) fn can_write(&self, can_write: bool) {
        // The soft limit alone: the hard one could not be lifted again.
        let limit = if can_write { "--fsize=unlimited:" } else { "--fsize=0:" };
        self.tell("prlimit", &[limit, "--pid"]);
    }

    /// Runs a command with the program's process number as its last argument.
    fn tell(&self, command: &str, arguments: &[&str]) {
        let number = self.program.as_ref().unwrap().id().to_string();
        let status = Command::new(command).args(arguments).arg(number).status().unwrap();
        assert!(status.success(), "{command} {arguments:?}: {status}");
    }

    /// Puts its wall clock wrong by so many seconds.
    pub(crate) fn set_clock(&self, seconds: i64) {
        let new = self.path("clock.new");
        fs::write(&new, seconds.to_string()).unwrap();
        fs::rename(new, self.path("clock")).unwrap();
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("http://{}{path}", self.address))
    }

    /// Something that outlives a start can ask with.
    pub(crate) fn asking(&self) -> (reqwest::Client, String) {
        (self.http.clone(), format!("http://{}", self.address))
    }

    /// What it answers, whatever its status; `None` where there is no answer.
    pub(crate) async fn get(&self, path: &str) -> Option<(u16, Value)> {
        let answer = self.request(Method::GET, path).send().await.ok()?;
        Some((answer.status().as_u16(), answer.json().await.ok()?))
    }

    /// All jobs, as it has them in memory.
    pub(crate) async fn jobs(&self) -> Vec<Value> {
        let (_, jobs) = self.get("/api/v1/jobs?limit=1000").await.expect("it lists its jobs");
        jobs.as_array().unwrap_or_else(|| panic!("jobs: {jobs}")).clone()
    }

    /// The end of what it wrote.
    pub(crate) fn last_lines(&self) -> String {
        let text = fs::read(self.path("program.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the last lines of the program:\n{}", self.last_lines());
        }
        self.kill();
    }
}
