//! Which SDK is speaking, and from where.

use watchpost_core::{ClientOptions, Map, SdkInfo, SdkPackage, Text};

/// What a binding knows about itself and its host without being told.
#[derive(Debug, Clone, Default)]
pub struct HostIdentity {
    /// `watchpost.<language>`.
    pub sdk_name: Text,
    /// The binding's version.
    pub sdk_version: Text,
    /// `<registry>:<name>` of the package that the user installed.
    pub package: Option<Text>,
    /// All enabled integrations.
    pub integrations: Vec<Text>,
    /// The platform of its events: `python`, `node`, `java`, `cocoa`.
    pub platform: Text,
    /// The name of the machine.
    pub server_name: Option<Text>,
    /// `runtime`, `os`, `device` ..., which every event gets unless it has its own.
    pub contexts: Vec<(Text, Map)>,
}

impl HostIdentity {
    /// Fills in what the user did not set.
    pub(crate) fn apply(self, mut options: ClientOptions) -> ClientOptions {
        let package = |name| SdkPackage { name, version: self.sdk_version.clone() };
        let sdk = SdkInfo {
            name: self.sdk_name,
            version: self.sdk_version.clone(),
            integrations: self.integrations,
            packages: self.package.map(package).into_iter().collect(),
            ..SdkInfo::default()
        };
        options = options.with_sdk(sdk).with_platform(self.platform);
        if options.server_name().is_none()
            && let Some(name) = self.server_name
        {
            options = options.with_server_name(name);
        }
        self.contexts.into_iter().fold(options, |options, (key, context)| options.with_context(key, context))
    }
}
