//! What builds say about their code, beside files: where it lies, and which release it is.

use super::{OrgId, ProjectId, ProjectScope, Result};
use crate::instant::Micros;

/// Where the paths of a project's stack traces lie in a repository: what begins with `stack_root` there begins with
/// `source_root` here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeMapping {
    pub(crate) id: i64,
    pub(crate) project: ProjectId,
    /// By name.
    pub(crate) repository: String,
    pub(crate) stack_root: String,
    pub(crate) source_root: String,
    pub(crate) branch: String,
    pub(crate) created: Micros,
}

/// The files of a release, whichever way they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) release: String,
    pub(crate) files: i64,
    pub(crate) created: Micros,
}

/// What builds say.
pub(crate) trait Builds {
    fn code_mappings(&self, scope: &ProjectScope) -> Result<Vec<CodeMapping>>;
    /// True where it is new; else the one with the same roots is changed.
    fn put_code_mapping(&self, mapping: &CodeMapping) -> Result<bool>;
    fn delete_code_mapping(&self, scope: &ProjectScope, id: i64) -> Result<bool>;
    /// False where it is known already.
    fn add_proguard_release(
        &self,
        project: ProjectId,
        uuid: &str,
        release: &str,
        now: Micros,
    ) -> Result<bool>;
    fn proguard_releases(&self, project: ProjectId, uuid: &str) -> Result<Vec<String>>;
    /// Releases that have files for these projects, and a part of whose name this is; the newest files first.
    fn archives(&self, org: OrgId, scope: &ProjectScope, part: &str) -> Result<Vec<Archive>>;
    /// Takes the files of a release from these projects; what then belongs to none is deleted. False if there were none.
    fn delete_archive(&self, org: OrgId, scope: &ProjectScope, release: &str) -> Result<bool>;
}
