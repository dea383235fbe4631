//! Names of segment files: `{u|b}-{boot}-{random}-{sequence}.seg`, with `-{bytes}` before the dot if the file was used
//! before and was so long then.

use crate::error::{Error, Result};
use crate::policy::Lane;

/// Makes names that no other process makes: not by process id, which is 1 in every container.
#[derive(Debug)]
pub(crate) struct Namer {
    boot: String,
    random: u64,
}

impl Namer {
    pub(crate) fn new() -> Result<Namer> {
        let random = getrandom::u64().map_err(|_| Error::unavailable("the system gives no random bytes"))?;
        Ok(Namer { boot: boot(), random })
    }

    pub(crate) fn name(&self, lane: Lane, sequence: u64) -> String {
        format!("{}-{}-{:016x}-{sequence:06x}.seg", lane.letter(), self.boot, self.random)
    }

    /// For a file of so many bytes whose records are all delivered.
    pub(crate) fn reused_name(&self, lane: Lane, sequence: u64, bytes: u64) -> String {
        format!("{}-{}-{:016x}-{sequence:06x}-{bytes:x}.seg", lane.letter(), self.boot, self.random)
    }
}

/// The lane of a segment by its name; `None` for any other file.
pub(crate) fn lane_of(name: &str) -> Option<Lane> {
    let stem = name.strip_suffix(".seg")?;
    let rest = stem.get(1..)?.strip_prefix('-')?;
    if !rest.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()) {
        return None;
    }
    Lane::ALL.into_iter().find(|lane| stem.starts_with(lane.letter()))
}

/// Whether the segment of this name is written over a file that was used before.
pub(crate) fn is_reused(name: &str) -> bool {
    name.split('-').count() == 5
}

/// A name for a state file: `s-{boot}-{random}.state`.
pub(crate) fn state_name() -> Result<String> {
    let Namer { boot, random } = Namer::new()?;
    Ok(format!("s-{boot}-{random:016x}.state"))
}

/// The boot in the name of a state file; `None` for any other file.
pub(crate) fn boot_of_state(name: &str) -> Option<&str> {
    let (boot, random) = name.strip_prefix("s-")?.strip_suffix(".state")?.split_once('-')?;
    let is_hex =
        |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex(boot, 8) && is_hex(random, 16)).then_some(boot)
}

/// The first eight digits of the id of this boot; zeros where the system does not tell.
pub(crate) fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .and_then(|id| id.get(..8).map(str::to_owned))
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .unwrap_or_else(|| "00000000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_lane() {
        let namer = Namer::new().unwrap();
        for lane in Lane::ALL {
            assert_eq!(lane_of(&namer.name(lane, 7)), Some(lane));
            assert_eq!(lane_of(&namer.reused_name(lane, 7, 1 << 20)), Some(lane));
            assert!(is_reused(&namer.reused_name(lane, 7, 1 << 20)) && !is_reused(&namer.name(lane, 7)));
        }
        assert_ne!(namer.name(Lane::Bulk, 1), Namer::new().unwrap().name(Lane::Bulk, 1));
    }

    #[test]
    fn other_files_are_left_alone() {
        for name in
            ["", ".seg", "x-00-11-22.seg", "u-00-11-22", "u.seg", "é-00.seg", "u-zz.seg", "u-../a.seg"]
        {
            assert_eq!(lane_of(name), None, "{name}");
        }
    }
}
