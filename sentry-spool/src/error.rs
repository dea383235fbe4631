//! What can go wrong with a spool, told apart by what the caller does about it.

use rustix::io::Errno;
use std::fmt;

/// A `Result` whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// An append, read or open that failed.
///
/// Ask the `is_*` predicates what to do; the text is for people and may change.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    what: &'static str,
    source: Option<std::io::Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full,
    Unavailable,
    TooLarge,
    Locked,
    Io,
}

impl Error {
    /// There is no room: the disk, a quota, a file size limit or the spool's own cap is reached.
    ///
    /// The record was not stored. It may be tried again once something was delivered.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kind == Kind::Full
    }

    /// The folder cannot be used: it is read-only, forbidden, gone, owned by somebody else, open to others,
    /// on a file system without locks, or this process is a fork that closed it.
    ///
    /// The caller goes on in memory and may open the spool again later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// The record is larger than a spool takes; trying again does not help.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }

    /// Another process has this log open.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.kind == Kind::Locked
    }

    /// The system refused for any other reason (a failing disk, say).
    #[must_use]
    pub fn is_io(&self) -> bool {
        self.kind == Kind::Io
    }

    pub(crate) fn full(what: &'static str) -> Error {
        Error { kind: Kind::Full, what, source: None }
    }

    pub(crate) fn unavailable(what: &'static str) -> Error {
        Error { kind: Kind::Unavailable, what, source: None }
    }

    pub(crate) fn too_large(what: &'static str) -> Error {
        Error { kind: Kind::TooLarge, what, source: None }
    }

    pub(crate) fn locked(what: &'static str) -> Error {
        Error { kind: Kind::Locked, what, source: None }
    }

    pub(crate) fn broken(what: &'static str) -> Error {
        Error { kind: Kind::Io, what, source: None }
    }

    pub(crate) fn system(what: &'static str, source: impl Into<std::io::Error>) -> Error {
        let source = source.into();
        Error { kind: kind_of(&source), what, source: Some(source) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.what),
            None => f.write_str(self.what),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

fn kind_of(error: &std::io::Error) -> Kind {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Kind::Full,
        Some(
            Errno::ROFS
            | Errno::ACCESS
            | Errno::PERM
            | Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::BADF
            | Errno::MFILE
            | Errno::NFILE
            | Errno::NOLCK
            | Errno::OPNOTSUPP
            | Errno::EXIST,
        ) => Kind::Unavailable,
        _ => Kind::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_are_told_apart_by_what_to_do() {
        for full in [Errno::NOSPC, Errno::DQUOT, Errno::FBIG] {
            assert!(Error::system("append", full).is_full(), "{full:?}");
        }
        for gone in [Errno::ROFS, Errno::ACCESS, Errno::NOENT, Errno::BADF, Errno::NOTDIR] {
            assert!(Error::system("append", gone).is_unavailable(), "{gone:?}");
        }
        let broken = Error::system("append", Errno::IO);
        assert!(broken.is_io() && !broken.is_full() && !broken.is_unavailable());
    }

    #[test]
    fn the_text_names_the_step_and_the_cause() {
        let text = Error::system("cannot append to the spool", Errno::NOSPC).to_string();
        assert!(text.starts_with("cannot append to the spool: "), "{text}");
    }
}
