//! The pass over an event: what the options forbid is taken out, secrets are masked, and every part is brought within
//! its limit.

use super::meta::{Meta, Path};
use super::walk::{Room, Walk};
use super::{size, stack};
use crate::pipeline::scrub::{FILTERED, Place, Scrubber};
use crate::protocol::{Event, Exception, LogEntry, Mechanism, SpanPayload, Tags, User};
use crate::text::Text;

/// Brings an event into the state in which it may be stored.
pub(crate) fn tidy(event: &mut Event, scrub: &Scrubber) {
    let mut walk = Walk { scrub, meta: Meta::default() };
    let walk = &mut walk;
    names(event, walk);
    if let Some(entry) = &mut event.logentry {
        logentry(entry, walk);
    }
    exceptions(&mut event.exception, walk);
    threads(event, walk);
    if let Some(user) = &mut event.user {
        self::user(user, walk);
    }
    super::request::tidy(event, walk);
    tags(&mut event.tags, walk, &Path::root("tags"));
    extra(event, walk);
    super::contexts::tidy(&mut event.contexts, walk);
    super::breadcrumbs::tidy(&mut event.breadcrumbs, walk);
    lists(event, walk);
    spans(&mut event.spans, walk);
    if let Some(sdk) = &mut event.sdk {
        walk.scrub.map(Place::Own, &mut sdk.other);
    }
    if let Some(meta) = event.debug_meta.as_mut().and_then(std::sync::Arc::get_mut) {
        walk.scrub.map(Place::Own, &mut meta.other);
        meta.images.iter_mut().for_each(|image| walk.scrub.map(Place::Own, &mut image.other));
    }
    let mut room = Room { bytes: size::OTHER, levels: size::LEVELS };
    for (key, value) in &mut event.other {
        if key != "_meta" {
            walk.entry(Place::Own, key, value, &mut room, &Path::root(key));
        }
    }
    std::mem::take(&mut walk.meta).write(event);
}

fn names(event: &mut Event, walk: &mut Walk<'_>) {
    if let Some(logger) = event.logger.as_ref().filter(|logger| logger.contains(['\r', '\n'])) {
        // Servers refuse a name with line ends.
        event.logger = Some(logger.replace(['\r', '\n'], " ").into());
    }
    for (name, text, max) in [
        ("logger", &mut event.logger, size::LOGGER),
        ("server_name", &mut event.server_name, size::SERVER_NAME),
        ("release", &mut event.release, size::RELEASE),
        ("dist", &mut event.dist, size::DIST),
        ("environment", &mut event.environment, size::ENVIRONMENT),
        ("platform", &mut event.platform, size::PLATFORM),
    ] {
        walk.short(text, max, &Path::root(name));
    }
    walk.free(&mut event.transaction, size::TRANSACTION, &Path::root("transaction"));
    if let Some(crate::protocol::Value::String(text)) = event.other.get_mut("culprit")
        && let Some(cut) = walk.shorter(text, size::CULPRIT, &Path::root("culprit"))
    {
        *text = cut.into();
    }
}

fn logentry(entry: &mut LogEntry, walk: &mut Walk<'_>) {
    let path = Path::root("logentry");
    walk.free(&mut entry.formatted, size::MESSAGE, &path.key("formatted"));
    walk.free(&mut entry.message, size::MESSAGE, &path.key("message"));
    if !entry.params.is_empty() {
        let mut room = Room { bytes: size::MESSAGE, levels: size::LEVELS };
        walk.list(Place::Data, "", &mut entry.params, &mut room, &path.key("params"));
    }
    if !entry.other.is_empty() {
        let mut room = Room { bytes: size::MESSAGE, levels: size::LEVELS };
        walk.map(Place::Own, &mut entry.other, &mut room, &path);
    }
}

fn exceptions(list: &mut Vec<Exception>, walk: &mut Walk<'_>) {
    let path = Path::root("exception");
    let path = path.key("values");
    // The last is what was caught; the first are its remotest causes.
    let surplus = list.len().saturating_sub(size::EXCEPTIONS);
    if surplus > 0 {
        walk.meta.removed(&path, list.len());
        list.drain(..surplus);
    }
    let mut vars = Room { bytes: size::VARS_IN_ALL, levels: size::LEVELS };
    for (index, exception) in list.iter_mut().enumerate().rev() {
        let path = path.index(index);
        walk.short(&mut exception.ty, size::NAME, &path.key("type"));
        walk.free(&mut exception.value, size::MESSAGE, &path.key("value"));
        walk.short(&mut exception.module, size::NAME, &path.key("module"));
        if let Some(mechanism) = &mut exception.mechanism {
            self::mechanism(mechanism, walk, &path.key("mechanism"));
        }
        if let Some(stack) = &mut exception.stacktrace {
            stack::tidy(stack, &mut vars, walk, &path.key("stacktrace"));
        }
        if !exception.other.is_empty() {
            let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
            walk.map(Place::Own, &mut exception.other, &mut room, &path);
        }
    }
}

fn mechanism(mechanism: &mut Mechanism, walk: &mut Walk<'_>, path: &Path<'_>) {
    walk.free(&mut mechanism.description, size::MESSAGE, &path.key("description"));
    if !mechanism.data.is_empty() {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Data, &mut mechanism.data, &mut room, &path.key("data"));
    }
    if let Some(meta) = mechanism.meta.as_mut().filter(|meta| !meta.other.is_empty()) {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Own, &mut meta.other, &mut room, &path.key("meta"));
    }
    if !mechanism.other.is_empty() {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Own, &mut mechanism.other, &mut room, path);
    }
}

fn threads(event: &mut Event, walk: &mut Walk<'_>) {
    let path = Path::root("threads");
    let path = path.key("values");
    if event.threads.len() > size::THREADS {
        walk.meta.removed(&path, event.threads.len());
        event.threads.truncate(size::THREADS);
    }
    let mut vars = Room { bytes: size::VARS_IN_ALL, levels: size::LEVELS };
    for (index, thread) in event.threads.iter_mut().enumerate() {
        let path = path.index(index);
        walk.short(&mut thread.name, size::NAME, &path.key("name"));
        if let Some(stack) = &mut thread.stacktrace {
            stack::tidy(stack, &mut vars, walk, &path.key("stacktrace"));
        }
        for map in [&mut thread.held_locks, &mut thread.other] {
            if !map.is_empty() {
                let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
                walk.map(Place::Own, map, &mut room, &path);
            }
        }
    }
}

/// What was set as the user stays, but for `sanitize_fields`.
fn user(user: &mut User, walk: &mut Walk<'_>) {
    let path = Path::root("user");
    for (key, text) in [
        ("id", &mut user.id),
        ("username", &mut user.username),
        ("email", &mut user.email),
        ("ip_address", &mut user.ip_address),
    ] {
        if text.is_some() && walk.scrub.is_secret(Place::User, key) {
            *text = Some(Text::from_static(FILTERED));
        }
        walk.short(text, size::NAME, &path.key(key));
    }
    let geo = user.geo.as_mut().map(|geo| {
        if walk.scrub.is_secret(Place::User, "geo") {
            *geo = crate::protocol::Geo::default();
        }
        for (key, text) in
            [("city", &mut geo.city), ("country_code", &mut geo.country_code), ("region", &mut geo.region)]
        {
            if text.is_some() && walk.scrub.is_secret(Place::User, key) {
                *text = Some(Text::from_static(FILTERED));
            }
        }
        &mut geo.other
    });
    for map in std::iter::once(&mut user.other).chain(geo) {
        if !map.is_empty() {
            let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
            walk.map(Place::User, map, &mut room, &path);
        }
    }
}

fn tags(tags: &mut Tags, walk: &mut Walk<'_>, path: &Path<'_>) {
    let mut left = size::TAGS_IN_ALL;
    let mut over: Option<Text> = None;
    let mut long_keys: Vec<Text> = Vec::new();
    for (key, value) in tags.iter_mut() {
        let cost = key.len().min(4 * size::TAG) + value.len().min(4 * size::TAG) + 6;
        if cost > left {
            over = Some(key.clone());
            break;
        }
        left -= cost;
        if walk.scrub.is_secret(Place::Own, key) {
            *value = Text::from_static(FILTERED);
        } else if let Some(masked) = walk.scrub.keyed_text(Place::Own, key, value, 4 * size::TAG) {
            *value = masked.into();
        }
        if let Some(cut) = walk.shorter(value, size::TAG, &path.key(key)) {
            *value = cut;
        }
        if key.len() > size::TAG && key.chars().count() > size::TAG {
            long_keys.push(key.clone());
        }
    }
    if let Some(first) = over {
        walk.meta.removed(path, tags.len());
        drop(tags.split_off(&*first));
    }
    for long in long_keys {
        if let Some((value, cut)) = tags.remove(&*long).zip(walk.shorter(&long, size::TAG, &path.key(&long)))
        {
            tags.insert(cut, value);
        }
    }
}

fn extra(event: &mut Event, walk: &mut Walk<'_>) {
    let path = Path::root("extra");
    let mut left = size::EXTRA_IN_ALL;
    let mut kept = 0;
    for (key, value) in &mut event.extra {
        if key.len() + size::LEAST > left {
            break;
        }
        let given = left.min(size::EXTRA);
        let mut room = Room { bytes: given, levels: size::LEVELS };
        walk.entry(Place::Data, key, value, &mut room, &path.key(key));
        left = left.saturating_sub(given - room.bytes + key.len() + 4);
        kept += 1;
    }
    super::walk::keep_first(&mut event.extra, kept, &mut walk.meta, &path);
}

/// The spans of a transaction.
fn spans(spans: &mut [SpanPayload], walk: &mut Walk<'_>) {
    let path = Path::root("spans");
    for (index, span) in spans.iter_mut().enumerate() {
        let path = path.index(index);
        walk.free(&mut span.description, size::MESSAGE, &path.key("description"));
        walk.short(&mut span.op, size::NAME, &path.key("op"));
        if !span.tags.is_empty() {
            tags(&mut span.tags, walk, &path.key("tags"));
        }
        if !span.other.is_empty() {
            let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
            walk.map(Place::Own, &mut span.other, &mut room, &path);
        }
        if !span.data.is_empty() {
            let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
            walk.map(Place::Trail, &mut span.data, &mut room, &path.key("data"));
        }
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        let links = path.key("links");
        for (index, link) in span.links.iter_mut().enumerate() {
            walk.map(Place::Trail, &mut link.attributes, &mut room, &links.index(index).key("attributes"));
        }
    }
}

/// Lists of names.
fn lists(event: &mut Event, walk: &mut Walk<'_>) {
    let path = Path::root("fingerprint");
    if event.fingerprint.len() > size::FINGERPRINT {
        walk.meta.removed(&path, event.fingerprint.len());
        event.fingerprint.truncate(size::FINGERPRINT);
    }
    for (index, part) in event.fingerprint.iter_mut().enumerate() {
        if let Some(cut) = walk.shorter(part, size::NAME, &path.index(index)) {
            *part = cut;
        }
    }
    if let Some(length) = event.modules.cut_from() {
        walk.meta.removed(&Path::root("modules"), length);
    }
    if event.errors.len() > size::ERRORS {
        walk.meta.removed(&Path::root("errors"), event.errors.len());
        event.errors.truncate(size::ERRORS);
    }
    if !event.errors.is_empty() {
        let mut room = Room { bytes: size::ERRORS * size::CONTEXT, levels: size::LEVELS };
        walk.list(Place::Data, "", &mut event.errors, &mut room, &Path::root("errors"));
    }
}
