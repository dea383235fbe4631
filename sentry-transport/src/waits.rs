//! Whether a thread waited for something, or was only not given a processor.

/// What the system has counted for this thread at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    counts: Option<(libc::c_long, libc::c_long)>,
}

impl Waits {
    /// The counts now. One system call.
    pub(crate) fn now() -> Self {
        Self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            counts: counts(),
        }
    }

    /// True if since then this thread gave up the processor by itself, for a disk say, and it was never taken away.
    ///
    /// A loaded machine, or a container at its quota, takes it away for as long as a slow disk would take. Where the
    /// system does not tell, waiting is assumed.
    pub(crate) fn waited(self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let (Some((gave_up, taken)), Some((gave_up_now, taken_now))) = (self.counts, counts()) {
            return gave_up_now > gave_up && taken_now == taken;
        }
        true
    }
}

/// How often this thread gave up the processor, and how often it was taken away.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn counts() -> Option<(libc::c_long, libc::c_long)> {
    #[expect(unsafe_code, reason = "the standard library does not offer it")]
    // SAFETY: an all-zero `rusage` is a valid one, and getrusage writes to nothing else.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) == 0)
            .then_some((usage.ru_nvcsw, usage.ru_nivcsw))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn sleeping_is_waiting_and_working_is_not() {
        // The machine may take the processor away meanwhile, so one undisturbed try will do.
        let slept = || {
            let waits = Waits::now();
            std::thread::sleep(Duration::from_millis(1));
            waits.waited()
        };
        assert!((0..1000).any(|_| slept()));
        let waits = Waits::now();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(30) {
            std::hint::spin_loop();
        }
        assert!(!waits.waited());
    }
}
