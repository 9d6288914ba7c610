//! A real browser, told what to do over its DevTools protocol: commands with an answer each, and events, which are kept.
//!
//! They go through a pipe, not through a socket: a browser that finds its pipe closed ends, however the test ended. (Killing it is not
//! enough, because Debian's `chromium-headless-shell` is a script, and what it has started would go on.)

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;

/// How long anything on the page may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Starts a program whose input and output are the pipe, as the file descriptors 3 and 4.
const WITH_PIPE: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>&2"#;
/// The end of a message in the pipe.
const END: u8 = 0;
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=de",
    "--remote-debugging-pipe",
];

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;
type Events = Arc<Mutex<Vec<Value>>>;

/// A browser with one page; it ends with its test.
pub(crate) struct Browser {
    child: Child,
    /// None once it is to end.
    pipe: Option<ChildStdin>,
    waiting: Waiting,
    events: Events,
    session: Value,
    next: u64,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it with an empty page.
    pub(crate) async fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", WITH_PIPE]).arg(program).args(ARGUMENTS);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (pipe, answers) = (child.stdin.take(), child.stdout.take().unwrap());
        let (waiting, events) = (Waiting::default(), Events::default());
        tokio::spawn(listen(answers, waiting.clone(), events.clone()));
        let mut browser = Self { child, pipe, waiting, events, session: Value::Null, next: 1, profile };
        let target = browser.command("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.command("Target.attachToTarget", attach).await["sessionId"].take();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.command(&format!("{domain}.enable"), json!({})).await;
        }
        browser
    }

    /// Ends it, and waits until it has ended and its files are gone.
    pub(crate) async fn close(mut self) {
        self.pipe = None;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("the browser ends");
        status.unwrap();
        self.profile.close().unwrap();
    }

    /// Sends a command and waits for its result.
    pub(crate) async fn command(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, answer);
        let mut message = message.to_string().into_bytes();
        message.push(END);
        self.pipe.as_mut().unwrap().write_all(&message).await.unwrap();
        let mut answer = tokio::time::timeout(PATIENCE, answered).await.expect(method).expect(method);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    /// The value of an expression on the page.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        let mut told = self.command("Runtime.evaluate", asked).await;
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].take()
    }

    /// Waits until an expression holds.
    pub(crate) async fn until(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        // While another page is being loaded, there may be nothing to look at.
        let careful = format!("(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()");
        while self.value(&careful).await != true {
            assert!(Instant::now() < deadline, "never came true: {expression}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Clicks on an element as a mouse does.
    pub(crate) async fn click(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const found = document.querySelector({selector:?}); found.scrollIntoView({{ block: 'center' }}); \
             const box = found.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.value(&place).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.command("Input.dispatchMouseEvent", event).await;
        }
    }

    /// What happened so far, by the event's name.
    pub(crate) fn events(&self, method: &str) -> Vec<Value> {
        let events = self.events.lock().unwrap();
        let wanted = events.iter().filter(|event| event["method"] == method);
        wanted.map(|event| event["params"].clone()).collect()
    }
}

async fn listen(answers: ChildStdout, waiting: Waiting, events: Events) {
    let mut answers = BufReader::new(answers);
    let mut message = Vec::new();
    while answers.read_until(END, &mut message).await.is_ok_and(|length| length > 0) {
        if message.pop_if(|last| *last == END).is_none() {
            // The pipe broke in the middle of a message.
            return;
        }
        let event: Value = serde_json::from_slice(&message).unwrap();
        message.clear();
        match event["id"].as_u64().and_then(|id| waiting.lock().unwrap().remove(&id)) {
            // The caller may have gone.
            Some(answer) => drop(answer.send(event)),
            None => events.lock().unwrap().push(event),
        }
    }
}

/// The browser that `cargo xtask test` names, or the first one of the search path.
#[expect(clippy::disallowed_methods, reason = "which browser there is, is no setting of the program")]
pub(crate) fn find() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if variable("MARKTWERK_SKIP_BROWSER").is_some() {
        return None;
    }
    let named = variable("MARKTWERK_TEST_BROWSER").map(PathBuf::from);
    let path = variable("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let programs = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    let mut candidates = programs.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = named.or_else(|| candidates.find(|candidate| candidate.is_file()));
    assert!(
        found.is_some() || variable("CI").is_none(),
        "the tests of the screen need a browser, and CI leaves nothing out: install {}, or set MARKTWERK_TEST_BROWSER",
        programs.join(", ")
    );
    found
}
