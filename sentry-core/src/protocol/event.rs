//! The top shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lists::{level, null_is_default, values};
use super::{
    Breadcrumb, DebugMeta, EventId, Exception, HeldBreadcrumbs, Level, LogEntry, Map, Measurements, Modules,
    Request, SdkInfo, SpanPayload, Stacktrace, Thread, Timestamp, TransactionInfo, User, Value,
};
use crate::text::Text;

/// Tags: short text that can be searched. Limits: 200 characters for key and value.
pub type Tags = BTreeMap<Text, Text>;
/// One object under `contexts`, shared between events until somebody changes it.
pub type Context = Arc<Map>;

/// An event: an error or a message with everything around it (event payload, published spec, section "top level").
///
/// Unknown fields are kept in `other`, so that a hook in another language may add what the core does not know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Event {
    /// Given by the client if missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<EventId>,
    /// When; given by the client if missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// `python`, `node`, `java`, `cocoa`, `native`, `rust` ...; given by the client if missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Text>,
    /// `error` if missing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "level")]
    pub level: Option<Level>,
    /// The logger's name, at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logger: Option<Text>,
    /// The route, task or screen, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Text>,
    /// The host's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<Text>,
    /// The version of the application, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<Text>,
    /// The build of a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dist: Option<Text>,
    /// `production` if missing, at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Text>,
    /// The message, for events without an exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logentry: Option<LogEntry>,
    /// The chain of errors, oldest cause first.
    #[serde(default, with = "values", skip_serializing_if = "Vec::is_empty")]
    pub exception: Vec<Exception>,
    /// The threads of the process.
    #[serde(default, with = "values", skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<Thread>,
    /// The files that addresses and minified code are looked up in. Written behind the stacks, so that whoever fills in frames finds all of it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_meta: Option<Arc<DebugMeta>>,
    /// Who was affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// The HTTP request during which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Read from an object or a list of pairs; values that are not text become text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "tags")]
    pub tags: Tags,
    /// Anything. Limits: 16 KiB an item, 256 KiB in all.
    #[serde(default, skip_serializing_if = "Map::is_empty", deserialize_with = "null_is_default")]
    pub extra: Map,
    /// Objects by name: `os`, `runtime`, `device`, `trace` and the application's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "contexts")]
    pub contexts: BTreeMap<Text, Context>,
    /// What happened before, oldest first.
    #[serde(default, with = "values", skip_serializing_if = "Vec::is_empty")]
    pub breadcrumbs: Vec<Arc<Breadcrumb>>,
    /// Breadcrumbs that the host held for the isolation scope. They follow those in `breadcrumbs` once the scopes are
    /// applied, and are put among them for the first hook that may look.
    #[serde(skip)]
    pub held_breadcrumbs: Option<Box<HeldBreadcrumbs>>,
    /// Overrides the grouping; `{{ default }}` stands for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub fingerprint: Vec<Text>,
    /// Package name to version; given by the client if there are none.
    #[serde(default, skip_serializing_if = "Modules::is_empty")]
    pub modules: Modules,
    /// What the SDK itself could not do, one object each.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub errors: Vec<Value>,
    /// The SDK; given by the client if missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdk: Option<SdkInfo>,
    /// `transaction` for a transaction; nothing for errors and messages.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub ty: Option<Text>,
    /// Transactions only: when it began; `timestamp` is when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Timestamp>,
    /// Transactions only: what the name was made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_info: Option<TransactionInfo>,
    /// Transactions only: what was measured.
    #[serde(default, skip_serializing_if = "Measurements::is_empty", deserialize_with = "null_is_default")]
    pub measurements: Measurements,
    /// Transactions only: the finished spans, in the order in which they ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub spans: Vec<SpanPayload>,
    /// Fields that the core does not know.
    #[serde(flatten)]
    pub other: Map,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// Reads `message` too, the older name for a message without a template (event payload, "message"). Beside a `logentry` it
/// is the final text of that.
impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut event = Self::deserialize(deserializer)?;
        let Some(message) = event.other.shift_remove(MESSAGE) else { return Ok(event) };
        let message = Option::<LogEntry>::deserialize(message);
        let message = message.map_err(|_| D::Error::custom("`message` is neither text nor an object"))?;
        match (&mut event.logentry, message) {
            (_, None) => {}
            (Some(known), Some(message)) => known.formatted = message.formatted.or(known.formatted.take()),
            (unknown @ None, message) => *unknown = message,
        }
        Ok(event)
    }
}

const MESSAGE: &str = "message";

impl Event {
    /// As hooks of other languages know an event, which read and write JSON: what was said without a template is `message`.
    #[must_use]
    pub fn into_hook_form(mut self) -> Self {
        if self.logentry.as_ref().is_some_and(LogEntry::is_plain)
            && let Some(text) = self.logentry.take().and_then(|entry| entry.formatted)
        {
            self.other.insert(MESSAGE.to_owned(), text.as_str().into());
        }
        self
    }

    /// True for a transaction.
    pub fn is_transaction(&self) -> bool {
        self.ty.as_ref().is_some_and(|ty| ty == "transaction")
    }

    /// An event that only says something.
    pub fn message(text: impl Into<Text>, level: Level) -> Self {
        Self { logentry: Some(LogEntry::plain(text)), level: Some(level), ..Self::default() }
    }

    /// An event about a chain of errors, oldest cause first.
    pub fn exception(chain: Vec<Exception>) -> Self {
        Self { exception: chain, ..Self::default() }
    }

    /// Fills in the frames of native stacks that were only walked, on the calling thread.
    pub fn look_up_frames(&mut self) {
        self.stacks_mut().for_each(Stacktrace::look_up);
    }

    /// Puts held breadcrumbs among the others.
    pub(crate) fn read_held_breadcrumbs(&mut self) {
        if let Some(held) = self.held_breadcrumbs.take() {
            self.breadcrumbs.extend(held.read());
        }
    }

    /// The event as JSON, as it is sent: over 1 MiB it is cut down, and `_meta` says what was cut.
    ///
    /// `None` if it does not fit even so, or cannot be written at all.
    pub fn to_json(&mut self) -> Option<Vec<u8>> {
        crate::pipeline::serialize(self, None, crate::pipeline::MAX_EVENT_BYTES)
    }

    /// The stacks of exceptions and threads.
    pub fn stacks_mut(&mut self) -> impl Iterator<Item = &mut Stacktrace> {
        let of_exceptions = self.exception.iter_mut().filter_map(|exception| exception.stacktrace.as_mut());
        of_exceptions.chain(self.threads.iter_mut().filter_map(|thread| thread.stacktrace.as_mut()))
    }

    /// Whose addresses are stored in the place of frames, if any are.
    pub(crate) fn origin(&self) -> Option<&Text> {
        let of_exceptions = self.exception.iter().filter_map(|exception| exception.stacktrace.as_ref());
        let stacks = of_exceptions.chain(self.threads.iter().filter_map(|thread| thread.stacktrace.as_ref()));
        stacks.filter_map(Stacktrace::origin).next()
    }
}

fn contexts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Text, Context>, D::Error> {
    let contexts = Option::<BTreeMap<Text, Value>>::deserialize(deserializer)?.unwrap_or_default();
    let object = |value| match value {
        Value::Null => None,
        Value::Object(map) => Some(map),
        // A context is an object; what is none is kept inside of one.
        other => Some(Map::from_iter([("value".to_owned(), other)])),
    };
    Ok(contexts.into_iter().filter_map(|(key, value)| Some((key, Arc::new(object(value)?)))).collect())
}

fn tags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tags, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Object(Map),
        Pairs(Vec<(String, Value)>),
    }
    let pairs: Vec<(String, Value)> = match Option::<Form>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Form::Object(map)) => map.into_iter().collect(),
        Some(Form::Pairs(pairs)) => pairs,
    };
    Ok(pairs.into_iter().filter_map(|(key, value)| Some((key.into(), tag_text(value)?))).collect())
}

/// A tag's value is text; `null` is no tag at all.
pub(crate) fn tag_text(value: Value) -> Option<Text> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.into()),
        other => Some(other.to_string().into()),
    }
}
