//! Waiting for delivery without holding JavaScript up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status, Task};
use watchpost_bindings::{HostClient, guard};

/// A number, and whether what it asked for happened.
type Answer = FnArgs<(u32, bool)>;

/// The function of JavaScript that gets the answers. It keeps no process alive.
#[derive(Clone)]
pub(crate) struct Listener(Arc<ThreadsafeFunction<Answer, (), Answer, Status, false, true>>);

impl Listener {
    /// The listener that calls `function`.
    pub(crate) fn new(function: &Function<'_, Answer, ()>) -> Result<Self> {
        let built = function.build_threadsafe_function().callee_handled::<false>().weak::<true>().build();
        built.map(|function| Self(Arc::new(function)))
    }

    /// Asks for an answer once everything has left; false if there will be none.
    pub(crate) fn ask(&self, host: &HostClient, number: u32) -> bool {
        let listener = self.clone();
        let flushed = Box::new(move |done| {
            // Refused only while JavaScript ends.
            let _ = listener.0.call((number, done).into(), ThreadsafeFunctionCallMode::NonBlocking);
        });
        host.client().flush_later(flushed).is_ok()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.0.aborted()).finish()
    }
}

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
