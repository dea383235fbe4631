//! The signal handler. Everything that it does is async-signal-safe: system calls, atomics, its own stack.

use std::os::fd::AsRawFd as _;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, Ordering};

use libc::{c_int, c_void, siginfo_t};

use super::file::RecordFile;
use super::record::Facts;
use super::registers;
use super::signals::SIGNALS;

/// How much of the stack is kept.
const STACK_BYTES: usize = 128 * 1024;
const PAGE: usize = 4096;
/// So many pages at the stack pointer may be unreadable: after a stack overflow it points into the guard.
const MAX_GUARD_PAGES: usize = 16;
/// The size of the stack that handlers run on, where a thread has none.
const SIGNAL_STACK_BYTES: usize = 64 * 1024;

/// Where the handler writes; -1 for nowhere.
static FILE: AtomicI32 = AtomicI32::new(-1);
/// The process that the file belongs to.
static OWNER: AtomicI32 = AtomicI32::new(0);
static TAKEN: AtomicBool = AtomicBool::new(false);
static WRITTEN: AtomicBool = AtomicBool::new(false);
/// What handled the signals before, in the order of `SIGNALS`; made once and never freed.
static PREVIOUS: AtomicPtr<[libc::sigaction; SIGNALS.len()]> = AtomicPtr::new(ptr::null_mut());
/// Keeps file and path between `watch` and `unwatch`.
static CURRENT: watchpost_core::ForkLock<Option<RecordFile>> = watchpost_core::ForkLock::new(None);

static GUARD_PAGE: [u8; PAGE] = [0; PAGE];

/// Records crashes in `file` from now on.
pub(super) fn watch(file: RecordFile) {
    let descriptor = file.file.as_raw_fd();
    let old = CURRENT.with(|current| current.replace(file));
    FILE.store(descriptor, Ordering::SeqCst);
    OWNER.store(std::process::id().cast_signed(), Ordering::SeqCst);
    remove(old);
    if PREVIOUS.load(Ordering::SeqCst).is_null() {
        provide_stack();
        install();
    }
}

/// Records nothing any more, and deletes the file. The handlers stay, and pass everything on.
pub(super) fn unwatch() {
    if OWNER.load(Ordering::SeqCst) != std::process::id().cast_signed() {
        // A forked child: the file is its parent's.
        return;
    }
    FILE.store(-1, Ordering::SeqCst);
    remove(CURRENT.with(Option::take));
}

fn remove(file: Option<RecordFile>) {
    if let Some(RecordFile { file, path }) = file {
        let _ = std::fs::remove_file(path);
        drop(file);
    }
}

#[expect(unsafe_code, reason = "the only way to hear of a crash")]
fn install() {
    // SAFETY: an all-zero `sigaction` is a valid one; each call writes to a place of its own.
    let mut previous: Box<[libc::sigaction; SIGNALS.len()]> = Box::new(unsafe { std::mem::zeroed() });
    for (signal, old) in SIGNALS.iter().zip(previous.iter_mut()) {
        // SAFETY: reads the present action into `old`, which is valid.
        unsafe { libc::sigaction(signal.number, ptr::null(), old) };
    }
    let previous = Box::into_raw(previous);
    if PREVIOUS.compare_exchange(ptr::null_mut(), previous, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        // SAFETY: it came from a box, and nobody else has seen it.
        drop(unsafe { Box::from_raw(previous) });
        return;
    }
    // SAFETY: as above; `handle` has the signature that SA_SIGINFO asks for and only makes async-signal-safe calls,
    // and what it reads is in place by now.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut action.sa_mask);
        for signal in SIGNALS {
            libc::sigaddset(&raw mut action.sa_mask, signal.number);
        }
        for signal in SIGNALS {
            libc::sigaction(signal.number, &raw const action, ptr::null_mut());
        }
    }
}

/// A stack overflow leaves no room for a handler. Threads of the standard library have a stack for it already.
#[expect(unsafe_code, reason = "the standard library does not offer it")]
fn provide_stack() {
    // SAFETY: the old stack is read into a valid place; the new one is leaked, so it outlives the thread.
    unsafe {
        let mut old: libc::stack_t = std::mem::zeroed();
        if libc::sigaltstack(ptr::null(), &raw mut old) == 0 && old.ss_flags & libc::SS_DISABLE != 0 {
            let memory = Box::leak(vec![0_u8; SIGNAL_STACK_BYTES].into_boxed_slice());
            let new = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: memory.len() };
            libc::sigaltstack(&raw const new, ptr::null_mut());
        }
    }
}

#[expect(unsafe_code, reason = "a signal handler")]
unsafe extern "C" fn handle(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: `errno` is this thread's own; getpid has no preconditions.
    let (errno, own) = unsafe { (*libc::__errno_location(), libc::getpid()) };
    let file = FILE.load(Ordering::SeqCst);
    if file >= 0 && OWNER.load(Ordering::SeqCst) == own {
        if TAKEN.swap(true, Ordering::SeqCst) {
            wait_for_other_thread();
        } else {
            watchpost_transport::mark_crashed();
            // SAFETY: the kernel hands over valid pointers, valid during the call.
            unsafe { write(file, number, &*info, &*context.cast()) };
            WRITTEN.store(true, Ordering::SeqCst);
        }
    }
    // SAFETY: restores what was there before this handler was; then `errno` as the interrupted code left it.
    unsafe {
        restore();
        pass_on(number, info, context);
        *libc::__errno_location() = errno;
    }
}

/// Another thread crashed first, and its record must be whole before the process dies.
#[expect(unsafe_code, reason = "sleeping in a signal handler")]
fn wait_for_other_thread() {
    for _ in 0..200 {
        if WRITTEN.load(Ordering::SeqCst) {
            return;
        }
        let time = libc::timespec { tv_sec: 0, tv_nsec: 10_000_000 };
        // SAFETY: `time` is valid, and the rest need not be written.
        unsafe { libc::nanosleep(&raw const time, ptr::null_mut()) };
    }
}

#[expect(unsafe_code, reason = "raw facts from the kernel")]
unsafe fn write(file: c_int, number: c_int, info: &siginfo_t, context: &libc::ucontext_t) {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let mut thread_name = [0_u8; 16];
    // SAFETY: both write to the valid places just made (a thread's name has 16 bytes at most); gettid and reading
    // the address of a `siginfo_t` that the kernel filled in have no preconditions.
    let (thread, address) = unsafe {
        libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut time);
        libc::prctl(libc::PR_GET_NAME, thread_name.as_mut_ptr());
        (libc::syscall(libc::SYS_gettid), info.si_addr() as usize as u64)
    };
    let facts = Facts {
        signal: number,
        code: info.si_code,
        address,
        thread: thread.cast_unsigned(),
        seconds: time.tv_sec.cast_unsigned(),
        nanoseconds: time.tv_nsec.cast_unsigned(),
        thread_name,
        registers: registers::of(context),
    };
    let head = facts.encode();
    if !append(file, head.as_ptr(), head.len()) {
        return;
    }
    write_stack(file, registers::stack(&facts.registers) as usize);
}

/// The kernel copies the stack and says where it ends: a page that is not there is an error, not a fault.
fn write_stack(file: c_int, start: usize) {
    let (mut at, mut missing) = (start, 0);
    let end = start.saturating_add(STACK_BYTES);
    while at < end {
        let length = PAGE - at % PAGE;
        if !append(file, at as *const u8, length) {
            let leading = at - start < PAGE * MAX_GUARD_PAGES && missing * PAGE >= at - start;
            if !leading || !append(file, GUARD_PAGE.as_ptr(), length) {
                return;
            }
            missing += 1;
        }
        at = at.saturating_add(length);
    }
}

/// Writes bytes that may not be readable; false if they are not, or the disk is full.
#[expect(unsafe_code, reason = "write(2) with an address that may be bad")]
fn append(file: c_int, mut from: *const u8, mut length: usize) -> bool {
    while length > 0 {
        // SAFETY: the kernel checks the address itself and answers EFAULT for one that it cannot read.
        let written = unsafe { libc::write(file, from.cast(), length) };
        let Ok(written @ 1..) = usize::try_from(written) else { return false };
        from = from.wrapping_add(written);
        length = length.saturating_sub(written);
    }
    true
}

/// Puts back what handled the signals before.
#[expect(unsafe_code, reason = "signal actions")]
unsafe fn restore() {
    let previous = PREVIOUS.load(Ordering::SeqCst);
    for (place, signal) in SIGNALS.iter().enumerate() {
        // SAFETY: `install` stored the array before it installed this handler, and it is never freed.
        unsafe { libc::sigaction(signal.number, &raw const (*previous)[place], ptr::null_mut()) };
    }
}

/// Lets the previous handler have the signal, or the default.
#[expect(unsafe_code, reason = "signal actions")]
unsafe fn pass_on(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let Some(place) = SIGNALS.iter().position(|signal| signal.number == number) else { return };
    // SAFETY: as in `restore`.
    let action = unsafe { &(*PREVIOUS.load(Ordering::SeqCst))[place] };
    match action.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: the kernel handed over a valid `info`.
            let sent = unsafe { (*info).si_code } <= 0;
            if sent {
                // A fault happens again as soon as this handler returns; a signal that was sent does not. It is
                // blocked until then.
                // SAFETY: sends a signal to this very thread.
                unsafe { libc::raise(number) };
            }
        }
        handler if action.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: with this flag a handler has this signature, and it was installed as one.
            unsafe {
                let handler: unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                    std::mem::transmute(handler);
                handler(number, info, context);
            }
        }
        handler => {
            // SAFETY: without it, a handler has this one.
            unsafe {
                let handler: unsafe extern "C" fn(c_int) = std::mem::transmute(handler);
                handler(number);
            }
        }
    }
}
