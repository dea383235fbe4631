//! The stable runner: inputs near those of the corpus, by proptest, which shrinks what fails.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::Target;

/// How many inputs run between two looks at the clock.
const BATCH: u32 = 64;

/// What happens to an input of the corpus.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(Index, u8),
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
    /// A piece of another input of the corpus.
    Splice(Index, Index, Index, usize),
}

/// An input for which a property does not hold.
#[derive(Debug)]
pub struct Found {
    /// The smallest such input that was found.
    pub input: Vec<u8>,
    /// What was said about it.
    pub why: String,
}

/// Searches for `time`, and at least one batch; answers how many inputs ran.
///
/// # Errors
/// With the smallest input found for which a property does not hold.
pub fn search(target: Target, corpus: &[Vec<u8>], time: Duration) -> Result<u64, Found> {
    let start = Instant::now();
    let mut ran = 0;
    loop {
        let config = Config {
            cases: BATCH,
            failure_persistence: None,
            max_shrink_iters: 20_000,
            max_shrink_time: 60_000,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&input(corpus.to_vec()), |bytes| {
            (target.run)(&bytes);
            Ok::<(), TestCaseError>(())
        });
        ran += u64::from(BATCH);
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(why, input)) => return Err(Found { input, why: why.to_string() }),
            Err(TestError::Abort(why)) => return Err(Found { input: Vec::new(), why: why.to_string() }),
        }
        if start.elapsed() >= time {
            return Ok(ran);
        }
    }
}

fn input(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (any::<Index>(), vec(mutation(), 0..8)).prop_map(move |(first, mutations)| {
        let mut bytes = if corpus.is_empty() { Vec::new() } else { first.get(&corpus).clone() };
        for mutation in &mutations {
            mutation.apply(&mut bytes, &corpus);
        }
        bytes
    })
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (at(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (at(), piece()).prop_map(|(at, text)| Mutation::Insert(at, text.as_bytes().to_vec())),
        (at(), 1..16_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        (at(), 1..32_usize).prop_map(|(at, count)| Mutation::Repeat(at, count)),
        at().prop_map(Mutation::Cut),
        (at(), at(), at(), 1..64_usize).prop_map(|(at, of, from, n)| Mutation::Splice(at, of, from, n)),
    ]
}

/// Texts that a blind search would not write by itself.
fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "null",
        "true",
        "-1",
        "1e400",
        "18446744073709551616",
        "0.1",
        "\\ud800",
        "\n",
        "\r\n",
        "\0",
        "\u{feff}",
        "é",
        "\"type\":\"event\"",
        "\"length\":",
        "\"password\"",
        "://",
        "@",
        "%2f",
        "..",
        "-",
        "=",
        "sentry-",
        "[::1]",
        ":443",
    ])
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let place = |at: &Index, length: usize| at.index(length + 1);
        match self {
            Self::Flip(at, bit) if !bytes.is_empty() => *at.get_mut(bytes) ^= 1 << bit,
            Self::Set(at, byte) if !bytes.is_empty() => *at.get_mut(bytes) = *byte,
            Self::Flip(..) | Self::Set(..) => {}
            Self::Insert(at, new) => {
                let at = place(at, bytes.len());
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Remove(at, count) => {
                let at = place(at, bytes.len());
                bytes.drain(at..bytes.len().min(at + count));
            }
            Self::Repeat(at, count) => {
                let at = place(at, bytes.len());
                let copy = bytes[at..bytes.len().min(at + count)].to_vec();
                bytes.splice(at..at, copy);
            }
            Self::Cut(at) => bytes.truncate(place(at, bytes.len())),
            Self::Splice(at, of, from, count) => {
                if corpus.is_empty() {
                    return;
                }
                let other = of.get(corpus);
                let from = place(from, other.len());
                let piece = other[from..other.len().min(from + count)].to_vec();
                let at = place(at, bytes.len());
                bytes.splice(at..at, piece);
            }
        }
    }
}
