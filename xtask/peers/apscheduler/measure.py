"""What APScheduler 3 does with its SQLAlchemy job store on a SQLite file: WAL, synchronous=FULL.

Run by `cargo xtask bench scheduler`. It prints one JSON object per measurement, as it comes:
{"measure": name, "value": number or null, "note": how it was measured}.
Settings are those of its user guide: BackgroundScheduler, a pool of 20 threads, coalescing; and no misfire
grace time, which would drop what waited longer than a second.
"""

import argparse
import json
import math
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from apscheduler.events import EVENT_JOB_EXECUTED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import create_engine, event

THREADS = 20
# Throughput is measured this often, unless the machine is so slow that it took this long already; the median counts.
ROUNDS, ROUNDS_SECONDS = 3, 10.0
# How long the bare loop may take that shows what SQLite itself does at this moment.
BARE_SECONDS = 1.0
# Schedules added as durably as everything else, to know what adding one costs.
SAMPLE = 1_000
# How long filling the table with the other schedules may take; what is not in by then is left out, and noted.
FILL_SECONDS = 60.0
# Where the schedules that are not to come due begin.
FAR_AWAY_SECONDS = 3_600.0
# The time of rest whose processor time is counted.
IDLE_SECONDS = 8.0
# From the start of the observing process to its time of rest, and from there to the first schedule that is due.
SETTLE_SECONDS, LEAD_SECONDS = 2.0, 2.0
# After this, what has not started counts as late by the time that has passed.
PATIENCE_SECONDS = 20.0

# Filled by the jobs: number of the job, and when it started.
STARTED = {}
# Set by the job that completes the expected number.
EXPECTED = 0
ALL_STARTED = threading.Event()


def empty_job(number):
    """The job that is run: it notes its start and does nothing else."""
    # Both clocks, in one step of the interpreter's lock: durations in this process, dates against a schedule.
    STARTED[number] = (time.perf_counter(), time.time())
    if len(STARTED) >= EXPECTED:
        ALL_STARTED.set()


def expect(count):
    """Forgets earlier starts and waits for so many."""
    global EXPECTED
    STARTED.clear()
    ALL_STARTED.clear()
    EXPECTED = count


def set_up(connection, is_durable=True):
    """The settings of a connection: as durable as SQLite can be, but where a table is only being filled."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'OFF'}")
    settings = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    cursor.close()
    if settings != ["wal", 2 if is_durable else 0]:
        raise RuntimeError(f"SQLite did not take the settings, the figures would be worth nothing: {settings}")


def new_scheduler(database, is_durable=True):
    """A scheduler that is not started yet."""
    engine = create_engine(f"sqlite:///{database}")
    event.listen(engine, "connect", lambda connection, _: set_up(connection, is_durable))
    return BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(engine=engine)},
        executors={"default": ThreadPoolExecutor(THREADS)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=timezone.utc,
    )


def report(measure, value, note):
    """Tells the caller one figure."""
    print(json.dumps({"measure": measure, "value": value, "note": note}), flush=True)


def percentile(values, share):
    """The smallest value that this share of all does not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def bare_loop(folder):
    """What one connection of SQLite does on this machine right now: the disk's speed changes with what else runs."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    set_up(connection)
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
    count = 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < BARE_SECONDS:
        connection.execute("INSERT INTO rows (text) VALUES ('a row of a run, about as long as one is')")
        count += 1
    per_second = count / (time.perf_counter() - begun)
    connection.close()
    report("commits_per_second", per_second, "the limit: a bare loop that stores one short row per transaction")


class History:
    """One row per run in a table of the same file, on a connection of its own; each row is one transaction."""

    def __init__(self, database, expected):
        self.connection = sqlite3.connect(database, check_same_thread=False, isolation_level=None, timeout=30)
        set_up(self.connection)
        columns = "id INTEGER PRIMARY KEY, job_id TEXT, scheduled_at REAL, ended_at REAL, state TEXT"
        self.connection.execute(f"CREATE TABLE runs ({columns})")
        self.lock = threading.Lock()
        self.missing = expected
        self.complete = threading.Event()

    def listen(self, happened):
        """Called by the scheduler on a thread of its pool."""
        row = (happened.job_id, happened.scheduled_run_time.timestamp(), time.time(), "succeeded")
        insert = "INSERT INTO runs (job_id, scheduled_at, ended_at, state) VALUES (?, ?, ?, ?)"
        with self.lock:
            self.connection.execute(insert, row)
            self.missing -= 1
            if self.missing == 0:
                self.complete.set()


def run_jobs(database, runs, with_history):
    """Adds jobs that are due at once, runs them all; (seconds in all, seconds once they were added)."""
    expect(runs)
    scheduler = new_scheduler(database)
    history = History(database, runs) if with_history else None
    if history:
        scheduler.add_listener(history.listen, EVENT_JOB_EXECUTED)
    # Added while it is paused: it does more per second than when each addition wakes it.
    scheduler.start(paused=True)
    begun = time.perf_counter()
    for number in range(runs):
        scheduler.add_job(empty_job, args=[number])
    added = time.perf_counter()
    scheduler.resume()
    ALL_STARTED.wait()
    if history:
        history.complete.wait()
    # A job that has run is deleted; the last is not done before that.
    while scheduler.get_jobs():
        time.sleep(0.001)
    ended = time.perf_counter()
    scheduler.shutdown()
    return ended - begun, ended - added


def throughput(folder, runs):
    """Empty runs per second, from the first addition to the last row."""
    for name, with_history, kept in (
        ("runs_per_second", False, "no row of a run is kept"),
        ("runs_per_second_with_history", True, "a listener keeps one row per run"),
    ):
        rounds = []
        while len(rounds) < ROUNDS and sum(in_all for in_all, _ in rounds) < ROUNDS_SECONDS:
            rounds.append(run_jobs(folder / f"{name}-{len(rounds)}.db", runs, with_history))
        value = runs / statistics.median(in_all for in_all, _ in rounds)
        drained = runs / statistics.median(once_added for _, once_added in rounds)
        note = f"{runs} one-off jobs, median of {len(rounds)}; {kept}; {drained:.0f}/s when adding is not counted"
        report(name, value, note)


def latency(folder, per_second, seconds):
    """From the call that adds a job to the job's first line."""
    count = per_second * seconds
    expect(count)
    scheduler = new_scheduler(folder / "latency.db")
    scheduler.start()
    called = []
    begun = time.perf_counter()
    for number in range(count):
        time.sleep(max(begun + number / per_second - time.perf_counter(), 0))
        called.append(time.perf_counter())
        scheduler.add_job(empty_job, args=[number])
    ALL_STARTED.wait(PATIENCE_SECONDS)
    now = time.perf_counter()
    starts = dict(STARTED)
    took = [1_000 * (starts.get(number, (now, 0))[0] - called[number]) for number in range(count)]
    scheduler.shutdown(wait=len(starts) == count)
    note = f"{count} jobs at {per_second}/s, from the call of add_job, which stores it, to the job's start"
    if len(starts) < count:
        note += f"; {count - len(starts)} had not started {PATIENCE_SECONDS:.0f} s after the last was added"
    report("enqueue_to_start_p50_ms", percentile(took, 0.50), note)
    report("enqueue_to_start_p99_ms", percentile(took, 0.99), note)


def add_schedules(database, numbers, first_due, gap, interval, is_durable, deadline=math.inf):
    """Adds repeating jobs that come due one after the other; how many it added, and the seconds that took."""
    scheduler = new_scheduler(database, is_durable)
    scheduler.start(paused=True)
    added = 0
    begun = time.perf_counter()
    for number in numbers:
        due = datetime.fromtimestamp(first_due + added * gap, timezone.utc)
        trigger = IntervalTrigger(seconds=interval, start_date=due, timezone=timezone.utc)
        scheduler.add_job(empty_job, trigger, args=[number], id=str(number))
        added += 1
        if time.perf_counter() - begun > deadline:
            break
    took = time.perf_counter() - begun
    scheduler.shutdown()
    return added, took


def observe_in_process(database, arguments):
    """Starts a process that opens the database; (milliseconds until it was ready, what it then said)."""
    begun = time.perf_counter()
    command = [sys.executable, __file__, "--observe", str(database), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        ready = 1_000 * (time.perf_counter() - begun)
        said = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"the observing process failed with {process.returncode}")
    return ready, json.loads(said)


def schedules(folder, wanted, per_second, seconds):
    """Start, memory, rest and lateness with many schedules in the table."""
    gap = 1 / per_second
    interval = wanted * gap
    database = folder / "schedules.db"
    watched = per_second * seconds
    far_away = time.time() + FAR_AWAY_SECONDS
    # Only filling the table is not durable: it would take minutes, and is not what is measured.
    others, took = add_schedules(database, range(watched, wanted), far_away, gap, interval, False, FILL_SECONDS)
    count = others + watched
    sampled, sample_took = add_schedules(
        folder / "sample.db", range(SAMPLE), time.time() + FAR_AWAY_SECONDS, gap, interval, True
    )
    # Those that are to come due are added last: by then it is known when the time of rest will be over.
    each = sample_took / sampled
    first_due = time.time() + watched * each + 2 * (SETTLE_SECONDS + LEAD_SECONDS) + IDLE_SECONDS
    add_schedules(database, range(watched), first_due, gap, interval, True)
    # Its table is made before, so that the start is no first start.
    add_schedules(folder / "empty.db", [], far_away, gap, interval, True)
    empty_ready, empty = observe_in_process(folder / "empty.db", [])
    watch = ["--first-due", first_due, "--per-second", per_second, "--seconds", seconds]
    ready, full = observe_in_process(database, watch)
    of = f"{count} schedules"
    if count < wanted:
        of += f", not {wanted}: adding them took {took:.0f} s, not even durably"
    of += f" (adding one durably takes {1_000 * each:.1f} ms)"
    start = "from the process to a started scheduler, interpreter and imports included"
    report("empty_start_ms", empty_ready, f"no schedules; {start}")
    report("start_ms", ready, f"{of}; {start}")
    if full["resident"] is None or empty["resident"] is None:
        report("bytes_per_schedule", None, "not measured: no /proc here")
    else:
        value = max((full["resident"] - empty["resident"]) / count, 0)
        report("bytes_per_schedule", value, f"{of}; resident memory; they stay in the table")
        report("idle_memory_mb", empty["resident"] / 2**20, "resident memory of a process without schedules")
    rest = f"none due for {full['idle_seconds']:.1f} s, in percent of one core"
    report("idle_cpu_percent", full["idle"], f"{of}; {rest}" if full["idle"] is not None else "not measured: no rest")
    late = full["late"]
    due = f"{of}; {len(late)} that came due at {per_second}/s; each run updates its schedule's row"
    if full["missing"]:
        due += f"; {full['missing']} had not started after {PATIENCE_SECONDS:.0f} s"
    report("lateness_p50_ms", percentile(late, 0.50), due)
    report("lateness_p99_ms", percentile(late, 0.99), due)


def resident_bytes():
    """Memory of this process, where the kernel tells it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next(1_024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def observe(database, first_due, per_second, seconds):
    """The observing process: says when it is ready, rests, and then sees how late its schedules are."""
    due = [first_due + number / per_second for number in range(per_second * seconds)] if first_due else []
    expect(len(due))
    scheduler = new_scheduler(database)
    scheduler.start()
    print("ready", flush=True)
    time.sleep(SETTLE_SECONDS)
    answer = {"resident": resident_bytes(), "idle": None, "idle_seconds": 0, "late": [], "missing": 0}
    if due:
        rest = min(IDLE_SECONDS, first_due - LEAD_SECONDS / 2 - time.time())
        # Where the machine was so slow that the first ones are due already, there was no rest to measure.
        if rest > 0:
            before = time.process_time()
            time.sleep(rest)
            answer["idle"], answer["idle_seconds"] = 100 * (time.process_time() - before) / rest, rest
        ALL_STARTED.wait(max(due[-1] - time.time(), 0) + PATIENCE_SECONDS)
        now, starts = time.time(), dict(STARTED)
        answer["missing"] = sum(number not in starts for number in range(len(due)))
        answer["late"] = [1_000 * (starts.get(number, (0, now))[1] - when) for number, when in enumerate(due)]
    print(json.dumps(answer), flush=True)
    # Nobody needs what it has not done by now, and an orderly end would complain of each.
    os._exit(0)


def main():
    """Measures everything, or is the observing process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="for the databases; emptied first")
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--per-second", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--schedules", type=int, default=100_000)
    parser.add_argument("--observe", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--first-due", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.observe:
        observe(asked.observe, asked.first_due, asked.per_second, asked.seconds)
        return
    if not asked.folder:
        parser.error("--folder is missing: where may the databases lie?")
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    bare_loop(asked.folder)
    throughput(asked.folder, asked.runs)
    latency(asked.folder, asked.per_second, asked.seconds)
    schedules(asked.folder, asked.schedules, asked.per_second, asked.seconds)
    report("log_lines_per_second", None, "not offered: it keeps no log lines")


if __name__ == "__main__":
    main()
