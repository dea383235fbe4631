//! The limits, in characters unless said otherwise (event payload, published spec, "top level" and "truncation").

/// The largest event that servers take, in bytes (size limits, published envelope spec).
pub(crate) const EVENT_BYTES: usize = 1024 * 1024;

pub(super) const LOGGER: usize = 64;
pub(super) const TRANSACTION: usize = 200;
pub(super) const CULPRIT: usize = 200;
pub(super) const RELEASE: usize = 200;
pub(super) const ENVIRONMENT: usize = 64;
pub(super) const DIST: usize = 64;
pub(super) const PLATFORM: usize = 64;
pub(super) const SERVER_NAME: usize = 256;
/// Messages and exception values.
pub(super) const MESSAGE: usize = 8192;
pub(super) const FEEDBACK: usize = 4096;
/// Keys and values of tags.
pub(super) const TAG: usize = 200;
/// Bytes of all tags; ours, as none is published.
pub(super) const TAGS_IN_ALL: usize = 64 * 1024;
/// Bytes of one extra item, and of one breadcrumb's data.
pub(super) const EXTRA: usize = 16 * 1024;
/// Bytes of all extra items.
pub(super) const EXTRA_IN_ALL: usize = 256 * 1024;
/// Objects and lists inside of one another, in one item.
pub(super) const LEVELS: usize = 7;
/// Bytes of one context, of a request's headers, cookies and query.
pub(super) const CONTEXT: usize = 8 * 1024;
/// Bytes of the trace with its span's data.
pub(super) const TRACE: usize = 64 * 1024;
/// Bytes of all contexts; ours.
pub(super) const CONTEXTS_IN_ALL: usize = 256 * 1024;
pub(super) const FLAG: usize = 32;
pub(super) const FLAG_RESULT: usize = 200;
/// How many flags.
pub(super) const FLAGS: usize = 100;
pub(super) const URL: usize = 8192;
/// Names of types, functions, files; ours.
pub(super) const NAME: usize = 1024;
/// A line of source; ours, for minified code.
pub(super) const LINE: usize = 1024;
/// Frames from each end of a stack; those between are left out. Servers keep fewer, but show what was left out.
pub(super) const FRAMES: usize = 500;
/// Bytes of one frame's variables; ours.
pub(super) const VARS: usize = 16 * 1024;
/// Bytes of all variables; ours.
pub(super) const VARS_IN_ALL: usize = 256 * 1024;
/// How many errors of a chain or group; ours.
pub(super) const EXCEPTIONS: usize = 100;
/// How many threads; ours.
pub(super) const THREADS: usize = 1000;
/// How many parts of a fingerprint; ours.
pub(super) const FINGERPRINT: usize = 64;
/// How many processing errors; ours.
pub(super) const ERRORS: usize = 100;
/// Bytes of the fields that the core does not know.
pub(super) const OTHER: usize = 512 * 1024;
/// With fewer bytes than this left nothing more is added.
pub(super) const LEAST: usize = 16;
