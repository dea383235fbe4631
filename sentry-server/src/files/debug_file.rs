//! What an uploaded debug file is: its ids, machine and what it can tell.

use proguard::ProguardMapping;
use symbolic::debuginfo::{Archive, Object, ObjectKind};

use super::names::{debug_key, debug_text};
use crate::instant::Micros;
use crate::store::{BlobHash, DebugFile, Sha1};

/// One object in a debug file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) debug_id: String,
    pub(crate) code_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) cpu: String,
    pub(crate) features: Vec<String>,
}

impl Identity {
    /// As it is stored.
    pub(crate) fn into_file(
        self,
        name: &str,
        sha1: Sha1,
        (blob, size): (BlobHash, u64),
        now: Micros,
    ) -> DebugFile {
        DebugFile {
            id: 0,
            blob,
            sha1,
            debug_id: self.debug_id,
            code_id: self.code_id,
            kind: self.kind,
            cpu: self.cpu,
            name: name.to_owned(),
            features: self.features,
            size: size as i64,
            created: now,
        }
    }
}

/// Every object in a file; `claimed` is the debug id that its uploader names, which is all that tells mappings apart.
///
/// # Errors
/// In words for whoever uploaded it.
pub(crate) fn identify(bytes: &[u8], name: &str, claimed: Option<&str>) -> Result<Vec<Identity>, String> {
    if name.contains("proguard") && std::str::from_utf8(bytes.get(..4_096).unwrap_or(bytes)).is_ok() {
        return Ok(vec![mapping(bytes, name, claimed)]);
    }
    let archive = Archive::parse(bytes).map_err(|error| format!("{name} is no debug file: {error}."))?;
    let mut all = Vec::new();
    for object in archive.objects() {
        let object = object.map_err(|error| format!("{name} cannot be read: {error}."))?;
        all.push(identity(&object));
    }
    if all.is_empty() {
        return Err(format!("{name} has no objects."));
    }
    Ok(all)
}

fn identity(object: &Object<'_>) -> Identity {
    let kind = match object.kind() {
        ObjectKind::Debug => "dbg",
        ObjectKind::Executable => "exe",
        ObjectKind::Library => "lib",
        ObjectKind::Sources => "src",
        ObjectKind::Relocatable => "rel",
        _ => "other",
    };
    let can = [
        ("symtab", object.has_symbols()),
        ("debug", object.has_debug_info()),
        ("unwind", object.has_unwind_info()),
        ("sources", object.has_sources()),
    ];
    Identity {
        debug_id: object.debug_id().to_string(),
        code_id: object.code_id().map(|id| id.to_string()),
        kind: kind.to_owned(),
        cpu: object.arch().name().to_owned(),
        features: can.iter().filter(|(_, has)| *has).map(|(name, _)| (*name).to_owned()).collect(),
    }
}

/// The id of a mapping is what its uploader says, in a field or in the name `/proguard/<id>.txt`; else made from its content.
fn mapping(bytes: &[u8], name: &str, claimed: Option<&str>) -> Identity {
    let in_name = name.rsplit('/').next().unwrap_or_default().trim_end_matches(".txt");
    let id = claimed.and_then(debug_key).or_else(|| debug_key(in_name));
    let id = id.unwrap_or_else(|| *ProguardMapping::new(bytes).uuid().as_bytes());
    Identity {
        debug_id: debug_text(&id),
        code_id: None,
        kind: "proguard".to_owned(),
        cpu: "any".to_owned(),
        features: vec!["mapping".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_itself_is_a_debug_file() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let all = identify(&own, "test", None).unwrap();
        assert_eq!(all.len(), 1);
        assert!(all[0].features.contains(&"symtab".to_owned()), "{:?}", all[0].features);
        assert!(debug_key(&all[0].debug_id).is_some());
    }

    #[test]
    fn a_mapping_has_the_id_that_its_uploader_says() {
        let text = b"a.b.C -> a:\n    void d() -> e\n";
        let id = "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7";
        for (name, claimed) in [("/proguard/x.txt", Some(id)), (&format!("/proguard/{id}.txt"), None)] {
            assert_eq!(identify(text, name, claimed).unwrap()[0].debug_id, id);
        }
        let made = &identify(text, "/proguard/mapping.txt", None).unwrap()[0];
        assert_eq!((made.kind.as_str(), made.debug_id.len()), ("proguard", 36));
        assert!(identify(b"nothing at all", "x", None).unwrap_err().contains("no debug file"));
    }
}
