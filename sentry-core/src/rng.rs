//! Where chance comes from: ids and sampling draws.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fork::generation;

/// A source of random numbers for ids and sampling; not for secrets.
pub trait Rng: Send + Sync + Debug {
    /// Sixty-four random bits.
    fn next_u64(&self) -> u64;

    /// A number in `[0, 1)`, with 53 bits of precision.
    fn unit(&self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Sixteen random bytes, for event and trace ids.
    fn id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.next_u64().to_be_bytes());
        id[8..].copy_from_slice(&self.next_u64().to_be_bytes());
        id
    }
}

/// Random numbers seeded by the operating system once per thread, and again after a fork.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRng;

thread_local! {
    /// The generator's state and the fork generation that it was seeded in.
    static STATE: Cell<(u64, u64)> = const { Cell::new((0, u64::MAX)) };
}

impl Rng for OsRng {
    fn next_u64(&self) -> u64 {
        let generation = generation();
        STATE.with(|cell| {
            let (mut state, seeded_in) = cell.get();
            if seeded_in != generation {
                state = seed(generation);
            }
            let output = split_mix(&mut state);
            cell.set((state, generation));
            output
        })
    }
}

/// A repeatable sequence, for vectors.
#[derive(Debug)]
pub struct SeededRng(AtomicU64);

impl SeededRng {
    /// The sequence that belongs to `seed` (SplitMix64).
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Rng for SeededRng {
    fn next_u64(&self) -> u64 {
        let mut state = self.0.fetch_add(GAMMA, Ordering::Relaxed);
        split_mix(&mut state)
    }
}

/// `RandomState` takes its keys from the operating system once per thread and then counts up, so the
/// address of a local, the process id and the generation keep threads and forked children apart.
fn seed(generation: u64) -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(generation);
    hasher.write_u32(std::process::id());
    hasher.write_usize(std::ptr::from_ref(&hasher) as usize);
    hasher.finish()
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GAMMA);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_stays_in_the_unit_interval() {
        let (a, b) = (SeededRng::new(7), SeededRng::new(7));
        for _ in 0..1000 {
            let unit = a.unit();
            assert!((0.0..1.0).contains(&unit));
            assert_eq!(unit.to_bits(), b.unit().to_bits());
        }
    }

    #[test]
    fn the_system_generator_does_not_repeat() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|_| OsRng.id()).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
