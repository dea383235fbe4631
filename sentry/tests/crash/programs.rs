//! The programs: each ends in its own way.

use std::env;
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use watchpost::Breadcrumb;

use super::options;

/// The program: ends in the way that it is told.
pub(crate) fn crash(how: &str, folder: &Path) {
    // SAFETY: no core files, and an end of its own in case something hangs.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
        libc::alarm(60);
    }
    if how == "handler" {
        // SAFETY: a handler that only makes async-signal-safe calls.
        unsafe { libc::signal(libc::SIGSEGV, leave_with_seven as *const () as usize) };
    }
    if how == "handler-exit" {
        // SAFETY: `exit` in a handler is not safe in general; here nothing else runs.
        unsafe { libc::signal(libc::SIGSEGV, exit_with_seven as *const () as usize) };
    }
    let options = options().with_release("shop@1").with_storage_dir(Some(folder.into()));
    let options = options.with_report_killed(env::var("REPORT_KILLED").is_ok());
    let _guard = watchpost::init(options).unwrap();
    watchpost::add_breadcrumb(Breadcrumb { message: Some("about to crash".into()), ..Breadcrumb::default() });
    match how {
        "after-an-error" => {
            watchpost::capture_error(&std::io::Error::other("first"));
            in_a_function("segv");
        }
        "thread" => {
            let thread = std::thread::Builder::new().name("importer".into());
            thread.spawn(|| in_a_function("segv")).unwrap().join().unwrap();
        }
        "overflow" => drop(black_box(deeper(1))),
        "child" => {
            // SAFETY: the child only crashes.
            let child = unsafe { libc::fork() };
            if child == 0 {
                in_a_function("segv");
            }
            let mut status = 0;
            // SAFETY: `status` is a valid place.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(ExitStatus::from_raw(status).signal(), Some(libc::SIGSEGV));
        }
        // SAFETY: ends the process, the guard still held.
        "exit" => unsafe { libc::exit(3) },
        "none" => {}
        how => in_a_function(how),
    }
    black_box(());
}

extern "C" fn leave_with_seven(_signal: i32) {
    // SAFETY: ends the process without running anything.
    unsafe { libc::_exit(7) }
}

extern "C" fn exit_with_seven(_signal: i32) {
    // SAFETY: as said where it is installed.
    unsafe { libc::exit(7) }
}

#[inline(never)]
fn in_a_function(how: &str) {
    // SAFETY: none of this is; that is the point.
    unsafe {
        match how {
            "bus" => {
                let file = tempfile::tempfile().unwrap();
                let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
                let page = libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, fd, 0);
                black_box(page.cast::<u8>().read_volatile());
            }
            "abort" => std::process::abort(),
            "fpe" => divide_by_zero(),
            "ill" => illegal(),
            "jump" => {
                let nowhere: extern "C" fn() = std::mem::transmute(black_box(0x20_usize));
                nowhere();
            }
            _ => black_box(0x10 as *mut u8).write_volatile(1),
        }
    }
    black_box(how);
}

#[inline(never)]
fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 128]);
    if depth == u64::MAX { 0 } else { deeper(depth + 1) + room[usize::try_from(depth % 128).unwrap()] }
}

#[cfg(target_arch = "x86_64")]
unsafe fn divide_by_zero() {
    // SAFETY: traps.
    unsafe {
        std::arch::asm!("xor edx, edx", "xor ecx, ecx", "div ecx", out("edx") _, out("ecx") _, out("eax") _)
    }
}

#[cfg(target_arch = "aarch64")]
unsafe fn divide_by_zero() {
    // SAFETY: the processor does not trap, so the signal is sent.
    unsafe { libc::raise(libc::SIGFPE) };
}

unsafe fn illegal() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: traps.
    unsafe {
        std::arch::asm!("ud2");
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: traps.
    unsafe {
        std::arch::asm!("udf #0");
    }
}
