//! The registers of an x86-64 processor at the crash.

use super::minidump::Piece;

/// Their names, in the order of [`of`].
pub(super) const NAMES: [&str; 17] = [
    "rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
];

#[cfg(target_arch = "x86_64")]
const PLACES: [libc::c_int; 17] = [
    libc::REG_RIP,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RAX,
    libc::REG_RBX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

/// The values in the context that the kernel hands to a handler. Async-signal-safe.
#[cfg(target_arch = "x86_64")]
pub(super) fn of(context: &libc::ucontext_t) -> [u64; NAMES.len()] {
    let mut values = [0; NAMES.len()];
    for (value, place) in values.iter_mut().zip(PLACES) {
        *value = context.uc_mcontext.gregs[place as usize].cast_unsigned();
    }
    values
}

pub(super) fn instruction(values: &[u64]) -> u64 {
    values.first().copied().unwrap_or_default()
}

pub(super) fn stack(values: &[u64]) -> u64 {
    values.get(1).copied().unwrap_or_default()
}

pub(super) use framehop::x86_64::{CacheX86_64 as Cache, UnwinderX86_64 as Unwinder};

/// What the unwinder starts from.
pub(super) fn start(values: &[u64]) -> framehop::x86_64::UnwindRegsX86_64 {
    let frame = values.get(2).copied().unwrap_or_default();
    framehop::x86_64::UnwindRegsX86_64::new(instruction(values), stack(values), frame)
}

/// Goes back to where the last call will return to, which lies on top of the stack; false if nothing of it is there.
pub(super) fn undo_call(values: &mut [u64; NAMES.len()], read: impl Fn(u64) -> Option<u64>) -> bool {
    let Some(back) = read(stack(values)) else { return false };
    (values[0], values[1]) = (back, stack(values).wrapping_add(8));
    true
}

/// The processor in a minidump.
pub(super) const ARCHITECTURE: u16 = 9;

/// The registers as a minidump has them (`CONTEXT_AMD64`): those that were not recorded are zero.
pub(super) fn context(values: &[u64; NAMES.len()]) -> Vec<u8> {
    /// These hold: instruction and stack pointer, and the general ones.
    const CONTROL_AND_INTEGER: u32 = 0x0010_0003;
    let [rip, rsp, rbp, rax, rbx, rcx, rdx, rsi, rdi, rest @ ..] = *values;
    let mut piece = Piece::new().zeros(48).u32(CONTROL_AND_INTEGER).zeros(68);
    for value in [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi].into_iter().chain(rest).chain([rip]) {
        piece = piece.u64(value);
    }
    piece.zeros(512 + 416 + 48).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_undone_by_what_lies_on_the_stack() {
        let mut values: [u64; NAMES.len()] = std::array::from_fn(|place| 100 + place as u64);
        assert!(!undo_call(&mut values, |_| None), "the stack was not kept");
        assert!(undo_call(&mut values, |address| (address == 101).then_some(7)));
        assert_eq!((instruction(&values), stack(&values)), (7, 109));
        let start = start(&values);
        assert_eq!((start.ip(), start.sp(), start.bp()), (7, 109, 102));
    }
}
