//! A disk that forgets: what a process wrote and did not make durable is gone after a power cut, or was never there.
//!
//! `disk.c` writes down every change to the files of a folder. From that record, cut off anywhere, the folder is made
//! as it may be found afterwards: what was synced is there; of all else any part, sector by sector, in any order.
//! Names are as strict as POSIX lets them be: one that was made, or deleted, is so for good when its folder was synced.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder whose changes are recorded, by a process that is started with [`Disk::environment`].
pub struct Disk {
    folder: PathBuf,
    library: PathBuf,
    trace: PathBuf,
    room: PathBuf,
}

/// One change, in the order in which they happened.
pub struct Change {
    kind: u8,
    path: PathBuf,
    offset: u64,
    data: Vec<u8>,
    /// Length of the trace with this change.
    pub end: u64,
}

impl Change {
    /// Whether it made something durable.
    pub fn is_sync(&self) -> bool {
        matches!(self.kind, b's' | b'S')
    }
}

impl Disk {
    /// Keeps its own files in `own`, outside of `folder`.
    pub fn new(own: &Path, folder: &Path) -> Self {
        let library = own.join("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/disk.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let built = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"])
            .args([&library, &source])
            .status();
        assert!(built.unwrap().success(), "the bundled SQLite was built with the same compiler");
        let disk = Self {
            folder: folder.canonicalize().unwrap(),
            library,
            trace: own.join("disk.trace"),
            room: own.join("disk.room"),
        };
        std::fs::write(&disk.trace, []).unwrap();
        std::fs::write(&disk.room, [0; 4_096]).unwrap();
        disk.set_room(-1);
        disk
    }

    /// The folder as its files are named in the record.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn environment(&self) -> [(&'static str, &str); 4] {
        let own = [
            ("LD_PRELOAD", &self.library),
            ("DISK_FOLDER", &self.folder),
            ("DISK_TRACE", &self.trace),
            ("DISK_ROOM", &self.room),
        ];
        own.map(|(name, path)| (name, path.to_str().unwrap()))
    }

    /// How many bytes files may grow from now on; -1 is without end.
    pub fn set_room(&self, bytes: i64) {
        let file = std::fs::File::options().write(true).open(&self.room).unwrap();
        file.write_all_at(&bytes.to_le_bytes(), 0).unwrap();
    }

    /// How much is recorded so far. What a process has synced before it said so is in it.
    pub fn recorded(&self) -> u64 {
        std::fs::metadata(&self.trace).unwrap().len()
    }

    /// Everything recorded; what a kill cut in half is left out.
    pub fn changes(&self) -> Vec<Change> {
        let bytes = std::fs::read(&self.trace).unwrap();
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let (mut changes, mut at) = (Vec::new(), 0);
        while at + HEAD_BYTES <= bytes.len() {
            let path_bytes = usize::from(u16::from_le_bytes([bytes[at + 1], bytes[at + 2]]));
            let data = at + HEAD_BYTES + path_bytes;
            let end = data + number(at + 3) as usize;
            if end > bytes.len() {
                break;
            }
            changes.push(Change {
                kind: bytes[at],
                path: std::str::from_utf8(&bytes[at + HEAD_BYTES..data]).unwrap().into(),
                offset: number(at + 11),
                data: bytes[data..end].to_vec(),
                end: end as u64,
            });
            at = end;
        }
        changes
    }
}

/// Makes `to` what `before` may have become when the power went after these changes. Of what was not durable, each
/// sector is there with this chance, and of the names of each folder the first few.
pub fn after_power_cut(
    disk: &Disk,
    before: &Path,
    changes: &[Change],
    chance: f64,
    random: &mut impl FnMut() -> f64,
    to: &Path,
) {
    let mut state = State::default();
    state.read(before, before, disk.folder());
    for change in changes {
        state.apply(change);
    }
    for names in std::mem::take(&mut state.unsynced).into_values() {
        let kept = (names.len() as f64 * random()).round() as usize;
        for name in names.into_iter().take(kept) {
            state.settle(name);
        }
    }
    std::fs::create_dir_all(to).unwrap();
    let place = |path: &Path| to.join(path.strip_prefix(disk.folder()).unwrap());
    for folder in &state.folders {
        std::fs::create_dir_all(place(folder)).unwrap();
    }
    for (path, file) in &state.names {
        let file = state.files[*file].survived(chance, random);
        let path = place(path);
        // A folder whose own name was lost took its files along.
        if path.parent().unwrap().is_dir() {
            std::fs::write(path, file).unwrap();
        }
    }
}

#[derive(Default)]
struct State {
    files: Vec<File>,
    /// Where names lead to for the running process.
    live: HashMap<PathBuf, usize>,
    /// And on the disk.
    names: BTreeMap<PathBuf, usize>,
    folders: Vec<PathBuf>,
    /// By folder.
    unsynced: BTreeMap<PathBuf, Vec<Name>>,
}

enum Name {
    Made(PathBuf, usize),
    Folder(PathBuf),
    Deleted(PathBuf),
}

#[derive(Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Clone)]
enum Pending {
    Write(u64, Vec<u8>),
    Resize(u64),
}

impl State {
    fn read(&mut self, folder: &Path, root: &Path, name: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let known = name.join(path.strip_prefix(root).unwrap());
            if path.is_dir() {
                self.folders.push(known);
                self.read(&path, root, name);
            } else {
                self.files.push(File { durable: std::fs::read(&path).unwrap(), pending: Vec::new() });
                self.live.insert(known.clone(), self.files.len() - 1);
                self.names.insert(known, self.files.len() - 1);
            }
        }
    }

    fn apply(&mut self, change: &Change) {
        let path = &change.path;
        let pending = |state: &mut Self, pending| {
            // Written to a file that has no name any more: nobody will find it.
            if let Some(file) = state.live.get(path) {
                state.files[*file].pending.push(pending);
            }
        };
        match change.kind {
            b'c' => {
                self.files.push(File::default());
                let file = self.files.len() - 1;
                self.live.insert(path.clone(), file);
                self.name(path, Name::Made(path.clone(), file));
            }
            b'd' => self.name(path, Name::Folder(path.clone())),
            b'w' => pending(self, Pending::Write(change.offset, change.data.clone())),
            b't' => pending(self, Pending::Resize(change.offset)),
            b'u' => {
                self.live.remove(path);
                self.name(path, Name::Deleted(path.clone()));
            }
            b'r' => {
                let to = PathBuf::from(std::str::from_utf8(&change.data).unwrap());
                if let Some(file) = self.live.remove(path) {
                    self.live.insert(to.clone(), file);
                    self.name(&to, Name::Made(to.clone(), file));
                }
                self.name(path, Name::Deleted(path.clone()));
            }
            b's' => {
                if let Some(file) = self.live.get(path) {
                    self.files[*file].sync();
                }
            }
            b'S' => {
                for name in self.unsynced.remove(path).unwrap_or_default() {
                    self.settle(name);
                }
            }
            other => panic!("a change of kind {other}"),
        }
    }

    fn name(&mut self, path: &Path, name: Name) {
        self.unsynced.entry(path.parent().unwrap().to_owned()).or_default().push(name);
    }

    fn settle(&mut self, name: Name) {
        match name {
            Name::Made(path, file) => drop(self.names.insert(path, file)),
            Name::Folder(path) => self.folders.push(path),
            Name::Deleted(path) => drop(self.names.remove(&path)),
        }
    }
}

impl File {
    fn sync(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            put(&mut self.durable, &pending);
        }
    }

    fn survived(&self, chance: f64, random: &mut impl FnMut() -> f64) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for pending in &self.pending {
            match pending {
                Pending::Write(offset, data) => {
                    let mut at = 0;
                    while at < data.len() {
                        let place = offset + at as u64;
                        let end = data.len().min(at + (SECTOR - place % SECTOR) as usize);
                        if random() < chance {
                            put(&mut bytes, &Pending::Write(place, data[at..end].to_vec()));
                        }
                        at = end;
                    }
                }
                resize @ Pending::Resize(_) => {
                    if random() < chance {
                        put(&mut bytes, resize);
                    }
                }
            }
        }
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, pending: &Pending) {
    match pending {
        Pending::Write(offset, data) => {
            let (from, to) = (*offset as usize, *offset as usize + data.len());
            if bytes.len() < to {
                bytes.resize(to, 0);
            }
            bytes[from..to].copy_from_slice(data);
        }
        Pending::Resize(length) => bytes.resize(*length as usize, 0),
    }
}

const HEAD_BYTES: usize = 19;
const SECTOR: u64 = 512;
