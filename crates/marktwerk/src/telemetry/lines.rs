//! The way of a line to stdout: a queue of bounded length and one thread that writes. Whoever says something never waits and
//! never fails: a line that finds no room, no reader or no disk is lost and counted. Not the way of what a command prints.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use marktwerk_engine::supervision;

/// Lines that wait at the most, as for a reader that stands still.
const QUEUE: usize = 10_000;
/// The end of the program waits so long for lines that are on their way.
const LAST_LINES: Duration = Duration::from_secs(1);

static QUEUED: OnceLock<SyncSender<Item>> = OnceLock::new();

enum Item {
    Line(Vec<u8>),
    /// Answered when all lines before it were written or are lost.
    Flush(SyncSender<()>),
}

/// Starts the thread; from then on lines are taken. `lost_words` says how many lines were lost, once they can be written again.
pub(super) fn start(lost_words: impl Fn(u64) -> String + Send + 'static) -> io::Result<()> {
    let (sender, receiver) = sync_channel(QUEUE);
    if QUEUED.set(sender).is_ok() {
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || write_all(&receiver, &mut io::stdout(), lost_words))?;
    }
    Ok(())
}

/// Says a line, with its line break.
pub(super) fn say(line: &[u8]) {
    let Some(queue) = QUEUED.get() else { return };
    if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
        queue.try_send(Item::Line(line.to_owned()))
    {
        supervision::line_was_lost();
    }
}

/// Waits a moment for lines that are on their way.
pub(super) fn flush() {
    let Some(queue) = QUEUED.get() else { return };
    let (done, receiver) = sync_channel(1);
    // A queue that is full belongs to an output that stands still.
    if queue.try_send(Item::Flush(done)).is_ok() {
        let _ = receiver.recv_timeout(LAST_LINES);
    }
}

fn write_all(queue: &Receiver<Item>, output: &mut impl Write, lost_words: impl Fn(u64) -> String) {
    let mut unsaid: u64 = 0;
    for item in queue {
        let line = match item {
            Item::Line(line) => line,
            Item::Flush(done) => {
                // Nobody may be waiting any more.
                let _ = done.try_send(());
                continue;
            }
        };
        if unsaid > 0 && write(output, lost_words(unsaid).as_bytes()).is_ok() {
            unsaid = 0;
        }
        if unsaid > 0 || write(output, &line).is_err() {
            supervision::line_was_lost();
            unsaid += 1;
        }
    }
}

fn write(output: &mut impl Write, line: &[u8]) -> io::Result<()> {
    output.write_all(line)?;
    output.flush()
}

/// What the subscriber writes to: one call is one line.
pub(super) struct Queue;

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        say(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes lines but for those of a time without room.
    #[derive(Default)]
    struct Disk {
        text: String,
        refuses: std::ops::Range<usize>,
        writes: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            if self.refuses.contains(&self.writes) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.text += std::str::from_utf8(bytes).unwrap();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_without_room_are_counted_and_the_rest_is_written() {
        let (sender, receiver) = sync_channel(10);
        for line in ["one\n", "two\n", "three\n", "four\n"] {
            sender.send(Item::Line(line.as_bytes().to_owned())).unwrap();
        }
        drop(sender);
        let mut disk = Disk { refuses: 2..4, ..Disk::default() };
        write_all(&receiver, &mut disk, |lost| format!("{lost} lost\n"));
        assert_eq!(disk.text, "one\n2 lost\nfour\n");
    }
}
