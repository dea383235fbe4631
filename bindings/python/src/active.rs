//! Which scopes are active here: a context variable.
//!
//! - The main thread starts with the process's root isolation scope; every other thread with a fork of it, made at its
//!   first use.
//! - An asyncio task that is created amid a piece of work (a request, a job, an isolation scope) belongs to it: it shares
//!   the isolation scope, and has a fork of the current one, made at its first use.
//! - Any other asyncio task starts with a fork of both as they were where it was created, made at its first use.
//! - Code that runs in a copied context without being a task of its own (`asyncio.to_thread`, greenlets that copy their
//!   spawner's context) shares the scopes of whoever started it.

use std::sync::{Arc, LazyLock, OnceLock, Weak};

use crate::contextvar::ContextVar;
use crate::framework::Source;
use crate::late::Late;
use crate::once::{Once, intern};
use crate::recent::Recent;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction};
use watchpost_bindings::global_scope;
use watchpost_core::{Client, ForkLock, Scopes, SharedScope, Span};

/// The process's root isolation scope.
static ROOT: LazyLock<SharedScope> = LazyLock::new(SharedScope::new);
static VARIABLE: Once<Variable> = Once::new();
static ASYNCIO: Once<Asyncio> = Once::new();

/// The scopes of one piece of work, as the context variable holds them.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct Active {
    scopes: When,
    /// The address of the asyncio task that these are for; zero outside of tasks. A task created by a dead task at
    /// the same address would be taken for it, if its creator never used its scopes: then nobody else does either.
    task: usize,
    /// True amid a piece of work: the isolation scope was made for it, and its tasks share that.
    is_work: bool,
    /// True where a thread has begun by itself, outside of any block.
    is_base: bool,
    /// The request that is being answered here.
    pub(crate) request: Option<Arc<Source>>,
}

/// When they are made.
#[derive(Debug)]
enum When {
    Before(Held),
    /// When somebody asks for them. Not apart in memory: every request has one.
    Asked(Late, Weak<Recent>, OnceLock<Held>),
}

#[derive(Debug)]
struct Held {
    isolation: SharedScope,
    current: SharedScope,
    recent: Arc<Recent>,
}

impl Active {
    /// The same in these scopes.
    fn amid(&self, held: Held, is_work: bool) -> Self {
        let request = self.request.clone();
        Self { scopes: When::Before(held), task: self.task, is_work, is_base: false, request }
    }

    /// The same with forks of both scopes as they are now, for one request: they are made when first asked for.
    pub(crate) fn with_request(&self, client: &Client, source: Arc<Source>) -> Self {
        let held = self.held();
        let late = Late::begin(client, &held.isolation, &held.current);
        let scopes = When::Asked(late, Arc::downgrade(&held.recent), OnceLock::new());
        Self { scopes, task: self.task, is_work: true, is_base: false, request: Some(source) }
    }

    fn held(&self) -> &Held {
        let (late, outer, held) = match &self.scopes {
            When::Before(held) => return held,
            When::Asked(late, outer, held) => (late, outer, held),
        };
        if let Some(held) = held.get() {
            return held;
        }
        // Made first and put in then, as by `Once`: who makes them may let go of the interpreter.
        let (isolation, current) = late.make(self.request.as_ref());
        held.get_or_init(|| {
            late.count_errors(&isolation);
            Held { isolation, current, recent: Recent::inside(outer) }
        })
    }

    fn late(&self) -> Option<&Late> {
        match &self.scopes {
            When::Before(_) => None,
            When::Asked(late, ..) => Some(late),
        }
    }

    /// What belongs to one piece of work.
    pub(crate) fn isolation(&self) -> &SharedScope {
        &self.held().isolation
    }

    /// What belongs to one block of it.
    pub(crate) fn current(&self) -> &SharedScope {
        &self.held().current
    }

    /// What was captured last in it.
    pub(crate) fn recent(&self) -> &Arc<Recent> {
        &self.held().recent
    }

    /// Makes another span the active one of the current scope.
    pub(crate) fn set_span(&mut self, span: Span) {
        self.held();
        let held = match &mut self.scopes {
            When::Before(held) => Some(held),
            When::Asked(_, _, held) => held.get_mut(),
        };
        if let Some(held) = held {
            held.current.set_span(Some(span));
        }
    }

    /// An error that nobody handled ends the request that this was made for.
    pub(crate) fn request_crashed(&self) {
        if let Some(late) = self.late() {
            late.crashed();
        }
    }

    /// The request that this was made for is over. Only the first end counts.
    pub(crate) fn finish_request(&self, status: u16) {
        if let Some(late) = self.late() {
            // Whose request it is, only a session of its own looks up.
            if late.has_user() {
                self.held();
            }
            late.finish(status);
        }
    }

    /// What is active here.
    ///
    /// # Errors
    /// When the interpreter has no memory left.
    pub(crate) fn here(py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        let variable = Variable::of_process(py)?;
        let held = variable.var.get(py)?;
        let task = current_task(py);
        let fresh = match held.cast_into::<Self>() {
            Ok(active) if task == 0 || active.get().task == task => return Ok(active),
            Ok(inherited) => Self { task, ..inherited.get().for_task() },
            Err(_) => {
                let isolation = match (is_main_thread(py), task) {
                    (true, 0) => ROOT.clone(),
                    (true, _) => ROOT.fork(),
                    (false, _) => isolation_fork(&ROOT),
                };
                let held = Held { isolation, current: SharedScope::new(), recent: Recent::of_thread() };
                Self { scopes: When::Before(held), task, is_work: false, is_base: task == 0, request: None }
            }
        };
        let fresh = Bound::new(py, fresh)?;
        variable.var.set(fresh.as_any())?;
        Ok(fresh)
    }

    /// What a task begins with that was created here.
    fn for_task(&self) -> Self {
        let held = self.held();
        let current = held.current.fork();
        let held = if self.is_work {
            Held { isolation: held.isolation.clone(), current, recent: Arc::clone(&held.recent) }
        } else {
            Held { isolation: held.isolation.fork(), current, recent: Recent::part_of(&held.recent) }
        };
        self.amid(held, self.is_work)
    }

    /// What a thread begins with that goes on here: what it sets stays with it.
    pub(crate) fn for_thread(&self) -> Self {
        let held = self.held();
        let (isolation, current) = (held.isolation.fork(), held.current.fork());
        let held = Held { isolation, current, recent: Recent::part_of(&held.recent) };
        Self { task: 0, ..self.amid(held, self.is_work) }
    }

    /// True if a thread that is started here begins with a fork of the same isolation scope anyway, as it is by then.
    pub(crate) fn is_usual(&self) -> bool {
        self.is_base && self.isolation().is_same(&ROOT)
    }

    /// The same with a fork of the current scope.
    pub(crate) fn with_current_fork(&self) -> Self {
        self.with(self.current().fork())
    }

    /// The same with a fork of both scopes, which starts a trace of its own.
    pub(crate) fn with_isolation_fork(&self) -> Self {
        let isolation = isolation_fork(self.isolation());
        let current = self.current().with_span(None).fork();
        current.update(|scope| scope.set_propagation(None));
        self.amid(Held { isolation, current, recent: self.recent_inside() }, true)
    }

    /// The same with another current scope, around which the same span is active.
    pub(crate) fn with_current(&self, scope: SharedScope) -> Self {
        self.with(scope.with_span(self.current().span_slot().cloned()))
    }

    /// The same with another isolation scope, and a fork of the current one.
    pub(crate) fn with_isolation(&self, isolation: SharedScope) -> Self {
        let current = self.current().fork();
        self.amid(Held { isolation, current, recent: self.recent_inside() }, true)
    }

    fn recent_inside(&self) -> Arc<Recent> {
        Recent::inside(&Arc::downgrade(self.recent()))
    }

    /// The same with another active span.
    pub(crate) fn with_span(&self, span: Option<Span>) -> Self {
        self.with(self.current().with_span(span))
    }

    /// The same with this current scope.
    fn with(&self, current: SharedScope) -> Self {
        let held = self.held();
        let (isolation, recent) = (held.isolation.clone(), Arc::clone(&held.recent));
        self.amid(Held { isolation, current, recent }, self.is_work)
    }

    /// The active span, unless it has ended.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.current().span().or_else(|| self.isolation().span())
    }

    /// Makes `self` what is active here; the token takes it back.
    pub(crate) fn enter(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Variable::of_process(py)?.var.set(Bound::new(py, self)?.as_any())
    }

    /// The same for scopes that were active before.
    pub(crate) fn enter_again(this: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        Variable::of_process(this.py())?.var.set(this)
    }

    /// Takes back what [`enter`](Self::enter) did.
    pub(crate) fn leave(py: Python<'_>, token: &Py<PyAny>) -> PyResult<()> {
        Variable::of_process(py)?.var.reset(py, token)
    }

    /// The scopes of a capture.
    pub(crate) fn scopes(&self) -> Scopes<'_> {
        let held = self.held();
        Scopes { global: global_scope(), isolation: &held.isolation, current: &held.current }
    }
}

/// What a block has to take back, for each time that it was entered.
#[derive(Debug, Default)]
pub(crate) struct Tokens(ForkLock<Stack>);

/// Nearly all blocks are entered once, for which the first place is enough.
#[derive(Debug, Default)]
struct Stack {
    first: Option<Option<Py<PyAny>>>,
    more: Vec<Option<Py<PyAny>>>,
}

impl Tokens {
    /// Notes that the block was entered, with what [`enter`](Active::enter) answered if that was called.
    pub(crate) fn push(&self, token: Option<Py<PyAny>>) {
        self.0.with(|stack| match stack.first {
            None => stack.first = Some(token),
            Some(_) => stack.more.push(token),
        });
    }

    /// Takes the last one back.
    ///
    /// # Errors
    /// When it was entered in another context.
    pub(crate) fn leave(&self, py: Python<'_>) -> PyResult<()> {
        match self.0.with(|stack| stack.more.pop().or_else(|| stack.first.take())).flatten() {
            Some(token) => {
                let token = token.into_bound(py);
                Active::leave(py, token.as_unbound())
            }
            None => Ok(()),
        }
    }
}

/// The process's root isolation scope, with which the main thread begins.
pub(crate) fn root() -> &'static SharedScope {
    &ROOT
}

/// Forgets what the root scope holds, between tests.
pub(crate) fn reset_root(py: Python<'_>) -> PyResult<()> {
    ROOT.replace(watchpost_core::Scope::new());
    global_scope().replace(watchpost_core::Scope::new());
    Variable::of_process(py)?.var.set(py.None().bind(py)).map(drop)
}

fn isolation_fork(scope: &SharedScope) -> SharedScope {
    let fork = scope.fork();
    fork.update(watchpost_core::Scope::start_trace);
    fork
}

/// The context variable, and which thread began.
#[derive(Debug)]
struct Variable {
    var: ContextVar,
    main_thread: u64,
}

/// Makes what every entry needs, while the module is being imported: the variable must be the same for all threads that
/// come first, and a fork amid the making of the root would leave the child waiting.
///
/// # Errors
/// When the interpreter's own modules cannot be imported.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    LazyLock::force(&ROOT);
    // The type of functions is one that pyo3 looks up at its first use, with the same risk.
    let _ = (global_scope(), modules(py)?, py.get_type::<PyFunction>());
    Variable::of_process(py).map(drop)
}

impl Variable {
    fn of_process(py: Python<'_>) -> PyResult<&Self> {
        VARIABLE.get_or_try_init(py, || {
            // Without the module there is only the main thread.
            let main_thread = match modules(py)?.get_item("threading")? {
                Some(threading) => threading.call_method0("main_thread")?.getattr("ident")?.extract()?,
                None => thread_ident(py)?,
            };
            Ok(Self { var: ContextVar::new(py, "watchpost")?, main_thread })
        })
    }
}

fn is_main_thread(py: Python<'_>) -> bool {
    match (thread_ident(py), Variable::of_process(py)) {
        (Ok(ident), Ok(variable)) => ident == variable.main_thread,
        _ => false,
    }
}

fn thread_ident(py: Python<'_>) -> PyResult<u64> {
    py.import("_thread")?.call_method0("get_ident")?.extract()
}

/// asyncio's own functions, once the application has imported it.
#[derive(Debug)]
struct Asyncio {
    running_loop: Py<PyAny>,
    current_task: Py<PyAny>,
}

fn current_task(py: Python<'_>) -> usize {
    let Some(asyncio) = asyncio(py) else { return 0 };
    let Ok(running) = asyncio.running_loop.bind(py).call0() else { return 0 };
    if running.is_none() {
        return 0;
    }
    match asyncio.current_task.bind(py).call1((running,)) {
        Ok(task) if !task.is_none() => task.as_ptr() as usize,
        _ => 0,
    }
}

fn asyncio(py: Python<'_>) -> Option<&Asyncio> {
    if let Some(known) = ASYNCIO.get() {
        return Some(known);
    }
    let tasks = modules(py).ok()?.get_item(intern!(py, "asyncio.tasks")).ok()??;
    let running_loop = py.import("asyncio.events").ok()?.getattr("_get_running_loop").ok()?.unbind();
    // Missing while asyncio itself is being imported.
    let current_task = tasks.getattr("current_task").ok()?.unbind();
    Some(ASYNCIO.get_or(Asyncio { running_loop, current_task }))
}

/// `sys.modules`.
///
/// # Errors
/// When `sys` cannot be imported.
pub(crate) fn modules(py: Python<'_>) -> PyResult<&Bound<'_, PyDict>> {
    static MODULES: Once<Py<PyDict>> = Once::new();
    let modules = MODULES.get_or_try_init(py, || -> PyResult<_> {
        Ok(py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?.unbind())
    });
    modules.map(|modules| modules.bind(py))
}
