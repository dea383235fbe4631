//! The structured log.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use watchpost_core::{Attribute, Log, LogLevel, Text};

use crate::active::Active;
use crate::attributes::{attribute, read_into};
use crate::convert::{Converter, Limits, text_of};
use crate::once::intern;
use crate::session::{Session, entry};
use crate::text::characters;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// One function per level, so that Python calls straight into here.
macro_rules! levels {
    ($($(#[doc = $doc:literal])* $name:ident = $level:ident;)*) => {
        $(
            $(#[doc = $doc])*
            #[pyfunction]
            #[pyo3(signature = (template, *args, attributes=None, **kwargs))]
            pub(crate) fn $name(
                template: Any<'_, '_>,
                args: &Bound<'_, PyTuple>,
                attributes: Option<Any<'_, '_>>,
                kwargs: Option<&Bound<'_, PyDict>>,
            ) {
                write(LogLevel::$level, template, args, attributes, kwargs);
            }
        )*
    };
}

levels! {
    /// Writes a line of level `trace`, as `log_info` does.
    log_trace = Trace;
    /// Writes a line of level `debug`, as `log_info` does.
    log_debug = Debug;
    /// Writes a line of the structured log, if the option `enable_logs` is on: a template in the form of `str.format`, and
    /// its values, which are kept beside the text.
    log_info = Info;
    /// Writes a line of level `warn`, as `log_info` does.
    log_warning = Warn;
    /// Writes a line of level `error`, as `log_info` does. It is no error event.
    log_error = Error;
    /// Writes a line of level `fatal`, as `log_info` does. It ends nothing.
    log_fatal = Fatal;
}

fn write(
    level: LogLevel,
    template: Any<'_, '_>,
    args: &Bound<'_, PyTuple>,
    attributes: Option<Any<'_, '_>>,
    kwargs: Option<&Bound<'_, PyDict>>,
) {
    let py = template.py();
    let session = Session::current();
    let Some(session) = session.as_ref().filter(|session| session.host.logs_enabled()) else { return };
    entry(py, "a log line", || {
        let mut log = Log::new(level, Text::default());
        read_into(&mut log.attributes, attributes)?;
        let named = kwargs.filter(|kwargs| !kwargs.is_empty());
        log.body = if args.is_empty() && named.is_none() {
            whole(template)
        } else {
            note_parameters(&mut log, template, args, named);
            // What cannot be filled in is still worth reading.
            let filled = template
                .cast::<PyString>()
                .map_err(PyErr::from)
                .and_then(|template| template.as_any().getattr(intern!(py, "format"))?.call(args, named));
            filled.map_or_else(|_| whole(template), |filled| whole(&filled))
        };
        let active = Active::here(py)?;
        session.host.client().capture_log(log, active.get().scopes());
        Ok(())
    });
}

/// A line that a logging library has put together, for integrations: its level by name, its text, and the template and
/// the values that it was made of.
#[pyfunction]
pub(crate) fn log_record(
    level: &str,
    body: Any<'_, '_>,
    template: Any<'_, '_>,
    args: Any<'_, '_>,
    attributes: Any<'_, '_>,
) {
    let py = body.py();
    let session = Session::current();
    let Some(session) = session.as_ref().filter(|session| session.host.logs_enabled()) else { return };
    entry(py, "a log record", || {
        let level = match level {
            "fatal" => LogLevel::Fatal,
            "error" => LogLevel::Error,
            "warning" => LogLevel::Warn,
            "info" => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        let mut log = Log::new(level, whole(body));
        read_into(&mut log.attributes, Some(attributes))?;
        match args.cast::<PyTuple>() {
            Ok(args) if !args.is_empty() => {
                log.set_template(text_of(template), args.iter().map(|value| shown(&value)));
            }
            _ => {}
        }
        session.host.client().capture_log(log, Active::here(py)?.get().scopes());
        Ok(())
    });
}

fn note_parameters(
    log: &mut Log,
    template: Any<'_, '_>,
    args: &Bound<'_, PyTuple>,
    named: Option<&Bound<'_, PyDict>>,
) {
    let template = text_of(template);
    log.set_template(template.clone(), args.iter().map(|value| shown(&value)));
    let Some(named) = named else { return };
    for (name, value) in named.iter().collect::<Vec<_>>() {
        log.attributes.insert(format!("sentry.message.parameter.{}", text_of(&name)), shown(&value));
    }
    log.attributes.insert(Text::from_static("sentry.message.template"), template);
}

/// A parameter; what has no type is shown as text.
fn shown(value: &Bound<'_, PyAny>) -> Attribute {
    attribute(value).unwrap_or_else(|| Converter::new(Limits::DATA).any_text(value).into())
}

/// The text of a line, however long: the core knows what is too much.
fn whole(text: &Bound<'_, PyAny>) -> Text {
    text.cast::<PyString>().map_or_else(|_| text_of(text), |text| Text::from(&*characters(text)))
}
