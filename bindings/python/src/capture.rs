//! Captures: what an application or an integration reports.

use std::cell::Cell;

use crate::once::intern;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyTuple};
use watchpost_bindings::parse_value;
use watchpost_core::{Category, DiscardReason, Event, EventId, LogEntry, Text, Thread};

use crate::active::Active;
use crate::attachment;
pub(crate) use crate::beside::Beside;
use crate::convert::{Converter, Limits, text_of};
use crate::exception::{Caught, chain};
use crate::hook::Seen;
use crate::session::{Session, entry};
use crate::setters;
use crate::vars::Vars;

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Captures an exception, with its causes; without one, that which is being handled. Its event's id, or `None`.
#[pyfunction]
#[pyo3(signature = (error=None, scope=None, *, hint=None, **fields))]
pub(crate) fn capture_exception(
    py: Python<'_>,
    error: Given<'_, '_>,
    scope: Given<'_, '_>,
    hint: Given<'_, '_>,
    fields: Option<&Bound<'_, PyDict>>,
) -> Option<String> {
    self::error(py, error, &Beside::new(hint, scope, fields))
}

/// Captures an exception, or that which is being handled.
pub(crate) fn error(py: Python<'_>, error: Given<'_, '_>, beside: &Beside<'_, '_>) -> Option<String> {
    let caught = Caught { mechanism: Text::from_static("generic"), handled: true };
    capture(py, "capture_exception", beside, |session, seen| exception(py, session, error, &caught, seen))
}

/// The same for integrations, which say how they came by it.
#[pyfunction]
#[pyo3(signature = (error, mechanism, handled, hint=None, **fields))]
pub(crate) fn capture_exception_from(
    py: Python<'_>,
    error: &Bound<'_, PyAny>,
    mechanism: &str,
    handled: bool,
    hint: Given<'_, '_>,
    fields: Option<&Bound<'_, PyDict>>,
) -> Option<String> {
    let caught = Caught { mechanism: mechanism.into(), handled };
    capture(py, "capture_exception", &Beside::new(hint, None, fields), |session, seen| {
        exception(py, session, Some(error), &caught, seen)
    })
}

/// Captures a message. Its event's id, or `None`.
#[pyfunction]
#[pyo3(signature = (message, level=None, scope=None, *, hint=None, **fields))]
pub(crate) fn capture_message(
    py: Python<'_>,
    message: &Bound<'_, PyAny>,
    level: Given<'_, '_>,
    scope: Given<'_, '_>,
    hint: Given<'_, '_>,
    fields: Option<&Bound<'_, PyDict>>,
) -> Option<String> {
    self::message(py, message, level, &Beside::new(hint, scope, fields))
}

/// Captures a message.
pub(crate) fn message(
    py: Python<'_>,
    message: &Bound<'_, PyAny>,
    level: Given<'_, '_>,
    beside: &Beside<'_, '_>,
) -> Option<String> {
    capture(py, "capture_message", beside, |session, _| {
        let level = level.map(setters::to_level).transpose()?.flatten();
        let mut event =
            Event { logentry: Some(LogEntry::plain(text_of(message))), level, ..Event::default() };
        if session.host.options().client.attach_stacktrace() {
            event.threads = vec![caller(py, session)?];
        }
        Ok(Some(What::Message(event)))
    })
}

/// Captures an event that the application has put together. Its id, or `None`.
///
/// An exception in the hint, under `exc_info`, becomes the event's own unless that has one.
#[pyfunction]
#[pyo3(signature = (event, hint=None, scope=None, **fields))]
pub(crate) fn capture_event(
    py: Python<'_>,
    event: &Bound<'_, PyAny>,
    hint: Given<'_, '_>,
    scope: Given<'_, '_>,
    fields: Option<&Bound<'_, PyDict>>,
) -> Option<String> {
    self::event(py, event, &Beside::new(hint, scope, fields))
}

/// Captures an event that the application has put together.
pub(crate) fn event(py: Python<'_>, event: &Bound<'_, PyAny>, beside: &Beside<'_, '_>) -> Option<String> {
    let caught = Caught { mechanism: Text::from_static("generic"), handled: true };
    capture(py, "capture_event", beside, |session, seen| given_event(py, session, event, &caught, seen))
}

/// The same for integrations, which say how they came by the exception.
#[pyfunction]
pub(crate) fn capture_event_from(
    py: Python<'_>,
    event: &Bound<'_, PyAny>,
    mechanism: &str,
    handled: bool,
    hint: &Bound<'_, PyAny>,
) -> Option<String> {
    let caught = Caught { mechanism: mechanism.into(), handled };
    capture(py, "capture_event", &Beside::new(Some(hint), None, None), |session, seen| {
        given_event(py, session, event, &caught, seen)
    })
}

/// An event, or a message, whose level is `info` unless a scope has one.
enum What {
    Event(Event),
    Message(Event),
}

fn capture(
    py: Python<'_>,
    name: &str,
    beside: &Beside<'_, '_>,
    read: impl FnOnce(&Session, &mut Seen) -> PyResult<Option<What>>,
) -> Option<String> {
    let id = entry(py, name, || {
        let session = Session::current();
        let Some(session) = session.as_ref().filter(|session| session.host.client().is_enabled()) else {
            return Ok(None);
        };
        let Some(reading) = Reading::start() else { return Ok(None) };
        let mut seen = Seen { given: beside.hint.map(|hint| hint.clone().unbind()), ..Seen::default() };
        let Some(what) = read(session, &mut seen)? else { return Ok(None) };
        drop(reading);
        let active = Active::here(py)?;
        let active = active.get();
        let call_site = beside.scope(py, active)?;
        let mut scopes = active.scopes();
        if let Some(call_site) = &call_site {
            scopes.current = call_site;
        }
        let files =
            beside.fields.map(|fields| fields.get_item(intern!(py, "attachments"))).transpose()?.flatten();
        let hint = attachment::with_files(py, seen.into_hint(), files.as_ref())?;
        let client = session.host.client();
        // Hooks attach again; everything else, the write to disk included, needs no interpreter.
        let id = py.detach(|| match what {
            What::Event(event) => client.capture_event(event, &hint, scopes),
            What::Message(event) => client.capture_message_event(event, &hint, scopes),
        });
        if id.is_some() {
            active.recent().note_event(id);
        }
        Ok(id)
    });
    id.flatten().map(|id: EventId| id.to_string())
}

fn given_event(
    py: Python<'_>,
    session: &Session,
    event: &Bound<'_, PyAny>,
    caught: &Caught,
    seen: &mut Seen,
) -> PyResult<Option<What>> {
    let mut event: Event = match parse_value("event", Converter::new(Limits::EVENT).value(event)) {
        Ok(event) => event,
        Err(error) => {
            session.say(|| format!("capture_event got no event: {error}"));
            session.host.client().reports().record(DiscardReason::Invalid, Category::Error, 1);
            return Ok(None);
        }
    };
    let info = seen.given.as_ref().map(|hint| hint.bind(py).get_item(intern!(py, "exc_info"))).transpose()?;
    if let Some(info) = info.flatten().filter(|info| info.is_truthy().unwrap_or(false))
        && event.exception.is_empty()
    {
        if find_error(py, Some(&info))?.is_some() {
            match exception(py, session, Some(&info), caught, seen)? {
                Some(What::Event(with)) => event.exception = with.exception,
                _ => return Ok(None),
            }
        } else if event.threads.is_empty() {
            // Whoever asks for the exception where there is none, as `logging.exception` does, wants to know where it was.
            event.threads = vec![caller(py, session)?];
        }
    }
    Ok(Some(What::Event(event)))
}

fn exception(
    py: Python<'_>,
    session: &Session,
    error: Given<'_, '_>,
    caught: &Caught,
    seen: &mut Seen,
) -> PyResult<Option<What>> {
    let Some((error, traceback)) = find_error(py, error)? else {
        session.say(|| "capture_exception was called without an exception".to_owned());
        return Ok(None);
    };
    if session.ignores(&error) {
        session.host.client().reports().record(DiscardReason::EventProcessor, Category::Error, 1);
        return Ok(None);
    }
    let active = Active::here(py)?;
    let recent = active.get().recent();
    // What the application captured itself, or one integration saw, is not captured by the next one as well.
    if caught.mechanism != "generic" && recent.is_known(&error) {
        return Ok(None);
    }
    recent.note_error(&error)?;
    let mut chain = chain(&error, traceback.as_ref(), caught, &session.frames)?;
    if session.host.options().client.attach_stacktrace()
        && let Some(last) = chain.last_mut()
        && last.stacktrace.is_none()
    {
        last.stacktrace = session.frames.of_caller(py, &mut Vars::new())?;
    }
    seen.error = Some(error.unbind());
    seen.traceback = traceback.map(Bound::unbind);
    Ok(Some(What::Event(Event::exception(chain))))
}

type Found<'py> = (Bound<'py, PyBaseException>, Option<Bound<'py, PyAny>>);

/// The exception that was meant: an exception, an `exc_info` tuple, or nothing for the one that is being handled.
fn find_error<'py>(py: Python<'py>, given: Given<'_, 'py>) -> PyResult<Option<Found<'py>>> {
    let info = match given {
        Some(given) if !given.is_none() && !given.is_instance_of::<PyBool>() => {
            if let Ok(error) = given.cast::<PyBaseException>() {
                return Ok(Some((error.clone(), None)));
            }
            given.clone()
        }
        _ => py.import(intern!(py, "sys"))?.call_method0(intern!(py, "exc_info"))?,
    };
    let Ok(info) = info.cast::<PyTuple>() else { return Ok(None) };
    if info.len() != 3 {
        return Ok(None);
    }
    let traceback = info.get_item(2)?;
    let traceback = (!traceback.is_none()).then_some(traceback);
    Ok(info.get_item(1)?.cast_into().ok().map(|error| (error, traceback)))
}

/// An exception that was captured elsewhere: what integrations see of it here is no news.
#[pyfunction]
pub(crate) fn pass_over(py: Python<'_>, error: &Bound<'_, PyBaseException>) {
    entry(py, "pass_over", || Active::here(py)?.get().recent().note_error(error));
}

/// The calling thread with its stack.
fn caller(py: Python<'_>, session: &Session) -> PyResult<Thread> {
    let thread = py.import(intern!(py, "threading"))?.call_method0(intern!(py, "current_thread"))?;
    let ident = thread.getattr(intern!(py, "ident"))?;
    Ok(Thread {
        id: Some(Converter::new(Limits::DATA).value(&ident)),
        name: Some(text_of(&thread.getattr(intern!(py, "name"))?)),
        current: Some(true),
        crashed: Some(false),
        stacktrace: session.frames.of_caller(py, &mut Vars::new())?,
        ..Thread::default()
    })
}

/// Set while a capture reads the application's objects: a `repr` that captures would come back here for ever.
struct Reading;

impl Reading {
    fn start() -> Option<Self> {
        (!READING.with(|reading| reading.replace(true))).then_some(Self)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        READING.with(|reading| reading.set(false));
    }
}
