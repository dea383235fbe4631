//! The signals that mean a crash, and what to call them.

use libc::c_int;

/// A signal with its name and what it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signal {
    pub(super) number: c_int,
    pub(super) name: &'static str,
    pub(super) says: &'static str,
}

pub(super) const SIGNALS: [Signal; 5] = [
    Signal { number: libc::SIGSEGV, name: "SIGSEGV", says: "invalid memory reference" },
    Signal { number: libc::SIGBUS, name: "SIGBUS", says: "memory that is not there" },
    Signal { number: libc::SIGABRT, name: "SIGABRT", says: "abort" },
    Signal { number: libc::SIGFPE, name: "SIGFPE", says: "arithmetic error" },
    Signal { number: libc::SIGILL, name: "SIGILL", says: "illegal instruction" },
];

/// The signal with this number.
pub(super) fn signal(number: c_int) -> Option<Signal> {
    SIGNALS.into_iter().find(|signal| signal.number == number)
}

/// The name of a signal's code (`si_code`).
pub(super) fn code_name(number: c_int, code: c_int) -> Option<&'static str> {
    const SENT: [(c_int, &str); 4] =
        [(0, "SI_USER"), (-1, "SI_QUEUE"), (-6, "SI_TKILL"), (0x80, "SI_KERNEL")];
    let own: &[&str] = match number {
        libc::SIGSEGV => &["SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"],
        libc::SIGBUS => &["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR", "BUS_MCEERR_AO"],
        libc::SIGFPE => &[
            "FPE_INTDIV",
            "FPE_INTOVF",
            "FPE_FLTDIV",
            "FPE_FLTOVF",
            "FPE_FLTUND",
            "FPE_FLTRES",
            "FPE_FLTINV",
            "FPE_FLTSUB",
        ],
        libc::SIGILL => &[
            "ILL_ILLOPC",
            "ILL_ILLOPN",
            "ILL_ILLADR",
            "ILL_ILLTRP",
            "ILL_PRVOPC",
            "ILL_PRVREG",
            "ILL_COPROC",
            "ILL_BADSTK",
        ],
        _ => &[],
    };
    let sent = SENT.iter().find(|(number, _)| *number == code).map(|(_, name)| *name);
    sent.or_else(|| own.get(usize::try_from(code).ok()?.checked_sub(1)?).copied())
}

/// Whether the fault address means something: the processor raised it, nobody sent it.
pub(super) fn has_address(number: c_int, code: c_int) -> bool {
    code > 0 && code != 0x80 && number != libc::SIGABRT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_manual() {
        assert_eq!(code_name(libc::SIGSEGV, 1), Some("SEGV_MAPERR"));
        assert_eq!(code_name(libc::SIGFPE, 1), Some("FPE_INTDIV"));
        assert_eq!(code_name(libc::SIGABRT, -6), Some("SI_TKILL"));
        assert_eq!(code_name(libc::SIGABRT, 3), None);
        assert_eq!(code_name(libc::SIGSEGV, 99), None);
    }
}
