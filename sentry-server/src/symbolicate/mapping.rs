//! Java and Kotlin that R8 or ProGuard renamed.

use proguard::{ProguardMapper, ProguardMapping, StackFrame};
use symbolic::common::ByteView;

use super::event::{Fate, Trace, Way, text};
use super::{Reason, Symbolicator};
use crate::json::{Map, Value};
use crate::store::{ProjectId, StoreError};

/// Looks names up in the mapping that an event names; calls that were inlined become frames of their own.
pub(super) struct Mapping<'a> {
    mapper: Result<ProguardMapper<'a>, Reason>,
}

/// The mapping file that an event names; `None` for an event that names none.
pub(super) fn find(
    symbolicator: &Symbolicator,
    project: ProjectId,
    body: &Map,
) -> Result<Option<Result<ByteView<'static>, Reason>>, StoreError> {
    let Some(id) = mapping_id(body) else { return Ok(None) };
    let found = symbolicator.store.debug_files_by_id(project, &id)?;
    Ok(Some(match found.iter().find(|file| file.kind == "proguard") {
        Some(file) => Ok(symbolicator.files.view(&file.blob)?),
        None => Err(Reason::NoMappingFile(id)),
    }))
}

impl<'a> Mapping<'a> {
    /// Reads a file that was found.
    pub(super) fn read(found: &'a Result<ByteView<'static>, Reason>) -> Self {
        let mapper = found.as_ref().map(|view| ProguardMapper::new(ProguardMapping::new(view)));
        Self { mapper: mapper.map_err(Clone::clone) }
    }

    /// Exceptions have types that were renamed, too.
    pub(super) fn rename_exceptions(&self, body: &mut Map) {
        if let Ok(mapper) = &self.mapper {
            rename_exceptions(mapper, body);
        }
    }

    fn fate(&self, frame: &Value) -> Fate {
        let (outcome, frames) = match &self.mapper {
            Ok(mapper) => match remap(mapper, frame) {
                frames if frames.is_empty() => (Err(Reason::NotObfuscated), None),
                frames => (Ok("mapping"), Some(frames)),
            },
            Err(reason) => (Err(reason.clone()), None),
        };
        let matters = outcome.as_ref().is_err_and(Reason::is_a_gap);
        Fate { label: label(frame), outcome, lacks: None, matters, frames }
    }
}

impl Way for Mapping<'_> {
    fn trace(&mut self, trace: &Trace<'_>) -> Result<Vec<Option<Fate>>, StoreError> {
        Ok(trace.frames.iter().map(|frame| Some(self.fate(frame))).collect())
    }
}

/// The frames that one frame stands for, callers first; none when the mapping does not have it.
fn remap(mapper: &ProguardMapper<'_>, frame: &Value) -> Vec<Value> {
    let (Some(class), Some(method)) = (text(frame, "module"), text(frame, "function")) else {
        return Vec::new();
    };
    let line = frame.get("lineno").and_then(Value::as_u64).unwrap_or_default() as usize;
    let asked = StackFrame::new(class, method, line);
    let mut found: Vec<Value> = mapper
        .remap_frame(&asked)
        .map(|original| {
            let mut frame = frame.clone();
            frame["module"] = original.class().into();
            frame["function"] = original.method().into();
            if let Some(line) = original.line().filter(|line| *line > 0) {
                frame["lineno"] = line.into();
            }
            if let Some(file) = original.file() {
                frame["filename"] = file.into();
            }
            frame
        })
        .collect();
    // The mapper begins with the innermost call; frames here end with it.
    found.reverse();
    found.retain(|frame| text(frame, "module").is_some());
    if found.len() == 1 && found[0]["module"] == class && found[0]["function"] == method {
        return Vec::new();
    }
    found
}

fn rename_exceptions(mapper: &ProguardMapper<'_>, body: &mut Map) {
    let values = body.get_mut("exception").and_then(|exception| exception.get_mut("values")?.as_array_mut());
    for value in values.into_iter().flatten() {
        let (Some(module), Some(kind)) = (text(value, "module"), text(value, "type")) else { continue };
        let Some(original) = mapper.remap_class(&format!("{module}.{kind}")) else { continue };
        if let Some((module, kind)) = original.rsplit_once('.') {
            let (module, kind) = (module.to_owned(), kind.to_owned());
            value["module"] = module.into();
            value["type"] = kind.into();
        }
    }
}

fn mapping_id(body: &Map) -> Option<String> {
    let images = body.get("debug_meta")?.get("images")?.as_array()?;
    let image = images.iter().find(|image| image.get("type").and_then(Value::as_str) == Some("proguard"))?;
    let id = text(image, "uuid").or(text(image, "debug_id"))?;
    crate::files::debug_key(id).map(|key| crate::files::debug_text(&key))
}

fn label(frame: &Value) -> String {
    let line = frame.get("lineno").and_then(Value::as_u64).unwrap_or_default();
    format!("{}.{}:{line}", text(frame, "module").unwrap_or("?"), text(frame, "function").unwrap_or("?"))
}
