//! What is in a file: a line that was known before the crash, and the facts that the handler adds.
//!
//! | bytes | what |
//! |---|---|
//! | to the first LF | a JSON object: `event_id`, `process`, `release`, `environment`, `dist`, `server_name`, `images` |
//! | 8 | `WPCRASH1`; without it the process did not crash |
//! | 8 each | signal, its code, fault address, thread id, seconds and nanoseconds since 1970 |
//! | 16 | the thread's name, ended by zeros |
//! | 8 each | registers, in the order of `registers::NAMES` |
//! | the rest | the stack, from the stack pointer on |
//!
//! Numbers are in the byte order of the machine that reads its own file again.

use serde_json::{Value, json};
use watchpost_core::{ClientOptions, Map, OsRng, Rng};

use super::image::Image;
use super::registers;

const MAGIC: &[u8; 8] = b"WPCRASH1";
const NUMBERS: usize = 6;
const NAME_BYTES: usize = 16;
/// What the handler writes before the stack.
pub(super) const HEAD_BYTES: usize = MAGIC.len() + 8 * NUMBERS + NAME_BYTES + 8 * registers::NAMES.len();

/// The facts of a crash, as the handler finds them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) signal: i32,
    pub(super) code: i32,
    pub(super) address: u64,
    pub(super) thread: u64,
    pub(super) seconds: u64,
    pub(super) nanoseconds: u64,
    pub(super) thread_name: [u8; NAME_BYTES],
    pub(super) registers: [u64; registers::NAMES.len()],
}

/// A crash that was read back.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) known: Map,
    pub(super) facts: Facts,
    pub(super) stack: Vec<u8>,
}

/// The first line of a file.
pub(super) fn prelude(options: &ClientOptions) -> Vec<u8> {
    let id = (u128::from(OsRng.next_u64()) << 64 | u128::from(OsRng.next_u64())).max(1);
    let known = json!({
        "event_id": format!("{id:032x}"),
        "process": watchpost_transport::process_identity(),
        "release": options.release(),
        "environment": options.environment(),
        "dist": options.dist(),
        "server_name": options.server_name(),
        "images": super::super::debug_images::all(),
    });
    let mut line = known.to_string().into_bytes();
    line.push(b'\n');
    line
}

impl Facts {
    /// The bytes that the handler writes. Async-signal-safe.
    pub(super) fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        let mut at = 0;
        let mut put = |piece: &[u8]| {
            bytes[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        };
        put(MAGIC);
        let (signal, code) = (i64::from(self.signal).cast_unsigned(), i64::from(self.code).cast_unsigned());
        for number in [signal, code, self.address, self.thread, self.seconds, self.nanoseconds] {
            put(&number.to_ne_bytes());
        }
        put(&self.thread_name);
        for register in self.registers {
            put(&register.to_ne_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (numbers, rest) = words::<NUMBERS>(rest)?;
        let (thread_name, rest) = rest.split_first_chunk::<NAME_BYTES>()?;
        let (registers, rest) = words(rest)?;
        let [signal, code, address, thread, seconds, nanoseconds] = numbers;
        let small = |number: u64| i32::try_from(number.cast_signed()).ok();
        let (signal, code) = (small(signal)?, small(code)?);
        let thread_name = *thread_name;
        Some((Self { signal, code, address, thread, seconds, nanoseconds, thread_name, registers }, rest))
    }
}

impl Record {
    /// Reads a file; `None` if its process did not crash, or died before it had written the facts.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let Ok(Value::Object(known)) = serde_json::from_slice(&bytes[..end]) else { return None };
        let (facts, stack) = Facts::decode(&bytes[end + 1..])?;
        Some(Self { known, facts, stack: stack.to_vec() })
    }

    /// Which process it was; empty if the record does not say.
    pub(super) fn process(&self) -> &str {
        self.known.get("process").and_then(Value::as_str).unwrap_or_default()
    }

    /// The libraries of the process, and the program itself.
    pub(super) fn images(&self) -> Vec<Image> {
        let shapes = self.known.get("images").and_then(Value::as_array);
        shapes.into_iter().flatten().filter_map(Image::read).collect()
    }

    /// The word at an address of the stack that was kept.
    pub(super) fn stack_word(&self, address: u64) -> Option<u64> {
        let start = address.checked_sub(registers::stack(&self.facts.registers))?;
        let bytes = self.stack.get(usize::try_from(start).ok()?..)?;
        bytes.first_chunk::<8>().map(|word| u64::from_ne_bytes(*word))
    }
}

fn words<const COUNT: usize>(mut bytes: &[u8]) -> Option<([u64; COUNT], &[u8])> {
    let mut words = [0; COUNT];
    for word in &mut words {
        let (first, rest) = bytes.split_first_chunk::<8>()?;
        (*word, bytes) = (u64::from_ne_bytes(*first), rest);
    }
    Some((words, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let mut registers = [7; registers::NAMES.len()];
        registers[1] = 0x1000;
        Facts {
            signal: libc::SIGSEGV,
            code: -6,
            address: u64::MAX,
            thread: 42,
            seconds: 1_700_000_000,
            nanoseconds: 5,
            thread_name: *b"worker\0\0\0\0\0\0\0\0\0\0",
            registers,
        }
    }

    #[test]
    fn what_the_handler_writes_is_read_back() {
        let mut bytes = prelude(&ClientOptions::new().with_release("shop@1"));
        assert!(Record::parse(&bytes).is_none(), "nothing happened");
        bytes.extend(facts().encode());
        bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        let record = Record::parse(&bytes).unwrap();
        assert_eq!(record.known["release"], "shop@1");
        assert!(!record.known["images"].as_array().unwrap().is_empty());
        assert_eq!(
            (record.facts.signal, record.facts.code, record.facts.address),
            (libc::SIGSEGV, -6, u64::MAX)
        );
        assert_eq!(record.facts.registers, facts().registers);
        let one = u64::from_ne_bytes([1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(record.stack_word(0x1000), Some(one));
        assert_eq!((record.stack_word(0xFFF), record.stack_word(0x100C)), (None, None));
    }

    #[test]
    fn a_record_cut_anywhere_is_none_or_has_less_stack() {
        let mut bytes = prelude(&ClientOptions::new());
        let start = bytes.len();
        bytes.extend(facts().encode());
        for cut in 0..bytes.len() {
            assert!(Record::parse(&bytes[..cut]).is_none(), "{} of the facts", cut.saturating_sub(start));
        }
        assert!(Record::parse(&bytes).is_some());
    }
}
