//! Waiting for delivery without holding JavaScript up.

use std::sync::Arc;
use std::time::Duration;

use napi::{Env, Result, Task};
use watchpost_bindings::{HostClient, guard};

/// Waits on a thread of Node's pool.
#[derive(Debug)]
pub struct Flush {
    pub(crate) host: Arc<HostClient>,
    pub(crate) timeout: Option<Duration>,
    /// True stops the client as well.
    pub(crate) close: bool,
}

impl Task for Flush {
    type Output = bool;
    type JsValue = bool;

    fn compute(&mut self) -> Result<bool> {
        let done = || if self.close { self.host.close(self.timeout) } else { self.host.flush(self.timeout) };
        Ok(guard(done).unwrap_or(false))
    }

    fn resolve(&mut self, _env: Env, done: bool) -> Result<bool> {
        Ok(done)
    }
}
