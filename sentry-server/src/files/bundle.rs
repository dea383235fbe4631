//! Artifact bundles: archives of minified files, maps and sources, with a manifest that says what each is.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read as _};

use serde::Deserialize;
use zip::ZipArchive;
use zip::result::ZipError;

use super::names::debug_key;
use crate::store::BundleFile;

/// What the manifest says.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) files: Vec<BundleFile>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    files: BTreeMap<String, ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

impl Bundle {
    /// Reads a bundle's manifest. The release that it names does not count: the call that uploads it says which.
    ///
    /// # Errors
    /// In words for whoever uploaded it.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let manifest = read_entry(bytes, "manifest.json", MAX_MANIFEST_BYTES)
            .map_err(|error| format!("The bundle cannot be read: {error}."))?
            .ok_or("The bundle has no manifest.json.")?;
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|error| format!("The bundle's manifest cannot be read: {error}."))?;
        let files = manifest.files.into_iter().map(|(path, file)| {
            let header = |name: &str| {
                let found = file.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            BundleFile {
                url: file.url.clone().unwrap_or_else(|| path.clone()),
                kind: file.kind.clone().unwrap_or_else(|| "source".to_owned()),
                debug_id: header("debug-id").as_deref().and_then(debug_key),
                source_map: header("sourcemap").or_else(|| header("x-sourcemap")),
                path,
            }
        });
        Ok(Self { files: files.collect() })
    }
}

/// One file of an archive, with at most `most` bytes; `None` when it has no such file.
pub(crate) fn read_entry(bytes: &[u8], path: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    // A bundle is an archive behind eight bytes of its own; readers look for the directory at the end.
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    let entry = match archive.by_name(path) {
        Ok(entry) => entry,
        Err(ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(io::Error::other(error)),
    };
    let mut content = Vec::new();
    entry.take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(io::Error::other(format!("{path} is larger than {most} bytes")));
    }
    Ok(Some(content))
}

/// Every file of an archive by name, with at most `most` bytes together.
///
/// # Errors
/// In words for whoever uploaded it.
pub(crate) fn archive_entries(bytes: &[u8], most: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("The archive cannot be read: {error}.");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let (mut all, mut room) = (Vec::new(), most);
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(|error| unreadable(&error))?;
        if entry.is_dir() {
            continue;
        }
        let (name, mut content) = (entry.name().to_owned(), Vec::new());
        entry.take(room + 1).read_to_end(&mut content).map_err(|error| unreadable(&error))?;
        room = room
            .checked_sub(content.len() as u64)
            .ok_or_else(|| format!("The archive has more than {most} bytes when it is unpacked."))?;
        all.push((name, content));
    }
    Ok(all)
}

const MAX_MANIFEST_BYTES: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = b"SYSB\x02\0\0\0".to_vec();
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            writer.start_file(*path, SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        bytes.extend(writer.finish().unwrap().into_inner());
        bytes
    }

    #[test]
    fn a_manifest_says_what_each_file_is() {
        let manifest = r#"{"release": "shop@1", "files": {
            "files/_/_/app.min.js": {"type": "minified_source", "url": "~/app.min.js",
                "headers": {"Debug-Id": "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7", "sourcemap": "app.min.js.map"}},
            "files/_/_/x": {}}}"#;
        let bytes = archive(&[("manifest.json", manifest), ("files/_/_/app.min.js", "alert(1)")]);
        let bundle = Bundle::read(&bytes).unwrap();
        assert_eq!(bundle.files.len(), 2);
        let file = &bundle.files[0];
        assert_eq!((file.url.as_str(), file.kind.as_str()), ("~/app.min.js", "minified_source"));
        assert_eq!(file.debug_id, debug_key("dfb8e43af22423d73a453aeb6a777ef7"));
        assert_eq!(file.source_map.as_deref(), Some("app.min.js.map"));
        assert_eq!(read_entry(&bytes, &file.path, 8).unwrap().unwrap(), b"alert(1)");
        assert!(read_entry(&bytes, &file.path, 7).is_err());
        assert_eq!(read_entry(&bytes, "other", 7).unwrap(), None);
    }

    #[test]
    fn what_is_no_bundle_is_said_in_words() {
        for (bytes, word) in [
            (b"nothing".to_vec(), "cannot be read"),
            (archive(&[]), "no manifest"),
            (archive(&[("manifest.json", "[")]), "manifest cannot"),
        ] {
            let error = Bundle::read(&bytes).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
