//! Looking into a body just enough to answer: framing, categories, the event's id.

use std::borrow::Cow;

use base64::Engine as _;
use serde::Deserialize;
use watchpost_core::{Category, EnvelopeReader, EventId, ItemHeader, ItemType};

use super::body::{self, Encoding};
use super::refusal::{Refusal, TooLarge};
use crate::digest::limits;
use crate::project::Contents;

/// What the answer and the key check need of an envelope.
#[derive(Debug)]
pub(crate) struct Framing {
    pub(crate) dsn: Option<String>,
    /// The event's id: the header's, else the payload's.
    pub(crate) event_id: Option<EventId>,
    /// Whether something inside needs an id, so that one is to be made when there is none.
    pub(crate) needs_id: bool,
    /// Quantities by category, in the units that limits count in.
    pub(crate) contents: Contents,
    pub(crate) items: usize,
    /// How many items are over their limits, and the first of them.
    oversized: usize,
    first_oversized: Option<TooLarge>,
}

impl Framing {
    /// Refuses what has nothing in it that could be taken. An item over its limit beside others is left out and counted.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match &self.first_oversized {
            Some(first) if self.oversized == self.items => Err(Refusal::TooLarge(first.clone())),
            _ => Ok(()),
        }
    }
}

/// Walks the whole envelope.
pub(crate) fn framing(bytes: &[u8]) -> Result<Framing, Refusal> {
    let refuse = |error: watchpost_core::Error| Refusal::envelope(error.to_string());
    let mut reader = EnvelopeReader::new(bytes).map_err(refuse)?;
    let mut framing = Framing {
        dsn: reader.header().dsn.clone(),
        event_id: reader.header().event_id,
        needs_id: false,
        contents: Contents::new(),
        items: 0,
        oversized: 0,
        first_oversized: None,
    };
    while let Some((header, payload)) = reader.next_item().map_err(refuse)? {
        framing.items += 1;
        let limit = limits::max_bytes(&header.item_type);
        if payload.len() > limit {
            framing.oversized += 1;
            let what = format!("an item of type {}", header.item_type);
            framing.first_oversized.get_or_insert(TooLarge { what, bytes: Some(payload.len()), limit });
        }
        let category = header.item_type.category();
        let quantity = quantity(&header, payload.len());
        match framing.contents.iter_mut().find(|(known, _)| *known == category) {
            Some((_, sum)) => *sum += quantity,
            None => framing.contents.push((category, quantity)),
        }
        let is_event =
            matches!(header.item_type, ItemType::Event | ItemType::Transaction | ItemType::Feedback);
        framing.needs_id |= is_event || needs_id(&header.item_type);
        if is_event && framing.event_id.is_none() {
            framing.event_id = own_id(payload);
        }
    }
    Ok(framing)
}

/// What an item counts as, in the units that limits and outcomes count in: bytes of an attachment, entries of a container.
pub(crate) fn quantity(header: &ItemHeader, bytes: usize) -> u64 {
    match header.item_type.category() {
        Category::Attachment => bytes as u64,
        _ => header.item_count.map_or(1, |count| count.clamp(1, MAX_COUNT)),
    }
}

/// The `event_id` of an event's JSON, read past everything else.
pub(crate) fn own_id(payload: &[u8]) -> Option<EventId> {
    #[derive(Deserialize)]
    struct Peek<'a> {
        #[serde(borrow)]
        event_id: Option<Cow<'a, str>>,
    }
    let peek: Peek<'_> = serde_json::from_slice(payload).ok()?;
    peek.event_id?.trim().parse().ok()
}

/// A field of a form, where the body is a form that has it.
pub(crate) fn form_field(body: &[u8], name: &str) -> Option<String> {
    // Neither JSON nor base64 looks like this.
    memchr::memmem::find(&body[..body.len().min(4_096)], format!("{name}=").as_bytes())?;
    if body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let mut pairs = form_urlencoded::parse(body);
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The JSON in a body of the store endpoint: plain, or base64 of (zlib of) it as the oldest clients send.
pub(crate) fn stored_json(bytes: &[u8], max_bytes: usize) -> Result<Cow<'_, [u8]>, Refusal> {
    let trimmed = bytes.trim_ascii();
    if trimmed.is_empty() {
        return Err(Refusal::malformed("the body is empty; send one JSON object"));
    }
    if trimmed.starts_with(b"{") {
        return Ok(Cow::Borrowed(trimmed));
    }
    let refuse = || Refusal::malformed("the body is not a JSON object, nor base64 of one");
    // A plus sign that a form decoded.
    let text: Cow<'_, [u8]> = if trimmed.contains(&b' ') {
        trimmed.iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect::<Vec<_>>().into()
    } else {
        trimmed.into()
    };
    let decoded = base64::engine::general_purpose::STANDARD.decode(&text).map_err(|_| refuse())?;
    if decoded.trim_ascii_start().starts_with(b"{") {
        return Ok(Cow::Owned(decoded));
    }
    match body::inflate(Encoding::Deflate, &decoded, max_bytes)? {
        Some(json) if json.trim_ascii_start().starts_with(b"{") => Ok(Cow::Owned(json)),
        _ => Err(refuse()),
    }
}

fn needs_id(item: &ItemType) -> bool {
    matches!(
        item,
        ItemType::Attachment
            | ItemType::UserReport
            | ItemType::Security
            | ItemType::RawSecurity
            | ItemType::FormData
            | ItemType::UnrealReport
            | ItemType::ReplayEvent
            | ItemType::Profile
    )
}

/// Entries that a container can hold: what it says beyond that is no count.
const MAX_COUNT: u64 = 4_000;
