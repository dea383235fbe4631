//! Waiting for delivery without holding JavaScript up.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status, Task, sys};
use napi_derive::napi;
use watchpost_bindings::{HostClient, guard};

use crate::client::NativeClient;

/// A number, and whether what it asked for happened.
type Answer = FnArgs<(u32, bool)>;
type Answers = ThreadsafeFunction<(u32, bool), (), Answer, Status, false, true>;

thread_local! {
    /// Those of this thread by their numbers: checking the class of a client costs more than all that is asked of it.
    static LISTENERS: RefCell<Vec<(u32, Rc<Listener>)>> = const { RefCell::new(Vec::new()) };
    /// The number of the next one.
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// The function of JavaScript that gets the answers of one client.
struct Listener {
    host: Arc<HostClient>,
    function: Arc<Answers>,
    owed: Rc<Owed>,
}

/// The numbers whose answers somebody waits for. While there are any, they keep the process alive.
struct Owed {
    function: Cell<sys::napi_threadsafe_function>,
    numbers: RefCell<Vec<u32>>,
}

/// A listener's number; it is forgotten with this.
#[derive(Debug)]
pub(crate) struct Listening(u32);

impl Drop for Listening {
    fn drop(&mut self) {
        // A thread that ends has forgotten them already.
        let gone = LISTENERS.try_with(|listeners| {
            let mut listeners = listeners.borrow_mut();
            let at = listeners.iter().position(|(number, _)| *number == self.0)?;
            Some(listeners.swap_remove(at))
        });
        drop(gone);
    }
}

#[napi]
impl NativeClient {
    /// From now on `listener` hears what [`flush_later`] asks for: a number, and whether everything has left. What to
    /// ask by.
    ///
    /// # Errors
    /// When JavaScript has no room for it.
    #[napi]
    pub fn listen(
        &self,
        #[napi(ts_arg_type = "(number: number, done: boolean) => void")] listener: Function<'_, Answer, ()>,
    ) -> Result<u32> {
        let number = NEXT.replace(NEXT.get().wrapping_add(1));
        let listener = Rc::new(Listener::new(Arc::clone(&self.host), &listener)?);
        LISTENERS.with_borrow_mut(|listeners| listeners.push((number, listener)));
        self.listening.replace(Some(Listening(number)));
        Ok(number)
    }
}

/// Asks for a call of the listener with this number and true once everything has left. It is nobody's but the caller's to
/// stop waiting, and to say so. False if there will be no call, and `flush` has to wait.
#[napi]
pub fn flush_later(env: Env, listener: u32, number: u32) -> bool {
    guard(|| Some(of(listener)?.ask(env, number))).flatten().unwrap_or(false)
}

/// Nobody waits for the answer to this number any longer.
#[napi]
pub fn stop_waiting(env: Env, listener: u32, number: u32) {
    guard(|| of(listener).map(|listener| listener.owed.settle(env, number)));
}

fn of(number: u32) -> Option<Rc<Listener>> {
    LISTENERS.with_borrow(|listeners| {
        let found = listeners.iter().find(|(known, _)| *known == number);
        found.map(|(_, listener)| Rc::clone(listener))
    })
}

impl Listener {
    fn new(host: Arc<HostClient>, function: &Function<'_, Answer, ()>) -> Result<Self> {
        let owed = Rc::new(Owed { function: Cell::new(std::ptr::null_mut()), numbers: RefCell::default() });
        let settled = Rc::clone(&owed);
        let builder =
            function.build_threadsafe_function::<(u32, bool)>().callee_handled::<false>().weak::<true>();
        let function = builder.build_callback(move |answer| {
            let (number, done) = answer.value;
            settled.settle(answer.env, number);
            Ok(Answer::from((number, done)))
        })?;
        owed.function.set(function.raw());
        Ok(Self { host, function: Arc::new(function), owed })
    }

    fn ask(&self, env: Env, number: u32) -> bool {
        let function = Arc::clone(&self.function);
        let flushed = Box::new(move |done| {
            // Refused only while JavaScript ends.
            let _ = function.call((number, done), ThreadsafeFunctionCallMode::NonBlocking);
        });
        let asked = self.host.client().flush_later(flushed).is_ok();
        if asked {
            // The answer comes over the event loop, after this.
            self.owed.owe(env, number);
        }
        asked
    }
}

impl Owed {
    fn owe(&self, env: Env, number: u32) {
        let mut numbers = self.numbers.borrow_mut();
        numbers.push(number);
        if numbers.len() == 1 {
            #[expect(
                unsafe_code,
                reason = "the safe way asks for the function as one's own, which other threads have"
            )]
            // SAFETY: this is the thread of `env`, and the listener has not released the function.
            unsafe {
                sys::napi_ref_threadsafe_function(env.raw(), self.function.get());
            }
        }
    }

    fn settle(&self, env: Env, number: u32) {
        let mut numbers = self.numbers.borrow_mut();
        let Some(at) = numbers.iter().position(|owed| *owed == number) else { return };
        numbers.swap_remove(at);
        if numbers.is_empty() {
            #[expect(unsafe_code, reason = "as above")]
            // SAFETY: as above; while the function calls back it is there.
            unsafe {
                sys::napi_unref_threadsafe_function(env.raw(), self.function.get());
            }
        }
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
