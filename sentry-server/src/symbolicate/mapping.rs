//! Java and Kotlin that R8 or ProGuard renamed.

use proguard::{ProguardMapper, ProguardMapping, StackFrame};
use serde_json::{Map, Value};

use super::event::{Place, each_trace, text};
use super::{Reason, Symbolicator, Verdict};
use crate::store::{ProjectId, StoreError};

/// Names are looked up in the mapping that the event names; calls that were inlined become frames of their own.
pub(super) fn resolve(
    symbolicator: &Symbolicator,
    project: ProjectId,
    body: &mut Map<String, Value>,
) -> Result<Vec<Verdict>, StoreError> {
    let Some(id) = mapping_id(body) else { return Ok(Vec::new()) };
    let found = symbolicator.store.debug_files_by_id(project, &id)?;
    let mut verdicts = Vec::new();
    let Some(file) = found.iter().find(|file| file.kind == "proguard") else {
        let reason = Reason::NoMappingFile(id);
        each_trace(body, |exception, frames| {
            for (frame, value) in frames.iter().enumerate() {
                let place = Place { exception, frame };
                verdicts.push(Verdict { place, frame: label(value), outcome: Err(reason.clone()) });
            }
            None
        });
        return Ok(verdicts);
    };
    let view = symbolicator.files.view(&file.blob)?;
    let mapper = ProguardMapper::new(ProguardMapping::new(&view));
    each_trace(body, |exception, frames| {
        let mut resolved = Vec::with_capacity(frames.len());
        let mut changed = false;
        for (number, frame) in frames.iter().enumerate() {
            let remapped = remap(&mapper, frame);
            let place = Place { exception, frame: number };
            let outcome = if remapped.is_empty() { Err(Reason::NotObfuscated) } else { Ok("mapping") };
            verdicts.push(Verdict { place, frame: label(frame), outcome });
            if remapped.is_empty() {
                resolved.push(frame.clone());
            } else {
                changed = true;
                resolved.extend(remapped);
            }
        }
        changed.then_some(resolved)
    });
    rename_exceptions(&mapper, body);
    Ok(verdicts)
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

fn rename_exceptions(mapper: &ProguardMapper<'_>, body: &mut Map<String, Value>) {
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

fn mapping_id(body: &Map<String, Value>) -> Option<String> {
    let images = body.get("debug_meta")?.get("images")?.as_array()?;
    let image = images.iter().find(|image| image.get("type").and_then(Value::as_str) == Some("proguard"))?;
    let id = text(image, "uuid").or(text(image, "debug_id"))?;
    crate::files::debug_key(id).map(|key| crate::files::debug_text(&key))
}

fn label(frame: &Value) -> String {
    let line = frame.get("lineno").and_then(Value::as_u64).unwrap_or_default();
    format!("{}.{}:{line}", text(frame, "module").unwrap_or("?"), text(frame, "function").unwrap_or("?"))
}
