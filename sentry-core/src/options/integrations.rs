//! Integrations that are set up after the start, as when the application imports a framework late.

use std::sync::Arc;

use super::ClientOptions;
use crate::fork::ForkLock;
use crate::protocol::SdkInfo;
use crate::text::Text;

/// So many are told of.
const MAX: usize = 200;

/// Their names; a copy of the options is told of them too.
pub(super) type Added = Arc<ForkLock<Vec<Text>>>;

impl ClientOptions {
    /// From now on `sdk.integrations` of what is sent holds this name.
    pub fn add_integration(&self, name: impl Into<Text>) {
        let name = name.into().shared();
        if !self.sdk.integrations.contains(&name) {
            self.added.with(|added| {
                if added.len() < MAX && !added.contains(&name) {
                    added.push(name);
                }
            });
        }
    }

    /// How many were added.
    pub(crate) fn integrations_added(&self) -> usize {
        self.added.with(|added| added.len())
    }

    /// The SDK as it is now.
    pub(crate) fn sdk_now(&self) -> SdkInfo {
        let mut sdk = self.sdk.clone();
        self.added.with(|added| sdk.integrations.extend(added.iter().cloned()));
        sdk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_integrations_are_told_of_once() {
        let sdk = SdkInfo { integrations: vec!["logging".into()], ..SdkInfo::default() };
        let options = ClientOptions::new().with_sdk(sdk);
        let copy = options.clone();
        for name in ["flask", "logging", "flask"] {
            options.add_integration(name);
        }
        assert_eq!(copy.sdk_now().integrations, ["logging", "flask"]);
    }
}
