//! Which frames are the application's own, as far as the options say so.

use crate::options::ClientOptions;
use crate::protocol::{Event, Frame};
use crate::text::Text;

/// Applies `in_app_include` and `in_app_exclude` over what the host guessed; include beats exclude.
pub(super) fn mark(event: &mut Event, options: &ClientOptions) {
    let (include, exclude) = (options.in_app_include(), options.in_app_exclude());
    if include.is_empty() && exclude.is_empty() {
        return;
    }
    for frame in event.stacks_mut().flat_map(|stack| &mut stack.frames) {
        if include.iter().any(|rule| names(rule, frame)) {
            frame.in_app = Some(true);
        } else if exclude.iter().any(|rule| names(rule, frame)) {
            frame.in_app = Some(false);
        }
    }
}

/// True if the rule is the module or a parent of it, or the beginning of the path.
fn names(rule: &Text, frame: &Frame) -> bool {
    let in_module = frame.module.as_ref().or(frame.function.as_ref()).is_some_and(|module| {
        let rest = module.strip_prefix(rule.as_str());
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with(['.', ':', '/', '$']) || rule.ends_with(['.', ':', '/'])
        })
    });
    let in_path = |path: &Option<Text>| path.as_ref().is_some_and(|path| path.starts_with(rule.as_str()));
    !rule.is_empty() && (in_module || in_path(&frame.filename) || in_path(&frame.abs_path))
}
