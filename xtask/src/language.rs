//! The five languages.

use std::fmt;

/// A language that has an SDK here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// `watchpost` on the Rust registry.
    Rust,
    /// `watchpost` for Python.
    Python,
    /// `watchpost` for Node.
    Node,
    /// `dev.watchpost` on the JVM.
    Kotlin,
    /// The Swift module `Watchpost`.
    Swift,
}

impl Language {
    /// All of them, in the order in which they are set up and shown.
    pub const ALL: [Self; 5] = [Self::Rust, Self::Python, Self::Node, Self::Kotlin, Self::Swift];

    /// Its name in lower case: the slug of its project in the demo.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Node => "node",
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
        }
    }

    /// The platform that its project is created with.
    #[must_use]
    pub fn platform(self) -> &'static str {
        match self {
            Self::Kotlin => "java",
            Self::Swift => "cocoa",
            other => other.name(),
        }
    }

    /// The language called `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
