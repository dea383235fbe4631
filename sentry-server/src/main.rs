//! `watchpost-server`.

use std::alloc::{GlobalAlloc, Layout};

use mimalloc::MiMalloc;

/// An event is some hundred small values that one thread makes and another drops, which is a quarter of all work with the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// mimalloc, asked without an alignment where any block has it: where it is told one, a size that is no power of two goes a long
/// way whenever there is no free block at hand, and ends in a larger one.
struct Allocator;

/// So far every block is aligned.
const NATURAL: usize = 8;

// SAFETY: all is left to mimalloc, which frees and resizes a block however it was asked for.
#[expect(unsafe_code, reason = "an allocator cannot be written otherwise")]
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= NATURAL {
            // SAFETY: any size may be asked for.
            return unsafe { libmimalloc_sys::mi_malloc(layout.size()) }.cast();
        }
        // SAFETY: the caller keeps the same promises.
        unsafe { MiMalloc.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= NATURAL {
            // SAFETY: any size may be asked for.
            return unsafe { libmimalloc_sys::mi_zalloc(layout.size()) }.cast();
        }
        // SAFETY: the caller keeps the same promises.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the same promises, and both ways of asking are mimalloc's.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= NATURAL {
            // SAFETY: the block is mimalloc's.
            return unsafe { libmimalloc_sys::mi_realloc(block.cast(), size) }.cast();
        }
        // SAFETY: the caller keeps the same promises, and both ways of asking are mimalloc's.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }
}

fn main() -> std::process::ExitCode {
    watchpost_server::run(std::env::args_os())
}
