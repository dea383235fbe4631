//! A path that a forked child can read, whatever lock was held at the fork.

use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Set by one thread at a time, read in forked children only.
#[derive(Debug, Default)]
pub(super) struct SharedPath(AtomicPtr<PathBuf>);

impl SharedPath {
    /// Puts another path in the place of the one before.
    pub(super) fn set(&self, path: PathBuf) {
        free(self.0.swap(Box::into_raw(Box::new(path)), Ordering::AcqRel));
    }

    /// The path. To be called in a forked child, on what it inherited.
    pub(super) fn read_in_child(&self) -> Option<PathBuf> {
        let path = self.0.load(Ordering::Acquire);
        #[expect(unsafe_code, reason = "a path that is read without a lock")]
        // SAFETY: null or from a box. At every moment the pointer leads to a path that is not freed yet, so also at
        // the moment of the fork; and nobody in this process changes what was inherited.
        unsafe { path.as_ref() }.cloned()
    }
}

impl Drop for SharedPath {
    fn drop(&mut self) {
        free(self.0.swap(ptr::null_mut(), Ordering::AcqRel));
    }
}

#[expect(unsafe_code, reason = "a path that is read without a lock")]
fn free(path: *mut PathBuf) {
    if !path.is_null() {
        // SAFETY: from a box, and taken out of its place by the caller alone.
        drop(unsafe { Box::from_raw(path) });
    }
}
