//! What a machine must have, and how it gets it: through the package manager where that is possible, into ignored
//! folders otherwise, with one line saying so.

mod debian;
mod node;
mod python;

use std::process::Command;
use std::time::Duration;

pub use debian::apt;
pub use node::install as node_modules;
pub use python::{VENV, venv};

use crate::console::line;
use crate::failure::{Failure, Result};
use crate::language::Language;
use crate::{process, repo};

/// Whether something can be used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot, and this is what to install.
    Missing(String),
}

/// `cargo xtask setup [what]`.
///
/// # Errors
/// For an unknown word; in CI, or when it was asked for by name, also when something is missing.
pub fn run(words: &[String]) -> Result<()> {
    let named = words.first().map(String::as_str);
    let wanted: Vec<Need> = match named {
        None => Need::all().collect(),
        Some(word) => vec![Need::parse(word)?],
    };
    let mut missing = Vec::new();
    for need in wanted {
        match need.ensure() {
            Readiness::Ready => line(format_args!("{}: ready", need.name())),
            Readiness::Missing(what) => {
                line(format_args!("{}: skipped: {what}", need.name()));
                missing.push(format!("{}: {what}", need.name()));
            }
        }
    }
    if missing.is_empty() || (named.is_none() && !repo::in_ci()) {
        return Ok(());
    }
    Err(Failure::new(missing.join("\n")))
}

/// Something that a step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A language's toolchain.
    Language(Language),
    /// A headless browser for the page's tests.
    Browser,
    /// Go, which nothing but a client's test needs: used where it is installed.
    Go,
}

impl Need {
    /// Everything that the whole test run needs.
    pub fn all() -> impl Iterator<Item = Self> {
        Language::ALL.into_iter().map(Self::Language).chain([Self::Browser])
    }

    /// The word for it on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Language(language) => language.name(),
            Self::Browser => "chromium",
            Self::Go => "go",
        }
    }

    /// Installs it if it is missing.
    #[must_use]
    pub fn ensure(self) -> Readiness {
        let result = match self {
            Self::Language(Language::Rust) => Ok(()),
            Self::Language(Language::Python) => python::ensure(),
            Self::Language(Language::Node) => node::ensure(),
            Self::Language(Language::Kotlin) => jdk(),
            Self::Language(Language::Swift) => swift(),
            Self::Browser => browser(),
            Self::Go => go(),
        };
        match result {
            Ok(()) => Readiness::Ready,
            Err(failure) => Readiness::Missing(failure.to_string()),
        }
    }

    fn parse(word: &str) -> Result<Self> {
        Self::all().find(|need| need.name() == word).ok_or_else(|| {
            let names: Vec<&str> = Self::all().map(Self::name).collect();
            Failure::new(format!("setup knows no {word:?}; it knows {}", names.join(", ")))
        })
    }
}

fn jdk() -> Result<()> {
    if process::find("javac").is_none() {
        apt(&["default-jdk-headless"], "a JDK, version 17 or newer")?;
    }
    if process::find("mvn").is_none() {
        apt(&["maven"], "Apache Maven 3.8 or newer")?;
    }
    Ok(())
}

fn swift() -> Result<()> {
    let script = repo::path("bindings/swift/toolchain.sh");
    // It prints its own line when it installs something, and says what to install where it cannot.
    let log = repo::cache("logs/setup-swift.log");
    let _ = std::fs::remove_file(&log);
    let status = process::logged(Command::new(&script).arg("ensure"), &log, SWIFT_LIMIT)?;
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    if status.success() {
        said.lines().for_each(line);
        return Ok(());
    }
    Err(Failure::new(said.trim().replace('\n', " ")))
}

/// As the newest client asks for it; what distributions have is mostly older.
fn go() -> Result<()> {
    let said = process::find("go").and_then(|go| process::output(Command::new(go).arg("version")).ok());
    match said.as_deref().and_then(version) {
        Some(found) if found >= (1, 25) => Ok(()),
        _ => Err(Failure::new("install Go 1.25 or newer and put it on the PATH")),
    }
}

fn browser() -> Result<()> {
    if browser_path().is_some() {
        return Ok(());
    }
    apt(&["chromium"], "Chromium or Chrome")
}

/// The browser that the page's tests drive.
#[must_use]
pub fn browser_path() -> Option<std::path::PathBuf> {
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .into_iter()
        .find_map(process::find)
}

/// The first number pair of a version text such as `v20.20.2` or `Python 3.11.7`.
fn version(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut parts = text[start..].split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

const SWIFT_LIMIT: Duration = Duration::from_secs(20 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_tools_print() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("Python 3.9.18"), Some((3, 9)));
        assert_eq!(version("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(version("none"), None);
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let error = Need::parse("cobol").unwrap_err().to_string();
        assert!(error.contains("cobol") && error.contains("swift") && error.contains("chromium"), "{error}");
    }
}
