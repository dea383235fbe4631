//! The wire shapes of the protocol, one per file.

mod attribute;
mod breadcrumb;
mod category;
mod check_in;
pub(crate) mod data;
mod debug_meta;
mod event;
mod event_id;
mod exception;
mod feedback;
pub(crate) mod ids;
mod level;
pub(crate) mod lists;
mod log;
mod logentry;
mod mechanism;
pub(crate) mod metric;
mod reason;
mod request;
mod sdk_info;
mod session;
mod span;
mod span_link;
mod span_v2;
mod stacktrace;
mod thread;
mod timestamp;
mod trace_id;
mod transaction;
mod user;
mod walked;

pub use self::attribute::{Attribute, AttributeValue, Attributes};
pub use self::breadcrumb::Breadcrumb;
pub use self::category::Category;
pub use self::check_in::{CheckIn, CheckInStatus, MonitorConfig, Schedule, ScheduleUnit};
pub use self::data::Data;
pub use self::debug_meta::{DebugImage, DebugMeta};
pub use self::event::{Context, Event, Tags};
pub use self::event_id::EventId;
pub use self::exception::Exception;
pub use self::feedback::Feedback;
pub use self::level::Level;
pub use self::log::{Log, LogLevel};
pub use self::logentry::LogEntry;
pub use self::mechanism::{Errno, MachException, Mechanism, MechanismMeta, NsError, SignalMeta};
pub use self::metric::{Metric, MetricType};
pub use self::reason::DiscardReason;
pub use self::request::Request;
pub use self::sdk_info::{SdkInfo, SdkPackage, SdkSettings};
pub use self::session::{SessionAggregates, SessionAttributes, SessionBucket, SessionStatus, SessionUpdate};
pub use self::span::{SpanPayload, SpanStatus};
pub(crate) use self::span_link::MAX_LINKS;
pub use self::span_link::{SpanLink, SpanV2Link};
pub use self::span_v2::{SpanV2, SpanV2Status};
pub use self::stacktrace::{Frame, Stacktrace};
pub use self::thread::Thread;
pub use self::timestamp::Timestamp;
pub use self::trace_id::{SpanId, TraceId};
pub use self::transaction::{Measurement, Measurements, TransactionInfo, TransactionSource};
pub use self::user::{Geo, User};
pub use self::walked::{LookUp, Walked};

/// A JSON object that keeps the order of its keys.
pub type Map = serde_json::Map<String, serde_json::Value>;
/// Any JSON value.
pub type Value = serde_json::Value;
