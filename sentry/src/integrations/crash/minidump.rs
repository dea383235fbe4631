//! A record as a minidump, for debuggers and symbolicators: one thread with its registers and what was kept of its
//! stack, the exception, the modules with their build ids, and which system it was.
//!
//! Source: Microsoft's minidump format, with Breakpad's extensions for Linux. All numbers are little endian.

use super::image::Image;
use super::record::Record;
use super::registers;

const SIGNATURE: u32 = 0x504D_444D;
const VERSION: u32 = 0xA793;
const PLATFORM_LINUX: u32 = 0x8201;
/// Breakpad's record of an ELF build id.
const BUILD_ID: u32 = 0x4270_454C;
const HEADER_BYTES: usize = 32;
const ENTRY_BYTES: usize = 12;
/// Modules beyond these are left out.
const MAX_MODULES: usize = 2000;

const THREADS: u32 = 3;
const MODULES: u32 = 4;
const MEMORY: u32 = 5;
const EXCEPTION: u32 = 6;
const SYSTEM: u32 = 7;
const STREAMS: usize = 5;

/// The bytes of a minidump.
pub(super) fn of(record: &Record, images: &[Image]) -> Vec<u8> {
    let values = &record.facts.registers;
    let (context, stack) = (registers::context(values), registers::stack(values));
    write(record, images, &Processor { architecture: registers::ARCHITECTURE, context, stack })
}

/// What depends on the processor.
#[derive(Debug)]
struct Processor {
    architecture: u16,
    context: Vec<u8>,
    /// Where the stack that was kept begins.
    stack: u64,
}

fn write(record: &Record, images: &[Image], processor: &Processor) -> Vec<u8> {
    let facts = &record.facts;
    let mut dump = Dump { bytes: vec![0; HEADER_BYTES + STREAMS * ENTRY_BYTES], streams: Vec::new() };
    let context = dump.add(&processor.context);
    let memory = dump.add(&record.stack);
    let stack = Piece::new().u64(processor.stack).place(memory);
    let thread = u32::try_from(facts.thread).unwrap_or(u32::MAX);

    dump.stream(SYSTEM, &system(processor.architecture));
    // Suspend count, priority class and priority are nothing that we know; nor is there a block of its environment.
    let threads = Piece::new().u32(1).u32(thread).zeros(12).u64(0).bytes(&stack.0).place(context);
    dump.stream(THREADS, &threads.0);
    dump.stream(MEMORY, &Piece::new().u32(1).bytes(&stack.0).0);
    let (signal, code) = (facts.signal.cast_unsigned(), facts.code.cast_unsigned());
    let exception = Piece::new().u32(thread).u32(0).u32(signal).u32(code).u64(0).u64(facts.address);
    dump.stream(EXCEPTION, &exception.zeros(8 + 15 * 8).place(context).0);
    let modules = dump.modules(images);
    dump.stream(MODULES, &modules);
    dump.finish(u32::try_from(facts.seconds).unwrap_or_default())
}

fn system(architecture: u16) -> Vec<u8> {
    // Level and revision of the processor, the number of processors and the version of the system are not recorded.
    let piece = Piece::new().u16(architecture).zeros(6).zeros(12).u32(PLATFORM_LINUX);
    piece.u32(0).zeros(4).zeros(24).0
}

/// Where something lies in the file, and how long it is.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: u32,
    bytes: u32,
}

#[derive(Debug)]
struct Dump {
    bytes: Vec<u8>,
    streams: Vec<(u32, Place)>,
}

impl Dump {
    fn add(&mut self, piece: &[u8]) -> Place {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let small = |number: usize| u32::try_from(number).unwrap_or_default();
        let place = Place { at: small(self.bytes.len()), bytes: small(piece.len()) };
        self.bytes.extend_from_slice(piece);
        place
    }

    fn stream(&mut self, kind: u32, piece: &[u8]) {
        let place = self.add(piece);
        self.streams.push((kind, place));
    }

    fn modules(&mut self, images: &[Image]) -> Vec<u8> {
        let images = images.get(..MAX_MODULES).unwrap_or(images);
        let mut list = Piece::new().u32(u32::try_from(images.len()).unwrap_or_default());
        for image in images {
            let name = self.add(&text(&image.path));
            let build_id = self.add(&Piece::new().u32(BUILD_ID).bytes(&image.build_id()).0);
            let size = u32::try_from(image.range.end - image.range.start).unwrap_or(u32::MAX);
            // No check sum, time stamp or version; then the build id, no other record, and two reserved numbers.
            list = list.u64(image.range.start).u32(size).zeros(8).u32(name.at).zeros(52).place(build_id);
            list = list.zeros(8 + 16);
        }
        list.0
    }

    /// The header and the list of streams go to the beginning.
    fn finish(mut self, seconds: u32) -> Vec<u8> {
        let count = u32::try_from(self.streams.len()).unwrap_or_default();
        let directory_at = u32::try_from(HEADER_BYTES).unwrap_or_default();
        let mut head = Piece::new().u32(SIGNATURE).u32(VERSION).u32(count).u32(directory_at).u32(0);
        head = head.u32(seconds).u64(0);
        for (kind, place) in &self.streams {
            head = head.u32(*kind).place(*place);
        }
        for (place, byte) in self.bytes.iter_mut().zip(head.0) {
            *place = byte;
        }
        self.bytes
    }
}

/// Its length in bytes, then UTF-16 with a zero at the end, which does not count.
fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut piece = Piece::new().u32(u32::try_from(units.len() * 2).unwrap_or_default());
    for unit in units {
        piece = piece.u16(unit);
    }
    piece.u16(0).0
}

/// Bytes that are put together.
#[derive(Debug)]
pub(super) struct Piece(pub(super) Vec<u8>);

impl Piece {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn zeros(mut self, count: usize) -> Self {
        self.0.resize(self.0.len() + count, 0);
        self
    }

    pub(super) fn u16(self, number: u16) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    pub(super) fn u32(self, number: u32) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    pub(super) fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// How long something is, then where it is.
    fn place(self, place: Place) -> Self {
        self.u32(place.bytes).u32(place.at)
    }
}

#[cfg(test)]
mod tests {
    use minidump::{
        Minidump, MinidumpException, MinidumpMemoryList, MinidumpModuleList, MinidumpSystemInfo,
        MinidumpThreadList, Module as _,
    };

    use super::*;
    use crate::integrations::crash::record::Facts;
    use crate::integrations::crash::{registers_aarch64 as arm, registers_x86_64 as x86};
    use crate::integrations::debug_images;

    fn record(registers: [u64; registers::NAMES.len()], stack: Vec<u8>) -> Record {
        let facts = Facts {
            signal: libc::SIGSEGV,
            code: 1,
            address: 0x10,
            thread: 42,
            seconds: 1_700_000_000,
            nanoseconds: 5,
            thread_name: *b"worker\0\0\0\0\0\0\0\0\0\0",
            registers,
        };
        Record { known: Default::default(), facts, stack }
    }

    /// Every register has a value of its own, and each is found under its name, whatever the test runs on.
    #[test]
    fn registers_of_both_processors_are_read_back() {
        fn check<const N: usize>(
            names: [&str; N],
            architecture: u16,
            context: fn(&[u64; N]) -> Vec<u8>,
            stack: fn(&[u64]) -> u64,
        ) {
            let values: [u64; N] = std::array::from_fn(|place| 0x7FFF_0000_1000 + place as u64);
            let record = record([0; registers::NAMES.len()], vec![5; 64]);
            let processor = Processor { architecture, context: context(&values), stack: stack(&values) };
            let dump = Minidump::read(write(&record, &[], &processor)).unwrap();
            let system: MinidumpSystemInfo = dump.get_stream().unwrap();
            let exception: MinidumpException<'_> = dump.get_stream().unwrap();
            let context = exception.context(&system, None).unwrap();
            for (name, value) in names.iter().zip(values) {
                assert_eq!(context.get_register(name), Some(value), "{name}");
            }
            assert_eq!(
                (context.get_instruction_pointer(), context.get_stack_pointer()),
                (values[0], values[1])
            );
            let memory = dump.get_stream::<MinidumpMemoryList<'_>>().unwrap();
            assert_eq!(memory.memory_at_address(values[1]).unwrap().bytes, [5; 64]);
        }
        check(x86::NAMES, x86::ARCHITECTURE, x86::context, x86::stack);
        check(arm::NAMES, arm::ARCHITECTURE, arm::context, arm::stack);
    }

    #[test]
    fn a_parser_of_minidumps_finds_everything() {
        let mut values = [7; registers::NAMES.len()];
        let images: Vec<Image> = debug_images::all().iter().filter_map(Image::read).collect();
        let here = images.iter().find(|image| !image.build_id().is_empty()).unwrap();
        (values[0], values[1]) = (here.range.start + 16, 0x7FFF_0000_1000);
        let stack: Vec<u8> = (0..=255).cycle().take(4096).collect();
        let record = record(values, stack.clone());
        let dump = Minidump::read(of(&record, &images)).unwrap();
        assert_eq!(dump.header.time_date_stamp, 1_700_000_000);

        let system: MinidumpSystemInfo = dump.get_stream().unwrap();
        assert_eq!(system.os, minidump::system_info::Os::Linux);
        let modules: MinidumpModuleList = dump.get_stream().unwrap();
        let module = modules.module_at_address(values[0]).unwrap();
        assert_eq!((module.base_address(), &*module.code_file()), (here.range.start, here.path.as_str()));
        let shape = here.shape();
        assert_eq!(module.code_identifier().unwrap().as_str(), shape["code_id"].as_str().unwrap());
        let debug_id = module.debug_identifier().unwrap();
        assert_eq!(
            debug_id.to_string().to_lowercase().replace('-', ""),
            shape["debug_id"].as_str().unwrap().replace('-', "")
        );
        let memory = dump.get_stream::<MinidumpMemoryList<'_>>().unwrap();
        assert_eq!(memory.memory_at_address(0x7FFF_0000_1FFF).unwrap().bytes, &stack[..]);
        let exception: MinidumpException<'_> = dump.get_stream().unwrap();
        assert_eq!(
            (exception.get_crashing_thread_id(), exception.raw.exception_record.exception_code),
            (42, 11)
        );
        assert_eq!(exception.raw.exception_record.exception_address, 0x10);
        let context = exception.context(&system, None).unwrap();
        assert_eq!((context.get_instruction_pointer(), context.get_stack_pointer()), (values[0], values[1]));
        for (name, value) in registers::NAMES.iter().zip(values) {
            assert_eq!(context.get_register(name), Some(value), "{name}");
        }
        let threads: MinidumpThreadList<'_> = dump.get_stream().unwrap();
        assert_eq!((threads.threads.len(), threads.threads[0].raw.thread_id), (1, 42));
    }
}
