//! Reading and changing settings from the command line: JSON in, JSON out, checked before it is stored.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use watchpost_core::{Clock as _, SystemClock};

use crate::app::{StartError, open_store};
use crate::project::{KeySettings, OrganizationSettings, ProjectSettings};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;

/// Whose settings they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsOwner {
    /// The organisation: quotas over all its projects.
    Organization,
    /// A project by its slug: quotas, spike protection, filters, scrubbing, grouping.
    Project(String),
    /// A client key by its public half: quotas.
    Key(String),
}

/// The settings as JSON, with everything that is not set at its default.
///
/// # Errors
/// When there is no such owner, or the folder cannot be read.
pub fn settings(data: &Path, owner: &SettingsOwner) -> Result<String, StartError> {
    let store = open_store(data)?;
    let place = Place::find(&store, owner)?;
    let all = store.all_settings().map_err(|error| StartError::new("the store", error))?;
    Ok(match place {
        Place::Organization(id) => pretty(&all.organizations.get(&id).cloned().unwrap_or_default()),
        Place::Project(id) => pretty(&all.projects.get(&id).cloned().unwrap_or_default()),
        Place::Key(id) => pretty(&all.keys.get(&id).cloned().unwrap_or_default()),
    })
}

/// Replaces the settings; what the JSON does not name goes to its default. A running server follows within a minute.
///
/// # Errors
/// When a value cannot be: the error names it and shows a right one. When there is no such owner, or the folder cannot
/// be written.
pub fn set_settings(data: &Path, owner: &SettingsOwner, json: &str) -> Result<(), StartError> {
    let store = open_store(data)?;
    let place = Place::find(&store, owner)?;
    let stored = match place {
        Place::Organization(id) => {
            let settings: OrganizationSettings = read(json)?;
            settings.check().map_err(wrong)?;
            store.set_organization_settings(id, &settings)
        }
        Place::Project(id) => {
            let mut settings: ProjectSettings = read(json)?;
            settings.check().map_err(wrong)?;
            let all = store.all_settings().map_err(|error| StartError::new("the store", error))?;
            let old = all.projects.get(&id).map(|old| old.grouping.clone()).unwrap_or_default();
            settings.grouping.keep_old(&old, SystemClock.now().micros());
            store.set_project_settings(id, &settings)
        }
        Place::Key(id) => {
            let settings: KeySettings = read(json)?;
            settings.check().map_err(wrong)?;
            store.set_key_settings(id, &settings)
        }
    };
    stored.map_err(|error| StartError::new("the store", error))
}

/// An owner by number.
enum Place {
    Organization(i64),
    Project(i64),
    Key(i64),
}

impl Place {
    fn find(store: &SqliteStore, owner: &SettingsOwner) -> Result<Self, StartError> {
        let fail = |error| StartError::new("the store", error);
        let none = |what: &str| StartError::new(what.to_owned(), "there is none of that name");
        let organization = store.organizations().map_err(fail)?.into_iter().next();
        let organization = organization.ok_or_else(|| none("the organisation"))?.id;
        match owner {
            SettingsOwner::Organization => Ok(Self::Organization(organization)),
            SettingsOwner::Project(slug) => {
                let projects = store.projects(organization).map_err(fail)?;
                let found = projects.into_iter().find(|project| project.slug == *slug);
                found.map(|project| Self::Project(project.id)).ok_or_else(|| none("the project"))
            }
            SettingsOwner::Key(public) => {
                let keys = store.client_keys().map_err(fail)?;
                let found = keys.into_iter().find(|key| key.public == *public);
                found.map(|key| Self::Key(key.id)).ok_or_else(|| none("the key"))
            }
        }
    }
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, StartError> {
    serde_json::from_str(json).map_err(|error| wrong(error.to_string()))
}

fn wrong(why: String) -> StartError {
    StartError::new("the settings", why)
}

fn pretty(settings: &impl Serialize) -> String {
    serde_json::to_string_pretty(settings).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked_kept_and_shown() {
        let dir = tempfile::tempdir().unwrap();
        let key = "0".repeat(32);
        crate::create_project(dir.path(), "http://h", "shop", None, None, Some(key.clone())).unwrap();
        let shop = SettingsOwner::Project("shop".to_owned());
        assert!(settings(dir.path(), &shop).unwrap().contains("\"legacy_browsers\": false"));
        set_settings(dir.path(), &shop, r#"{"filters":{"localhost":true,"ip_addresses":["10.0.0.0/8"]}}"#)
            .unwrap();
        assert!(settings(dir.path(), &shop).unwrap().contains("\"localhost\": true"));
        let quota = r#"{"quotas":[{"categories":["error"],"limit":5,"window_seconds":60}]}"#;
        for owner in [SettingsOwner::Key(key), SettingsOwner::Organization, shop.clone()] {
            set_settings(dir.path(), &owner, quota).unwrap();
            assert!(settings(dir.path(), &owner).unwrap().contains("\"limit\": 5"), "{owner:?}");
        }
        for wrong in [
            "{",
            r#"{"quotas":[{"categories":["errors"],"limit":5,"window_seconds":60}]}"#,
            r#"{"quotas":[{"limit":5,"window_seconds":0}]}"#,
            r#"{"filters":{"ip_addresses":["ten"]}}"#,
            r#"{"filters":{"localhost":"yes"}}"#,
            r#"{"grouping":{"fingerprint_rules":"type:A"}}"#,
            r#"{"grouping":{"stack_rules":"function:a"}}"#,
            r#"{"grouping":{"config":"odd"}}"#,
        ] {
            assert!(set_settings(dir.path(), &shop, wrong).is_err(), "{wrong}");
        }
        assert!(settings(dir.path(), &SettingsOwner::Project("other".to_owned())).is_err());
    }
}
