//! Which process this is, as far as a restart through `exec` is concerned.

/// The same before and after `exec`, and for no two processes of one boot: the process id with its start time. Empty
/// ids are never equal to a real one; where the system does not tell, it is only the id.
#[must_use]
pub fn process_identity() -> String {
    let id = std::process::id();
    format!("{id}-{}", started().unwrap_or_default())
}

/// Field 22 of `/proc/self/stat`, in ticks since the boot. Counted from the last parenthesis: the name before it may
/// hold anything.
fn started() -> Option<String> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_start_time_is_known_and_stays() {
        let ticks: u64 = started().unwrap().parse().unwrap();
        assert!(ticks > 0);
        assert_eq!(process_identity(), process_identity());
    }
}
