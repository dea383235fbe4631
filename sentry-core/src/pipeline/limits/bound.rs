//! Values without end: cut where they come in, so that nothing behind has to fear for its stack or its memory.

use crate::pipeline::scrub::prefix;
use crate::protocol::data::Entries;
use crate::protocol::{Breadcrumb, Event, Exception, Map, Stacktrace, User, Value};
use crate::text::Text;

/// Objects and lists inside of one another that come in; hooks see no more. What is sent is flatter still.
const MAX_LEVELS: usize = 64;
/// About as many bytes of one value that a scope keeps and copies into every event: far more than what is sent.
const SCOPE_BYTES: usize = 256 * 1024;
/// The same for the data of one breadcrumb.
const CRUMB_BYTES: usize = 32 * 1024;

/// An event's own values: only their depth, as they are moved and not copied. What is deeper becomes `null`.
pub(crate) fn event(event: &mut Event) {
    event.extra.values_mut().for_each(depth);
    for context in event.contexts.values_mut().filter(|context| is_nested(&***context)) {
        map(std::sync::Arc::make_mut(context), &mut { usize::MAX });
    }
    event.other.values_mut().for_each(depth);
    event.errors.iter_mut().for_each(depth);
    event.exception.iter_mut().for_each(exception);
    for thread in &mut event.threads {
        thread.id.iter_mut().for_each(depth);
        thread.held_locks.values_mut().for_each(depth);
        thread.other.values_mut().for_each(depth);
        thread.stacktrace.iter_mut().for_each(stack);
    }
    if let Some(entry) = &mut event.logentry {
        entry.params.iter_mut().for_each(depth);
        entry.other.values_mut().for_each(depth);
    }
    if let Some(request) = &mut event.request {
        let parts =
            [&mut request.headers, &mut request.cookies, &mut request.query_string, &mut request.data];
        parts.into_iter().flatten().for_each(depth);
        request.env.values_mut().for_each(depth);
        request.other.values_mut().for_each(depth);
    }
    if let Some(user) = &mut event.user {
        user.other.values_mut().for_each(depth);
        user.geo.iter_mut().for_each(|geo| geo.other.values_mut().for_each(depth));
    }
    if let Some(sdk) = &mut event.sdk {
        sdk.other.values_mut().for_each(depth);
    }
    if let Some(meta) = event.debug_meta.as_mut().and_then(std::sync::Arc::get_mut) {
        meta.sdk_info.iter_mut().for_each(depth);
        meta.other.values_mut().for_each(depth);
        meta.images.iter_mut().for_each(|image| image.other.values_mut().for_each(depth));
    }
    for crumb in event.breadcrumbs.iter_mut().filter(|crumb| is_nested(&crumb.data) || crumb.other.is_some())
    {
        let crumb = std::sync::Arc::make_mut(crumb);
        crumb_within(crumb, &mut { usize::MAX });
    }
}

/// A value for a scope.
pub(crate) fn value(value: &mut Value) {
    cut(value, MAX_LEVELS, &mut { SCOPE_BYTES });
}

/// A context for a scope.
pub(crate) fn context(context: &mut Map) {
    map(context, &mut { SCOPE_BYTES });
}

/// A text for a scope: every event that it goes into shares it.
pub(crate) fn text(text: impl Into<Text>) -> Text {
    let mut text = text.into();
    cut_text(&mut text, SCOPE_BYTES);
    text.shared()
}

/// A user for a scope.
pub(crate) fn user(user: &mut User) {
    let texts = [&mut user.id, &mut user.username, &mut user.email, &mut user.ip_address];
    texts.into_iter().flatten().for_each(|text| cut_text(text, SCOPE_BYTES));
    map(&mut user.other, &mut { SCOPE_BYTES });
}

/// A breadcrumb for a scope.
pub(crate) fn breadcrumb(crumb: &mut Breadcrumb) {
    if !is_small(crumb) {
        bound_breadcrumb(crumb);
    }
}

/// True if nothing is to be cut, as of nearly all.
fn is_small(crumb: &Breadcrumb) -> bool {
    let length = |text: &Option<Text>| text.as_ref().map_or(0, |text| text.len());
    let mut bytes =
        length(&crumb.message) + length(&crumb.category) + length(&crumb.ty) + length(&crumb.origin);
    for (key, value) in crumb.data.iter() {
        bytes += key.len() + 16;
        match value {
            Value::Array(_) | Value::Object(_) => return false,
            Value::String(text) => bytes += text.len(),
            _ => {}
        }
    }
    crumb.other.is_none() && bytes <= CRUMB_BYTES
}

fn bound_breadcrumb(crumb: &mut Breadcrumb) {
    crumb_within(crumb, &mut { CRUMB_BYTES });
    let texts = [&mut crumb.message, &mut crumb.category, &mut crumb.ty, &mut crumb.origin];
    texts.into_iter().flatten().for_each(|text| cut_text(text, CRUMB_BYTES));
}

fn cut_text(text: &mut Text, max: usize) {
    if text.len() > max {
        *text = prefix(text, max).into();
    }
}

fn crumb_within(crumb: &mut Breadcrumb, left: &mut usize) {
    map(&mut crumb.data, left);
    if let Some(other) = &mut crumb.other {
        map(&mut **other, left);
    }
}

fn exception(exception: &mut Exception) {
    exception.thread_id.iter_mut().for_each(depth);
    exception.other.values_mut().for_each(depth);
    exception.stacktrace.iter_mut().for_each(stack);
    if let Some(mechanism) = &mut exception.mechanism {
        mechanism.data.values_mut().for_each(depth);
        mechanism.other.values_mut().for_each(depth);
        mechanism.meta.iter_mut().for_each(|meta| meta.other.values_mut().for_each(depth));
    }
}

fn stack(stack: &mut Stacktrace) {
    stack.registers.values_mut().for_each(depth);
    stack.other.values_mut().for_each(depth);
    for frame in &mut stack.frames {
        frame.vars.values_mut().for_each(depth);
        frame.other.values_mut().for_each(depth);
    }
}

fn is_nested(map: &impl Entries) -> bool {
    map.entries().any(|(_, value)| matches!(value, Value::Array(_) | Value::Object(_)))
}

fn depth(value: &mut Value) {
    if matches!(value, Value::Array(_) | Value::Object(_)) {
        cut(value, MAX_LEVELS, &mut { usize::MAX });
    }
}

fn map(map: &mut impl Entries, left: &mut usize) {
    inside(map, MAX_LEVELS, left);
}

fn inside(map: &mut impl Entries, levels: usize, left: &mut usize) {
    let mut kept = 0;
    for (key, value) in map.entries_mut() {
        if *left < key.len() + 4 {
            break;
        }
        *left -= key.len() + 4;
        cut(value, levels, left);
        kept += 1;
    }
    map.cut_to(kept, dismantle);
}

fn cut(value: &mut Value, levels: usize, left: &mut usize) {
    match value {
        Value::String(text) => {
            if text.len() > *left {
                *text = prefix(text, *left).to_owned();
            }
            *left = left.saturating_sub(text.len() + 3);
        }
        Value::Array(list) if list.is_empty() => {}
        Value::Object(map) if map.is_empty() => {}
        Value::Array(_) | Value::Object(_) if levels == 0 => dismantle(std::mem::take(value)),
        Value::Array(list) => {
            let mut kept = 0;
            for item in list.iter_mut() {
                if *left == 0 {
                    break;
                }
                cut(item, levels - 1, left);
                kept += 1;
            }
            list.drain(kept..).for_each(dismantle);
        }
        Value::Object(map) => inside(map, levels - 1, left),
        _ => *left = left.saturating_sub(6),
    }
}

/// Frees a value without recursion: freeing a list frees its items, which are lists themselves.
fn dismantle(value: Value) {
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(list) => left.extend(list),
            Value::Object(map) => left.extend(map.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_levels_neither_overflow_nor_stay() {
        let mut deep = Value::Null;
        for level in 0..100_000 {
            deep = if level % 2 == 0 {
                Value::Array(vec![deep, 1.into()])
            } else {
                Value::Object(Map::from_iter([("a".to_owned(), deep)]))
            };
        }
        value(&mut deep);
        let (mut levels, mut at) = (0, &deep);
        loop {
            at = match at {
                Value::Array(list) => &list[0],
                Value::Object(map) => &map["a"],
                _ => break,
            };
            levels += 1;
        }
        assert_eq!(levels, MAX_LEVELS);
    }

    #[test]
    fn what_a_scope_keeps_is_bounded() {
        let mut list: Value = (0..1_000_000).map(|n| format!("item {n}")).collect();
        value(&mut list);
        assert!(list.as_array().unwrap().len() < SCOPE_BYTES / 4);
        let mut text = Value::String("ä".repeat(SCOPE_BYTES));
        value(&mut text);
        assert!(text.as_str().unwrap().len() <= SCOPE_BYTES);
        let mut map = Map::from_iter((0..100_000).map(|n| (format!("key {n}"), n.into())));
        context(&mut map);
        assert!(map.len() < SCOPE_BYTES / 4 && map.contains_key("key 0"));
    }
}
