//! The bytes of uploaded files, by content, in a folder beside the databases.
//!
//! ```text
//! files/chunks/<organisation>/<sha1>   pieces on their way in; forgotten after a day
//! files/blobs/<2 digits>/<blake3>      whole files; kept while the store refers to them
//! files/derived/                       made from whole files, bounded; see `derived`
//! files/tmp/                           being written; emptied at the start
//! ```

mod bundle;
mod debug_file;
mod derived;
mod names;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sha1::{Digest as _, Sha1 as Sha1Hasher};
use symbolic::common::ByteView;

pub(crate) use self::bundle::{Bundle, archive_entries, read_entry};
pub(crate) use self::debug_file::identify;
pub(crate) use self::derived::DerivedFiles;
pub(crate) use self::names::{debug_key, debug_text, sha1_of, sha1_text};
use crate::auth::hex;
use crate::instant::{DAY, HOUR, Micros};
use crate::store::{BlobHash, OrgId, Sha1, Store, StoreError};

/// The folder, and how much may lie in it.
#[derive(Debug)]
pub(crate) struct FileStore {
    dir: PathBuf,
    limits: FileLimits,
    /// Held for reading from the moment a whole file is written until the store refers to it, so that the sweep never
    /// takes a file that is about to be referred to.
    sweep: RwLock<()>,
    derived: DerivedFiles,
}

/// Bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileLimits {
    /// One file.
    pub(crate) file_bytes: u64,
    /// All pieces together.
    pub(crate) chunks_bytes: u64,
    /// All whole files together.
    pub(crate) blobs_bytes: u64,
    /// All files together that were made from them.
    pub(crate) derived_bytes: u64,
}

/// A file put together from its pieces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Assembled {
    pub(crate) hash: BlobHash,
    pub(crate) size: u64,
}

/// Why a file could not be taken; the text goes to the client.
#[derive(Debug)]
pub(crate) enum FileError {
    /// The client's fault.
    Refused(String),
    /// The folder's or the store's.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<StoreError> for FileError {
    fn from(error: StoreError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl FileStore {
    /// Opens the folder in a data folder, made when missing.
    pub(crate) fn open(data: &Path, limits: FileLimits) -> io::Result<Self> {
        let dir = data.join("files");
        let tmp = dir.join("tmp");
        if tmp.exists() {
            std::fs::remove_dir_all(&tmp)?;
        }
        for folder in [&tmp, &dir.join("chunks"), &dir.join("blobs")] {
            std::fs::create_dir_all(folder)?;
        }
        let derived = DerivedFiles::open(dir.join("derived"), tmp, limits.derived_bytes)?;
        Ok(Self { dir, limits, sweep: RwLock::default(), derived })
    }

    /// What was made from whole files.
    pub(crate) fn derived(&self) -> &DerivedFiles {
        &self.derived
    }

    pub(crate) fn limits(&self) -> FileLimits {
        self.limits
    }

    /// Held until the store refers to what was put here.
    pub(crate) fn writing(&self) -> RwLockReadGuard<'_, ()> {
        self.sweep.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a piece whose name the caller has checked.
    pub(crate) fn put_chunk(
        &self,
        store: &dyn Store,
        org: OrgId,
        sha1: &Sha1,
        bytes: &[u8],
        now: Micros,
    ) -> Result<(), FileError> {
        if store.chunk_bytes()? + bytes.len() as u64 > self.limits.chunks_bytes {
            return Err(FileError::Refused("Too many uploads are under way; try again later.".to_owned()));
        }
        let path = self.chunk(org, sha1);
        if !path.is_file() {
            self.write(&path, |file| file.write_all(bytes))?;
        }
        store.add_chunk(org, sha1, bytes.len() as u64, now)?;
        Ok(())
    }

    /// Which of these pieces have to be sent.
    pub(crate) fn missing(
        &self,
        store: &dyn Store,
        org: OrgId,
        chunks: &[Sha1],
    ) -> Result<Vec<Sha1>, StoreError> {
        let known = store.known_chunks(org, chunks)?;
        let there = |chunk: &&Sha1| !(known.contains(chunk) && self.chunk(org, chunk).is_file());
        Ok(chunks.iter().filter(there).copied().collect())
    }

    /// Puts a file together. Call [`FileStore::writing`] before.
    pub(crate) fn assemble(
        &self,
        store: &dyn Store,
        org: OrgId,
        sha1: &Sha1,
        chunks: &[Sha1],
    ) -> Result<Assembled, FileError> {
        let mut sources = Vec::with_capacity(chunks.len());
        let mut size = 0;
        for chunk in chunks {
            let path = self.chunk(org, chunk);
            size += std::fs::metadata(&path)?.len();
            sources.push(path);
        }
        if size > self.limits.file_bytes {
            let most = self.limits.file_bytes;
            return Err(FileError::Refused(format!("The file has {size} bytes; at most {most} are taken.")));
        }
        self.check_room(store, size)?;
        self.keep(Some(sha1), |sink| {
            for path in &sources {
                io::copy(&mut File::open(path)?, sink)?;
            }
            Ok(())
        })
    }

    /// Keeps a file that came in one piece. Call [`FileStore::writing`] before.
    pub(crate) fn put(&self, store: &dyn Store, bytes: &[u8]) -> Result<Assembled, FileError> {
        self.check_room(store, bytes.len() as u64)?;
        self.keep(None, |sink| sink.write_all(bytes))
    }

    /// Forgets pieces that are a day old, and whole files that nothing refers to.
    pub(crate) fn clean_up(&self, store: &dyn Store, now: Micros) -> Result<(), FileError> {
        for (org, sha1) in store.expire_chunks(now - DAY)? {
            remove(&self.chunk(org, &sha1))?;
        }
        let _alone = self.sweep.write().unwrap_or_else(PoisonError::into_inner);
        for hash in store.expire_blobs(now - HOUR)? {
            remove(&self.blob(&hash))?;
            self.derived.forget(&hex(&hash));
        }
        Ok(())
    }

    pub(crate) fn forget_chunks(
        &self,
        store: &dyn Store,
        org: OrgId,
        chunks: &[Sha1],
    ) -> Result<(), FileError> {
        store.forget_chunks(org, chunks)?;
        for chunk in chunks {
            remove(&self.chunk(org, chunk))?;
        }
        Ok(())
    }

    /// A whole file, mapped into memory.
    pub(crate) fn view(&self, hash: &BlobHash) -> io::Result<ByteView<'static>> {
        ByteView::open(self.blob(hash))
    }

    fn check_room(&self, store: &dyn Store, size: u64) -> Result<(), FileError> {
        if store.blob_bytes()? + size > self.limits.blobs_bytes {
            return Err(FileError::Refused("The server's room for uploaded files is used up.".to_owned()));
        }
        Ok(())
    }

    /// Writes a whole file and names it by its content, which must have the given SHA-1.
    fn keep(
        &self,
        wanted: Option<&Sha1>,
        fill: impl FnOnce(&mut Sink) -> io::Result<()>,
    ) -> Result<Assembled, FileError> {
        let file = tempfile::NamedTempFile::new_in(self.dir.join("tmp"))?;
        let mut sink = Sink { file, sha1: Sha1Hasher::new(), blake3: blake3::Hasher::new(), size: 0 };
        fill(&mut sink)?;
        let Sink { file, sha1, blake3, size } = sink;
        if wanted.is_some_and(|wanted| sha1.finalize()[..] != wanted[..]) {
            return Err(FileError::Refused("The pieces do not add up to the checksum.".to_owned()));
        }
        file.as_file().sync_all()?;
        let hash = *blake3.finalize().as_bytes();
        let path = self.blob(&hash);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        file.persist(&path).map_err(|error| error.error)?;
        Ok(Assembled { hash, size })
    }

    fn write(&self, path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = tempfile::NamedTempFile::new_in(self.dir.join("tmp"))?;
        fill(file.as_file_mut())?;
        // The store's row is on disk when it is committed, so what it refers to has to be.
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    }

    fn chunk(&self, org: OrgId, sha1: &Sha1) -> PathBuf {
        self.dir.join("chunks").join(org.to_string()).join(hex(sha1))
    }

    fn blob(&self, hash: &BlobHash) -> PathBuf {
        blob_in(&self.dir.join("blobs"), hash)
    }
}

/// Copies whole files from one data folder to another, but those that are there already; pieces are sent again. The bytes
/// written.
pub(crate) fn copy_blobs(from: &Path, to: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for folder in entries(&from.join(BLOBS))? {
        let target = to.join(BLOBS).join(folder.file_name());
        std::fs::create_dir_all(&target)?;
        for file in entries(&folder.path())? {
            let copy = target.join(file.file_name());
            if copy.is_file() {
                continue;
            }
            match std::fs::copy(file.path(), &copy) {
                Ok(size) => bytes += size,
                // Swept meanwhile: nothing refers to it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            }
            File::open(&copy)?.sync_all()?;
        }
        File::open(&target)?.sync_all()?;
    }
    Ok(bytes)
}

/// How many of these whole files a data folder does not have, or not in their size.
pub(crate) fn missing_blobs(data: &Path, blobs: &[(BlobHash, u64)]) -> usize {
    let is_there = |(hash, size): &&(BlobHash, u64)| {
        std::fs::metadata(blob_in(&data.join(BLOBS), hash)).is_ok_and(|found| found.len() == *size)
    };
    blobs.len() - blobs.iter().filter(is_there).count()
}

const BLOBS: &str = "files/blobs";

fn blob_in(blobs: &Path, hash: &BlobHash) -> PathBuf {
    let name = hex(hash);
    blobs.join(&name[..2]).join(name)
}

/// Nothing for a folder that is not there.
fn entries(folder: &Path) -> io::Result<Vec<std::fs::DirEntry>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Writes and hashes in one pass.
struct Sink {
    file: tempfile::NamedTempFile,
    sha1: Sha1Hasher,
    blake3: blake3::Hasher,
    size: u64,
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha1.update(&bytes[..written]);
        self.blake3.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Inflates a gzipped piece of at most `most` bytes.
pub(crate) fn gunzip(bytes: &[u8], most: usize) -> io::Result<Vec<u8>> {
    let mut inflated = Vec::new();
    flate2::read::GzDecoder::new(bytes).take(most as u64 + 1).read_to_end(&mut inflated)?;
    if inflated.len() > most {
        return Err(io::Error::other("larger than a piece may be"));
    }
    Ok(inflated)
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
