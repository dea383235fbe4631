//! The folder that segments lie in, and who may use it.

use crate::error::{Error, Result};
use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags, Stat, flock, fstat, mkdirat, open, openat};
use rustix::io::Errno;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Read and write, closed on exec, never through a symbolic link.
const SEGMENT_FLAGS: OFlags = OFlags::RDWR.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// A folder, by path: it may vanish and come back while the process lives.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder (0700) where it is missing, and checks who owns it.
    pub(crate) fn prepare(path: &Path) -> Result<Folder> {
        let folder = Folder { path: path.to_owned() };
        folder.open_checked()?;
        Ok(folder)
    }

    /// The folder if it is there and ours; `None` if there is none.
    pub(crate) fn existing(path: &Path) -> Result<Option<Folder>> {
        if !path.exists() {
            return Ok(None);
        }
        Folder::prepare(path).map(Some)
    }

    /// Creates a file (0600) and takes its lock. `None` if the name is taken or another process was faster.
    pub(crate) fn create(&self, name: &str) -> Result<Option<OwnedFd>> {
        let flags = SEGMENT_FLAGS | OFlags::CREATE | OFlags::EXCL;
        let fd = match openat(self.open_checked()?, name, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => fd,
            Err(Errno::EXIST) => return Ok(None),
            Err(errno) => return Err(Error::system("cannot create a segment in the spool folder", errno)),
        };
        Ok(lock(&fd)?.map(|_| fd))
    }

    /// Opens a segment and takes its lock. `None` if its owner lives, or it is gone, or it is not ours to read.
    pub(crate) fn seize(&self, name: &str) -> Result<Option<(OwnedFd, Stat)>> {
        let path = self.path.join(name);
        let fd = match open(&path, SEGMENT_FLAGS | OFlags::NONBLOCK, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::LOOP | Errno::ACCESS | Errno::PERM | Errno::NXIO | Errno::ISDIR) => {
                return Ok(None);
            }
            Err(errno) => return Err(Error::system("cannot open a segment in the spool folder", errno)),
        };
        let Some(stat) = lock(&fd)? else { return Ok(None) };
        // Its owner may have given it another name between the two calls, and then died.
        let is_named_so = rustix::fs::lstat(&path)
            .is_ok_and(|named| (named.st_dev, named.st_ino) == (stat.st_dev, stat.st_ino));
        Ok(is_named_so.then_some((fd, stat)))
    }

    /// Gives a segment whose lock the caller holds another name, which nobody has.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
            .map_err(|error| Error::system("cannot rename a segment in the spool folder", error))
    }

    /// Deletes a segment whose lock the caller holds. One that is gone already is no error.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        match std::fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::system("cannot delete a segment in the spool folder", error))
            }
            _ => Ok(()),
        }
    }

    /// Names and sizes of the files that `wanted` accepts. A missing folder is an empty one.
    pub(crate) fn list(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, std::fs::Metadata)>> {
        let entries = match std::fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::system("cannot list the spool folder", error)),
        };
        Ok(entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok().filter(|name| wanted(name))?;
                let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
                Some((name, metadata))
            })
            .collect())
    }

    /// Makes the folder's entries durable.
    pub(crate) fn sync(&self) -> Result<()> {
        std::fs::File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Error::system("cannot make the folder's entries durable", error))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn open_checked(&self) -> Result<OwnedFd> {
        let fd = match self.open_existing() {
            Err(Errno::NOENT) => {
                if let Some(parent) = self.path.parent() {
                    std::fs::create_dir_all(parent)
                        .map_err(|error| Error::system("cannot make the spool folder's parent", error))?;
                }
                match mkdirat(CWD, &self.path, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(Error::system("cannot make the spool folder", errno)),
                }
                self.open_existing()
            }
            other => other,
        }
        .map_err(|errno| Error::system("cannot open the spool folder", errno))?;
        let stat = fstat(&fd).map_err(|errno| Error::system("cannot look at the spool folder", errno))?;
        if !is_own(&stat) {
            return Err(Error::unavailable(
                "the spool folder belongs to another user; choose another folder",
            ));
        }
        if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
            return Err(Error::unavailable(
                "the spool folder is writable by its group or by everybody; make it 0700 or choose another",
            ));
        }
        Ok(fd)
    }

    fn open_existing(&self) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        open(&self.path, flags, Mode::empty())
    }
}

/// Takes the lock without waiting; `None` if somebody has it, or the file was deleted meanwhile.
///
/// The lock goes with the last descriptor of this opening. It is never given back by LOCK_UN, which would free
/// it for every process that inherited the descriptor.
fn lock(fd: &OwnedFd) -> Result<Option<Stat>> {
    match flock(fd, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(errno) => return Err(Error::system("cannot lock a segment in the spool folder", errno)),
    }
    let stat = fstat(fd).map_err(|errno| Error::system("cannot look at a segment", errno))?;
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Ok((regular && stat.st_nlink == 1 && is_own(&stat)).then_some(stat))
}

fn is_own(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

/// Whether the file behind the descriptor still has a name, and how long it is.
pub(crate) fn linked_length(fd: impl AsFd) -> Result<(bool, u64)> {
    let stat = fstat(fd).map_err(|errno| Error::system("the segment is closed", errno))?;
    Ok((stat.st_nlink > 0, u64::try_from(stat.st_size).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_folder_is_0700_and_a_segment_0600() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let folder = Folder::prepare(&path).unwrap();
        let _fd = folder.create("x").unwrap().unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(path.join("x").metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_folder_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [0o720, 0o702, 0o777] {
            chmod(dir.path(), mode);
            assert!(Folder::prepare(dir.path()).unwrap_err().is_unavailable(), "{mode:o}");
        }
        chmod(dir.path(), 0o755);
        assert!(Folder::prepare(dir.path()).is_ok());
    }

    #[test]
    fn a_folder_of_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        if !rustix::process::geteuid().is_root() {
            // Only root can give a folder away; the same check runs for "/" below.
            let error = Folder::prepare(Path::new("/")).unwrap_err();
            assert!(error.is_unavailable(), "{error}");
            return;
        }
        std::os::unix::fs::chown(dir.path(), Some(12345), None).unwrap();
        let error = Folder::prepare(dir.path()).unwrap_err();
        assert!(error.is_unavailable() && error.to_string().contains("another user"), "{error}");
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        let folder = Folder::prepare(&real).unwrap();
        symlink(&real, dir.path().join("link")).unwrap();
        assert!(Folder::prepare(&dir.path().join("link")).unwrap_err().is_unavailable());
        std::fs::write(dir.path().join("precious"), "x").unwrap();
        symlink(dir.path().join("precious"), real.join("s")).unwrap();
        assert!(folder.seize("s").unwrap().is_none());
    }

    #[test]
    fn one_lock_one_owner() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(dir.path()).unwrap();
        let owner = folder.create("s").unwrap().unwrap();
        assert!(folder.seize("s").unwrap().is_none());
        drop(owner);
        let (_winner, _) = folder.seize("s").unwrap().unwrap();
        assert!(folder.seize("s").unwrap().is_none());
    }

    #[test]
    fn a_file_in_the_way_makes_it_unavailable() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "x").unwrap();
        assert!(Folder::prepare(&dir.path().join("file")).unwrap_err().is_unavailable());
        assert!(Folder::prepare(&dir.path().join("file/below")).unwrap_err().is_unavailable());
    }
}
