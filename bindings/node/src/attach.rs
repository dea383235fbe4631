//! Files that a hook adds to the event that it sees.

use std::cell::RefCell;
use std::path::PathBuf;

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use watchpost_bindings::HostAttachment;
use watchpost_core::Attachment;

use crate::scope::reason;

thread_local! {
    /// What the hook under way on this thread has added.
    static ADDED: RefCell<Vec<Attachment>> = const { RefCell::new(Vec::new()) };
}

/// An attachment from its parts: a path, or bytes with a name.
pub(crate) fn attachment(
    path: Option<String>,
    bytes: Option<Uint8Array>,
    filename: Option<String>,
    content_type: Option<String>,
    attachment_type: Option<String>,
    add_to_transactions: bool,
) -> watchpost_core::Result<Attachment> {
    let given = HostAttachment {
        path: path.map(PathBuf::from),
        bytes: bytes.map(|bytes| bytes.to_vec()),
        filename,
        content_type,
        attachment_type,
        add_to_transactions,
    };
    given.into_attachment()
}

/// Adds a file to the event that the hook under way sees.
#[napi]
pub fn attach_in_hook(
    path: Option<String>,
    bytes: Option<Uint8Array>,
    filename: Option<String>,
    content_type: Option<String>,
    attachment_type: Option<String>,
    add_to_transactions: bool,
) -> Option<String> {
    reason(|| {
        let added = attachment(path, bytes, filename, content_type, attachment_type, add_to_transactions)?;
        ADDED.with(|all| all.borrow_mut().push(added));
        Ok(())
    })
}

/// Takes what the hook has added.
pub(crate) fn take_added() -> Vec<Attachment> {
    ADDED.with(RefCell::take)
}
