//! A real browser, told what to do over its DevTools protocol: commands with an answer each, and events, which are kept.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything on the page may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
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
    "--remote-debugging-port=0",
];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;
type Events = Arc<Mutex<Vec<Value>>>;

/// A browser with one page; it ends with its test.
pub(crate) struct Browser {
    child: Child,
    sink: SplitSink<Socket, Message>,
    waiting: Waiting,
    events: Events,
    session: Value,
    next: u64,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it with an empty page.
    pub(crate) async fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(ARGUMENTS).arg(format!("--user-data-dir={}", profile.path().display()));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned));
        let address = address.expect("the browser says where its tools are");
        std::thread::spawn(move || lines.for_each(drop));
        let (sink, stream) = connect_async(&address).await.unwrap().0.split();
        let (waiting, events) = (Waiting::default(), Events::default());
        tokio::spawn(listen(stream, waiting.clone(), events.clone()));
        let mut browser =
            Self { child, sink, waiting, events, session: Value::Null, next: 1, _profile: profile };
        let target = browser.command("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.command("Target.attachToTarget", attach).await["sessionId"].take();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.command(&format!("{domain}.enable"), json!({})).await;
        }
        browser
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
        self.sink.send(Message::text(message.to_string())).await.unwrap();
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

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn listen(mut stream: SplitStream<Socket>, waiting: Waiting, events: Events) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["id"].as_u64().and_then(|id| waiting.lock().unwrap().remove(&id)) {
            // Whoever asked may have gone.
            Some(answer) => drop(answer.send(message)),
            None => events.lock().unwrap().push(message),
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
