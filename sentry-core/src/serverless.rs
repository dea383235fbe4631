//! Platforms that freeze a process when it has answered.

use std::time::Duration;

/// What is left of the deadline for the function's own way out.
const SPARE: Duration = Duration::from_millis(250);

/// How long a delivery may take at the end of a call: `most`, and never beyond the deadline, which `left` is the time until. What
/// does not leave in time is on disk, and follows with a later call.
#[must_use]
pub fn delivery_time(left: Option<Duration>, most: Duration) -> Duration {
    left.map_or(most, |left| most.min(left.saturating_sub(SPARE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_is_kept_with_something_to_spare() {
        let seconds = Duration::from_secs;
        assert_eq!(delivery_time(None, seconds(2)), seconds(2));
        assert_eq!(delivery_time(Some(seconds(60)), seconds(2)), seconds(2));
        assert_eq!(delivery_time(Some(seconds(1)), seconds(2)), Duration::from_millis(750));
        assert_eq!(delivery_time(Some(Duration::from_millis(200)), seconds(2)), Duration::ZERO);
    }
}
