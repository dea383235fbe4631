//! Where envelopes are kept when the application names no folder.

use std::env;
use std::path::{Path, PathBuf};

use watchpost_core::{ClientOptions, Dsn};

/// The folders in which a client with these options keeps its spool, best first; none without a DSN.
pub fn storage_folders(options: &ClientOptions) -> Vec<PathBuf> {
    match (options.storage_dir(), options.dsn()) {
        (Some(folder), _) => vec![folder.to_owned()],
        (None, Some(dsn)) => default_folders(dsn),
        (None, None) => Vec::new(),
    }
}

/// The folders to try in order: one under the user's cache folder, one under the temporary folder.
///
/// Both are named by a hash of the DSN, so that two applications of one user do not send each other's events to the
/// wrong project. The temporary one also carries the user's id, because that folder is shared; the spool refuses it
/// if somebody else owns it.
pub(crate) fn default_folders(dsn: &Dsn) -> Vec<PathBuf> {
    let name = format!("{:016x}", fnv1a(format!("{}@{}", dsn.public_key(), dsn.envelope_url()).as_bytes()));
    let temp = env::temp_dir().join(format!("watchpost-{}-{name}", user_id()));
    let cache = cache_folder(|key| env::var_os(key).map(PathBuf::from));
    cache.map(|cache| cache.join("watchpost").join(name)).into_iter().chain([temp]).collect()
}

fn cache_folder(var: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // A relative path would follow the application's working directory around.
    let absolute = |path: &PathBuf| path.is_absolute() && path != Path::new("/");
    let home = || var("HOME").filter(absolute);
    if cfg!(target_vendor = "apple") {
        return Some(home()?.join("Library/Caches"));
    }
    var("XDG_CACHE_HOME").filter(absolute).or_else(|| Some(home()?.join(".cache")))
}

fn user_id() -> u32 {
    #[expect(unsafe_code, reason = "the standard library does not offer it")]
    // SAFETY: `geteuid` takes nothing, touches no memory and cannot fail.
    unsafe {
        libc::geteuid()
    }
}

/// FNV-1a, 64 bits: stable between versions and platforms, which std's hashers do not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    #[cfg(not(target_vendor = "apple"))]
    fn relative_and_missing_folders_are_passed_over() {
        let folder = |xdg: Option<&str>, home: Option<&str>| {
            cache_folder(|key| if key == "HOME" { home } else { xdg }.map(PathBuf::from))
        };
        assert_eq!(folder(Some("/c"), Some("/h")), Some("/c".into()));
        assert_eq!(folder(Some("c"), Some("/h")), Some("/h/.cache".into()));
        assert_eq!(folder(None, Some("/")), None);
        assert_eq!(folder(None, None), None);
    }

    #[test]
    fn every_dsn_has_its_own_folder_without_its_key() {
        let folders = |dsn: &str| default_folders(&dsn.parse().unwrap());
        let (one, two) = (folders("https://key@h.example/1"), folders("https://key@h.example/2"));
        assert_ne!(one, two);
        assert!(one.iter().all(|path| path.is_absolute() && !path.to_string_lossy().contains("key")));
    }
}
