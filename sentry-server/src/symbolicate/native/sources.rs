//! Source lines out of source bundles and of debug files that have sources in them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symbolic::common::ByteView;
use symbolic::debuginfo::Archive;

use super::build::options;
use super::find::Need;
use super::images::Image;
use crate::json::Value;
use crate::store::{ProjectId, StoreError};
use crate::symbolicate::Symbolicator;
use crate::symbolicate::context::Context;

/// The files of one image that have sources.
#[derive(Debug)]
pub(super) struct Sources {
    files: Vec<(ByteView<'static>, String)>,
}

impl Sources {
    /// `None` where there are none.
    pub(super) fn of(
        symbolicator: &Symbolicator,
        project: ProjectId,
        image: &Image,
    ) -> Result<Option<Self>, StoreError> {
        let Ok(found) = symbolicator.debug_files(project, image, Need::Sources)? else { return Ok(None) };
        let mut files = Vec::new();
        for file in found.into_iter().take(MAX_FILES) {
            files.push((symbolicator.files.view(&file.blob)?, file.debug_id));
        }
        Ok((!files.is_empty()).then_some(Self { files }))
    }

    /// Adds lines to frames of the image that have a path and a line. A file that cannot be read costs its lines.
    pub(super) fn add_lines(&self, frames: &mut [&mut Value]) {
        for (file, debug_id) in &self.files {
            let added = catch_unwind(AssertUnwindSafe(|| add_lines(file, debug_id, frames)));
            if added.is_err() {
                crate::log::error(format_args!("symbolication: sources of {debug_id} cannot be read"));
            }
        }
    }
}

fn add_lines(file: &[u8], debug_id: &str, frames: &mut [&mut Value]) -> Option<()> {
    let archive = Archive::parse_with_opts(file, options()).ok()?;
    let object =
        archive.objects().filter_map(Result::ok).find(|object| object.debug_id().to_string() == debug_id)?;
    let session = object.debug_session().ok()?;
    for frame in frames {
        let Value::Object(frame) = &mut **frame else { continue };
        let line = frame.get("lineno").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
        let path = frame.get("abs_path").and_then(Value::as_str);
        let (Some(line), Some(path)) = (line, path) else { continue };
        let Ok(Some(source)) = session.source_by_path(path) else { continue };
        let Some(text) = source.contents() else { continue };
        let lines: Vec<&str> = text.split('\n').collect();
        let context = Context::of(line.saturating_sub(1), |number| lines.get(number).copied());
        if context.is_some() {
            Context::put(context, frame);
        }
    }
    Some(())
}

const MAX_FILES: usize = 4;
