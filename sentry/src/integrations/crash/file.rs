//! The files of records: one per process, made before the crash, taken by the next start.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use watchpost_core::{OsRng, Rng};

const PREFIX: &str = "crash-";
const SUFFIX: &str = ".rec";
/// Far more than a record takes; what is larger is none of ours.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// An open file with its path, locked for as long as it is open.
#[derive(Debug)]
pub(super) struct RecordFile {
    pub(super) file: File,
    pub(super) path: PathBuf,
}

/// Makes a file that starts with `prelude`, for the handler to append to.
pub(super) fn create(folder: &Path, prelude: &[u8]) -> io::Result<RecordFile> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if !is_ours_alone(folder)? {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let path = folder.join(format!("{PREFIX}{:016x}{:016x}{SUFFIX}", OsRng.next_u64(), OsRng.next_u64()));
    let mut options = OpenOptions::new();
    options.append(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(&path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    file.write_all(prelude)?;
    Ok(RecordFile { file, path })
}

/// Shows the bytes of every file whose process is gone to `each`, and then deletes it if that answers true.
pub(super) fn take_left_behind(folder: &Path, mut each: impl FnMut(&[u8]) -> bool) {
    if !is_ours_alone(folder).unwrap_or(false) {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(PREFIX) || !name.ends_with(SUFFIX) {
            continue;
        }
        let Ok(mut file) = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(entry.path())
        else {
            continue;
        };
        // Its owner lives, or another process reports it just now.
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        // Deleted by whoever reported it between our listing and our lock.
        let reported = file.metadata().is_ok_and(|meta| meta.nlink() == 0);
        let mut bytes = Vec::new();
        let is_whole = !reported && (&mut file).take(MAX_BYTES).read_to_end(&mut bytes).is_ok();
        if !is_whole || each(&bytes) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn is_ours_alone(folder: &Path) -> io::Result<bool> {
    let metadata = std::fs::symlink_metadata(folder)?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(metadata.is_dir() && own && metadata.mode() & 0o022 == 0)
}
