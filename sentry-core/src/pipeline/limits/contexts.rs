//! Contexts: shared between events, so copied only if something has to change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::meta::Path;
use super::walk::{Room, Walk};
use super::{request, size};
use crate::pipeline::scrub::{FILTERED, Place};
use crate::protocol::{Context, Map, Value};
use crate::text::Text;

pub(super) fn tidy(contexts: &mut BTreeMap<Text, Context>, walk: &mut Walk<'_>) {
    let root = Path::root("contexts");
    let mut left = size::CONTEXTS_IN_ALL;
    let mut over: Vec<Text> = Vec::new();
    for (key, context) in contexts.iter_mut() {
        let path = root.key(key);
        if left < size::CONTEXT && &**key != "trace" {
            over.push(key.clone());
            continue;
        }
        let given = if &**key == "trace" { size::TRACE } else { size::CONTEXT };
        let mut room = Room { bytes: given - BRACES, levels: size::LEVELS };
        match &**key {
            "trace" => walk.shared(Place::Trail, context, &mut room, &path),
            "response" => request::response(Arc::make_mut(context), &mut room, walk, &path),
            "flags" => flags(context, walk, &path),
            "feedback" => feedback(Arc::make_mut(context), walk, &path),
            _ if walk.scrub.is_secret(Place::Own, key) => {
                // A context stays an object.
                Arc::make_mut(context).values_mut().for_each(|value| *value = FILTERED.into());
            }
            _ => match walk.scrub.clean.bytes_of(context) {
                Some(bytes) => room.bytes = room.bytes.saturating_sub(bytes),
                None if walk.is_in_order(Place::Data, context, &mut room) => {
                    walk.scrub.clean.remember(context, given - BRACES - room.bytes);
                }
                None => walk.shared(Place::Data, context, &mut room, &path),
            },
        }
        left = left.saturating_sub(given - room.bytes);
    }
    if !over.is_empty() {
        walk.meta.removed(&root, contexts.len());
        over.iter().for_each(|key| drop(contexts.remove(key)));
    }
}

/// What an object takes beside its entries.
const BRACES: usize = 2;

/// Feature flags: a list of names and results.
fn flags(context: &mut Context, walk: &mut Walk<'_>, path: &Path<'_>) {
    let path = path.key("values");
    let is_long =
        |value: Option<&Value>, max| value.and_then(Value::as_str).is_some_and(|text| text.len() > max);
    let long = |flag: &Value| {
        is_long(flag.get("flag"), size::FLAG) || is_long(flag.get("result"), size::FLAG_RESULT)
    };
    let list = context.get("values").and_then(Value::as_array);
    let Some(list) = list else {
        return walk.shared(
            Place::Own,
            context,
            &mut Room { bytes: size::CONTEXT, levels: size::LEVELS },
            &path,
        );
    };
    if list.len() <= size::FLAGS && !list.iter().any(long) {
        return;
    }
    let total = list.len();
    let context = Arc::make_mut(context);
    let Some(Value::Array(list)) = context.get_mut("values") else { return };
    if total > size::FLAGS {
        // The newest come last.
        list.drain(..total - size::FLAGS);
        walk.meta.removed(&path, total);
    }
    for (index, flag) in list.iter_mut().enumerate() {
        for (key, max) in [("flag", size::FLAG), ("result", size::FLAG_RESULT)] {
            if let Some(Value::String(text)) = flag.get_mut(key)
                && let Some(cut) = walk.shorter(text, max, &path.index(index).key(key))
            {
                *text = cut.into();
            }
        }
    }
}

/// What a user wrote: only the message is free text, the name and address were given on purpose.
fn feedback(context: &mut Map, walk: &mut Walk<'_>, path: &Path<'_>) {
    for (key, value) in context.iter_mut() {
        let path = path.key(key);
        match value {
            Value::String(text) if key == "message" => {
                let mut message = Some(Text::from(&*text));
                walk.free(&mut message, size::FEEDBACK, &path);
                *text = message.unwrap_or_default().into();
            }
            value => {
                let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
                walk.entry(Place::User, key, value, &mut room, &path);
            }
        }
    }
}
