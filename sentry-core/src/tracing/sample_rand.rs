//! The random number that decides about a whole trace.

use std::fmt;

use crate::protocol::TraceId;
use crate::rng::Rng;

/// A number in `[0, 1)` with six decimals, drawn where a trace starts and told to every service in it, so that all of
/// them decide alike (propagated random value, published trace propagation spec 1.9.0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRand(u32);

const MICROS: u32 = 1_000_000;

impl SampleRand {
    /// The number that belongs to a trace: the same wherever it is asked for.
    pub(crate) fn of(trace: TraceId) -> Self {
        let (high, low) = trace.as_bytes().split_at(8);
        let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
        // Ids of other systems may begin with a clock: every bit must count.
        let mut mixed = word(high) ^ word(low).rotate_left(32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self::scaled(mixed ^ (mixed >> 31))
    }

    /// Reads a number in `[0, 1)`; further decimals are cut off.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = text.trim().parse::<f64>().ok().filter(|number| (0.0..1.0).contains(number))?;
        // A decimal like 0.29 lies a little below itself in binary: cut after adding less than any sixth decimal.
        Some(Self(((number * f64::from(MICROS) + 1e-6) as u32).min(MICROS - 1)))
    }

    /// A number that leads to the decision that was already made at this rate; any if the two cannot be reconciled.
    pub(crate) fn consistent_with(sampled: bool, rate: f64, rng: &dyn Rng) -> Self {
        let bound = (rate.clamp(0.0, 1.0) * f64::from(MICROS)).ceil() as u32;
        let draw = Self::scaled(rng.next_u64()).0;
        let within = |from: u32, to: u32| {
            let width = u64::from(to.saturating_sub(from).max(1));
            let offset = u64::from(draw) * width / u64::from(MICROS);
            (from + u32::try_from(offset).unwrap_or(0)).min(MICROS - 1)
        };
        Self(if sampled { within(0, bound) } else { within(bound, MICROS) })
    }

    /// True if this rate lets the trace in.
    pub(crate) fn is_below(self, rate: f64) -> bool {
        f64::from(self.0) / f64::from(MICROS) < rate
    }

    fn scaled(word: u64) -> Self {
        let micros = (u128::from(word) * u128::from(MICROS)) >> 64;
        Self(u32::try_from(micros).unwrap_or(0))
    }
}

impl fmt::Display for SampleRand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0.{:06}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::SeededRng;

    #[test]
    fn six_decimals_are_read_and_written() {
        for (text, written) in
            [("0.29", "0.290000"), ("0.123456789", "0.123456"), ("0", "0.000000"), ("0.9999999", "0.999999")]
        {
            assert_eq!(SampleRand::parse(text).unwrap().to_string(), written);
        }
        for bad in ["1", "1.5", "-0.1", "NaN", "x", ""] {
            assert!(SampleRand::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_number_is_found_for_every_decision() {
        let rng = SeededRng::new(3);
        for rate in [0.000_001, 0.25, 0.5, 0.999_999] {
            for _ in 0..1000 {
                assert!(SampleRand::consistent_with(true, rate, &rng).is_below(rate), "{rate}");
                assert!(!SampleRand::consistent_with(false, rate, &rng).is_below(rate), "{rate}");
            }
        }
        assert!(SampleRand::consistent_with(true, 1.0, &rng).is_below(1.0));
        assert!(!SampleRand::consistent_with(false, 0.0, &rng).is_below(0.0));
    }

    #[test]
    fn traces_spread_evenly() {
        let rng = SeededRng::new(5);
        let share = |ids: &mut dyn Iterator<Item = TraceId>| {
            ids.filter(|id| SampleRand::of(*id).is_below(0.25)).count()
        };
        let random = share(&mut (0..10_000).map(|_| TraceId::random(&rng)));
        assert!((2300..2700).contains(&random), "{random}");
        let counting = share(&mut (1..=10_000_u128).map(|n| TraceId::from_bytes(n.to_be_bytes())));
        assert!((2300..2700).contains(&counting), "{counting}");
    }
}
