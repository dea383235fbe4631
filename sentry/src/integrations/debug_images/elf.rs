//! The images of an ELF process, by the dynamic linker's own list.

use std::ffi::{CStr, c_int, c_void};
use std::sync::Arc;

use watchpost_core::ForkLock;

use super::Image;

/// How many images are looked at.
const MAX_IMAGES: usize = 4096;
/// How many bytes of notes are searched for the build id.
const MAX_NOTE_BYTES: usize = 64 * 1024;
const NT_GNU_BUILD_ID: u32 = 3;

/// What was found last, and the linker's counts of loads and unloads at that time.
type Cached = Option<(Counts, Arc<[Image]>)>;
type Counts = (u64, u64);

static CACHE: ForkLock<Cached> = ForkLock::new(None);

/// The images that are loaded now. The list is only walked again when a library was loaded or unloaded since.
pub(super) fn images() -> Arc<[Image]> {
    let counts = counts();
    let cached = CACHE.with(|cache| {
        cache.as_ref().filter(|(then, _)| Some(*then) == counts).map(|(_, images)| Arc::clone(images))
    });
    if let Some(images) = cached {
        return images;
    }
    let mut images: Vec<Image> = Vec::new();
    each(&mut |info| {
        images.extend(image(info));
        images.len() < MAX_IMAGES
    });
    let images: Arc<[Image]> = images.into();
    if let Some(counts) = counts {
        let old = CACHE.with(|cache| cache.replace((counts, Arc::clone(&images))));
        // Freed outside of the lock.
        drop(old);
    }
    images
}

fn counts() -> Option<Counts> {
    let mut counts = None;
    each(&mut |info| {
        counts = Some((info.dlpi_adds, info.dlpi_subs));
        false
    });
    counts
}

/// Shows every image to `visit` until it answers false.
fn each(visit: &mut dyn FnMut(&libc::dl_phdr_info) -> bool) {
    type Visit<'a> = &'a mut dyn FnMut(&libc::dl_phdr_info) -> bool;

    #[expect(unsafe_code, reason = "the dynamic linker calls back with raw pointers")]
    unsafe extern "C" fn call(info: *mut libc::dl_phdr_info, size: usize, data: *mut c_void) -> c_int {
        if info.is_null() || size < size_of::<libc::dl_phdr_info>() {
            return 1;
        }
        // SAFETY: `data` is the `visit` below, which outlives the walk; the linker passes a filled-in `info` of at
        // least the size just checked, valid during the call.
        let (visit, info) = unsafe { (&mut *data.cast::<Visit<'_>>(), &*info) };
        c_int::from(!visit(info))
    }

    let mut visit: Visit<'_> = visit;
    #[expect(unsafe_code, reason = "the dynamic linker's list has no safe interface")]
    // SAFETY: `call` has the required signature and does not unwind: the closures here neither panic nor call
    // foreign code. The linker keeps the list locked during the walk.
    unsafe {
        libc::dl_iterate_phdr(Some(call), (&raw mut visit).cast());
    }
}

fn image(info: &libc::dl_phdr_info) -> Option<Image> {
    if info.dlpi_phdr.is_null() {
        return None;
    }
    #[expect(unsafe_code, reason = "program headers are an array behind a pointer")]
    // SAFETY: the linker promises `dlpi_phnum` headers at `dlpi_phdr`, valid during the callback.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let base = usize::try_from(info.dlpi_addr).ok()?;
    let loads = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let linked_at = usize::try_from(loads().map(|header| header.p_vaddr).min()?).ok()?;
    let end =
        usize::try_from(loads().map(|header| header.p_vaddr.saturating_add(header.p_memsz)).max()?).ok()?;
    let mut build_id = Vec::new();
    for note in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        let inside = loads().any(|load| {
            load.p_flags & libc::PF_R != 0
                && note.p_vaddr >= load.p_vaddr
                && note.p_vaddr.saturating_add(note.p_memsz) <= load.p_vaddr.saturating_add(load.p_filesz)
        });
        let length = usize::try_from(note.p_memsz).unwrap_or(0).min(MAX_NOTE_BYTES);
        if !inside || !build_id.is_empty() {
            continue;
        }
        let start = base.wrapping_add(usize::try_from(note.p_vaddr).unwrap_or(0));
        #[expect(unsafe_code, reason = "notes are read where the linker has mapped them")]
        // SAFETY: the note lies inside the file's part of a loaded segment, which stays mapped during the callback.
        let bytes = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
        let align = if note.p_align == 8 { 8 } else { 4 };
        build_id = find_build_id(bytes, align).unwrap_or_default().to_vec();
    }
    Some(Image {
        path: path(info)?,
        start: base.wrapping_add(linked_at),
        size: end.saturating_sub(linked_at),
        linked_at,
        build_id,
    })
}

/// The program itself has an empty name.
fn path(info: &libc::dl_phdr_info) -> Option<String> {
    if !info.dlpi_name.is_null() {
        #[expect(unsafe_code, reason = "the name is a C string")]
        // SAFETY: the linker's name is null or ends with a zero, and is valid during the callback.
        let name = unsafe { CStr::from_ptr(info.dlpi_name) };
        if !name.is_empty() {
            return Some(name.to_string_lossy().into_owned());
        }
    }
    Some(std::env::current_exe().ok()?.to_string_lossy().into_owned())
}

/// A note is three words (lengths of name and contents, kind), the name and the contents, each padded.
fn find_build_id(mut notes: &[u8], align: usize) -> Option<&[u8]> {
    let word = |notes: &[u8], at: usize| Some(u32::from_ne_bytes(notes.get(at..at + 4)?.try_into().ok()?));
    while let (Some(name), Some(contents), Some(kind)) = (word(notes, 0), word(notes, 4), word(notes, 8)) {
        let (name, contents) = (usize::try_from(name).ok()?, usize::try_from(contents).ok()?);
        let start = 12_usize.checked_add(name)?.checked_next_multiple_of(align)?;
        let end = start.checked_add(contents)?;
        if kind == NT_GNU_BUILD_ID && notes.get(12..12 + name)? == b"GNU\0" {
            return notes.get(start..end);
        }
        notes = notes.get(end.checked_next_multiple_of(align)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_id_is_found_behind_another_note() {
        let mut notes = Vec::new();
        for (kind, contents) in [(1_u32, &b"abcde"[..]), (NT_GNU_BUILD_ID, &b"\x01\x02\x03\x04"[..])] {
            for word in [4, u32::try_from(contents.len()).unwrap(), kind] {
                notes.extend(word.to_ne_bytes());
            }
            notes.extend(b"GNU\0");
            notes.extend(contents);
            notes.resize(notes.len().next_multiple_of(4), 0);
        }
        assert_eq!(find_build_id(&notes, 4), Some(&[1, 2, 3, 4][..]));
        assert_eq!(find_build_id(&notes[..30], 4), None);
    }

    #[test]
    fn this_program_is_loaded_and_known_the_second_time() {
        let first = images();
        assert!(first.iter().any(|image| image.path.contains("libc.so")), "{first:?}");
        assert!(Arc::ptr_eq(&first, &images()));
    }
}
