//! What exists once per process.

use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwapOption;
use watchpost_core::SharedScope;

use crate::client::HostClient;

static CLIENT: ArcSwapOption<HostClient> = ArcSwapOption::const_empty();
static GLOBAL: LazyLock<SharedScope> = LazyLock::new(SharedScope::new);

/// The client of the last `init`; `None` before it. Takes no lock.
pub fn current_client() -> Option<Arc<HostClient>> {
    CLIENT.load_full()
}

/// Puts a client in the place of the current one, which is returned; the caller closes it.
pub fn replace_client(client: Option<Arc<HostClient>>) -> Option<Arc<HostClient>> {
    // Before anybody can fork amid its first use.
    LazyLock::force(&GLOBAL);
    CLIENT.swap(client)
}

/// The scope of the whole process.
pub fn global_scope() -> &'static SharedScope {
    &GLOBAL
}
