//! Files that were made from uploaded files and can be made again: bounded in bytes, what was opened longest ago goes
//! first.
//!
//! ```text
//! files/derived/<name>
//! ```

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use symbolic::common::ByteView;

/// The folder and what lies in it.
#[derive(Debug)]
pub(crate) struct DerivedFiles {
    dir: PathBuf,
    tmp: PathBuf,
    most_bytes: u64,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    files: HashMap<String, Entry>,
    bytes: u64,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    bytes: u64,
    used: u64,
}

impl DerivedFiles {
    /// `dir` and `tmp` are on one file system. What a former process left is taken over.
    pub(super) fn open(dir: PathBuf, tmp: PathBuf, most_bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        let mut known = Known::default();
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                known.add(name, entry.metadata()?.len());
            }
        }
        let derived = Self { dir, tmp, most_bytes, known: Mutex::new(known) };
        derived.make_room(&mut derived.known());
        Ok(derived)
    }

    /// A file, mapped into memory; `None` when it has to be made.
    pub(crate) fn view(&self, name: &str) -> Option<ByteView<'static>> {
        let mut known = self.known();
        if !known.touch(name) {
            return None;
        }
        match ByteView::open(self.dir.join(name)) {
            Ok(view) => Some(view),
            Err(_) => {
                known.forget(name);
                None
            }
        }
    }

    /// Keeps a file and answers it mapped into memory.
    ///
    /// # Errors
    /// When it cannot be written, or alone is more than there is room for.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<ByteView<'static>> {
        if bytes.len() as u64 > self.most_bytes {
            return Err(io::Error::other(format!("{} bytes are more than may be kept", bytes.len())));
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.tmp)?;
        file.write_all(bytes)?;
        let mut known = self.known();
        let path = self.dir.join(name);
        file.persist(&path).map_err(|error| error.error)?;
        let view = ByteView::open(&path)?;
        known.add(name.to_owned(), bytes.len() as u64);
        self.make_room(&mut known);
        Ok(view)
    }

    /// Deletes what was made from a file that is gone; names begin with the file's.
    pub(super) fn forget(&self, prefix: &str) {
        let mut known = self.known();
        let gone: Vec<String> = known.files.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        for name in gone {
            known.forget(&name);
            remove(&self.dir.join(name));
        }
    }

    /// Whoever has a file open keeps it until it is closed.
    fn make_room(&self, known: &mut Known) {
        while known.bytes > self.most_bytes {
            let oldest = known.files.iter().min_by_key(|(_, entry)| entry.used);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { break };
            known.forget(&name);
            remove(&self.dir.join(name));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, name: String, bytes: u64) {
        self.forget(&name);
        self.clock += 1;
        self.bytes += bytes;
        self.files.insert(name, Entry { bytes, used: self.clock });
    }

    fn touch(&mut self, name: &str) -> bool {
        self.clock += 1;
        let clock = self.clock;
        self.files.get_mut(name).map(|entry| entry.used = clock).is_some()
    }

    fn forget(&mut self, name: &str) {
        if let Some(gone) = self.files.remove(name) {
            self.bytes -= gone.bytes;
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        crate::log::error(format_args!("files: {}: {error}", path.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_longest_ago_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let open = || DerivedFiles::open(dir.path().join("d"), dir.path().to_owned(), 10).unwrap();
        let derived = open();
        assert!(derived.view("a").is_none());
        assert_eq!(&derived.keep("a", b"aaaa").unwrap()[..], b"aaaa");
        derived.keep("b", b"bbbb").unwrap();
        assert!(derived.view("a").is_some());
        let kept = derived.view("b").unwrap();
        assert!(derived.view("a").is_some());
        derived.keep("c", b"cccc").unwrap();
        assert!(derived.view("b").is_none() && derived.view("a").is_some());
        assert_eq!(&kept[..], b"bbbb", "still mapped");
        assert!(derived.keep("d", b"more than ten").is_err());
        drop(derived);
        let again = open();
        assert_eq!(again.known().bytes, 8);
        again.forget("b");
        assert_eq!(again.known().bytes, 8);
        again.forget("c");
        assert!(again.view("c").is_none() && !dir.path().join("d/c").exists());
        again.keep("c", b"cccc").unwrap();
        std::fs::remove_file(dir.path().join("d/a")).unwrap();
        assert!(again.view("a").is_none() && again.view("c").is_some());
        assert_eq!(again.known().bytes, 4);
    }
}
