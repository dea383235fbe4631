//! A call site: what one line of a stack text means, ready to be sent.

use std::fmt;
use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use watchpost_core::{Frame, LookUp, Stacktrace, Walked};

/// Longer names are left to the core, which cuts them and says so.
const LONGEST_NAME: usize = 1024;

/// A frame, also as JSON: the stack of an event is then a list of pointers, and writing it a copy.
#[derive(Debug)]
pub(crate) struct Site {
    frame: Frame,
    json: Option<Arc<RawValue>>,
}

impl Site {
    /// The site that this frame stands for.
    pub(crate) fn new(frame: Frame) -> Self {
        let names = [&frame.function, &frame.module, &frame.filename, &frame.abs_path];
        let is_short = names.into_iter().flatten().all(|name| name.len() <= LONGEST_NAME);
        let json = is_short.then(|| to_raw_value(&frame).ok()).flatten().map(Arc::from);
        Self { frame, json }
    }
}

/// The stack of these sites, the outermost first; nothing if there is none.
pub(crate) fn stacktrace(sites: Vec<Arc<Site>>) -> Option<Stacktrace> {
    if sites.is_empty() {
        return None;
    }
    let json: Option<Vec<Arc<RawValue>>> = sites.iter().map(|site| site.json.clone()).collect();
    let known = Known(sites);
    Some(match json {
        Some(json) => Stacktrace::walked(Walked::known(json, Arc::new(known))),
        None => Stacktrace { frames: known.frames(), ..Stacktrace::default() },
    })
}

/// The frames themselves, for hooks and rules that look at them.
struct Known(Vec<Arc<Site>>);

impl LookUp for Known {
    fn frames(&self) -> Vec<Frame> {
        self.0.iter().map(|site| site.frame.clone()).collect()
    }

    fn without_line(&self) -> &[usize] {
        &[]
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}
