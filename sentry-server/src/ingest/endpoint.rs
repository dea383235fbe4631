//! Envelopes, and the legacy endpoint for single events: check the key, inflate within caps, check the framing, make it
//! durable, answer.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use watchpost_core::{Category, EventId};

use super::auth;
use super::payload;
use super::record::Endpoint;
use super::refusal::{self, Refusal, TooLarge};
use super::request::{Brought, Left, Request};
use crate::json;
use crate::normalize;

pub(super) async fn envelope(request: Request, body: Body) -> Response {
    match take_envelope(&request, body).await {
        Ok((id, left)) => answer(id, &left),
        Err(refusal) => request.refuse(refusal),
    }
}

pub(super) async fn store(request: Request, body: Body) -> Response {
    let is_envelope = request.content_type() == "application/x-sentry-envelope";
    let taken = if is_envelope {
        take_envelope(&request, body).await
    } else {
        take_event(&request, Some(body)).await
    };
    match taken {
        Ok((id, left)) => answer(id, &left),
        Err(refusal) => request.refuse(refusal),
    }
}

/// The oldest form: the event is a parameter of an image's address.
pub(super) async fn pixel(request: Request) -> Response {
    match take_event(&request, None).await {
        Ok(_) => ([(header::CONTENT_TYPE, "image/gif"), (header::CACHE_CONTROL, "no-store")], PIXEL)
            .into_response(),
        Err(refusal) => request.refuse(refusal),
    }
}

async fn take_envelope(request: &Request, body: Body) -> Result<(Option<EventId>, Left), Refusal> {
    let project = request.project_id()?;
    let shown = request.shown_key()?;
    // A key that is shown up front is checked before anything is read.
    let mut admitted = match &shown {
        Some(key) => Some(request.check(project, key).await?),
        None => None,
    };
    let body = request.read(body).await?;
    let framing = payload::framing(&body.inflated)?;
    if let Some(dsn) = &framing.dsn {
        let inside = auth::in_envelope(dsn, request.path("project"))?;
        match &shown {
            None => admitted = Some(request.check(project, &inside).await?),
            Some(outside) if *outside != inside => {
                return Err(Refusal::envelope("dsn in the header has another key than the request"));
            }
            Some(_) => {}
        }
    }
    let admitted = admitted.ok_or(Refusal::NoKey)?;
    if framing.items == 0 {
        return Ok((framing.event_id, Left::new()));
    }
    request.holds(&framing.contents);
    framing.check()?;
    let id = framing.event_id.unwrap_or_else(|| request.new_id());
    let contents = framing.contents;
    let left =
        request.commit(&admitted, Brought { endpoint: Endpoint::Envelope, id, body, contents }).await?;
    Ok((framing.event_id.or(framing.needs_id.then_some(id)), left))
}

/// One event: the body, a form's field `sentry_data`, or the query's.
async fn take_event(request: &Request, body: Option<Body>) -> Result<(Option<EventId>, Left), Refusal> {
    let key = request.shown_key()?.ok_or(Refusal::NoKey)?;
    let admitted = if request.path("project").is_empty() {
        request.project_of(&key).await?
    } else {
        request.check(request.project_id()?, &key).await?
    };
    let is_pixel = body.is_none();
    let mut body = request.read(body.unwrap_or_default()).await?;
    if is_pixel {
        let data = request.parameter("sentry_data").unwrap_or_default();
        body = body.replaced(Bytes::from(data));
    } else if let Some(data) = payload::form_field(&body.inflated, "sentry_data") {
        body = body.replaced(Bytes::from(data));
    }
    let own = {
        let json = payload::stored_json(&body.inflated, request.app.limits.body.inflated_bytes)?;
        if json.len() > MAX_STORE_BYTES {
            return Err(Refusal::TooLarge(TooLarge {
                what: "the event".to_owned(),
                bytes: Some(json.len()),
                limit: MAX_STORE_BYTES,
            }));
        }
        id_in(&json)?
    };
    let id = own.unwrap_or_else(|| request.new_id());
    let brought = Brought { endpoint: Endpoint::Store, id, body, contents: vec![(Category::Error, 1)] };
    let left = request.commit(&admitted, brought).await?;
    Ok((Some(id), left))
}

fn answer(id: Option<EventId>, left: &Left) -> Response {
    let body: Value = id.map_or_else(|| json!({}), |id| json!({ "id": id }));
    let mut response = ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
    if !left.is_empty() {
        refusal::add_limits(response.headers_mut(), left);
    }
    response
}

/// The event's own id. Refuses what the digest could not read either; the common case is decided without a second parse.
fn id_in(json: &[u8]) -> Result<Option<EventId>, Refusal> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok() {
        return Ok(payload::own_id(json));
    }
    let mended = normalize::object(json).map_err(|error| Refusal::malformed(error.to_string()))?;
    Ok(mended.get("event_id").and_then(json::Value::as_str).and_then(|id| id.trim().parse().ok()))
}

const MAX_STORE_BYTES: usize = 1_024 * 1_024;

/// One transparent pixel.
const PIXEL: &[u8] =
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\
    \x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
