//! Breadcrumbs that a host held back until an event needed them.

use std::sync::Arc;

use super::Breadcrumb;
use crate::pipeline::bound;

/// Breadcrumbs of the isolation scope that its host held: newer than those the scope has.
///
/// Most are [written](crate::BreadcrumbWriter) at once, and are then text that is copied into the event. As breadcrumbs
/// they are only made for whoever looks at them, or where they have to be put between others.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldBreadcrumbs(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Written(Written),
    List(Vec<Arc<Breadcrumb>>),
}

/// JSON objects with commas between them: masked, and within every limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Written {
    json: Vec<u8>,
    /// Where each begins.
    starts: Vec<usize>,
}

impl HeldBreadcrumbs {
    /// Breadcrumbs with their times, oldest first, that have yet to be masked.
    pub fn list(mut crumbs: Vec<Breadcrumb>) -> Self {
        crumbs.iter_mut().for_each(bound::breadcrumb);
        Self(Kind::List(crumbs.into_iter().map(Arc::new).collect()))
    }

    pub(crate) fn written(written: Written) -> Self {
        Self(Kind::Written(written))
    }

    /// The text, if they are written.
    pub(crate) fn as_written(&self) -> Option<&Written> {
        match &self.0 {
            Kind::Written(written) => Some(written),
            Kind::List(_) => None,
        }
    }

    /// The text to be changed, if they are written.
    pub(crate) fn as_written_mut(&mut self) -> Option<&mut Written> {
        match &mut self.0 {
            Kind::Written(written) => Some(written),
            Kind::List(_) => None,
        }
    }

    /// The breadcrumbs themselves.
    pub(crate) fn read(self) -> Vec<Arc<Breadcrumb>> {
        match self.0 {
            Kind::Written(written) => written.read(),
            Kind::List(list) => list,
        }
    }
}

impl Written {
    pub(crate) fn with_capacity(bytes: usize, count: usize) -> Self {
        Self { json: Vec::with_capacity(bytes), starts: Vec::with_capacity(count) }
    }

    /// Lets `write` append one object.
    pub(crate) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.json.is_empty() {
            self.json.push(b',');
        }
        self.starts.push(self.json.len());
        write(&mut self.json);
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn json(&self) -> &[u8] {
        &self.json
    }

    /// Drops the oldest.
    pub(crate) fn drop_oldest(&mut self, count: usize) {
        let Some(from) = self.starts.get(count).copied().filter(|from| *from > 0) else {
            if count > 0 {
                *self = Self::default();
            }
            return;
        };
        self.json.drain(..from);
        self.starts.drain(..count);
        self.starts.iter_mut().for_each(|start| *start -= from);
    }

    fn read(&self) -> Vec<Arc<Breadcrumb>> {
        let ends = self.starts.iter().skip(1).map(|start| start - 1).chain([self.json.len()]);
        let pieces = self.starts.iter().zip(ends).filter_map(|(start, end)| self.json.get(*start..end));
        // What was written here is a breadcrumb to read.
        pieces.filter_map(|piece| serde_json::from_slice(piece).ok().map(Arc::new)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(count: usize) -> Written {
        let mut written = Written::default();
        for number in 0..count {
            let json = format!(r#"{{"message":"number {number}"}}"#);
            written.add(|out| out.extend_from_slice(json.as_bytes()));
        }
        written
    }

    fn messages(written: Written) -> Vec<String> {
        let crumbs = HeldBreadcrumbs::written(written).read();
        crumbs.iter().filter_map(|crumb| Some(crumb.message.as_ref()?.as_str().to_owned())).collect()
    }

    #[test]
    fn what_was_written_can_be_read() {
        assert_eq!(messages(written(0)), Vec::<String>::new());
        assert_eq!(messages(written(3)), ["number 0", "number 1", "number 2"]);
    }

    #[test]
    fn the_newest_stay() {
        for dropped in 0..6 {
            let mut three = written(3);
            three.drop_oldest(dropped);
            let left: Vec<String> = (dropped..3).map(|number| format!("number {number}")).collect();
            assert_eq!(three.len(), left.len());
            assert_eq!(messages(three), left);
        }
    }
}
