//! Contexts that need not be looked at again.

use std::fmt;
use std::sync::Arc;

use crate::fork::ForkLock;
use crate::protocol::Context;

/// So many are remembered. Events hardly ever have as many: the system, the runtime, the device, and what a scope holds.
const PLACES: usize = 16;

/// Contexts that were found in order, and how many bytes they take. Every event of a client has the same ones, and they
/// are most of what there is to look at.
///
/// It keeps what it remembers alive, at most sixteen contexts of the size that a context may have: so an address that is
/// found here is still that of the same context, and nobody can have changed it, as what is shared is copied first.
#[derive(Default)]
pub(crate) struct Clean(ForkLock<Seen>);

#[derive(Default)]
struct Seen {
    contexts: Vec<(Context, usize)>,
    next: usize,
}

impl Clean {
    /// The bytes that the context takes, if it was found in order before.
    pub(crate) fn bytes_of(&self, context: &Context) -> Option<usize> {
        self.0.with(|seen| {
            seen.contexts.iter().find(|(known, _)| Arc::ptr_eq(known, context)).map(|(_, bytes)| *bytes)
        })
    }

    /// It is in order, and takes so many bytes.
    pub(crate) fn remember(&self, context: &Context, bytes: usize) {
        let new = (Arc::clone(context), bytes);
        let forgotten = self.0.with(|seen| {
            if seen.contexts.len() < PLACES {
                seen.contexts.reserve_exact(PLACES - seen.contexts.len());
                seen.contexts.push(new);
                return None;
            }
            seen.next = (seen.next + 1) % PLACES;
            Some(std::mem::replace(&mut seen.contexts[seen.next], new))
        });
        // Freed outside of the lock.
        drop(forgotten);
    }
}

/// Other rules may find something.
impl Clone for Clean {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clean").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Map;

    #[test]
    fn it_knows_contexts_by_what_they_are_and_only_the_last_ones() {
        let contexts: Vec<Context> = (0..2 * PLACES).map(|_| Arc::new(Map::new())).collect();
        let clean = Clean::default();
        for (bytes, context) in contexts.iter().enumerate() {
            assert_eq!(clean.bytes_of(context), None);
            clean.remember(context, bytes);
            assert_eq!(clean.bytes_of(context), Some(bytes));
        }
        assert_eq!(contexts.iter().filter(|context| clean.bytes_of(context).is_some()).count(), PLACES);
        assert_eq!(clean.clone().bytes_of(&contexts[2 * PLACES - 1]), None);
        let mut changed = Arc::clone(&contexts[2 * PLACES - 1]);
        Arc::make_mut(&mut changed).insert("password".to_owned(), "x".into());
        assert_eq!(clean.bytes_of(&changed), None, "what is changed is another one");
    }
}
