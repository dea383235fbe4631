//! Rules that hold for every project, of one version of the grouping.

use std::sync::LazyLock;

use super::{FingerprintRules, StackRules};

/// Rules before those of a project.
#[derive(Debug, Clone, Default)]
pub(in crate::group) struct Builtin {
    pub(in crate::group) stack: StackRules,
    /// Tried after the project's, and only where the client gave no fingerprint.
    pub(in crate::group) fingerprints: FingerprintRules,
}

impl Builtin {
    /// Those of `wp:2026-11-29`.
    pub(in crate::group) fn of_2026_11_29() -> Self {
        // A text that cannot be read is a bug that the tests below find.
        static RULES: LazyLock<Builtin> = LazyLock::new(|| Builtin {
            stack: StackRules::parse(STACK).unwrap_or_default(),
            fingerprints: FingerprintRules::parse(FINGERPRINTS).unwrap_or_default(),
        });
        RULES.clone()
    }
}

const STACK: &str = include_str!("stack_2026_11_29.txt");
const FINGERPRINTS: &str = include_str!("fingerprint_2026_11_29.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules_can_be_read() {
        StackRules::parse(STACK).unwrap();
        FingerprintRules::parse(FINGERPRINTS).unwrap();
        assert!(!Builtin::of_2026_11_29().stack.is_empty());
    }
}
