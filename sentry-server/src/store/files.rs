//! What the store knows about uploaded files; the bytes lie in [`crate::files`].

use super::{OrgId, ProjectId, Result};
use crate::instant::Micros;

/// The 20 bytes by which clients name content.
pub(crate) type Sha1 = [u8; 20];
/// The 32 bytes by which content is named here.
pub(crate) type BlobHash = [u8; 32];
/// The 16 bytes of a debug id.
pub(crate) type DebugKey = [u8; 16];

/// One file of an artifact bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BundleFile {
    /// In the archive.
    pub(crate) path: String,
    /// What frames call it, like `~/app.min.js`.
    pub(crate) url: String,
    /// `minified_source`, `source_map` or `source`.
    pub(crate) kind: String,
    pub(crate) debug_id: Option<DebugKey>,
    /// The reference to its map that came with it.
    pub(crate) source_map: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct NewBundle {
    pub(crate) org: OrgId,
    pub(crate) blob: BlobHash,
    pub(crate) size: u64,
    pub(crate) sha1: Sha1,
    pub(crate) release: Option<String>,
    pub(crate) dist: Option<String>,
    pub(crate) projects: Vec<ProjectId>,
    pub(crate) files: Vec<BundleFile>,
    pub(crate) created: Micros,
}

/// Where a file of a bundle is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub(crate) blob: BlobHash,
    /// In the archive; a file of its own without one.
    pub(crate) path: Option<String>,
    pub(crate) url: String,
    pub(crate) source_map: Option<String>,
}

/// A file of a release that was uploaded by itself.
#[derive(Debug, Clone)]
pub(crate) struct ReleaseFile {
    pub(crate) id: i64,
    pub(crate) blob: BlobHash,
    pub(crate) sha1: Sha1,
    pub(crate) name: String,
    pub(crate) dist: Option<String>,
    /// JSON object.
    pub(crate) headers: String,
    pub(crate) size: i64,
    pub(crate) created: Micros,
}

#[derive(Debug, Clone)]
pub(crate) struct DebugFile {
    pub(crate) id: i64,
    pub(crate) blob: BlobHash,
    pub(crate) sha1: Sha1,
    /// As text, hyphenated, with the age if it has one.
    pub(crate) debug_id: String,
    pub(crate) code_id: Option<String>,
    pub(crate) kind: String,
    pub(crate) cpu: String,
    pub(crate) name: String,
    pub(crate) features: Vec<String>,
    pub(crate) size: i64,
    pub(crate) created: Micros,
}

/// The files of builds.
pub(crate) trait Files {
    /// Which of these pieces are there.
    fn known_chunks(&self, org: OrgId, chunks: &[Sha1]) -> Result<Vec<Sha1>>;
    fn add_chunk(&self, org: OrgId, chunk: &Sha1, size: u64, now: Micros) -> Result<()>;
    /// The bytes of all pieces together.
    fn chunk_bytes(&self) -> Result<u64>;
    /// Forgets pieces older than `before`, some at a time.
    fn expire_chunks(&self, before: Micros) -> Result<Vec<(OrgId, Sha1)>>;
    fn forget_chunks(&self, org: OrgId, chunks: &[Sha1]) -> Result<()>;

    /// The bytes of all whole files together.
    fn blob_bytes(&self) -> Result<u64>;
    /// Whole files that something refers to, with their bytes.
    fn blobs(&self) -> Result<Vec<(BlobHash, u64)>>;
    /// Forgets whole files that nothing refers to and that are older than `before`; answers their names.
    fn expire_blobs(&self, before: Micros) -> Result<Vec<BlobHash>>;

    fn add_bundle(&self, bundle: &NewBundle) -> Result<()>;
    /// Whether a bundle is there; it then belongs to these projects too.
    fn share_bundle(
        &self,
        org: OrgId,
        sha1: &Sha1,
        release: Option<&str>,
        dist: Option<&str>,
        projects: &[ProjectId],
    ) -> Result<bool>;
    /// The newest minified file or map with a debug id, in a bundle of the project.
    fn by_debug_id(&self, project: ProjectId, debug_id: &DebugKey, kind: &str) -> Result<Option<FoundFile>>;
    /// The newest file of a release with one of these names, in order of preference.
    fn by_url(
        &self,
        project: ProjectId,
        release: &str,
        dist: Option<&str>,
        urls: &[String],
    ) -> Result<Option<FoundFile>>;
    /// How many files a release has in the project.
    fn count_release_files(&self, project: ProjectId, release: &str) -> Result<i64>;

    /// `None` when the release has a file of this name.
    fn add_release_file(&self, release: i64, file: &ReleaseFile) -> Result<Option<i64>>;
    fn release_files(&self, release: i64) -> Result<Vec<ReleaseFile>>;
    fn delete_release_file(&self, release: i64, id: i64) -> Result<bool>;

    fn add_debug_file(&self, project: ProjectId, file: &DebugFile) -> Result<()>;
    fn debug_files(&self, project: ProjectId) -> Result<Vec<DebugFile>>;
    fn debug_files_by_sha1(&self, project: ProjectId, sha1: &Sha1) -> Result<Vec<DebugFile>>;
    fn debug_files_by_id(&self, project: ProjectId, debug_id: &str) -> Result<Vec<DebugFile>>;
    fn delete_debug_file(&self, project: ProjectId, id: i64) -> Result<bool>;
}
