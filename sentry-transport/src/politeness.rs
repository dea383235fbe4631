//! A thread that does not push the thread that woke it off the processor.

/// Marks the calling thread as a batch thread: Linux then lets whoever wakes it go on, instead of running it at once
/// in their place. An application's thread that captures would otherwise pay for the switch. Its share of the processor
/// stays the same. Elsewhere, and where it is refused, nothing changes.
pub(crate) fn never_preempt_the_waker() {
    #[cfg(target_os = "linux")]
    {
        let normal = libc::sched_param { sched_priority: 0 };
        #[expect(unsafe_code, reason = "std cannot set a scheduling policy")]
        // SAFETY: 0 names the calling thread, and the parameter is read during the call only.
        unsafe {
            libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const normal);
        }
    }
}
