//! Files that travel with an event.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::envelope::{Item, ItemHeader, ItemType};
use crate::text::Text;

/// A file beside an event, from a path or from bytes (attachments, published spec 1.7.0). A clone is a pointer.
///
/// A path is read when an event is captured that it goes with, on the capturing thread, and only if it names a plain
/// file: the one thing that the core reads by itself. What cannot be read, or is larger than the option
/// `max_attachment_size` (20 MiB), is left out and counted; the event goes without it. So is what would make the whole
/// envelope larger than 40 MiB. Beyond 1 MiB for all of an event's attachments nothing is written to disk beside the
/// event: it is lost if the process is killed before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    content: Content,
    filename: Text,
    content_type: Option<Text>,
    attachment_type: Option<Text>,
    add_to_transactions: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Path(Arc<PathBuf>),
    Bytes(Arc<[u8]>),
}

/// Why an attachment stays behind.
#[derive(Debug)]
pub(crate) enum Left {
    /// It cannot be read; in the system's words.
    Unreadable(String),
    /// It has so many bytes.
    TooLarge(u64),
}

impl Attachment {
    /// The file at `path`, as it will be when an event is captured. It is sent under its own name.
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let filename = base_name(&path.to_string_lossy());
        Self::new(Content::Path(Arc::new(path)), filename)
    }

    /// These bytes, as a file of this name; folders in the name are left out.
    pub fn from_bytes(filename: &str, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::new(Content::Bytes(bytes.into()), base_name(filename))
    }

    fn new(content: Content, filename: Text) -> Self {
        Self { content, filename, content_type: None, attachment_type: None, add_to_transactions: false }
    }

    /// Another name; folders in it are left out.
    #[must_use]
    pub fn with_filename(self, filename: &str) -> Self {
        Self { filename: base_name(filename), ..self }
    }

    /// The media type; servers take `application/octet-stream` without one.
    #[must_use]
    pub fn with_content_type(self, content_type: impl Into<Text>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }

    /// What it is for: `event.attachment` (the default), `event.minidump`, `event.view_hierarchy` ...
    #[must_use]
    pub fn with_attachment_type(self, attachment_type: impl Into<Text>) -> Self {
        Self { attachment_type: Some(attachment_type.into()), ..self }
    }

    /// True sends it with transactions too; false by default.
    #[must_use]
    pub fn with_add_to_transactions(self, add_to_transactions: bool) -> Self {
        Self { add_to_transactions, ..self }
    }

    /// The name under which it is sent.
    pub fn filename(&self) -> &str {
        &self.filename
    }

    pub(crate) fn goes_with_transactions(&self) -> bool {
        self.add_to_transactions
    }

    /// The envelope's item, with the bytes as they are now.
    pub(crate) fn to_item(&self, max_bytes: u64) -> Result<Item, Left> {
        let payload = match &self.content {
            Content::Bytes(bytes) if bytes.len() as u64 > max_bytes => {
                return Err(Left::TooLarge(bytes.len() as u64));
            }
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::Path(path) => read(path, max_bytes)?,
        };
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
        let header = ItemHeader {
            filename: Some(self.filename.as_str().to_owned()),
            content_type: text(&self.content_type),
            attachment_type: text(&self.attachment_type),
            ..ItemHeader::new(ItemType::Attachment)
        };
        Ok(Item { header, payload })
    }
}

fn read(path: &PathBuf, max_bytes: u64) -> Result<Vec<u8>, Left> {
    let unreadable = |error: std::io::Error| Left::Unreadable(error.to_string());
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    // Opening a pipe would wait for its other end.
    if !facts.is_file() {
        return Err(Left::Unreadable("it is no plain file".to_owned()));
    }
    if facts.len() > max_bytes {
        return Err(Left::TooLarge(facts.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
    let file = File::open(path).map_err(unreadable)?;
    file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    // It may have grown meanwhile.
    if bytes.len() as u64 > max_bytes { Err(Left::TooLarge(bytes.len() as u64)) } else { Ok(bytes) }
}

/// The part after the last separator of either kind of system.
fn base_name(path: &str) -> Text {
    let name = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    if name.is_empty() { Text::from_static("attachment") } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_folders() {
        for (given, name) in [
            ("a.txt", "a.txt"),
            ("/var/log/a.txt", "a.txt"),
            ("C:\\logs\\a.txt", "a.txt"),
            ("../../etc/passwd", "passwd"),
            ("folder/", "folder"),
            ("", "attachment"),
            ("/", "attachment"),
        ] {
            assert_eq!(Attachment::from_bytes(given, []).filename(), name, "{given}");
        }
    }

    #[test]
    fn a_folder_is_no_file_and_a_missing_file_is_said() {
        for path in [std::env::temp_dir(), std::env::temp_dir().join("watchpost-no-such-file")] {
            let left = Attachment::from_path(path).to_item(10);
            assert!(matches!(left, Err(Left::Unreadable(_))), "{left:?}");
        }
    }
}
