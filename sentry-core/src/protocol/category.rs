//! The data categories of rate limits and client reports.

use crate::protocol::lists::wire_names;

wire_names! {
    /// What kind of data an item is, for rate limits and client reports (rate limiting, published transport spec).
    pub enum Category {
        /// Anything without a category of its own.
        Default = "default",
        /// Error and message events.
        Error = "error",
        /// Transactions.
        Transaction = "transaction",
        /// Spans, those inside a transaction included.
        Span = "span",
        /// Cron check-ins.
        Monitor = "monitor",
        /// Structured logs, counted in entries.
        LogItem = "log_item",
        /// Structured logs, counted in bytes.
        LogByte = "log_byte",
        /// Browser security reports.
        Security = "security",
        /// Attachments, counted in bytes.
        Attachment = "attachment",
        /// Sessions and their aggregates.
        Session = "session",
        /// Profiles, sample format 1.
        Profile = "profile",
        /// Profile chunks of back ends.
        ProfileChunk = "profile_chunk",
        /// Profile chunks of user interfaces.
        ProfileChunkUi = "profile_chunk_ui",
        /// Session replays.
        Replay = "replay",
        /// User feedback.
        Feedback = "feedback",
        /// Metrics, counted in entries.
        TraceMetric = "trace_metric",
        /// Metrics, counted in bytes.
        TraceMetricByte = "trace_metric_byte",
        /// The retired metrics product.
        MetricBucket = "metric_bucket",
        /// Client reports and the like: never limited by name.
        Internal = "internal",
    }
}
