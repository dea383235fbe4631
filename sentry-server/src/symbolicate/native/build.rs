//! Tables out of debug files.

use symbolic::cfi::CfiCache;
use symbolic::debuginfo::{Archive, Object, ParseObjectOptions};
use symbolic::symcache::SymCacheConverter;

use super::tables::Kind;
use super::unwinding;

/// The table of one object in a file.
///
/// # Errors
/// Why the file cannot be read, in words for whoever uploaded it.
pub(super) fn table(file: &[u8], debug_id: &str, kind: Kind) -> Result<Vec<u8>, String> {
    let archive = Archive::parse_with_opts(file, options()).map_err(|error| error.to_string())?;
    let object = archive
        .objects()
        .filter_map(Result::ok)
        .find(|object| object.debug_id().to_string() == debug_id)
        .ok_or_else(|| format!("it has no object with the debug id {debug_id}"))?;
    match kind {
        Kind::Names => names(&object),
        Kind::Unwinding => {
            let cache = CfiCache::from_object(&object).map_err(|error| in_words(&error))?;
            Ok(unwinding::write(cache.as_slice()))
        }
    }
}

fn names(object: &Object<'_>) -> Result<Vec<u8>, String> {
    let mut converter = SymCacheConverter::new();
    converter.process_object(object).map_err(|error| in_words(&error))?;
    let mut table = Vec::new();
    converter.serialize(&mut table).map_err(|error| in_words(&error))?;
    Ok(table)
}

/// What a file may unpack to.
pub(super) fn options() -> ParseObjectOptions {
    let mut options = ParseObjectOptions::default();
    options.max_decompressed_section_size = Some(MAX_SECTION_BYTES);
    options.max_decompressed_embedded_source_size = Some(MAX_SOURCE_BYTES);
    options.max_inline_depth = Some(MAX_INLINE_DEPTH);
    options
}

/// An error with what caused it.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

const MAX_SECTION_BYTES: usize = 2 * 1024 * 1024 * 1024;
const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;
const MAX_INLINE_DEPTH: u32 = 128;
