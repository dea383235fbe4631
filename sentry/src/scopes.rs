//! Where the scopes of a Rust program live: the global one in the process, the others with the thread or future.

use std::cell::RefCell;
use std::sync::LazyLock;

use watchpost_core::{Scopes, SharedScope, Span};

static GLOBAL: LazyLock<SharedScope> = LazyLock::new(SharedScope::new);
/// The isolation scope of everything that was not isolated: what `main` sets holds for all threads.
static PROCESS: LazyLock<SharedScope> = LazyLock::new(SharedScope::new);

/// The scopes that a thread or a future works with.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    pub(crate) isolation: SharedScope,
    pub(crate) current: SharedScope,
    /// A client and a global scope that hold for this piece of work only.
    #[cfg(feature = "testing")]
    pub(crate) sandbox: Option<std::sync::Arc<crate::testing::Sandbox>>,
}

impl Local {
    fn of_the_process() -> Self {
        Self {
            isolation: PROCESS.clone(),
            current: SharedScope::new(),
            #[cfg(feature = "testing")]
            sandbox: None,
        }
    }
}

thread_local! {
    static LOCAL: RefCell<Local> = RefCell::new(Local::of_the_process());
}

/// Makes the process's scopes. A fork amid another thread's first use of them would leave the child waiting for ever.
pub(crate) fn prepare() {
    LazyLock::force(&GLOBAL);
    LazyLock::force(&PROCESS);
}

/// The scope of the whole process.
///
/// ```
/// watchpost::global_scope().update(|scope| scope.set_tag("host", "web-1"));
/// ```
pub fn global_scope() -> SharedScope {
    #[cfg(feature = "testing")]
    if let Some(sandbox) = local().sandbox {
        return sandbox.global.clone();
    }
    GLOBAL.clone()
}

/// The scope of this request or task; of the process, where nothing was isolated.
pub fn isolation_scope() -> SharedScope {
    LOCAL.try_with(|local| local.borrow().isolation.clone()).unwrap_or_else(|_| PROCESS.clone())
}

/// Calls `f` with the isolation scope, which is borrowed meanwhile: `f` must call nothing of the application's.
pub(crate) fn with_isolation<R>(f: impl FnOnce(&SharedScope) -> R) -> R {
    if LOCAL.try_with(|_| ()).is_ok() {
        LOCAL.with(|local| f(&local.borrow().isolation))
    } else {
        // The thread is being torn down.
        f(&PROCESS)
    }
}

/// The scope of this block of code.
pub fn current_scope() -> SharedScope {
    LOCAL.try_with(|local| local.borrow().current.clone()).unwrap_or_default()
}

/// Runs `f` with a copy of the current scope; what it sets on [`current_scope`] ends with it.
///
/// ```
/// watchpost::with_scope(|| {
///     watchpost::current_scope().update(|scope| scope.set_tag("step", "2"));
///     watchpost::capture_message("only this one has the tag", None);
/// });
/// ```
pub fn with_scope<R>(f: impl FnOnce() -> R) -> R {
    let local = local();
    enter(Local { current: local.current.fork(), ..local }, f)
}

/// Runs `f` with scopes of its own, as for a request: nothing that it sets is seen outside, and it starts a trace.
/// For a future, see [`ScopeFutureExt::isolated`](crate::ScopeFutureExt::isolated).
///
/// ```
/// watchpost::isolate(|| {
///     watchpost::set_tag("order", "1002");
///     watchpost::capture_message("has the tag", None);
/// });
/// watchpost::capture_message("has it not", None);
/// ```
pub fn isolate<R>(f: impl FnOnce() -> R) -> R {
    enter(isolated(), f)
}

/// Copies of this thread's scopes for a new piece of work.
pub(crate) fn isolated() -> Local {
    let local = local();
    let (isolation, mut current) = (local.isolation.fork(), local.current.fork());
    isolation.update(watchpost_core::Scope::start_trace);
    current.update(|scope| scope.set_propagation(None));
    current.set_span(None);
    Local {
        isolation,
        current,
        #[cfg(feature = "testing")]
        sandbox: local.sandbox,
    }
}

/// This thread's scopes. While a thread is being torn down: those of the process.
pub(crate) fn local() -> Local {
    LOCAL.try_with(|local| local.borrow().clone()).unwrap_or_else(|_| Local::of_the_process())
}

/// The isolation scope of everything that was not isolated.
pub(crate) fn process() -> &'static SharedScope {
    &PROCESS
}

/// The active span of this thread or future.
pub(crate) fn span() -> Option<Span> {
    LOCAL.try_with(|local| local.borrow().current.span().cloned()).ok().flatten()
}

/// A child of the active span, if there is one that is not sent.
pub(crate) fn unsent_child() -> Option<Span> {
    LOCAL.try_with(|local| local.borrow().current.span_slot()?.unsent_child()).ok().flatten()
}

/// Makes `span` the active one. The one before, or nothing while the thread is being torn down.
pub(crate) fn set_span(span: Option<Span>) -> Option<Span> {
    LOCAL.try_with(|local| local.borrow_mut().current.set_span(span)).ok().flatten()
}

/// Makes `previous` the active span again, if `span` still is.
pub(crate) fn restore_span(span: &Span, previous: Option<Span>) {
    let restored = LOCAL.try_with(|local| {
        let current = &mut local.borrow_mut().current;
        let is_active = current.span_slot().is_some_and(|active| active.is_same(span));
        is_active.then(|| current.set_span(previous))
    });
    drop(restored);
}

/// Runs `f` with other scopes, keeps what it changes about them, and puts the old ones back even if it panics.
pub(crate) fn lend<R>(scopes: &mut Local, f: impl FnOnce() -> R) -> R {
    struct Back<'a>(Option<&'a mut Local>);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            if let Some(scopes) = self.0.take() {
                let _ = LOCAL.try_with(|local| std::mem::swap(&mut *local.borrow_mut(), scopes));
            }
        }
    }
    let lent = LOCAL.try_with(|local| std::mem::swap(&mut *local.borrow_mut(), scopes));
    let _back = Back(lent.is_ok().then_some(scopes));
    f()
}

/// Runs `f` with other scopes, and puts the old ones back even if it panics.
pub(crate) fn enter<R>(scopes: Local, f: impl FnOnce() -> R) -> R {
    struct Back(Option<Local>);
    impl Drop for Back {
        fn drop(&mut self) {
            if let Some(old) = self.0.take() {
                let _ = LOCAL.try_with(|local| local.replace(old));
            }
        }
    }
    let _back = Back(LOCAL.try_with(|local| local.replace(scopes)).ok());
    f()
}

/// Calls `f` with the three scopes of a capture.
pub(crate) fn with_all<R>(f: impl FnOnce(Scopes<'_>) -> R) -> R {
    let local = local();
    #[cfg(feature = "testing")]
    if let Some(sandbox) = &local.sandbox {
        return f(Scopes { global: &sandbox.global, isolation: &local.isolation, current: &local.current });
    }
    f(Scopes { global: &GLOBAL, isolation: &local.isolation, current: &local.current })
}

#[cfg(feature = "testing")]
pub(crate) fn reset() {
    for scope in [&*GLOBAL, &*PROCESS] {
        scope.replace(watchpost_core::Scope::new());
    }
    let _ = LOCAL.try_with(|local| local.replace(Local::of_the_process()));
}
