//! From registers and a slice of the stack to return addresses, by the call frame information of the files.

use framehop::Unwinder as _;

use super::image::Image;
use super::record::Record;
use super::registers::{self, Cache, Unwinder};

const MAX_FRAMES: usize = 256;

/// An address of the crashed process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) value: u64,
    /// True behind a call, false for the instruction that failed.
    pub(super) is_return: bool,
}

/// The addresses from the one that failed outwards. Where a file is gone, frame pointers are followed.
pub(super) fn unwind(record: &Record, images: &[Image]) -> Vec<Address> {
    let registers = &record.facts.registers;
    let mut unwinder = Unwinder::new();
    let mentioned = |image: &&Image| {
        image.range.contains(&registers::instruction(registers))
            || registers.iter().any(|value| image.range.contains(value))
            || record.stack.chunks_exact(8).any(|word| {
                word.first_chunk::<8>().is_some_and(|word| image.range.contains(&u64::from_ne_bytes(*word)))
            })
    };
    for module in images.iter().filter(mentioned).filter_map(Image::module) {
        unwinder.add_module(module);
    }
    let mut cache = Cache::<_>::new();
    let mut read = |address: u64| record.stack_word(address).ok_or(());
    let mut addresses = Vec::new();
    let mut start = *registers;
    let is_code = |value: u64| images.iter().any(|image| image.range.contains(&value));
    if !is_code(registers::instruction(registers)) {
        // A call of a bad address: what it left is undone, and the walk starts behind the call.
        addresses.push(Address { value: registers::instruction(registers), is_return: false });
        if !registers::undo_call(&mut start, |address| {
            record.stack_word(address).filter(|word| is_code(*word))
        }) {
            return addresses;
        }
    }
    let called = !addresses.is_empty();
    let instruction = registers::instruction(&start);
    let mut frames = unwinder.iter_frames(instruction, registers::start(&start), &mut cache, &mut read);
    while let Ok(Some(frame)) = frames.next() {
        let is_return = frame.is_return_address() || (called && addresses.len() == 1);
        addresses.push(Address { value: frame.address(), is_return });
        if addresses.len() == MAX_FRAMES {
            break;
        }
    }
    addresses
}
