//! Why an item was not delivered.

use crate::protocol::lists::wire_names;

wire_names! {
    /// Why an item was dropped (client reports, published spec 1.20.0).
    pub enum DiscardReason {
        /// The queue in memory was full.
        QueueOverflow = "queue_overflow",
        /// The spool on disk was full, or the item was too old.
        CacheOverflow = "cache_overflow",
        /// A telemetry buffer was full.
        BufferOverflow = "buffer_overflow",
        /// The server had asked for a pause.
        RatelimitBackoff = "ratelimit_backoff",
        /// The network failed and the item is not tried again.
        NetworkError = "network_error",
        /// The sampling draw said no.
        SampleRate = "sample_rate",
        /// A `before_*` hook dropped it, or failed.
        BeforeSend = "before_send",
        /// An event processor or an ignore rule dropped it, or failed.
        EventProcessor = "event_processor",
        /// The server refused it.
        SendError = "send_error",
        /// The SDK itself failed.
        InternalSdkError = "internal_sdk_error",
        /// It lacked what the protocol requires.
        InsufficientData = "insufficient_data",
        /// The sampling rate was lowered under load.
        Backpressure = "backpressure",
        /// A rule said that it should never be started.
        Ignored = "ignored",
        /// It broke the protocol.
        Invalid = "invalid",
    }
}
