//! Frames.

use super::meta::Path;
use super::size;
use super::walk::{Room, Walk};
use crate::pipeline::scrub::Place;
use crate::protocol::{Frame, Map, Stacktrace};

/// Brings a stack within its limits; `vars` is the room for local variables of the whole event.
pub(super) fn tidy(stack: &mut Stacktrace, vars: &mut Room, walk: &mut Walk<'_>, path: &Path<'_>) {
    let collection = walk.scrub.collection();
    if walk.scrub.is_collection_given() && collection.frame_context_lines < 5 {
        // Frames that are JSON already come with their lines.
        stack.look_up();
    }
    if let Some(walked) = &mut stack.walked {
        walked.shorten(size::FRAMES);
    }
    if !stack.other.is_empty() {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Own, &mut stack.other, &mut room, path);
    }
    let path = path.key("frames");
    if stack.frames.len() > 2 * size::FRAMES {
        walk.meta.removed(&path, stack.frames.len());
        let end = stack.frames.len() - size::FRAMES;
        stack.frames.drain(size::FRAMES..end);
    }
    // The failing frames come last, and their variables matter most.
    for (index, frame) in stack.frames.iter_mut().enumerate().rev() {
        if !collection.stack_frame_variables {
            frame.vars = Map::new();
        }
        self::frame(frame, collection.frame_context_lines, vars, walk, &path.index(index));
    }
}

fn frame(frame: &mut Frame, lines: usize, vars: &mut Room, walk: &mut Walk<'_>, path: &Path<'_>) {
    for (key, text, max) in [
        ("function", &mut frame.function, size::NAME),
        ("raw_function", &mut frame.raw_function, size::NAME),
        ("module", &mut frame.module, size::NAME),
        ("filename", &mut frame.filename, size::NAME),
        ("abs_path", &mut frame.abs_path, size::NAME),
        ("package", &mut frame.package, size::NAME),
        ("context_line", &mut frame.context_line, size::LINE),
    ] {
        walk.short(text, max, &path.key(key));
    }
    if frame.pre_context.len() > lines {
        frame.pre_context.drain(..frame.pre_context.len() - lines);
    }
    frame.post_context.truncate(lines);
    for (key, context) in [("pre_context", &mut frame.pre_context), ("post_context", &mut frame.post_context)]
    {
        for (index, line) in context.iter_mut().enumerate() {
            if let Some(cut) = walk.shorter(line, size::LINE, &path.key(key).index(index)) {
                *line = cut;
            }
        }
    }
    if !frame.vars.is_empty() {
        let given = vars.bytes.min(size::VARS);
        let mut room = Room { bytes: given, levels: vars.levels };
        walk.map(Place::Data, &mut frame.vars, &mut room, &path.key("vars"));
        vars.bytes = vars.bytes.saturating_sub(given - room.bytes);
    }
    if !frame.other.is_empty() {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Own, &mut frame.other, &mut room, path);
    }
}
