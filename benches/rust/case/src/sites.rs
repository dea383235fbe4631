//! Ten thousand places that capture once each: nothing that was looked up for one helps another.

use crate::clock::of_thread;
use crate::work::{Side, crumbs, error, must_flush};

pub(crate) fn run<S: Side>(side: &S, count: u64) {
    crumbs(side, 0);
    let sites = Sites::<S>::ALL;
    let count = usize::try_from(count).map_or(sites.len(), |count| count.min(sites.len()));
    let mut thread = 0.0;
    for (number, site) in sites[..count].iter().enumerate() {
        thread += of_thread(|| site(side, number as u64));
        if number % 20 == 19 {
            must_flush(side);
        }
    }
    must_flush(side);
    println!("{{\"captures\":{count},\"sites\":{:.2}}}", thread / count as f64);
}

struct Sites<S>(std::marker::PhantomData<S>);

/// A place of its own: the number is part of its code.
#[inline(never)]
fn site<S: Side, const N: u64>(side: &S, number: u64) {
    side.capture(&error(std::hint::black_box(number * 10_000 + N)));
}

macro_rules! ten {
    ($base:expr) => {
        [
            site::<S, { $base }>,
            site::<S, { $base + 1 }>,
            site::<S, { $base + 2 }>,
            site::<S, { $base + 3 }>,
            site::<S, { $base + 4 }>,
            site::<S, { $base + 5 }>,
            site::<S, { $base + 6 }>,
            site::<S, { $base + 7 }>,
            site::<S, { $base + 8 }>,
            site::<S, { $base + 9 }>,
        ]
    };
}

macro_rules! times_ten {
    ($name:ident, $of:ident, $step:expr, $size:expr) => {
        macro_rules! $name {
            ($d:expr) => {
                [
                    $of!($d),
                    $of!($d + $step),
                    $of!($d + 2 * $step),
                    $of!($d + 3 * $step),
                    $of!($d + 4 * $step),
                    $of!($d + 5 * $step),
                    $of!($d + 6 * $step),
                    $of!($d + 7 * $step),
                    $of!($d + 8 * $step),
                    $of!($d + 9 * $step),
                ]
            };
        }
    };
}
times_ten!(hundred, ten, 10, 100);
times_ten!(thousand, hundred, 100, 1000);
times_ten!(ten_thousand, thousand, 1000, 10_000);

type Site<S> = fn(&S, u64);

impl<S: Side> Sites<S> {
    const NESTED: [[[[Site<S>; 10]; 10]; 10]; 10] = ten_thousand!(0);
    const ALL: &'static [Site<S>] = Self::NESTED.as_flattened().as_flattened().as_flattened();
}
