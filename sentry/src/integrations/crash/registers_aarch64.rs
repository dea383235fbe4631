//! The registers of an ARM64 processor at the crash.

use super::minidump::Piece;

/// Their names, in the order of [`of`].
pub(super) const NAMES: [&str; 33] = [
    "pc", "sp", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
    "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
    "fp", "lr",
];

/// The values in the context that the kernel hands to a handler. Async-signal-safe.
#[cfg(target_arch = "aarch64")]
pub(super) fn of(context: &libc::ucontext_t) -> [u64; NAMES.len()] {
    let mut values = [0; NAMES.len()];
    values[0] = context.uc_mcontext.pc;
    values[1] = context.uc_mcontext.sp;
    values[2..].copy_from_slice(&context.uc_mcontext.regs);
    values
}

pub(super) fn instruction(values: &[u64]) -> u64 {
    values.first().copied().unwrap_or_default()
}

pub(super) fn stack(values: &[u64]) -> u64 {
    values.get(1).copied().unwrap_or_default()
}

pub(super) use framehop::aarch64::{CacheAarch64 as Cache, UnwinderAarch64 as Unwinder};

/// What the unwinder starts from.
pub(super) fn start(values: &[u64]) -> framehop::aarch64::UnwindRegsAarch64 {
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    framehop::aarch64::UnwindRegsAarch64::new(at(32), stack(values), at(31))
}

/// Goes back to where the last call will return to, which the link register has; false if nothing of it is there.
pub(super) fn undo_call(values: &mut [u64; NAMES.len()], _read: impl Fn(u64) -> Option<u64>) -> bool {
    values[0] = values[32];
    values[0] != 0
}

/// The processor in a minidump.
pub(super) const ARCHITECTURE: u16 = 12;

/// The registers as a minidump has them (`CONTEXT_ARM64`): those that were not recorded are zero.
pub(super) fn context(values: &[u64; NAMES.len()]) -> Vec<u8> {
    /// These hold: instruction and stack pointer, and the general ones.
    const CONTROL_AND_INTEGER: u32 = 0x0040_0003;
    let [pc, sp, general @ ..] = *values;
    let mut piece = Piece::new().u32(CONTROL_AND_INTEGER).u32(0);
    for value in general.into_iter().chain([sp, pc]) {
        piece = piece.u64(value);
    }
    piece.zeros(512 + 8 + 32 + 64 + 8 + 16).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_undone_by_the_link_register() {
        let mut values: [u64; NAMES.len()] = std::array::from_fn(|place| 100 + place as u64);
        assert!(undo_call(&mut values, |_| None));
        assert_eq!((instruction(&values), stack(&values), NAMES[32]), (132, 101, "lr"));
        let start = start(&values);
        assert_eq!((start.lr(), start.sp(), start.fp()), (132, 101, 131));
        values[32] = 0;
        assert!(!undo_call(&mut values, |_| None), "nothing was called");
    }
}
