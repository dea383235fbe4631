//! Plays the corpora through their targets, and some inputs near them: seconds, on every test run.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use watchpost_fuzz::{TARGETS, Target, corpus, search as near};

macro_rules! targets {
    ($($name:ident),*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn no_target_is_forgotten() {
            let here = [$(stringify!($name)),*];
            assert!(TARGETS.iter().map(|target| target.name).eq(here), "{here:?}");
            let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).unwrap();
            let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            folders.sort();
            assert_eq!(folders, here);
        }
    };
}

targets!(dsn, envelope, event, headers, ingest, log, normalize, options, outbox, search);

fn replay(name: &str) {
    let target: Target = TARGETS.into_iter().find(|target| target.name == name).unwrap();
    let corpus = corpus(name).unwrap();
    assert!(!corpus.is_empty(), "an empty corpus tests nothing");
    for (file, bytes) in &corpus {
        let outcome = std::panic::catch_unwind(|| (target.run)(bytes));
        assert!(outcome.is_ok(), "corpus/{name}/{file}");
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    near(target, &inputs, Duration::ZERO).unwrap();
}
