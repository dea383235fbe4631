//! Which events of a storm keep their bodies. All are counted, and all keep their row.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::store::ProjectId;

/// How many events each issue has had in the hour that is running. An issue goes by the hash that it was grouped by.
///
/// In memory only: after a restart an hour may keep some more bodies than it would have.
#[derive(Debug, Default)]
pub(crate) struct Thinning(Mutex<Hour>);

#[derive(Debug, Default)]
struct Hour {
    hour: i64,
    seen: HashMap<(ProjectId, [u8; 16]), u32>,
}

impl Thinning {
    /// Counts an event, and says whether its body is kept: the first `limit` are, then half of as many again, then a
    /// quarter of twice as many, and so on. So n events leave `limit` and half of it for each time that n doubles.
    pub(super) fn keeps(&self, project: ProjectId, hash: [u8; 16], hour: i64, limit: u32) -> bool {
        if limit == 0 {
            return true;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hour == state.hour - 1 {
            // What was received before the hour struck, and comes after something received later.
            return true;
        }
        if hour != state.hour {
            *state = Hour { hour, seen: HashMap::new() };
        }
        let is_known = state.seen.contains_key(&(project, hash));
        if !is_known && state.seen.len() >= MAX_ISSUES {
            return true;
        }
        let seen = state.seen.entry((project, hash)).or_default();
        *seen = seen.saturating_add(1);
        let stride = match *seen {
            few if few <= limit => 1,
            many => 2 << ((many - 1) / limit).ilog2(),
        };
        seen.is_multiple_of(stride)
    }
}

/// So many get their own count in an hour: some 6 MB.
const MAX_ISSUES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(thinning: &Thinning, hour: i64, limit: u32, events: u32) -> usize {
        (0..events).filter(|_| thinning.keeps(1, [1; 16], hour, limit)).count()
    }

    #[test]
    fn bodies_thin_out_with_every_doubling() {
        let thinning = Thinning::default();
        assert_eq!(kept(&thinning, 7, 16, 16), 16, "at first all");
        assert_eq!(kept(&thinning, 7, 16, 16), 8, "then every second");
        assert_eq!(kept(&thinning, 7, 16, 32), 8, "then every fourth");
        assert_eq!(kept(&thinning, 7, 16, 64), 8, "then every eighth");
        assert!(thinning.keeps(1, [2; 16], 7, 16) && thinning.keeps(2, [1; 16], 7, 16), "others not");
        assert_eq!(kept(&Thinning::default(), 7, 0, 1_000), 1_000, "0 is never");
        assert_eq!(kept(&Thinning::default(), 7, 1, 1_000_000), 1 + 19, "a million leave twenty");
    }

    #[test]
    fn hours_count_anew_and_the_end_of_the_last_one_does_not_disturb() {
        let thinning = Thinning::default();
        assert_eq!(kept(&thinning, 7, 10, 20), 15);
        assert_eq!(kept(&thinning, 8, 10, 10), 10);
        assert_eq!(kept(&thinning, 7, 10, 3), 3);
        assert_eq!(kept(&thinning, 8, 10, 10), 5);
        assert_eq!(kept(&thinning, 3, 10, 20), 15, "a clock that was set back");
    }
}
