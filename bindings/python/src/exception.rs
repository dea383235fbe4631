//! Exceptions with their causes, read into core exceptions.

use crate::once::intern;
use pyo3::exceptions::{PyBaseException, PyOSError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList, PyString, PyTuple};
use watchpost_core::{Errno, Exception, Mechanism, MechanismMeta, Text};

use crate::repr::swallow;
use crate::stacktrace::Frames;
use crate::text::bounded;
use crate::types::TypeInfo;
use crate::vars::Vars;

/// Exceptions of one chain or group.
const MOST: usize = 50;
/// Characters of a message.
const LONGEST: usize = 8192;

/// How an exception came to us.
#[derive(Debug, Clone)]
pub(crate) struct Caught {
    /// `generic` for captures by the application, else `auto.<what>`.
    pub(crate) mechanism: Text,
    /// False when nobody else caught it.
    pub(crate) handled: bool,
}

/// The chain of `error`: oldest cause first, `error` itself last (exceptions, published event payload spec).
///
/// # Errors
/// When Python refuses what it never refuses, like the traceback of an exception.
pub(crate) fn chain(
    error: &Bound<'_, PyBaseException>,
    traceback: Option<&Bound<'_, PyAny>>,
    caught: &Caught,
    frames: &Frames,
) -> PyResult<Vec<Exception>> {
    let py = error.py();
    let mut links = vec![Link { error: error.clone(), parent: None, source: None }];
    let mut seen = vec![error.as_ptr() as usize];
    let mut stack: Vec<usize> = vec![0];
    // In the order of a walk through the tree, so that every id is above its parent's.
    while let Some(id) = stack.pop() {
        let children = children(&links[id].error)?;
        for (source, child) in children {
            let address = child.as_ptr() as usize;
            if seen.contains(&address) || links.len() >= MOST {
                continue;
            }
            seen.push(address);
            stack.push(links.len());
            links.push(Link { error: child, parent: Some(id), source: Some(source) });
        }
    }
    let single = links.len() == 1;
    let mut vars = Vars::new();
    let mut chain = Vec::with_capacity(links.len());
    for (id, link) in links.iter().enumerate() {
        let given = traceback.filter(|_| id == 0);
        let traceback = match given {
            Some(traceback) => traceback.clone(),
            None => link.error.getattr(intern!(py, "__traceback__"))?,
        };
        let info = TypeInfo::of(link.error.as_any());
        let mut mechanism = Mechanism {
            ty: caught.mechanism.clone(),
            handled: Some(caught.handled),
            is_exception_group: is_group(&link.error).then_some(true),
            ..Mechanism::default()
        };
        if !single {
            mechanism.exception_id = u32::try_from(id).ok();
            mechanism.parent_id = link.parent.and_then(|parent| u32::try_from(parent).ok());
            mechanism.source.clone_from(&link.source);
            if id > 0 {
                mechanism.ty = Text::from_static("chained");
            }
        }
        if let Some(errno) = errno(&link.error) {
            let errno = Errno { number: errno, ..Errno::default() };
            mechanism.meta = Some(Box::new(MechanismMeta { errno: Some(errno), ..MechanismMeta::default() }));
        }
        chain.push(Exception {
            ty: Some(info.name.clone()),
            module: info.module.clone(),
            value: Some(message(&link.error).into()),
            mechanism: Some(mechanism),
            stacktrace: if traceback.is_none() {
                None
            } else {
                frames.of_traceback(&traceback, &link.error, &mut vars)?
            },
            ..Exception::default()
        });
    }
    chain.reverse();
    Ok(chain)
}

struct Link<'py> {
    error: Bound<'py, PyBaseException>,
    parent: Option<usize>,
    source: Option<Text>,
}

/// What an exception came from: the members of a group, and its cause or else its context.
fn children<'py>(error: &Bound<'py, PyBaseException>) -> PyResult<Vec<(Text, Bound<'py, PyBaseException>)>> {
    let py = error.py();
    let mut children = Vec::new();
    let cause = error.getattr(intern!(py, "__cause__"))?;
    let suppressed = error.getattr(intern!(py, "__suppress_context__"))?.is_truthy()?;
    if let Ok(cause) = cause.cast_into::<PyBaseException>() {
        children.push((Text::from_static("__cause__"), cause));
    } else if !suppressed
        && let Ok(context) = error.getattr(intern!(py, "__context__"))?.cast_into::<PyBaseException>()
    {
        children.push((Text::from_static("__context__"), context));
    }
    if let Some(members) = members(error) {
        for (index, member) in members.iter().enumerate() {
            if let Ok(member) = member.cast_into::<PyBaseException>() {
                children.push((format!("exceptions[{index}]").into(), member));
            }
        }
    }
    Ok(children)
}

fn is_group(error: &Bound<'_, PyBaseException>) -> bool {
    members(error).is_some()
}

/// The members of an exception group: of the built-in kind, or of the package that older Pythons use.
fn members<'py>(error: &Bound<'py, PyBaseException>) -> Option<Bound<'py, PyTuple>> {
    let py = error.py();
    let ty = error.get_type();
    // Members and `derive` are what the standard library's own check for a group comes down to.
    ty.getattr_opt(intern!(py, "exceptions")).ok()??;
    ty.getattr_opt(intern!(py, "derive")).ok()??;
    error.getattr(intern!(py, "exceptions")).ok()?.cast_into::<PyTuple>().ok()
}

/// What the exception says, and its notes, as a traceback shows them.
fn message(error: &Bound<'_, PyBaseException>) -> String {
    let py = error.py();
    let mut message = match error.str() {
        Ok(text) => cut(&text),
        Err(failed) => {
            swallow(py, &failed);
            "<its str() failed>".to_owned()
        }
    };
    if let Ok(Some(notes)) = error.as_any().getattr_opt(intern!(py, "__notes__"))
        && let Ok(notes) = notes.cast::<PyList>()
    {
        for note in notes.iter().take(MOST) {
            if let Ok(note) = note.cast::<PyString>() {
                message.push('\n');
                message.push_str(&cut(note));
            }
        }
    }
    message
}

fn cut(text: &Bound<'_, PyString>) -> String {
    match bounded(text, LONGEST) {
        (text, None) => text.into_owned(),
        (head, Some(length)) => format!("{head}… ({length} characters)"),
    }
}

fn errno(error: &Bound<'_, PyBaseException>) -> Option<i64> {
    if !error.is_instance_of::<PyOSError>() {
        return None;
    }
    let errno = error.getattr(intern!(error.py(), "errno")).ok()?;
    errno.cast::<PyInt>().ok()?.extract().ok()
}
