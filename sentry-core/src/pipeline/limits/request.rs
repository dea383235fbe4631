//! What was collected from HTTP.

use super::meta::{Meta, Path};
use super::size;
use super::walk::{Room, Walk};
use crate::options::{Collect, MaxRequestBodySize};
use crate::pipeline::scrub::{FILTERED, Place};
use crate::protocol::{Event, Map, Value};

/// The request of an event.
pub(super) fn tidy(event: &mut Event, walk: &mut Walk<'_>) {
    let Some(request) = &mut event.request else { return };
    let path = Path::root("request");
    let scrub = walk.scrub;
    let (collection, given) = (scrub.collection(), scrub.is_collection_given());
    if let Some(url) = &request.url
        && let Some(masked) = walk.scrub.url(url, size::URL)
    {
        request.url = Some(masked.into());
    }
    walk.short(&mut request.url, size::URL, &path.key("url"));
    walk.short(&mut request.method, size::NAME, &path.key("method"));
    let bodies = collection.http_bodies;
    for (key, place, value, off) in [
        ("headers", Place::RequestHeader, &mut request.headers, collection.request_headers == Collect::Off),
        ("cookies", Place::Cookie, &mut request.cookies, collection.cookies == Collect::Off),
        ("query_string", Place::Query, &mut request.query_string, collection.query_params == Collect::Off),
        ("data", Place::Body, &mut request.data, !(bodies.incoming_request || bodies.outgoing_request)),
    ] {
        part(key, place, value, given && off, walk, &path);
    }
    if !request.env.is_empty() {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Environment, &mut request.env, &mut room, &path.key("env"));
    }
    if !request.other.is_empty() {
        let mut room = Room { bytes: size::CONTEXT, levels: size::LEVELS };
        walk.map(Place::Own, &mut request.other, &mut room, &path);
    }
}

/// Notes that the body of its request was too large to be kept; its length in bytes, if known.
pub(crate) fn note_body(event: &mut Event, length: Option<u64>) {
    let mut meta = Meta::default();
    meta.not_kept(&Path::root("request").key("data"), length);
    meta.write(event);
}

/// The context of an HTTP response.
pub(super) fn response(context: &mut Map, room: &mut Room, walk: &mut Walk<'_>, path: &Path<'_>) {
    let scrub = walk.scrub;
    let (collection, given) = (scrub.collection(), scrub.is_collection_given());
    let bodies = collection.http_bodies;
    for (key, place, off) in [
        ("headers", Place::ResponseHeader, collection.response_headers == Collect::Off),
        ("cookies", Place::Cookie, collection.cookies == Collect::Off),
        ("data", Place::Body, !(bodies.incoming_response || bodies.outgoing_response)),
    ] {
        if let Some(value) = context.get_mut(key) {
            let mut value = Some(value.take());
            part(key, place, &mut value, given && off, walk, path);
            match value {
                Some(value) => drop(context.insert(key.to_owned(), value)),
                None => drop(context.shift_remove(key)),
            }
        }
    }
    for (key, value) in context.iter_mut() {
        if !matches!(key.as_str(), "headers" | "cookies" | "data") {
            walk.entry(Place::Trail, key, value, room, &path.key(key));
        }
    }
}

fn part(
    key: &str,
    place: Place,
    value: &mut Option<Value>,
    is_off: bool,
    walk: &mut Walk<'_>,
    path: &Path<'_>,
) {
    if is_off {
        *value = None;
    }
    let Some(inner) = value else { return };
    let path = path.key(key);
    if walk.scrub.is_secret(Place::Own, key) {
        *inner = FILTERED.into();
        return;
    }
    if place == Place::Body && !fits(inner, walk.scrub.max_body()) {
        let length = inner.as_str().map_or(0, |text| text.chars().count());
        *value = None;
        return walk.meta.forbidden(&path, length);
    }
    let mut room = Room {
        bytes: if place == Place::Body { crate::pipeline::MAX_EVENT_BYTES } else { size::CONTEXT },
        levels: size::LEVELS,
    };
    let masked = match (&*inner, place) {
        (Value::String(text), Place::Cookie) => walk.scrub.cookies(text, room.bytes),
        (Value::String(text), Place::Query) => walk.scrub.query_string(text, room.bytes),
        (Value::String(text), Place::Body) => walk.scrub.body(text),
        _ => None,
    };
    match masked {
        Some(masked) => *inner = masked.into(),
        None if matches!(inner, Value::String(_)) => {}
        None => return walk.collected(place, inner, &mut room, &path),
    }
    walk.fit(inner, &mut room, &path);
}

/// True if the body may be sent by its size. Bodies that were parsed are measured as JSON.
fn fits(body: &Value, max: MaxRequestBodySize) -> bool {
    let max = max.bytes().min(crate::pipeline::MAX_EVENT_BYTES);
    match body {
        _ if max == 0 => false,
        Value::String(text) => text.len() <= max,
        other => super::to_json(other, max).is_some(),
    }
}
