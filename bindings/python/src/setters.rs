//! Python values into scopes: what `Scope` and the functions of the module have in common.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyString, PyType};
use watchpost_core::{Breadcrumb, Level, Map, SharedScope, Span, Text, TransactionSource, User, Value};

use crate::attributes;
use crate::convert::{Converter, Limits, optional_text, text_of};
use crate::fast::Names;
use crate::hook::{error_hook, event_hook};
use crate::session::Session;
use crate::status::read_source;
use crate::text::characters;
use crate::time;

/// Sets a tag; `None` removes it.
pub(crate) fn tag(scope: &SharedScope, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let key = text_of(key);
    match optional_text(value) {
        Some(value) => scope.update(|scope| scope.set_tag(key, value)),
        None => scope.update(|scope| scope.remove_tag(&key)),
    }
    Ok(())
}

/// Sets what the arguments of a capture name.
pub(crate) fn fields(scope: &SharedScope, fields: &Bound<'_, PyDict>) -> PyResult<()> {
    for (name, value) in fields.iter() {
        let Ok(name) = name.cast::<PyString>() else { continue };
        match &*characters(name) {
            "scope" | "attachments" => {}
            "tags" => each(&value, |key, value| tag(scope, key, value))?,
            "extra" | "extras" => each(&value, |key, value| extra(scope, key, value))?,
            "contexts" => each(&value, |key, value| context(scope, key, value))?,
            "attributes" => each(&value, |key, value| attribute(scope, key, value))?,
            "user" => user(scope, &value)?,
            "level" => level(scope, &value)?,
            "fingerprint" => fingerprint(scope, &value)?,
            "transaction" => transaction(scope, None, &value, None)?,
            unknown => {
                if let Some(session) = &*Session::current() {
                    session.say(|| format!("a capture has no argument `{unknown}`; it is ignored"));
                }
            }
        }
    }
    Ok(())
}

/// Calls `set` for each entry of a dictionary.
pub(crate) fn each(
    values: &Bound<'_, PyAny>,
    mut set: impl FnMut(&Bound<'_, PyAny>, &Bound<'_, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    let entries: Vec<_> = values.cast::<PyDict>()?.iter().collect();
    entries.iter().try_for_each(|(key, value)| set(key, value))
}

/// Sets an extra value.
pub(crate) fn extra(scope: &SharedScope, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let (key, value) = (text_of(key), Converter::new(Limits::DATA).value(value));
    scope.update(|scope| scope.set_extra(key, value));
    Ok(())
}

/// Replaces a context; `None` removes it. Anything but a dictionary stands under `value`.
pub(crate) fn context(scope: &SharedScope, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let key = text_of(key);
    if value.is_none() {
        scope.update(|scope| scope.remove_context(&key));
        return Ok(());
    }
    let map = to_context(value);
    scope.update(|scope| scope.set_context(key, map));
    Ok(())
}

/// A context from a dictionary; anything else stands under `value`.
pub(crate) fn to_context(value: &Bound<'_, PyAny>) -> Map {
    match Converter::new(Limits::DATA).value(value) {
        Value::Object(map) => map,
        other => [("value".to_owned(), other)].into_iter().collect(),
    }
}

/// Replaces the user; `None` forgets it.
pub(crate) fn user(scope: &SharedScope, user: &Bound<'_, PyAny>) -> PyResult<()> {
    let user = if user.is_none() { None } else { Some(to_user(user)?) };
    scope.update(|scope| scope.set_user(user));
    Ok(())
}

/// A user from a dictionary.
///
/// # Errors
/// When it is none.
pub(crate) fn to_user(user: &Bound<'_, PyAny>) -> PyResult<User> {
    let mut read = User::default();
    let mut convert = Converter::new(Limits::DATA);
    for (key, value) in user.cast::<PyDict>()?.iter().collect::<Vec<_>>() {
        let key = text_of(&key);
        match &*key {
            "id" => read.id = optional_text(&value),
            "username" => read.username = optional_text(&value),
            "email" => read.email = optional_text(&value),
            "ip_address" => read.ip_address = optional_text(&value),
            other => {
                read.other.insert(other.to_owned(), convert.value(&value));
            }
        }
    }
    Ok(read)
}

/// Overrides the level; `None` takes it back.
pub(crate) fn level(scope: &SharedScope, level: &Bound<'_, PyAny>) -> PyResult<()> {
    let level = to_level(level)?;
    scope.update(|scope| scope.set_level(level));
    Ok(())
}

/// A level by name, also by the names that `logging` uses; nothing for `None`.
pub(crate) fn to_level(level: &Bound<'_, PyAny>) -> PyResult<Option<Level>> {
    if level.is_none() {
        return Ok(None);
    }
    let name = level.cast::<PyString>().map(characters);
    let known = name.as_ref().ok().and_then(|name| Level::parse(name).or_else(|| Level::parse_lenient(name)));
    known.map(Some).ok_or_else(|| {
        let wanted = "fatal, error, warning, info or debug";
        pyo3::exceptions::PyValueError::new_err(format!("level {level} is not one of {wanted}"))
    })
}

/// Overrides the grouping; `None` or nothing takes it back.
pub(crate) fn fingerprint(scope: &SharedScope, parts: &Bound<'_, PyAny>) -> PyResult<()> {
    let mut texts: Vec<Text> = Vec::new();
    if parts.is_instance_of::<PyString>() {
        texts.push(text_of(parts));
    } else if !parts.is_none() {
        for part in PyIterator::from_object(parts)?.take(100) {
            texts.push(text_of(&part?));
        }
    }
    scope.update(|scope| scope.set_fingerprint(texts));
    Ok(())
}

/// Names the route or task, and the transaction that is active there; `None` takes it back.
pub(crate) fn transaction(
    scope: &SharedScope,
    span: Option<&Span>,
    name: &Bound<'_, PyAny>,
    source: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let source = source.filter(|source| !source.is_none()).map(read_source).transpose()?;
    let name = optional_text(name);
    if let (Some(span), Some(name)) = (span, &name) {
        span.set_transaction_name(name, source.unwrap_or(TransactionSource::Custom));
    }
    scope.update(|scope| scope.set_transaction(name));
    Ok(())
}

/// Adds an event processor.
pub(crate) fn processor(scope: &SharedScope, function: &Bound<'_, PyAny>) -> PyResult<()> {
    if !function.is_callable() {
        return Err(pyo3::exceptions::PyTypeError::new_err("an event processor must be a function"));
    }
    let hook = event_hook(function.clone().unbind());
    scope.update(|scope| scope.add_event_processor(hook));
    Ok(())
}

/// Adds a processor for events that were made from an exception, of this class if one is given.
pub(crate) fn error_processor(
    scope: &SharedScope,
    function: &Bound<'_, PyAny>,
    class: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    if !function.is_callable() {
        return Err(pyo3::exceptions::PyTypeError::new_err("an error processor must be a function"));
    }
    let class = class.filter(|class| !class.is_none()).map(|class| class.cast::<PyType>()).transpose()?;
    let hook = error_hook(function.clone().unbind(), class.map(|class| class.clone().unbind()));
    scope.update(|scope| scope.add_event_processor(hook));
    Ok(())
}

/// Sets an attribute of logs, metrics and streamed spans.
pub(crate) fn attribute(
    scope: &SharedScope,
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let name = text_of(name);
    match attributes::attribute(value) {
        Some(value) => scope.update(|scope| scope.set_attribute(name, value)),
        None => scope.update(|scope| scope.remove_attribute(&name)),
    }
    Ok(())
}

/// Removes an attribute.
pub(crate) fn remove_attribute(scope: &SharedScope, name: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = text_of(name);
    scope.update(|scope| scope.remove_attribute(&name));
    Ok(())
}

/// Notes that a feature flag was asked for.
pub(crate) fn flag(scope: &SharedScope, flag: &Bound<'_, PyAny>, result: &Bound<'_, PyAny>) -> PyResult<()> {
    let (flag, result) = (text_of(flag), result.is_truthy()?);
    scope.update(|scope| scope.add_feature_flag(flag, result));
    Ok(())
}

/// The keyword arguments of `add_breadcrumb`.
#[derive(Debug, Default)]
pub(crate) struct CrumbFields<'a, 'py> {
    pub(crate) message: Option<&'a Bound<'py, PyAny>>,
    pub(crate) category: Option<&'a Bound<'py, PyAny>>,
    pub(crate) ty: Option<&'a Bound<'py, PyAny>>,
    pub(crate) level: Option<&'a Bound<'py, PyAny>>,
    pub(crate) data: Option<&'a Bound<'py, PyAny>>,
    pub(crate) timestamp: Option<&'a Bound<'py, PyAny>>,
    pub(crate) origin: Option<&'a Bound<'py, PyAny>>,
    pub(crate) other: Option<&'a Bound<'py, PyDict>>,
}

/// The arguments of `add_breadcrumb`.
pub(crate) static CRUMB_NAMES: Names<9> =
    Names::new(["crumb", "hint", "message", "category", "type", "level", "data", "timestamp", "origin"], 2);
/// Those of `set_tag`.
pub(crate) static TAG_NAMES: Names<2> = Names::new(["key", "value"], 2);

impl<'a, 'py> CrumbFields<'a, 'py> {
    /// From the arguments by their places in [`CRUMB_NAMES`].
    pub(crate) fn of(
        taken: &'a [Option<Bound<'py, PyAny>>; 9],
        other: Option<&'a Bound<'py, PyDict>>,
    ) -> Self {
        let [_, _, message, category, ty, level, data, timestamp, origin] =
            taken.each_ref().map(Option::as_ref);
        Self { message, category, ty, level, data, timestamp, origin, other }
    }
}

/// A breadcrumb from a dictionary, keyword arguments, or both.
pub(crate) fn breadcrumb(
    crumb: Option<&Bound<'_, PyAny>>,
    fields: &CrumbFields<'_, '_>,
) -> PyResult<Breadcrumb> {
    let mut read = Breadcrumb::default();
    if let Some(crumb) = crumb.filter(|crumb| !crumb.is_none()) {
        match crumb.cast::<PyDict>() {
            Ok(dict) => {
                for (key, value) in dict.iter() {
                    if let Ok(key) = key.cast::<PyString>() {
                        crumb_field(&mut read, &characters(key), &value)?;
                    }
                }
            }
            Err(_) => read.message = optional_text(crumb),
        }
    }
    // One by one: the names are known here, and not to be looked up.
    if let Some(value) = fields.message {
        crumb_field(&mut read, "message", value)?;
    }
    if let Some(value) = fields.category {
        crumb_field(&mut read, "category", value)?;
    }
    if let Some(value) = fields.ty {
        crumb_field(&mut read, "type", value)?;
    }
    if let Some(value) = fields.level {
        crumb_field(&mut read, "level", value)?;
    }
    if let Some(value) = fields.data {
        crumb_field(&mut read, "data", value)?;
    }
    if let Some(value) = fields.timestamp {
        crumb_field(&mut read, "timestamp", value)?;
    }
    if let Some(value) = fields.origin {
        crumb_field(&mut read, "origin", value)?;
    }
    if let Some(other) = fields.other {
        for (key, value) in other.iter() {
            crumb_field(&mut read, &text_of(&key), &value)?;
        }
    }
    Ok(read)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "with a known name it is one assignment")]
fn crumb_field(crumb: &mut Breadcrumb, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match name {
        "message" => crumb.message = optional_text(value),
        "category" => crumb.category = optional_text(value),
        "type" => crumb.ty = crumb_type(value),
        "origin" => crumb.origin = optional_text(value),
        "level" => crumb.level = to_level(value)?,
        "timestamp" => crumb.timestamp = time::read(value)?,
        "data" => {
            crumb.data = match value.cast::<PyDict>() {
                Ok(dict) => Converter::new(Limits::DATA).data(dict),
                Err(_) => match Converter::new(Limits::DATA).value(value) {
                    Value::Null => return Ok(()),
                    other => [("value", other)].into(),
                },
            }
        }
        other => {
            crumb.data.insert(other, Converter::new(Limits::DATA).value(value));
        }
    }
    Ok(())
}

fn crumb_type(value: &Bound<'_, PyAny>) -> Option<Text> {
    const KNOWN: [&str; 10] =
        ["default", "debug", "error", "navigation", "http", "info", "query", "transaction", "ui", "user"];
    let given = value.cast::<PyString>().ok().map(characters);
    let known = given.and_then(|given| KNOWN.iter().find(|known| **known == given));
    known.map(|known| Text::from_static(known)).or_else(|| optional_text(value))
}
