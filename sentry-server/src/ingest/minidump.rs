//! Crash uploads: minidumps with their form, Unreal's crash reports, files for an event that is there already.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use watchpost_core::EventId;

use super::body::{self, Encoding, ReadBody};
use super::framed::Framed;
use super::multipart::{self, Part};
use super::refusal::Refusal;
use super::request::Request;
use super::unreal;
use crate::msgpack;

/// `/minidump/`: a form with the file `upload_file_minidump`, or the file itself.
pub(super) async fn minidump(request: Request, body: Body) -> Response {
    answer(&request, take_minidump(&request, body).await)
}

/// `/unreal/KEY/`: Unreal's own container.
pub(super) async fn unreal(request: Request, body: Body) -> Response {
    answer(&request, take_unreal(&request, body).await)
}

/// `/events/ID/attachments/`.
pub(super) async fn attachments(request: Request, body: Body) -> Response {
    match take_attachments(&request, body).await {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(refusal) => request.refuse(refusal),
    }
}

/// What crash uploaders expect: the id with hyphens, as text.
fn answer(request: &Request, taken: Result<EventId, Refusal>) -> Response {
    match taken {
        Ok(id) => {
            let hex = id.to_string();
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], parts.join("-")).into_response()
        }
        Err(refusal) => request.refuse(refusal),
    }
}

async fn take_minidump(request: &Request, body: Body) -> Result<EventId, Refusal> {
    let admitted = request.admitted().await?;
    let body = request.read(body).await?;
    let mut parts = parts(request, &body, "upload_file_minidump").await?;
    let at = parts.iter().position(|part| part.name == "upload_file_minidump");
    let dump = parts.remove(at.ok_or_else(|| Refusal::malformed("no field upload_file_minidump"))?);
    let max = request.app.limits.body.inflated_bytes;
    let bytes = unpacked(&dump.bytes, max)?;
    if !bytes.starts_with(b"MDMP") {
        return Err(Refusal::malformed(
            "upload_file_minidump is not a minidump: it does not begin with MDMP",
        ));
    }
    let event = event_of(&parts);
    let own = event.get("event_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let id = own.or_else(|| noted_id(&parts)).unwrap_or_else(|| request.new_id());
    let mut envelope = Framed::new(id);
    envelope.add_json("event", &event);
    let name = dump.filename.as_deref().unwrap_or("minidump.dmp");
    envelope.add_attachment(name, "event.minidump", Some("application/x-dmp"), &bytes);
    add_files(&mut envelope, &parts);
    request.commit_envelope(&admitted, id, body, envelope.into_bytes()).await?;
    Ok(id)
}

async fn take_unreal(request: &Request, body: Body) -> Result<EventId, Refusal> {
    let admitted = request.admitted().await?;
    let body = request.read(body).await?;
    let id = request.new_id();
    let user = request.parameter("UserID");
    let max = request.app.limits.body.inflated_bytes;
    let envelope = unreal::envelope(id, &body.inflated, user.as_deref(), max)?;
    request.commit_envelope(&admitted, id, body, envelope).await?;
    Ok(id)
}

async fn take_attachments(request: &Request, body: Body) -> Result<(), Refusal> {
    let admitted = request.admitted().await?;
    let id: EventId = request
        .path("event_id")
        .parse()
        .map_err(|_| Refusal::malformed("the event id in the path is not 32 hexadecimal digits"))?;
    let body = request.read(body).await?;
    let parts = parts(request, &body, "attachment").await?;
    let mut envelope = Framed::new(id);
    add_files(&mut envelope, &parts);
    request.commit_envelope(&admitted, id, body, envelope.into_bytes()).await.map(drop)
}

/// The id that the crash handler gave its event.
fn noted_id(parts: &[Part]) -> Option<EventId> {
    let part = parts.iter().find(|part| part.filename.as_deref() == Some("__sentry-event"))?;
    msgpack::read_map(part.bytes.get(..MAX_NOTE).unwrap_or(&part.bytes))?
        .get("event_id")?
        .as_str()?
        .parse()
        .ok()
}

/// The fields of a form; a body that is no form is the one file `name`.
async fn parts(request: &Request, body: &ReadBody, name: &str) -> Result<Vec<Part>, Refusal> {
    if body.inflated.is_empty() {
        return Err(Refusal::malformed("the body is empty"));
    }
    match request.content_type().as_str() {
        "multipart/form-data" => {
            let full = request.header("content-type").unwrap_or_default();
            multipart::read(full, body.inflated.clone()).await
        }
        _ => Ok(vec![Part {
            name: name.to_owned(),
            filename: None,
            content_type: None,
            bytes: body.inflated.clone(),
        }]),
    }
}

/// A dump may be packed by itself.
fn unpacked(bytes: &Bytes, max: usize) -> Result<Cow<'_, [u8]>, Refusal> {
    let encoding = match bytes.get(..4) {
        Some([0x1F, 0x8B, ..]) => Encoding::Gzip,
        Some([0x28, 0xB5, 0x2F, 0xFD]) => Encoding::Zstd,
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    Ok(body::inflate(encoding, bytes, max)?.map_or(Cow::Borrowed(bytes), Cow::Owned))
}

/// The event that a form describes: the JSON in `sentry` (or its pieces `sentry__1`, ..), single values in
/// `sentry[tags][name]`, and everything else as extra data.
fn event_of(parts: &[Part]) -> Value {
    let text = |part: &Part| String::from_utf8_lossy(&part.bytes).into_owned();
    let fields = || parts.iter().filter(|part| part.filename.is_none());
    let mut pieces: Vec<(u32, String)> = fields()
        .filter_map(|part| {
            let number = match part.name.strip_prefix("sentry")? {
                "" => 0,
                rest => rest.strip_prefix("__")?.parse().ok()?,
            };
            Some((number, text(part)))
        })
        .collect();
    pieces.sort();
    let whole: String = pieces.into_iter().map(|(_, text)| text).collect();
    let mut event = serde_json::from_str::<Map<String, Value>>(&whole).unwrap_or_default();
    let mut extra = Map::new();
    for part in fields() {
        if let Some(path) = part.name.strip_prefix("sentry[").and_then(|rest| rest.strip_suffix(']')) {
            insert(&mut event, path.split("]["), text(part).into());
        } else if !part.name.starts_with("sentry") {
            extra.insert(part.name.clone(), text(part).into());
        }
    }
    event.entry("platform").or_insert_with(|| "native".into());
    event.entry("level").or_insert_with(|| "fatal".into());
    if !extra.is_empty()
        && let Some(all) = event.entry("extra").or_insert_with(|| json!({})).as_object_mut()
    {
        all.extend(extra);
    }
    Value::Object(event)
}

fn insert<'a>(map: &mut Map<String, Value>, mut path: impl Iterator<Item = &'a str>, value: Value) {
    let Some(first) = path.next() else { return };
    let mut place = map.entry(first).or_insert(Value::Null);
    for key in path.take(MAX_DEPTH) {
        if !place.is_object() {
            *place = json!({});
        }
        let Some(inner) = place.as_object_mut() else { return };
        place = inner.entry(key).or_insert(Value::Null);
    }
    *place = value;
}

fn add_files(envelope: &mut Framed, parts: &[Part]) {
    for part in parts.iter().filter(|part| part.filename.is_some() || part.name == "attachment") {
        let name = part.filename.as_deref().unwrap_or(&part.name);
        envelope.add_attachment(name, "event.attachment", part.content_type.as_deref(), &part.bytes);
    }
}

const MAX_DEPTH: usize = 8;
/// As much as is looked at of what a crash handler noted.
const MAX_NOTE: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_describes_an_event() {
        let field = |name: &str, text: &'static str| Part {
            name: name.to_owned(),
            filename: None,
            content_type: None,
            bytes: Bytes::from_static(text.as_bytes()),
        };
        let parts = [
            field("sentry__2", "\"r@1\"}"),
            field("sentry__1", "{\"release\":"),
            field("sentry[tags][a]", "b"),
            field("guid", "x"),
        ];
        let wanted = json!({ "release": "r@1", "tags": { "a": "b" }, "platform": "native", "level": "fatal",
            "extra": { "guid": "x" } });
        assert_eq!(event_of(&parts), wanted);
        assert_eq!(event_of(&[field("sentry", "no json")])["platform"], "native");
    }
}
