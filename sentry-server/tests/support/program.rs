//! Programs that tests compile, strip and run.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use symbolic::debuginfo::Object;

pub const SOURCE: &str = include_str!("../programs/shop.c");

/// `programs/shop.c`, compiled.
pub struct Program {
    pub path: PathBuf,
}

/// Where a run of it was.
pub struct Run {
    /// Where it was loaded, and its size.
    pub image: (u64, u64),
    /// Return addresses, the innermost first.
    pub frames: Vec<u64>,
    pub registers: Vec<(String, u64)>,
    /// Signal, code and address.
    pub signal: [u64; 3],
}

impl Program {
    /// Compiles into a folder; `flags` follow those that all have.
    pub fn compile(dir: &Path, name: &str, flags: &[&str]) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/shop.c");
        let path = dir.join(name);
        let common = [
            "-O2",
            "-fomit-frame-pointer",
            "-fno-optimize-sibling-calls",
            "-pie",
            "-fPIE",
            "-Wl,--build-id=sha1",
        ];
        let mut cc = Command::new("cc");
        run(cc.args(common).args(flags).arg("-o").arg(&path).arg(source));
        Self { path }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    /// What `strip` leaves, and what it took.
    pub fn stripped(&self) -> (Vec<u8>, Vec<u8>) {
        let (rest, taken) = (self.path.with_extension("stripped"), self.path.with_extension("debug"));
        run(Command::new("objcopy").arg("--only-keep-debug").arg(&self.path).arg(&taken));
        run(Command::new("strip").arg("-o").arg(&rest).arg(&self.path));
        (std::fs::read(rest).unwrap(), std::fs::read(taken).unwrap())
    }

    pub fn build_id(&self) -> Vec<u8> {
        let bytes = self.bytes();
        let text = Object::parse(&bytes).unwrap().code_id().unwrap().to_string();
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    pub fn run(&self, words: &[&str]) -> Run {
        let said = run(Command::new(&self.path).args(words));
        let mut all = Run { image: (0, 0), frames: Vec::new(), registers: Vec::new(), signal: [0; 3] };
        let number = |word: &str| u64::from_str_radix(word, 16).unwrap();
        for line in said.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["image", base, size] => all.image = (number(base), number(size)),
                ["frame", address] => all.frames.push(number(address)),
                ["register", name, value] => all.registers.push((name.to_owned(), number(value))),
                ["signal", signal, code, address] => all.signal = [signal, code, address].map(number),
                _ => panic!("{line}"),
            }
        }
        all
    }

    /// As `debug_meta` has it.
    pub fn image(&self, run: &Run) -> Value {
        let bytes = self.bytes();
        let object = Object::parse(&bytes).unwrap();
        json!({
            "type": "elf",
            "code_file": "/srv/shop/shop",
            "code_id": object.code_id().unwrap().to_string(),
            "debug_id": object.debug_id().to_string(),
            "image_addr": format!("{:#x}", run.image.0),
            "image_size": run.image.1,
        })
    }

    /// A run's calls as an event.
    pub fn event(&self, run: &Run) -> Value {
        let frames = run.frames.iter().rev().map(|at| json!({ "instruction_addr": format!("{at:#x}") }));
        json!({
            "platform": "native",
            "debug_meta": { "images": [self.image(run)] },
            "exception": { "values": [{ "type": "Overdrawn", "value": "no", "stacktrace": {
                "instruction_addr_adjustment": "all", "frames": frames.collect::<Vec<_>>() } }] },
        })
    }
}

/// The line of the source with a comment on it, from 1.
pub fn line(comment: &str) -> usize {
    1 + SOURCE.lines().position(|line| line.contains(&format!("/* {comment} */"))).unwrap()
}

pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
