//! Data folder, database and locks have to stay where they are. One that was removed or replaced is still open here: work would go on in a
//! file that nobody sees, beside a second program on the new one. It is looked for by a thread of its own and by real
//! time, so that neither a blocked disk nor a busy runtime keeps the other from being noticed.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use marktwerk_store::data_folder::DataFolder;
use marktwerk_store::files::{Loss, Watched};
use marktwerk_store::sqlite::SqliteStore;
use tokio::sync::watch;

/// The pause between two looks.
const EVERY: Duration = Duration::from_secs(2);

/// The look-out. It ends with its value.
pub(super) struct Presence {
    _stop: mpsc::Sender<()>,
    lost: watch::Receiver<Option<String>>,
}

impl Presence {
    /// Begins. `file` is the embedded database, where there is one.
    pub(super) fn watch(folders: &[&DataFolder], file: Option<SqliteStore>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let (tell, lost) = watch::channel(None);
        let files: Vec<Watched> = folders.iter().flat_map(|folder| folder.watched()).collect();
        let look_out = LookOut::over(files, file);
        thread::Builder::new().name("presence".to_owned()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if let Some(sentence) = look_out.look() {
                    // Nobody listens during a shutdown.
                    let _ = tell.send(Some(sentence));
                    return;
                }
            }
        })?;
        Ok(Self { _stop: stop, lost })
    }

    /// Answers when something is gone, with a sentence for people. The program is to end at once then.
    pub(super) async fn lost(&self) -> String {
        let mut lost = self.lost.clone();
        let sentence = lost.wait_for(Option::is_some).await.ok().and_then(|sentence| sentence.clone());
        // It ends by itself only when it has found something.
        sentence.unwrap_or_else(|| {
            "Marktwerk can no longer see whether its data folder and its database stay where they are, so it ends at once. Start it again"
                .to_owned()
        })
    }
}

struct LookOut {
    files: Vec<Watched>,
    /// SQLite's own files, whose content can be saved.
    beside: Vec<Watched>,
    database: Option<SqliteStore>,
}

impl LookOut {
    fn over(mut files: Vec<Watched>, database: Option<SqliteStore>) -> Self {
        files.extend(database.iter().flat_map(SqliteStore::watched));
        let beside = database.iter().flat_map(SqliteStore::watched_beside).collect();
        Self { files, beside, database }
    }

    fn look(&self) -> Option<String> {
        if let Some((path, loss)) = first(&self.files) {
            return Some(sentence(path, loss, ""));
        }
        let (path, loss) = first(&self.beside)?;
        let saved = match (&self.database, loss) {
            (Some(database), Loss::Removed) => match database.save_log() {
                Ok(()) => " What was stored last was written into the database.".to_owned(),
                Err(error) => {
                    format!(" What was stored last could not be written into the database: {error}.")
                }
            },
            // What another file of that name means for the database cannot be told.
            _ => String::new(),
        };
        Some(sentence(path, loss, &saved))
    }
}

fn first(files: &[Watched]) -> Option<(&Path, Loss)> {
    files.iter().find_map(|file| file.loss().map(|loss| (file.path(), loss)))
}

fn sentence(path: &Path, loss: Loss, saved: &str) -> String {
    let became = match loss {
        Loss::Removed => "removed",
        Loss::Replaced => "replaced by another one",
    };
    format!(
        "{} was {became} while the program ran: it ends at once, so that nothing is stored where nobody sees it and no second program \
         works beside it.{saved} Stop the program before its files are moved, restored or removed; see what is there now, then start it again",
        path.display()
    )
}
