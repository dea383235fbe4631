//! The sampling draw.

use crate::rng::Rng;

/// One draw, and none when the answer is known: `draw < rate` sends.
pub(super) fn keep(rate: f64, rng: &dyn Rng) -> bool {
    rate >= 1.0 || (rate > 0.0 && rng.unit() < rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    #[test]
    fn the_share_is_kept() {
        let rng = SeededRng::new(1);
        let kept = (0..10_000).filter(|_| keep(0.25, &rng)).count();
        assert!((2300..2700).contains(&kept), "{kept}");
        assert!(keep(1.0, &rng) && !keep(0.0, &rng));
    }
}
