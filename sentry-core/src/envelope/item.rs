//! One item of an envelope.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::protocol::{Category, Map};

/// An item with its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The item's header line. Its `length` is written from the payload.
    pub header: ItemHeader,
    /// The bytes.
    pub payload: Vec<u8>,
}

impl Item {
    /// An item of `item_type` without further headers.
    pub fn new(item_type: ItemType, payload: Vec<u8>) -> Self {
        Self { header: ItemHeader::new(item_type), payload }
    }
}

/// The header line of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemHeader {
    /// What the payload is.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// The payload's length in bytes. Always written; when missing the payload runs to the next LF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<usize>,
    /// The payload's media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The name of an attachment, without folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// `event.attachment`, `event.minidump` ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_type: Option<String>,
    /// How many entries a container holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_count: Option<u64>,
    /// Headers that the core does not know.
    #[serde(flatten)]
    pub other: Map,
}

impl ItemHeader {
    /// A header with nothing but the type.
    pub fn new(item_type: ItemType) -> Self {
        Self {
            item_type,
            length: None,
            content_type: None,
            filename: None,
            attachment_type: None,
            item_count: None,
            other: Map::new(),
        }
    }
}

macro_rules! item_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal => $category:ident,)*) => {
        /// What an item holds (envelope items, published spec). An unknown type is kept, never refused.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ItemType {
            $($(#[$doc])* $variant,)*
            /// A type that the core does not know.
            Unknown(String),
        }

        impl ItemType {
            /// The name on the wire.
            pub fn as_str(&self) -> &str {
                match self { $(Self::$variant => $text,)* Self::Unknown(name) => name }
            }

            /// Reads the name on the wire.
            pub fn parse(text: &str) -> Self {
                match text { $($text => Self::$variant,)* other => Self::Unknown(other.to_owned()) }
            }

            /// The category that limits it and that its loss is counted in.
            pub fn category(&self) -> Category {
                match self { $(Self::$variant => Category::$category,)* Self::Unknown(_) => Category::Default }
            }
        }
    };
}

item_types! {
    /// An error or a message.
    Event = "event" => Error,
    /// A transaction with its spans.
    Transaction = "transaction" => Transaction,
    /// A container of spans.
    Span = "span" => Span,
    /// One session update.
    Session = "session" => Session,
    /// Pre-aggregated sessions.
    Sessions = "sessions" => Session,
    /// A file beside an event.
    Attachment = "attachment" => Attachment,
    /// What a user says.
    Feedback = "feedback" => Feedback,
    /// The old form of feedback.
    UserReport = "user_report" => Feedback,
    /// Counts of what was dropped.
    ClientReport = "client_report" => Internal,
    /// A cron check-in.
    CheckIn = "check_in" => Monitor,
    /// A container of logs.
    Log = "log" => LogItem,
    /// A container of metrics.
    TraceMetric = "trace_metric" => TraceMetric,
    /// A profile, sample format 1.
    Profile = "profile" => Profile,
    /// A piece of a profile, sample format 2.
    ProfileChunk = "profile_chunk" => ProfileChunk,
    /// What a replay is about.
    ReplayEvent = "replay_event" => Replay,
    /// A piece of a replay.
    ReplayRecording = "replay_recording" => Replay,
    /// A piece of a mobile replay.
    ReplayVideo = "replay_video" => Replay,
    /// A browser's security report as it came.
    RawSecurity = "raw_security" => Security,
    /// A browser's security report.
    Security = "security" => Security,
    /// A browser's network error report.
    Nel = "nel" => Security,
    /// The retired metrics product, as text.
    Statsd = "statsd" => MetricBucket,
    /// The retired metrics product, aggregated.
    MetricBuckets = "metric_buckets" => MetricBucket,
    /// Multipart fields beside a minidump.
    FormData = "form_data" => Attachment,
    /// An Unreal Engine crash.
    UnrealReport = "unreal_report" => Error,
}

impl fmt::Display for ItemType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ItemType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ItemType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::parse(&text))
    }
}
