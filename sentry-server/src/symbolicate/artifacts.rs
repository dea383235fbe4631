//! Finding the map of a minified file among what was uploaded.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use symbolic::sourcemapcache::SourceMapCacheWriter;

use super::cache::{Answer, Source, Table, Wanted};
use super::{Reason, Symbolicator, urls};
use crate::files::read_entry;
use crate::store::{DebugKey, FoundFile, ProjectId, StoreError};

/// The release of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release<'a> {
    pub(super) version: &'a str,
    pub(super) dist: Option<&'a str>,
}

impl Symbolicator {
    /// The table for a minified file, by its debug id or else by its name in the release.
    pub(super) fn table(
        &self,
        project: ProjectId,
        url: &str,
        debug_id: Option<&str>,
        release: Option<Release<'_>>,
    ) -> Result<(&'static str, Answer), StoreError> {
        let mut reason = Reason::NothingToGoBy;
        if let Some(id) = debug_id {
            if let Some(key) = crate::files::debug_key(id) {
                let answer =
                    self.cached(Wanted::DebugId(project, key), || self.by_debug_id(project, &key, id))?;
                if answer.is_ok() || release.is_none() {
                    return Ok(("debug-id", answer));
                }
            }
            reason = Reason::UnknownDebugId(id.to_owned());
        }
        let Some(release) = release else { return Ok(("debug-id", Err(reason))) };
        let wanted = Wanted::Url {
            project,
            release: release.version.to_owned(),
            dist: release.dist.map(str::to_owned),
            url: url.to_owned(),
        };
        let answer = self.cached(wanted, || self.by_url(project, url, release))?;
        // A debug id that nobody knows says more than a release that was never meant to have files.
        let answer = match answer {
            Err(Reason::ReleaseWithoutFiles(_)) if debug_id.is_some() => Err(reason),
            other => other,
        };
        Ok(("release", answer))
    }

    fn cached(
        &self,
        wanted: Wanted,
        look: impl FnOnce() -> Result<Answer, StoreError>,
    ) -> Result<Answer, StoreError> {
        let generation = self.generation();
        if let Some(answer) = self.cache.answer(&wanted, generation) {
            return Ok(answer);
        }
        let answer = look()?;
        self.cache.keep_answer(wanted, generation, answer.clone());
        Ok(answer)
    }

    fn by_debug_id(&self, project: ProjectId, key: &DebugKey, id: &str) -> Result<Answer, StoreError> {
        let Some(map) = self.store.by_debug_id(project, key, "source_map")? else {
            return Ok(Err(Reason::UnknownDebugId(id.to_owned())));
        };
        let minified = self.store.by_debug_id(project, key, "minified_source")?;
        Ok(self.make(&map, minified.as_ref()))
    }

    fn by_url(&self, project: ProjectId, url: &str, release: Release<'_>) -> Result<Answer, StoreError> {
        let find = |urls: &[String]| self.store.by_url(project, release.version, release.dist, urls);
        let tried = urls::candidates(url);
        let Some(minified) = find(&tried)? else {
            let version = release.version.to_owned();
            return Ok(Err(match self.store.count_release_files(project, release.version)? {
                0 => Reason::ReleaseWithoutFiles(version),
                _ => Reason::NoFileOfThisName { release: version, tried },
            }));
        };
        let reference = match &minified.source_map {
            Some(reference) => Some(reference.clone()),
            None => self.read(&minified).ok().as_deref().and_then(mapping_url).map(str::to_owned),
        };
        let Some(reference) = reference else { return Ok(Err(Reason::NoReferenceToAMap(minified.url))) };
        if let Some(inline) = reference.strip_prefix("data:") {
            return Ok(self.inline(&minified, inline));
        }
        // Seen from where the file is served, and from the name that it was uploaded under.
        let mut names = urls::candidates(&urls::join(url, &reference));
        names.extend(urls::candidates(&urls::join(&minified.url, &reference)));
        Ok(match find(&names)? {
            Some(map) => self.make(&map, Some(&minified)),
            None => Err(Reason::NoMap { file: minified.url, map: reference }),
        })
    }

    /// A map that is written into the minified file itself.
    fn inline(&self, minified: &FoundFile, rest: &str) -> Answer {
        let decoded =
            rest.split_once("base64,").and_then(|(_, text)| BASE64_STANDARD.decode(text.trim()).ok());
        let map = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let map = map.ok_or_else(|| Reason::BadMap("the inline map is no base64".to_owned()))?;
        let source = self.read(minified).map_err(Reason::BadMap)?;
        table(&source, &map, &minified.url, &minified.url).map(Arc::new)
    }

    fn make(&self, map: &FoundFile, minified: Option<&FoundFile>) -> Answer {
        let source: Source = (map.blob, map.path.clone());
        if let Some(answer) = self.cache.table(&source) {
            return answer;
        }
        let answer = self.build(map, minified).map(Arc::new);
        self.cache.keep_table(source, answer.clone());
        answer
    }

    fn build(&self, map: &FoundFile, minified: Option<&FoundFile>) -> Result<Table, Reason> {
        let text = self.read(map).map_err(Reason::BadMap)?;
        // Without the minified source names of functions cannot be told, but lines can.
        let source =
            minified.map(|file| self.read(file)).transpose().map_err(Reason::BadMap)?.unwrap_or_default();
        let base = minified.map_or(&map.url, |file| &file.url);
        table(&source, &text, base, &map.url)
    }

    fn read(&self, file: &FoundFile) -> Result<String, String> {
        let view = self.files.view(&file.blob).map_err(|error| error.to_string())?;
        let bytes = match &file.path {
            Some(path) => read_entry(&view, path, MAX_FILE_BYTES).map_err(|error| error.to_string())?,
            None if view.len() as u64 > MAX_FILE_BYTES => return Err(format!("{} is too large", file.url)),
            None => Some(view.to_vec()),
        };
        let bytes = bytes.ok_or_else(|| format!("{} is not in its bundle", file.url))?;
        String::from_utf8(bytes).map_err(|_| format!("{} is no UTF-8", file.url))
    }
}

fn table(source: &str, map: &str, base: &str, name: &str) -> Result<Table, Reason> {
    let writer = SourceMapCacheWriter::new(source, map).map_err(|error| Reason::BadMap(error.to_string()))?;
    let mut bytes = Vec::new();
    writer.serialize(&mut bytes).map_err(|error| Reason::BadMap(error.to_string()))?;
    Ok(Table { bytes, base: base.to_owned(), name: name.to_owned() })
}

/// The last `//# sourceMappingURL=` of a file.
fn mapping_url(source: &str) -> Option<&str> {
    let lines = source.lines().rev().take(10);
    let mut urls = lines.filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("//# sourceMappingURL=").or_else(|| line.strip_prefix("//@ sourceMappingURL="))
    });
    urls.next().map(str::trim).filter(|url| !url.is_empty())
}

const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_map_at_its_end() {
        assert_eq!(mapping_url("a()\n//# sourceMappingURL=a.js.map\n//# debugId=x\n"), Some("a.js.map"));
        assert_eq!(mapping_url("//@ sourceMappingURL=old.map"), Some("old.map"));
        assert_eq!(mapping_url("a()\n"), None);
    }
}
