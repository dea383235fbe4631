//! Answers about releases, their commits, deploys and files, and about uploads.

use super::Shape::{self, Any, Date, List, Map, Maybe, Nothing, Object, Text, Whole, Word};

pub(in crate::api) const RELEASE: Shape = Object(
    "Release",
    &[&[
        ("id", Whole),
        ("version", Text),
        ("shortVersion", Text),
        (
            "versionInfo",
            Object(
                "",
                &[&[
                    ("package", Maybe(&Text)),
                    ("version", Object("", &[&[("raw", Text)]])),
                    ("description", Text),
                    ("buildHash", Nothing),
                ]],
            ),
        ),
        ("status", Word(&["open", "archived"])),
        ("url", Maybe(&Text)),
        ("ref", Maybe(&Text)),
        ("dateCreated", Date),
        ("dateStarted", Maybe(&Date)),
        ("dateReleased", Maybe(&Date)),
        ("firstEvent", Maybe(&Date)),
        ("lastEvent", Maybe(&Date)),
        ("newGroups", Whole),
        ("commitCount", Whole),
        ("deployCount", Whole),
        ("lastCommit", Maybe(&Object("", &[&[("id", Text)]]))),
        ("lastDeploy", Maybe(&Map(&Any))),
        ("authors", List(&Object("CommitAuthor", &[&[("name", Maybe(&Text)), ("email", Maybe(&Text))]]))),
        ("owner", Nothing),
        ("data", Map(&Any)),
        (
            "projects",
            List(&Object(
                "",
                &[&[
                    ("id", Whole),
                    ("slug", Text),
                    ("name", Text),
                    ("platform", Maybe(&Text)),
                    ("newGroups", Whole),
                ]],
            )),
        ),
    ]],
);

pub(in crate::api) const COMMIT: Shape = Object(
    "Commit",
    &[&[
        ("id", Text),
        ("message", Maybe(&Text)),
        ("dateCreated", Maybe(&Date)),
        ("author", Object("", &[&[("name", Maybe(&Text)), ("email", Maybe(&Text))]])),
        ("repository", Object("", &[&[("name", Maybe(&Text))]])),
        ("patchSet", List(&Any)),
    ]],
);

pub(in crate::api) const REPOSITORY: Shape = Object(
    "Repository",
    &[&[
        ("id", Text),
        ("name", Text),
        ("url", Maybe(&Text)),
        ("provider", Object("", &[&[("id", Text), ("name", Text)]])),
        ("status", Text),
        ("dateCreated", Date),
    ]],
);

pub(in crate::api) const DEPLOY: Shape = Object(
    "Deploy",
    &[&[
        ("id", Text),
        ("environment", Text),
        ("name", Maybe(&Text)),
        ("url", Maybe(&Text)),
        ("dateStarted", Maybe(&Date)),
        ("dateFinished", Date),
        ("projects", List(&Text)),
    ]],
);

pub(in crate::api) const RELEASE_FILE: Shape = Object(
    "ReleaseFile",
    &[&[
        ("id", Text),
        ("name", Text),
        ("dist", Maybe(&Text)),
        ("headers", Map(&Text)),
        ("size", Whole),
        ("sha1", Text),
        ("dateCreated", Date),
    ]],
);

pub(in crate::api) const DEBUG_FILE: Shape = Object(
    "DebugFile",
    &[&[
        ("id", Text),
        ("uuid", Text),
        ("debugId", Text),
        ("codeId", Maybe(&Text)),
        ("cpuName", Text),
        ("objectName", Text),
        ("symbolType", Text),
        ("headers", Map(&Text)),
        ("size", Whole),
        ("sha1", Text),
        ("dateCreated", Date),
        ("data", Object("", &[&[("type", Maybe(&Text)), ("features", List(&Text))]])),
    ]],
);
pub(in crate::api) const MISSING: Shape = Object("", &[&[("missing", List(&Text))]]);

pub(in crate::api) const UPLOAD_OPTIONS: Shape = Object(
    "UploadOptions",
    &[&[
        ("url", Text),
        ("chunkSize", Whole),
        ("chunksPerRequest", Whole),
        ("maxFileSize", Whole),
        ("maxRequestSize", Whole),
        ("concurrency", Whole),
        ("hashAlgorithm", Text),
        ("compression", List(&Text)),
        ("accept", List(&Text)),
    ]],
);
pub(in crate::api) const ASSEMBLY: Shape = Object(
    "Assembly",
    &[&[
        ("state", Word(&["ok", "not_found", "error"])),
        ("missingChunks", List(&Text)),
        ("detail", Maybe(&Text)),
        ("dif?", DEBUG_FILE),
    ]],
);
/// By the checksums that were asked for.
pub(in crate::api) const ASSEMBLIES: Shape = Map(&ASSEMBLY);

pub(in crate::api) const CODE_MAPPING: Shape = Object(
    "CodeMapping",
    &[&[
        ("id", Text),
        ("projectId", Text),
        ("projectSlug", Maybe(&Text)),
        ("repoName", Text),
        ("stackRoot", Text),
        ("sourceRoot", Text),
        ("defaultBranch", Text),
        ("dateCreated", Date),
    ]],
);
pub(in crate::api) const CODE_MAPPINGS_DONE: Shape = Object(
    "CodeMappingsDone",
    &[&[
        ("created", Whole),
        ("updated", Whole),
        ("errors", Whole),
        (
            "mappings",
            List(&Object(
                "",
                &[&[
                    ("stackRoot", Text),
                    ("sourceRoot", Text),
                    ("status", Word(&["created", "updated", "error"])),
                    ("detail?", Text),
                ]],
            )),
        ),
    ]],
);

pub(in crate::api) const ARCHIVE: Shape = Object(
    "ReleaseArchive",
    &[&[("type", Text), ("id", Text), ("name", Text), ("date", Date), ("fileCount", Whole)]],
);
pub(in crate::api) const PROGUARD_RELEASE: Shape =
    Object("ProguardRelease", &[&[("proguard_uuid", Text), ("release_name", Text)]]);
pub(in crate::api) const PROGUARD_RELEASES: Shape = Object("", &[&[("releases", List(&Text))]]);
