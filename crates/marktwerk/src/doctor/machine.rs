//! This machine: the data folder, its disk, the time zone.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::finding::Finding;
use marktwerk_store::files;

use crate::config::Settings;

const MEGABYTE: u64 = 1_000_000;
/// The database grows by some megabytes a day, and a full disk stops everything.
const LITTLE_SPACE: u64 = 2_000 * MEGABYTE;
const NO_SPACE: u64 = 100 * MEGABYTE;

/// Where people put credentials.
const SECRETS: &str = ".env";

pub(super) fn data_folder(settings: &Settings) -> Vec<Finding> {
    let folder = &settings.data_dir;
    let shown = folder.display();
    // What does not exist yet is made where its nearest ancestor may be written to.
    let there = folder.ancestors().find(|ancestor| ancestor.is_dir()).unwrap_or(Path::new("."));
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    if folder.exists() && !folder.is_dir() {
        return vec![Finding::Wrong(format!("{shown} is not a folder: name another one with --data-dir"))];
    }
    let mut findings = vec![match write_and_remove(there) {
        Ok(()) => Finding::Well(format!("{shown} can be written to")),
        Err(error) => Finding::Wrong(format!(
            "{shown} cannot be written to ({error}): give this user the right, or name another folder with --data-dir"
        )),
    }];
    findings.push(match fs4::available_space(there) {
        Ok(bytes) if bytes < NO_SPACE => Finding::Wrong(format!(
            "{} MB are free on the disk of {shown}: make room, nothing can be stored soon",
            bytes / MEGABYTE
        )),
        Ok(bytes) if bytes < LITTLE_SPACE => {
            Finding::Odd(format!("only {} MB are free on the disk of {shown}", bytes / MEGABYTE))
        }
        Ok(bytes) => Finding::Well(format!("{} MB are free", bytes / MEGABYTE)),
        Err(error) => Finding::Odd(format!("the free space on the disk of {shown} is not known: {error}")),
    });
    findings.extend(rights(settings));
    findings
}

/// Who else may read buyers' names and addresses, or what opens the door to them.
fn rights(settings: &Settings) -> Vec<Finding> {
    let database = settings.database();
    let log = {
        let mut name = database.clone().into_os_string();
        name.push("-wal");
        PathBuf::from(name)
    };
    let paths = [&settings.data_dir, &database, &log];
    let open = paths.into_iter().filter_map(|path| files::open_to_others(path).map(|rights| (path, rights)));
    let buyers = open.map(|(path, rights)| {
        let shown = path.display();
        Finding::Odd(format!(
            "{shown} is open to others ({rights}), and buyers' names and addresses are in it: `chmod go= {shown}`; a start by its owner does so, too"
        ))
    });
    buyers.chain(open_secrets()).collect()
}

/// Whether others may read the file with credentials: what the doctor finds, and each start says.
pub(super) fn open_secrets() -> Option<Finding> {
    let rights = files::open_to_others(Path::new(SECRETS))?;
    Some(Finding::Odd(format!(
        "{SECRETS} is open to others ({rights}), and passwords and tokens are in it: `chmod 600 {SECRETS}`"
    )))
}

/// The one thing that tells for certain whether a folder can be written to.
pub(super) fn write_and_remove(folder: &Path) -> std::io::Result<()> {
    let file = folder.join(format!(".marktwerk-doctor-{}", std::process::id()));
    std::fs::File::create_new(&file)?;
    std::fs::remove_file(file)
}

pub(super) fn time(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let name = &settings.scheduler.time_zone;
    let ours = settings.time_zone.to_offset(now);
    let local = now.to_zoned(settings.time_zone.clone());
    let mut findings =
        vec![Finding::Well(format!("it is {} in {name}", local.strftime("%Y-%m-%d %H:%M:%S")))];
    match TimeZone::try_system() {
        Ok(system) if system.to_offset(now) != ours => findings.push(Finding::Odd(format!(
            "this machine's own zone differs from [scheduler] time_zone: schedules go by {name}"
        ))),
        Ok(_) => {}
        Err(error) => findings.push(Finding::Odd(format!(
            "this machine's own zone is not known ({error}): schedules go by {name}"
        ))),
    }
    findings
}
