//! Python values to JSON values and back.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};
use serde_json::Number;
use watchpost_core::{Data, Map, Text, Value};

use crate::repr::Reprs;
use crate::text::bounded;

/// How far a conversion goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Containers in containers.
    pub(crate) depth: usize,
    /// Entries of one container.
    pub(crate) breadth: usize,
    /// Characters of one text.
    pub(crate) text: usize,
    /// Values in all.
    pub(crate) values: usize,
}

impl Limits {
    /// For local variables.
    pub(crate) const VARS: Self = Self { depth: 4, breadth: 16, text: 1024, values: 1500 };
    /// For what the application says: extra, contexts, breadcrumb data.
    pub(crate) const DATA: Self = Self { depth: 10, breadth: 1000, text: 16 * 1024, values: 20_000 };
    /// For whole events.
    pub(crate) const EVENT: Self = Self { depth: 64, breadth: 20_000, text: 256 * 1024, values: 200_000 };
}

/// One conversion. Never fails: what has no JSON form is shown by its `repr`, and what is too large, too deep or
/// contains itself is cut.
#[derive(Debug)]
pub(crate) struct Converter {
    limits: Limits,
    reprs: Reprs,
    /// The containers around the current value.
    path: Vec<usize>,
    left: usize,
}

impl Converter {
    /// A conversion with these limits.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, reprs: Reprs::new(), path: Vec::new(), left: limits.values }
    }

    /// True if nothing more is converted.
    pub(crate) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Any object.
    pub(crate) fn value(&mut self, object: &Bound<'_, PyAny>) -> Value {
        self.left = self.left.saturating_sub(1);
        if let Ok(text) = object.cast::<PyString>() {
            return Value::String(self.text(text));
        }
        if object.is_none() {
            return Value::Null;
        }
        if let Ok(flag) = object.cast::<PyBool>() {
            return Value::Bool(flag.is_true());
        }
        if let Ok(number) = object.cast::<PyInt>() {
            return self.int(number);
        }
        if let Ok(number) = object.cast::<PyFloat>() {
            let number = number.value();
            return Number::from_f64(number).map_or_else(|| not_finite(number).into(), Value::Number);
        }
        if let Ok(dict) = object.cast::<PyDict>() {
            return self.inside(object, |this| Value::Object(this.map(dict)));
        }
        if let Ok(list) = object.cast::<PyList>() {
            return self.inside(object, |this| this.list(list.iter(), list.len()));
        }
        if let Ok(tuple) = object.cast::<PyTuple>() {
            return self.inside(object, |this| this.list(tuple.iter(), tuple.len()));
        }
        if let Ok(set) = object.cast::<PySet>() {
            return self.inside(object, |this| this.list(set.iter(), set.len()));
        }
        if let Ok(set) = object.cast::<PyFrozenSet>() {
            return self.inside(object, |this| this.list(set.iter(), set.len()));
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return bytes_text(bytes.as_bytes(), self.limits.text).into();
        }
        self.reprs.of(object, self.limits.text).into()
    }

    /// A dictionary; keys that are not text become text.
    pub(crate) fn map(&mut self, dict: &Bound<'_, PyDict>) -> Map {
        let length = dict.len();
        let mut map = Map::with_capacity(length.min(self.limits.breadth));
        // A `repr` may change the dictionary while it is read, so its entries are taken out first.
        let entries: Vec<_> = dict.iter().take(self.limits.breadth).collect();
        for (index, (key, value)) in entries.iter().enumerate() {
            if self.is_spent() {
                map.insert("…".to_owned(), format!("{} more", length - index).into());
                return map;
            }
            map.insert(self.key(key), self.value(value));
        }
        if length > entries.len() {
            map.insert("…".to_owned(), format!("{} more", length - entries.len()).into());
        }
        map
    }

    /// A dictionary as a list of fields; a small one without the table of a map.
    pub(crate) fn data(&mut self, dict: &Bound<'_, PyDict>) -> Data {
        const SMALL: usize = 8;
        if dict.len() > SMALL {
            return self.map(dict).into();
        }
        let address = dict.as_ptr() as usize;
        self.path.push(address);
        let mut data = Data::new();
        // A `repr` may change the dictionary while it is read, so its entries are taken out first.
        let mut entries = [const { None }; SMALL];
        for (place, entry) in entries.iter_mut().zip(dict.iter()) {
            *place = Some(entry);
        }
        for (key, value) in entries.iter().flatten() {
            let value = self.value(value);
            match key.cast::<PyString>().map(|key| bounded(key, Limits::DATA.text)) {
                Ok((key, None)) => data.insert(&*key, value),
                _ => data.insert(self.key(key), value),
            };
        }
        self.path.pop();
        data
    }

    /// Text, cut to the limit.
    pub(crate) fn text(&self, text: &Bound<'_, PyString>) -> String {
        match bounded(text, self.limits.text) {
            (text, None) => text.into_owned(),
            (head, Some(length)) => format!("{head}… ({length} characters)"),
        }
    }

    /// The text that stands for any object, like a tag's value.
    pub(crate) fn any_text(&mut self, object: &Bound<'_, PyAny>) -> String {
        match self.value(object) {
            Value::String(text) => text,
            Value::Null => "None".to_owned(),
            other => other.to_string(),
        }
    }

    fn key(&mut self, key: &Bound<'_, PyAny>) -> String {
        match key.cast::<PyString>() {
            Ok(key) => self.text(key),
            Err(_) => self.any_text(key),
        }
    }

    fn list<'py>(&mut self, items: impl Iterator<Item = Bound<'py, PyAny>>, length: usize) -> Value {
        // As for dictionaries: taken out before anything foreign runs.
        let items: Vec<_> = items.take(self.limits.breadth).collect();
        let mut list = Vec::with_capacity(items.len());
        for item in &items {
            if self.is_spent() {
                break;
            }
            list.push(self.value(item));
        }
        if length > list.len() {
            list.push(format!("… {} more", length - list.len()).into());
        }
        Value::Array(list)
    }

    /// Goes into a container, unless that is too deep or inside of itself.
    fn inside(&mut self, object: &Bound<'_, PyAny>, convert: impl FnOnce(&mut Self) -> Value) -> Value {
        let address = object.as_ptr() as usize;
        if self.path.contains(&address) {
            return "<contains itself>".into();
        }
        if self.path.len() >= self.limits.depth {
            return self.reprs.type_name(object).as_str().into();
        }
        self.path.push(address);
        let value = convert(self);
        self.path.pop();
        value
    }

    fn int(&mut self, number: &Bound<'_, PyInt>) -> Value {
        if let Ok(number) = number.extract::<i64>() {
            return number.into();
        }
        if let Ok(number) = number.extract::<u64>() {
            return number.into();
        }
        self.reprs.of(number, 128).into()
    }
}

/// A Python value from a JSON value.
///
/// # Errors
/// When Python has no memory left.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into_pyobject(py)?.into_any(),
            (None, Some(number)) => number.into_pyobject(py)?.into_any(),
            (None, None) => PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any(),
        },
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(list) => {
            let items = PyList::empty(py);
            for item in list {
                items.append(to_python(py, item)?)?;
            }
            items.into_any()
        }
        Value::Object(map) => map_to_python(py, map)?.into_any(),
    })
}

/// A dictionary from a JSON object.
///
/// # Errors
/// When Python has no memory left.
pub(crate) fn map_to_python<'py>(py: Python<'py>, map: &Map) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, value) in map {
        dict.set_item(key, to_python(py, value)?)?;
    }
    Ok(dict)
}

/// Cheap text for any object, like a tag's key or value.
pub(crate) fn text_of(object: &Bound<'_, PyAny>) -> Text {
    if let Ok(text) = object.cast::<PyString>()
        && let (text, None) = bounded(text, Limits::DATA.text)
    {
        return Text::from(&*text);
    }
    Converter::new(Limits::DATA).any_text(object).into()
}

/// The same, but nothing for `None`.
pub(crate) fn optional_text(object: &Bound<'_, PyAny>) -> Option<Text> {
    (!object.is_none()).then(|| text_of(object))
}

fn not_finite(number: f64) -> &'static str {
    match (number.is_nan(), number > 0.0) {
        (true, _) => "nan",
        (false, true) => "inf",
        (false, false) => "-inf",
    }
}

fn bytes_text(bytes: &[u8], limit: usize) -> String {
    let head = &bytes[..bytes.len().min(limit)];
    let mut text = format!("b\"{}\"", head.escape_ascii());
    if head.len() < bytes.len() {
        text.push_str(&format!("… ({} bytes)", bytes.len()));
    }
    text
}
