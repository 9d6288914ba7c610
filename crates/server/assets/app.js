// Keeps the page up to date over the documented interface. Text of others is only ever set as textContent.
const words = JSON.parse(document.body.dataset.words);
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const MOST_LINES = 500;

// "2026-02-03T14:05:09.000+01:00" is wall time of the server's zone already: shown as it is written.
const time = (text) =>
  text ? `${text.slice(8, 10)}.${text.slice(5, 7)}. ${text.slice(11, 19)}` : "–";

const setText = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};

const cell = (text, label) => {
  const made = document.createElement("td");
  made.textContent = text;
  if (label) made.dataset.label = label;
  return made;
};

// ── what was said ───────────────────────────────────────────────────────────────────────────────
let hush;
function say(text, isProblem) {
  const said = find("#said");
  said.textContent = text;
  said.classList.toggle("problem", isProblem);
  said.hidden = false;
  clearTimeout(hush);
  hush = setTimeout(() => { said.hidden = true; }, isProblem ? 15000 : 5000);
}

// ── jobs ────────────────────────────────────────────────────────────────────────────────────────
// The ids that there are; the page of one marketplace shows some of them only, so it learns them with the first list.
let seen = location.pathname === "/" ? new Set(all("#jobs tr[data-job]").map((row) => row.dataset.job)) : null;
function showJobs({ data: jobs, all: isAll, removed = [] }) {
  const isNew = seen !== null && jobs.some((job) => !seen.has(job.job_id));
  const isGone = seen !== null && (isAll ? seen.size > jobs.length : removed.some((id) => seen.has(id)));
  if (isNew || isGone) renewRows();
  if (isAll) seen = new Set();
  for (const job of jobs) seen?.add(job.job_id);
  for (const id of removed) seen?.delete(id);
  const rows = new Map(all("#jobs tr[data-job]").map((row) => [row.dataset.job, row]));
  for (const job of jobs) {
    const row = rows.get(job.job_id);
    if (row && hasSchedule(row, job)) showJob(row, job);
    else if (row) { row.remove(); renewRows(); }
  }
}

// A schedule of another kind, or in other words, is shown by the page alone.
function hasSchedule(row, job) {
  const { interval_minutes: minutes, enabled, ...own } = job.config.schedule;
  return row.dataset.schedule === JSON.stringify(own);
}

function showJob(row, job) {
  const field = (name) => find(`[data-field="${name}"]`, row);
  row.dataset.enabled = job.config.schedule.enabled;
  field("status").dataset.status = job.status.status;
  setText(field("status"), words.status[job.status.status] ?? job.status.status);
  setText(field("last_run"), time(job.status.last_run));
  setText(field("next_run"), time(job.status.next_run));
  setText(field("last_duration"), job.status.last_duration === null ? "–" : `${job.status.last_duration.toFixed(1)} s`);
  setText(field("last_error"), job.status.last_error ?? "–");
  setText(field("description"), job.config.description);
  const interval = field("interval");
  const minutes = String(job.config.schedule.interval_minutes);
  // Whoever is typing is not disturbed.
  if (interval && document.activeElement !== interval && interval.defaultValue !== minutes) {
    interval.defaultValue = minutes;
    interval.value = minutes;
  }
}

// Jobs came or went: their rows are taken from the page as it is now.
async function renewRows() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const body = find("#jobs tbody");
  const rows = all("#jobs tbody tr", fresh).map((row) => {
    const known = row.dataset.job && all("tr[data-job]", body).find((old) => old.dataset.job === row.dataset.job);
    return known || document.importNode(row, true);
  });
  body.replaceChildren(...rows);
}

// ── numbers and what needs a person ─────────────────────────────────────────────────────────────
let isCounting = false;
let countAgain = false;
function renewNumbers() {
  if (isCounting) { countAgain = true; return; }
  isCounting = true;
  Promise.allSettled([showNumbers(), showAccounts(), showAttention(), showHealth(), showConcerns()]);
  setTimeout(() => {
    isCounting = false;
    if (countAgain) { countAgain = false; renewNumbers(); }
  }, 1000);
}

async function showNumbers() {
  const answer = await fetch("/api/temu/stats");
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) return;
  const numbers = await answer.json();
  for (const group of ["orders", "inventory"]) {
    for (const [name, count] of Object.entries(numbers[group])) {
      setText(find(`[data-count="${group}.${name}"]`), String(count));
    }
    setText(find(`[data-time="last_sync.${group}"]`), time(numbers.last_sync[group]));
  }
}

async function showAccounts() {
  const answer = await fetch("/api/v1/stats");
  if (!answer.ok) return;
  for (const { account, orders, inventory } of await answer.json()) {
    const numbers = { orders, inventory };
    for (const cell of all("[data-account-count]")) {
      if (cell.dataset.account !== account) continue;
      const [group, name] = cell.dataset.accountCount.split(".");
      setText(cell, String(numbers[group][name]));
    }
  }
}

// Few jobs are unwell: those are asked for.
async function showHealth() {
  const answer = await fetch("/api/v1/jobs?health=degraded,paused&limit=1000");
  if (!answer.ok) return;
  const marks = new Map((await answer.json()).map((job) => [job.id, job.state.health.mark]));
  for (const row of all("#jobs tr[data-job]")) row.dataset.health = marks.get(row.dataset.job) ?? "ok";
}

// The server renders the rows, with what can be decided. A form that somebody fills in is left alone.
let attention = "";

async function showAttention() {
  const answer = await fetch("/screen/attention");
  if (!answer.ok) return;
  const rows = await answer.text();
  const body = find("#attention tbody");
  if (rows === attention || body.querySelector("details[open]")) return;
  attention = rows;
  body.innerHTML = rows;
  setText(find('[data-count="attention"]'), String(all("tr[data-attention]", body).length));
}

// What is wrong with the program: the server renders the lines. A reader hears what is new, so that what is the same is left alone.
let concerns = find("#health").innerHTML;

async function showConcerns() {
  const answer = await fetch("/screen/health").catch(() => null);
  if (!answer?.ok) return;
  const lines = await answer.text();
  if (lines === concerns) return;
  concerns = lines;
  find("#health").innerHTML = lines;
}

// ── the log ─────────────────────────────────────────────────────────────────────────────────────
const log = find("#log");
const lines = find("tbody", log);
let last = Number(log.dataset.last);
const filter = { jobType: find("#log-job-type"), level: find("#log-level") };

const passes = (row) =>
  (!filter.jobType.value || row.job_type === filter.jobType.value) && (!filter.level.value || row.level === filter.level.value);

function lineOf(row) {
  const made = document.createElement("tr");
  made.dataset.level = row.level;
  made.dataset.logId = row.log_id;
  const type = cell(row.job_type);
  type.title = row.job_id;
  made.append(cell(time(row.timestamp)), cell(row.level), type, cell(row.message));
  return made;
}

// Lines are put in together, once per frame: thousands a second do not stop the page.
let waiting = [];
function addLine(row) {
  last = Math.max(last, row.log_id);
  if (passes(row)) put(lineOf(row));
}

function put(element) {
  if (waiting.push(element) === 1) requestAnimationFrame(flush);
  if (waiting.length > MOST_LINES) waiting.splice(1, waiting.length - MOST_LINES);
}

function flush() {
  lines.prepend(...waiting.reverse());
  waiting = [];
  find(".empty", lines).hidden = true;
  const rows = all("tr:not(.empty)", lines);
  for (const row of rows.slice(MOST_LINES)) row.remove();
}

function addGap(gap) {
  const row = document.createElement("tr");
  row.className = "lagged";
  const told = cell(`${gap.dropped} ${words.lagged}`);
  told.colSpan = 4;
  row.append(told);
  put(row);
}

// Another filter: the latest lines that pass it, then what comes.
async function renewLog() {
  const query = new URLSearchParams({ limit: "200" });
  if (filter.jobType.value) query.set("job_type", filter.jobType.value);
  if (filter.level.value) query.set("level", filter.level.value);
  const answer = await fetch(`/api/logs?${query}`);
  if (!answer.ok) return;
  const rows = await answer.json();
  waiting = [];
  const empty = find(".empty", lines);
  empty.hidden = rows.length > 0;
  // What the socket has not brought yet is left to it.
  lines.replaceChildren(...rows.filter((row) => row.log_id <= last).map(lineOf), empty);
}
filter.jobType.addEventListener("change", renewLog);
filter.level.addEventListener("change", renewLog);
find("#log-filter").addEventListener("submit", (event) => event.preventDefault());

// ── the live channel ────────────────────────────────────────────────────────────────────────────
let patience = 500;
function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/logs?after=${last}&recent_logs=false&jobs=changes`);
  socket.addEventListener("open", () => { patience = 500; showConnection(true); renewNumbers(); });
  socket.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "jobs_update") { showJobs(message); renewNumbers(); }
    if (message.type === "log") { addLine(message.data); renewNumbers(); }
    if (message.type === "lagged") addGap(message.data);
  });
  socket.addEventListener("close", () => {
    showConnection(false);
    setTimeout(connect, patience);
    patience = Math.min(patience * 2, 10000);
  });
}

function showConnection(isLive) {
  const connection = find("#connection");
  connection.dataset.live = isLive ? "yes" : "no";
  setText(connection, isLive ? words.live : words.notLive);
}

// ── buttons ─────────────────────────────────────────────────────────────────────────────────────
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("live" in form.dataset)) return;
  event.preventDefault();
  const button = find("button", form);
  button.disabled = true;
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
    if (answer.status === 401) { location.assign("/login"); return; }
    const { message, detail } = await answer.json();
    say(answer.ok ? message : `${words.notDone}: ${message ?? detail}`, !answer.ok);
    renewNumbers();
  } catch {
    say(`${words.notDone}: ${words.notLive}`, true);
  } finally {
    button.disabled = false;
  }
});

// ── what no event tells: the jobs file, the end of a session ────────────────────────────────────
setInterval(async () => {
  if (document.hidden) return;
  renewNumbers();
  const answer = await fetch("/api/health").catch(() => null);
  const health = answer && (await answer.json());
  if (health?.modules) find("#jobs-file").hidden = health.modules.jobs_file.status === "ok";
  showConcerns();
}, 15000);

connect();
