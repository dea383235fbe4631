/** The attribute that is a span's operation. */
export const SEMANTIC_ATTRIBUTE_SENTRY_OP = "sentry.op";
/** The attribute that says what made a span. */
export const SEMANTIC_ATTRIBUTE_SENTRY_ORIGIN = "sentry.origin";
/** The attribute that says what a transaction's name was made of. */
export const SEMANTIC_ATTRIBUTE_SENTRY_SOURCE = "sentry.source";
/** The attribute that is the rate by which a trace was chosen. */
export const SEMANTIC_ATTRIBUTE_SENTRY_SAMPLE_RATE = "sentry.sample_rate";
/** The version of this package. */
export const SDK_VERSION = "0.1.0";
