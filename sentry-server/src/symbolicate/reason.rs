//! Why a frame stayed as it was.

/// In the order in which things are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// No line, column or address of a file: nothing to look up.
    NoPosition,
    /// Not a file that a build makes (native, inline code of a page).
    NotAFile,
    /// Neither a debug id for the file nor a release on the event.
    NothingToGoBy,
    /// The debug id is known to no uploaded file, and there is no release to try instead.
    UnknownDebugId(String),
    /// The release has no files at all.
    ReleaseWithoutFiles(String),
    /// The release has files, but none with a name that fits.
    NoFileOfThisName { release: String, tried: Vec<String> },
    /// The minified file was found, but says nowhere what its map is called.
    NoReferenceToAMap(String),
    /// The map that the minified file names was not uploaded.
    NoMap { file: String, map: String },
    /// The map, or the file, cannot be read.
    BadMap(String),
    /// The map says nothing about this line and column.
    NoMapping { line: u64, column: u64 },
    /// No mapping file with the event's id was uploaded.
    NoMappingFile(String),
    /// The mapping says nothing about this class or method.
    NotObfuscated,
    /// The address is in none of the event's images.
    NoImage(u64),
    /// The image says nothing that its debug file could be found by.
    NoDebugId(String),
    /// No file with the image's debug id was uploaded.
    NoDebugFile { image: String, id: String },
    /// Files of this name were uploaded, all with other debug ids.
    OtherBuild { image: String, id: String, uploaded: Vec<String> },
    /// What was uploaded for the image has neither debug information nor symbols.
    NoSymbols { image: String, file: String },
    /// The debug file cannot be read.
    BadDebugFile { file: String, why: String },
    /// The debug file was uploaded, but is not read yet.
    BeingRead(String),
    /// The debug file says nothing about this address of its image.
    NoSymbolHere { file: String, address: u64 },
    /// The function is known, but not the line.
    NoLines(String),
}

impl Reason {
    /// A word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoPosition => "no_position",
            Self::NotAFile => "not_a_file",
            Self::NothingToGoBy => "no_debug_id_and_no_release",
            Self::UnknownDebugId(_) => "debug_id_not_uploaded",
            Self::ReleaseWithoutFiles(_) => "release_without_files",
            Self::NoFileOfThisName { .. } => "no_file_of_this_name",
            Self::NoReferenceToAMap(_) => "no_reference_to_a_map",
            Self::NoMap { .. } => "map_not_uploaded",
            Self::BadMap(_) => "map_cannot_be_read",
            Self::NoMapping { .. } => "position_not_in_map",
            Self::NoMappingFile(_) => "mapping_not_uploaded",
            Self::NotObfuscated => "not_in_mapping",
            Self::NoImage(_) => "address_in_no_image",
            Self::NoDebugId(_) => "image_without_debug_id",
            Self::NoDebugFile { .. } => "debug_file_not_uploaded",
            Self::OtherBuild { .. } => "debug_file_of_another_build",
            Self::NoSymbols { .. } => "debug_file_without_symbols",
            Self::BadDebugFile { .. } => "debug_file_cannot_be_read",
            Self::BeingRead(_) => "debug_file_being_read",
            Self::NoSymbolHere { .. } => "address_not_in_debug_file",
            Self::NoLines(_) => "no_line_information",
        }
    }

    /// What is wrong and what to do about it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::NoPosition => "The frame has no line and column.".to_owned(),
            Self::NotAFile => "The frame is not in a file of a build.".to_owned(),
            Self::NothingToGoBy => {
                "The event has no debug id for this file and no release. Run `sentry-cli sourcemaps inject` \
                 in the build, or set `release` in the SDK."
                    .to_owned()
            }
            Self::UnknownDebugId(id) => format!(
                "No map with the debug id {id} was uploaded to this project. Upload the very files that are served: \
                 `sentry-cli sourcemaps upload`."
            ),
            Self::ReleaseWithoutFiles(release) => format!(
                "The release {release} has no files. Upload them with `sentry-cli sourcemaps upload --release {release}`, \
                 or use debug ids."
            ),
            Self::NoFileOfThisName { release, tried } => format!(
                "The release {release} has files, but none called {}. `--url-prefix` of the upload must be what the \
                 files are served under.",
                tried.join(" or ")
            ),
            Self::NoReferenceToAMap(file) => {
                format!("{file} was uploaded, but has no sourceMappingURL. Upload it together with its map.")
            }
            Self::NoMap { file, map } => format!("{file} names the map {map}, which was not uploaded."),
            Self::BadMap(why) => format!("The map cannot be read: {why}."),
            Self::NoMapping { line, column } => format!(
                "The map has nothing for line {line}, column {column}: it belongs to another build of the file."
            ),
            Self::NoMappingFile(id) => {
                format!(
                    "No mapping with the id {id} was uploaded. Upload it with `sentry-cli upload-proguard`."
                )
            }
            Self::NotObfuscated => "The mapping does not have this class and method.".to_owned(),
            Self::NoImage(address) => format!(
                "The address {address:#x} is in none of the images that the event names in debug_meta: code that was made \
                 at run time, an image that was unloaded, or a damaged stack."
            ),
            Self::NoDebugId(image) => format!(
                "The event has no debug id for {image}. Link it with a build id (`-Wl,--build-id`), and have the SDK send \
                 debug_meta."
            ),
            Self::NoDebugFile { image, id } => format!(
                "No debug file of {image} with the debug id {id} was uploaded to this project. Upload the very files of \
                 this build, before they are stripped: `sentry-cli debug-files upload`."
            ),
            Self::OtherBuild { image, id, uploaded } => format!(
                "The event is from a build of {image} with the debug id {id}, but what was uploaded has {}. Upload the \
                 files of the build that is running.",
                uploaded.join(", ")
            ),
            Self::NoSymbols { image, file } => format!(
                "{file} was uploaded for {image}, but it has neither debug information nor symbols. Upload the file as it \
                 was before it was stripped, or its companion (.debug, .dSYM, .pdb)."
            ),
            Self::BadDebugFile { file, why } => {
                format!("The debug file {file} cannot be read: {why}. Make it again and upload it.")
            }
            Self::BeingRead(file) => format!(
                "The debug file {file} is still being read. Resolve the event again in a minute: POST to its reprocess/."
            ),
            Self::NoSymbolHere { file, address } => format!(
                "The debug file {file} says nothing about {address:#x} of its image: a damaged stack, or a function \
                 without symbols."
            ),
            Self::NoLines(file) => format!(
                "The debug file {file} has names of functions only. For lines and inlined calls build with debug \
                 information (`-g`), and upload what has it."
            ),
        }
    }

    /// Whether a file that arrives later may help.
    pub(crate) fn may_change(&self) -> bool {
        !matches!(
            self,
            Self::NoPosition
                | Self::NotAFile
                | Self::NotObfuscated
                | Self::NoImage(_)
                | Self::NoDebugId(_)
                | Self::NoSymbolHere { .. }
        )
    }

    /// The word by which clients of the protocol know what became of an address.
    pub(super) fn status(&self) -> &'static str {
        match self {
            Self::NoImage(_) => "unknown_image",
            Self::BadDebugFile { .. } => "malformed",
            Self::NoSymbolHere { .. } => "missing_symbol",
            _ => "missing",
        }
    }

    /// Whether somebody uploaded files and this one is missing: worth a note on the event itself. An application that is
    /// not minified needs none.
    pub(crate) fn is_a_gap(&self) -> bool {
        self.may_change() && !matches!(self, Self::NothingToGoBy | Self::ReleaseWithoutFiles(_))
    }
}
