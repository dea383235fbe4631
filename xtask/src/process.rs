//! Running other programs: no input, output into a log, never longer than a limit.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::failure::{Context as _, Failure, Result};

/// The first file called `program` on the PATH.
#[must_use]
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs to the end and answers what was printed on standard output.
///
/// # Errors
/// When the program cannot be started or does not succeed; the text carries what it said.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = name(command);
    let output = command.stdin(Stdio::null()).output().context(&name)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{name} ended with {}: {}{}", output.status, text.trim(), said.trim())))
}

/// Runs with both outputs appended to `log`, in a process group of its own that is killed after `limit`.
///
/// # Errors
/// When the program cannot be started, the log cannot be written, or the limit passes.
pub(crate) fn logged(command: &mut Command, log: &Path, limit: Duration) -> Result<ExitStatus> {
    let name = name(command);
    let out = appending(log)?;
    let err = out.try_clone().at(log)?;
    // Logs are read in editors and CI pages.
    command.env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never").env("TERM", "dumb");
    command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0);
    let mut child = command.spawn().context(&name)?;
    match wait(&mut child, limit)? {
        Some(status) => Ok(status),
        None => {
            kill_group(&mut child);
            Err(Failure::new(format!("{name} was still running after {}", crate::console::span(limit))))
        }
    }
}

/// As [`logged`], and an unsuccessful end is an error.
///
/// # Errors
/// As [`logged`], or a status other than 0.
pub(crate) fn must(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    let name = name(command);
    let status = logged(command, log, limit)?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{name} ended with {status}; see {}", log.display())))
}

/// Waits up to `limit` for the end of `child`.
///
/// # Errors
/// What the operating system says.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            return Ok(None);
        }
        sleep(Duration::from_millis(10));
    }
}

/// SIGKILLs the process group that `child` leads (it was started with `process_group(0)`) and reaps it.
pub(crate) fn kill_group(child: &mut Child) {
    let _ = Command::new("/bin/sh")
        .args(["-c", "kill -9 -- -\"$0\" 2>/dev/null"])
        .arg(child.id().to_string())
        .status();
    let _ = child.kill();
    let _ = child.wait();
}

/// Asks `child` to end (SIGTERM) and gives it `limit` to do so before killing it.
pub(crate) fn stop(child: &mut Child, limit: Duration) {
    let _ = Command::new("/bin/sh").args(["-c", "kill -TERM \"$0\""]).arg(child.id().to_string()).status();
    if !matches!(wait(child, limit), Ok(Some(_))) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Opens `path` for appending, with its folder.
///
/// # Errors
/// When the file system refuses.
pub(crate) fn appending(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).at(folder)?;
    }
    OpenOptions::new().create(true).append(true).open(path).at(path)
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()];
    words.extend(command.get_args().take(3).map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_of_a_failing_program_names_it_and_its_words() {
        let error = output(Command::new("sh").args(["-c", "echo wrong >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("sh -c") && text.contains("wrong"), "{text}");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let log = std::env::temp_dir().join(format!("xtask-hang-{}.log", std::process::id()));
        let start = Instant::now();
        let error =
            logged(Command::new("sh").args(["-c", "sleep 600 & wait"]), &log, Duration::from_millis(100));
        assert!(error.unwrap_err().to_string().contains("still running"));
        assert!(start.elapsed() < Duration::from_secs(20));
        let _ = std::fs::remove_file(log);
    }
}
