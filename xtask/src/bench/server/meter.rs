//! What processes use, from `/proc`; what folders take; how fast the disk is.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::table::median;
use crate::failure::{Context as _, Failure, Result};

/// Processor time of these processes and everything they started, those that ended included, in seconds.
///
/// # Errors
/// When a process is gone.
pub(super) fn cpu(leaders: &[u32]) -> Result<f64> {
    let all = processes()?;
    let mut ticks = 0;
    for pid in family(leaders, &all)? {
        ticks += all[&pid].ticks;
    }
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// Processor time of this process alone, in seconds.
///
/// # Errors
/// When `/proc` is not there.
pub(super) fn own_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(") ").ok_or("a process without a name")?.1.split(' ');
    let ticks: u64 = fields.skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// Their memory in bytes. What forked processes share is counted once.
///
/// # Errors
/// As [`cpu`].
pub(super) fn memory(leaders: &[u32]) -> Result<u64> {
    let all = processes()?;
    let mut bytes = 0;
    for pid in family(leaders, &all)? {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let share = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes = share.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        bytes += kilobytes.unwrap_or(0) * 1_024;
    }
    Ok(bytes)
}

/// What the files below a folder take on the disk.
///
/// # Errors
/// When it cannot be read.
pub(super) fn disk(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).at(folder)? {
        let entry = entry?;
        let data = entry.metadata()?;
        bytes += if data.is_dir() { disk(&entry.path())? } else { data.blocks() * 512 };
    }
    Ok(bytes)
}

/// How long it takes to append 16 kB to a file there and make it durable: the median and the 99th of a hundred, in
/// milliseconds.
///
/// # Errors
/// When it cannot be written.
pub(super) fn fsync(folder: &Path) -> Result<(f64, f64)> {
    let path = folder.join("fsync");
    let mut file = File::create(&path).at(&path)?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        file.write_all(&[7; 16_384])?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    std::fs::remove_file(&path)?;
    times.sort_unstable_by(f64::total_cmp);
    Ok((median(&times), times[98]))
}

/// Watches the memory of processes until it is asked what the most was.
#[derive(Debug)]
pub(super) struct Peak {
    stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<u64>,
}

impl Peak {
    pub(super) fn watch(leaders: &[u32]) -> Self {
        let leaders = leaders.to_vec();
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut most = 0;
            loop {
                most = most.max(memory(&leaders).unwrap_or(0));
                if !matches!(stopped.recv_timeout(EVERY), Err(std::sync::mpsc::RecvTimeoutError::Timeout)) {
                    return most;
                }
            }
        });
        Self { stop, thread }
    }

    /// The most so far, in bytes.
    ///
    /// # Errors
    /// When the watcher died.
    pub(super) fn most(self) -> Result<u64> {
        drop(self.stop);
        self.thread.join().map_err(|_| Failure::new("who watched the memory died"))
    }
}

struct Process {
    parent: u32,
    /// Its own, and those of the children that it has seen end.
    ticks: u64,
}

fn processes() -> Result<HashMap<u32, Process>> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Ended meanwhile.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        if let Some(process) = parse(&stat) {
            all.insert(pid, process);
        }
    }
    Ok(all)
}

/// Fields are counted from the name's end, as a name may have spaces.
fn parse(stat: &str) -> Option<Process> {
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    Some(Process { parent: fields.get(1)?.parse().ok()?, ticks })
}

fn family(leaders: &[u32], all: &HashMap<u32, Process>) -> Result<Vec<u32>> {
    if let Some(gone) = leaders.iter().find(|leader| !all.contains_key(leader)) {
        return Err(Failure::new(format!("process {gone} has ended")));
    }
    let belongs = |mut pid: u32| {
        while let Some(process) = all.get(&pid) {
            if leaders.contains(&pid) {
                return true;
            }
            pid = process.parent;
        }
        false
    };
    Ok(all.keys().copied().filter(|pid| belongs(*pid)).collect())
}

/// `USER_HZ`, which is 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;
const EVERY: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_counts_while_it_runs_and_after_it_ended() {
        let own = std::process::id();
        let (before, memory) = (cpu(&[own]).unwrap(), memory(&[own]).unwrap());
        assert!(memory > 100_000);
        // Some tenths of a second of a shell.
        let count = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";
        let mut child = std::process::Command::new("sh").args(["-c", count]).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while cpu(&[child.id()]).unwrap() < 0.05 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(cpu(&[own]).unwrap() >= before + 0.05, "while it runs");
        child.wait().unwrap();
        assert!(cpu(&[own]).unwrap() >= before + 0.05, "when it has ended");
        assert!(cpu(&[child.id()]).unwrap_err().to_string().contains("has ended"));
    }

    #[test]
    fn names_with_spaces_and_brackets_are_read_over() {
        let process = parse("7 (a) b) S 3 7 7 0 -1 4 1 1 0 0 10 20 3 4 20 0 1").unwrap();
        assert_eq!((process.parent, process.ticks), (3, 37));
    }
}
