//! The uploaded files that an image's addresses are looked up in.

use std::sync::{Arc, Mutex, PoisonError};

use symbolic::common::ByteView;

use super::images::{Image, base_name};
use super::tables::{Key, Kind, Missing, Tables};
use crate::store::{DebugFile, ProjectId, StoreError};
use crate::symbolicate::bounded::Bounded;
use crate::symbolicate::{Reason, Symbolicator};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Need {
    Table(Kind),
    Sources,
}

/// A file that may have it, the best first.
pub(super) type Files = Result<Vec<DebugFile>, Reason>;

/// What was found, until the next upload.
#[derive(Debug)]
pub(in crate::symbolicate) struct Found {
    files: Mutex<Bounded<Question, (u64, Files)>>,
    names: Mutex<Bounded<ProjectId, (u64, Names)>>,
}

type Names = Arc<Vec<(String, String)>>;

type Question = (ProjectId, String, String, Need);

impl Default for Found {
    fn default() -> Self {
        Self {
            files: Mutex::new(Bounded::new(MAX_FOUND_BYTES)),
            names: Mutex::new(Bounded::new(MAX_NAMES_BYTES)),
        }
    }
}

/// A table of an image, with the name of the file that it was made from.
#[derive(Debug, Clone)]
pub(in crate::symbolicate) struct Table {
    pub(in crate::symbolicate) bytes: ByteView<'static>,
    pub(super) file: String,
    /// Whether the file has more than a symbol table.
    pub(super) has_lines: bool,
}

impl Symbolicator {
    /// A table of an image. Blocks while it is made, within a bound.
    pub(in crate::symbolicate) fn native_table(
        &self,
        project: ProjectId,
        image: &Image,
        kind: Kind,
    ) -> Result<Result<Table, Reason>, StoreError> {
        let files = match self.debug_files(project, image, Need::Table(kind))? {
            Ok(files) => files,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut problem = None;
        for file in files {
            let name = base_name(&file.name).to_owned();
            let reason = match self.tables.get(&key(&file, kind)) {
                Ok(bytes) => {
                    let has_lines = file.features.iter().any(|feature| feature == "debug");
                    return Ok(Ok(Table { bytes, file: name, has_lines }));
                }
                Err(Missing::Broken(why)) => Reason::BadDebugFile { file: name, why },
                Err(Missing::NotReady) => Reason::BeingRead(name),
            };
            // What the best file lacks is what to tell.
            problem.get_or_insert(reason);
        }
        let image = image.name().to_owned();
        Ok(Err(problem.unwrap_or_else(|| Reason::NoSymbols { file: image.clone(), image })))
    }

    /// Files that have what is needed of an image.
    pub(super) fn debug_files(
        &self,
        project: ProjectId,
        image: &Image,
        need: Need,
    ) -> Result<Files, StoreError> {
        let Some(id) = image.debug_id else { return Ok(Err(Reason::NoDebugId(image.name().to_owned()))) };
        let question = (project, id.to_string(), image.name().to_owned(), need);
        let generation = self.generation();
        let known = |found: &Found| {
            let mut files = found.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.get(&question).filter(|(given, _)| *given == generation).map(|(_, files)| files.clone())
        };
        if let Some(files) = known(&self.found) {
            return Ok(files);
        }
        let files = self.look(project, image, &question.1, need)?;
        let bytes = ROOM * (1 + files.as_ref().map_or(0, Vec::len));
        let mut found = self.found.files.lock().unwrap_or_else(PoisonError::into_inner);
        found.put(question, (generation, files.clone()), bytes);
        Ok(files)
    }

    fn look(&self, project: ProjectId, image: &Image, id: &str, need: Need) -> Result<Files, StoreError> {
        let all = self.store.debug_files_by_id(project, id)?;
        let mut fitting: Vec<DebugFile> = all.iter().filter(|file| rank(file, need) > 0).cloned().collect();
        if !fitting.is_empty() {
            // The newest of equals stays first.
            fitting.sort_by_key(|file| std::cmp::Reverse(rank(file, need)));
            return Ok(Ok(fitting));
        }
        let (image_name, id) = (image.name().to_owned(), id.to_owned());
        if let Some(file) = all.first() {
            let file = base_name(&file.name).to_owned();
            return Ok(Err(Reason::NoSymbols { image: image_name, file }));
        }
        let mut uploaded: Vec<String> = Vec::new();
        for (name, other) in self.names(project)?.iter().filter(|(name, _)| image.is_called(name)) {
            if uploaded.len() < MAX_OTHERS && !name.is_empty() && !uploaded.contains(other) {
                uploaded.push(other.clone());
            }
        }
        Ok(Err(match uploaded.is_empty() {
            true => Reason::NoDebugFile { image: image_name, id },
            false => Reason::OtherBuild { image: image_name, id, uploaded },
        }))
    }
}

impl Symbolicator {
    /// Names and debug ids of all debug files of a project.
    fn names(&self, project: ProjectId) -> Result<Names, StoreError> {
        let generation = self.generation();
        let all = || self.found.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((given, names)) = all().get(&project)
            && *given == generation
        {
            return Ok(Arc::clone(names));
        }
        let files = self.store.debug_files(project)?;
        let names: Names = Arc::new(
            files.into_iter().map(|file| (base_name(&file.name).to_owned(), file.debug_id)).collect(),
        );
        all().put(project, (generation, Arc::clone(&names)), ROOM / 4 * (1 + names.len()));
        Ok(names)
    }

    /// Begins to make the table of names of an image, so that tables of several images are waited for together.
    pub(super) fn expect_names(&self, project: ProjectId, image: &Image) -> Result<(), StoreError> {
        let kind = Kind::Names;
        if let Ok(files) = self.debug_files(project, image, Need::Table(kind))?
            && let Some(file) = files.first()
        {
            self.tables.expect(&key(file, kind));
        }
        Ok(())
    }
}

/// Begins to make the tables of files that have arrived.
pub(in crate::symbolicate) fn expect(tables: &Tables, files: &[DebugFile]) {
    for file in files {
        for kind in [Kind::Names, Kind::Unwinding] {
            if rank(file, Need::Table(kind)) > 0 {
                tables.expect(&key(file, kind));
            }
        }
    }
}

fn key(file: &DebugFile, kind: Kind) -> Key {
    Key { blob: file.blob, debug_id: file.debug_id.clone(), kind }
}

/// How well a file serves; 0 not at all.
fn rank(file: &DebugFile, need: Need) -> u8 {
    let has = |feature: &str| file.features.iter().any(|known| known == feature);
    match need {
        Need::Table(Kind::Names) => 2 * u8::from(has("debug")) + u8::from(has("symtab")),
        Need::Table(Kind::Unwinding) => u8::from(has("unwind")),
        Need::Sources => u8::from(has("sources")),
    }
}

const MAX_FOUND_BYTES: usize = 16 * 1024 * 1024;
const MAX_NAMES_BYTES: usize = 16 * 1024 * 1024;
const MAX_OTHERS: usize = 5;
/// For the key, the bookkeeping and a file's row.
const ROOM: usize = 768;
