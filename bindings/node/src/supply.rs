//! Sources that are on no disk.

use napi_derive::napi;
use watchpost_bindings::guard;

use crate::client::NativeClient;

#[napi]
impl NativeClient {
    /// The files of the application's own that a `stack` names and that are on no disk. `message` is its error's.
    #[napi]
    pub fn missing_sources(&self, stack: String, message: String) -> Vec<String> {
        guard(|| self.stacks.missing_sources(&stack, &message)).unwrap_or_default()
    }

    /// The text of one of these, as a source map has it; an empty one says that nobody has it.
    #[napi]
    pub fn supply_source(&self, path: String, text: String) {
        guard(|| self.stacks.supply_source(path, text));
    }
}
