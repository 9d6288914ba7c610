//! The real program as a process with real time: what a person starts and a power cut ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A program that serves. Dropping it is `kill -9`: no signal that could be handled.
pub(crate) struct Process {
    child: Child,
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    http: reqwest::Client,
}

impl Process {
    /// Starts it in a folder, on a free port, with these variables and no others.
    pub(crate) fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
        command.args(["--listen", "127.0.0.1:0"]).current_dir(folder).stdout(Stdio::piped());
        command.env_clear().envs(variables.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| line.strip_prefix("Marktwerk is ready: ").map(str::to_owned));
        let ready = ready.expect("the program says where it is");
        let url = ready.split(' ').next().unwrap().trim_end_matches('/').to_owned();
        // Nobody reads on, but a full pipe would hold the program up.
        std::thread::spawn(move || lines.for_each(drop));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, url, http }
    }

    /// A request to it.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// What it answers, which has to be well.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
