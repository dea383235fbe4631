//! Events of the corpus as requests ready to be sent: each with an id of its own, as one of so many issues.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::failure::{Context as _, Failure, Result};
use crate::repo;

/// Which events of the corpus are sent, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Some 9 kB each on average.
    Large,
    /// Some 3 kB each on average.
    Small,
}

/// Where a server takes events.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) address: String,
    pub(super) key: String,
    pub(super) project: String,
}

/// Makes requests, each with another event id.
#[derive(Debug)]
pub(super) struct Payloads {
    templates: Vec<Template>,
    next: u64,
}

/// An envelope with holes for what differs.
#[derive(Debug)]
struct Template {
    envelope: Vec<u8>,
    ids: Vec<usize>,
    kinds: Vec<usize>,
    noise: usize,
}

impl Size {
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::Large => &[
                "python-exception_unhandled_main-00",
                "rust-error_anyhow_context-00",
                "python-flask_error_post_json-00",
                "python-flask_error_form_upload-00",
                "python-exception_unhandled_thread-00",
            ],
            Self::Small => &[
                "python-exception_syntax_error-00",
                "browser-exception_minified_cause-00",
                "browser-react_root_handlers-01",
                "python-exception_syntax_error-01",
            ],
        }
    }
}

impl Target {
    /// What a DSN says.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn of(dsn: &str) -> Result<Self> {
        let parts = dsn.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
        let (key, rest) = parts.ok_or_else(|| Failure::new(format!("not a DSN: {dsn}")))?;
        let (address, project) = rest.split_once('/').ok_or("a DSN without a project")?;
        Ok(Self { address: address.to_owned(), key: key.to_owned(), project: project.to_owned() })
    }
}

impl Payloads {
    /// Reads the corpus; the ids begin at `first`.
    ///
    /// # Errors
    /// When a file is missing, or has no event with an exception.
    pub(super) fn new(size: Size, first: u64) -> Result<Self> {
        let templates = size.files().iter().map(|name| Template::read(name)).collect::<Result<_>>()?;
        Ok(Self { templates, next: first })
    }

    /// What an event of them has on average, not compressed.
    pub(super) fn mean_bytes(&self) -> usize {
        self.templates.iter().map(|template| template.envelope.len()).sum::<usize>() / self.templates.len()
    }

    /// So many requests, spread evenly over so many issues of `family`.
    ///
    /// # Errors
    /// When they cannot be compressed.
    pub(super) fn requests(
        &mut self,
        target: &Target,
        count: usize,
        issues: usize,
        family: u8,
    ) -> Result<Vec<Vec<u8>>> {
        (0..count)
            .map(|at| {
                // One issue is of one kind of event: its stack counts as well as its type.
                let issue = at % issues;
                let template = &self.templates[issue % self.templates.len()];
                let id = self.next;
                self.next += 1;
                request(target, &template.filled(id, family, issue))
            })
            .collect()
    }

    /// The id of the event that is made next, as a number; [`event_id`] writes it out.
    pub(super) fn next(&self) -> u64 {
        self.next
    }
}

/// An event's id as it is sent.
pub(super) fn event_id(number: u64) -> String {
    // Spread like random ids, which land anywhere in an index.
    let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{spread:016x}4bcd8{:011x}", number)
}

impl Template {
    fn read(name: &str) -> Result<Self> {
        let path = repo::path("tests/corpus/envelopes").join(name).with_extension("envelope");
        let bytes = std::fs::read(&path).at(&path)?;
        let mut event = first_event(&bytes).ok_or_else(|| Failure::new(format!("{name} has no event")))?;
        event["event_id"] = ID_HOLE.into();
        // Events of one issue are never the same to the letter.
        event["extra"]["bench"] = "#".repeat(NOISE_BYTES).into();
        #[expect(clippy::disallowed_methods, reason = "lists ask for what is new")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        event["timestamp"] = json!(now.as_secs_f64().floor());
        let kind = event
            .pointer_mut("/exception/values")
            .and_then(Value::as_array_mut)
            .and_then(|values| values.last_mut())
            .and_then(|exception| exception.get_mut("type"))
            .ok_or_else(|| Failure::new(format!("{name} has no exception")))?;
        *kind = format!("{}{KIND_HOLE}", kind.as_str().unwrap_or("Error")).into();
        let payload = serde_json::to_vec(&event)?;
        let header = json!({ "event_id": ID_HOLE });
        let item = json!({ "type": "event", "length": payload.len() });
        let mut envelope = format!("{header}\n{item}\n").into_bytes();
        envelope.extend_from_slice(&payload);
        envelope.push(b'\n');
        let noise = places(&envelope, &"#".repeat(NOISE_BYTES)).first().copied().ok_or("no noise")?;
        Ok(Self { ids: places(&envelope, ID_HOLE), kinds: places(&envelope, KIND_HOLE), noise, envelope })
    }

    fn filled(&self, id: u64, family: u8, issue: usize) -> Vec<u8> {
        let mut envelope = self.envelope.clone();
        let mut state = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        for byte in &mut envelope[self.noise..self.noise + NOISE_BYTES] {
            // Marsaglia's xorshift: nothing that a compressor finds.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = ALPHABET[(state >> 58) as usize];
        }
        let (id, kind) = (event_id(id), kind(family, issue));
        for (places, text) in [(&self.ids, &id), (&self.kinds, &kind)] {
            for at in places {
                envelope[*at..at + text.len()].copy_from_slice(text.as_bytes());
            }
        }
        envelope
    }
}

/// The payload of the first event in an envelope whose items have one line each.
fn first_event(envelope: &[u8]) -> Option<Value> {
    let mut lines = envelope.split(|byte| *byte == b'\n').skip(1);
    while let Some(header) = lines.next() {
        let header: Value = serde_json::from_slice(header).ok()?;
        let payload = lines.next()?;
        if header["type"] == "event" {
            return serde_json::from_slice(payload).ok();
        }
    }
    None
}

/// Letters only: no server takes them for a number that varies.
fn kind(family: u8, mut issue: usize) -> String {
    let mut kind = String::from("_");
    kind.push(char::from(b'A' + family));
    for _ in 0..4 {
        kind.push(char::from(b'a' + (issue % 26) as u8));
        issue /= 26;
    }
    kind
}

fn places(text: &[u8], hole: &str) -> Vec<usize> {
    let hole = hole.as_bytes();
    (0..text.len()).filter(|at| text[*at..].starts_with(hole)).collect()
}

fn request(target: &Target, envelope: &[u8]) -> Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(2));
    packed.write_all(envelope)?;
    let body = packed.finish()?;
    let Target { address, key, project } = target;
    let mut request = format!(
        "POST /api/{project}/envelope/ HTTP/1.1\r\nHost: {address}\r\n\
         X-Sentry-Auth: Sentry sentry_version=7, sentry_client=bench/1.0, sentry_key={key}\r\n\
         User-Agent: bench/1.0\r\nContent-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(&body);
    Ok(request)
}

const ID_HOLE: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";
/// Three hundred letters of chance, of six bits each.
const NOISE_BYTES: usize = 300;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const KIND_HOLE: &str = "_Zqqqq";

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn events_have_their_own_ids_and_types_and_the_size_that_is_said() {
        let target = Target::of("http://abc@127.0.0.1:9/7").unwrap();
        for (size, least, most) in [(Size::Large, 8_500, 9_500), (Size::Small, 2_500, 3_500)] {
            let mut payloads = Payloads::new(size, 5).unwrap();
            assert!((least..most).contains(&payloads.mean_bytes()), "{}", payloads.mean_bytes());
            let requests = payloads.requests(&target, 30, 10, 3).unwrap();
            let (mut seen, mut last) = (Vec::new(), Vec::new());
            for request in &requests {
                let body = request.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
                let mut text = String::new();
                GzDecoder::new(&request[body..]).read_to_string(&mut text).unwrap();
                let event = first_event(text.as_bytes()).unwrap();
                let values = event["exception"]["values"].as_array().unwrap();
                let kind = values.last().unwrap()["type"].as_str().unwrap().to_owned();
                last.push(event.clone());
                seen.push((event["event_id"].as_str().unwrap().to_owned(), kind));
            }
            assert_eq!(seen[0].0, event_id(5));
            let noise = |event: &Value| event["extra"]["bench"].clone();
            assert_ne!(noise(&last[0]), noise(&last[1]));
            let mut ids: Vec<_> = seen.iter().map(|(id, _)| id).collect();
            let mut kinds: Vec<_> = seen.iter().map(|(_, kind)| kind).collect();
            for (list, distinct) in [(&mut ids, 30), (&mut kinds, 10)] {
                list.sort();
                list.dedup();
                assert_eq!(list.len(), distinct);
            }
        }
    }
}
