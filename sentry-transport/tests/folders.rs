//! Spool folders as machines have them: read-only, full, somebody else's, shared; and clocks that go backwards.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::server::Server;
use support::uploader::{response, unreachable};
use support::{PATIENCE, SECOND, dsn, event, number, rig};
use watchpost_core::{DiscardReason, Timestamp, Transport};
use watchpost_transport::HttpTransport;

/// A file system of its own, for as long as the value lives. `None` where the system does not let us mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=0700");
        let disk = Self(folder);
        mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], disk.0.path()).then_some(disk)
    }

    fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}")], self.0.path()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

fn mount(words: &[&str], at: &Path) -> bool {
    Command::new("mount").args(words).arg(at).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_read_only_folder_is_memory_until_it_can_be_written() {
    let Some(disk) = Disk::mount("1m") else { return };
    disk.remount("ro");
    let folder = disk.0.path().join("spool");
    let rig = rig(&folder, |b| b);
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(!folder.exists());
    disk.remount("rw");
    rig.clock.advance(61 * SECOND);
    rig.transport.send(event(2));
    assert!(folder.is_dir(), "tried again after a minute");
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    assert!(rig.transport.close(PATIENCE));
    assert!(rig.lost().is_empty());
}

#[test]
fn a_folder_that_becomes_read_only_costs_nothing() {
    let Some(disk) = Disk::mount("1m") else { return };
    let rig = rig(&disk.0.path().join("spool"), |b| b);
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(!rig.transport.flush(PATIENCE));
    // A file that is open for writing keeps the system from it; a deleted folder is the same to us: no new segment.
    std::fs::remove_dir_all(disk.0.path().join("spool")).unwrap();
    let _ = mount(&["-o", "remount,ro"], disk.0.path());
    rig.transport.send(event(2));
    rig.network.requests();
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    assert!(rig.transport.close(PATIENCE));
    assert_eq!(rig.network.requests().iter().map(number).collect::<BTreeSet<_>>(), [1, 2].into());
    assert!(rig.lost().is_empty());
}

#[test]
fn on_a_full_disk_memory_takes_over_and_every_event_arrives() {
    let Some(disk) = Disk::mount("64k") else { return };
    let rig = rig(&disk.0.path().join("spool"), |b| b.send_client_reports(false));
    rig.network.always(unreachable());
    let large = |number| {
        let mut large = event(number);
        large.items[0].payload = vec![b'x'; 5000];
        large
    };
    for number in 1..=40 {
        rig.transport.send(large(number));
    }
    rig.network.requests();
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    assert!(rig.transport.close(PATIENCE));
    let arrived: BTreeSet<_> = rig.network.requests().iter().map(number).collect();
    assert_eq!(arrived, (1..=40).collect());
    assert!(rig.lost().is_empty());
}

#[test]
fn a_folder_of_another_user_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Only root can give a folder away.
    if std::os::unix::fs::chown(folder.path(), Some(12_345), None).is_err() {
        return;
    }
    let rig = rig(folder.path(), |b| b);
    rig.network.always(response(200));
    rig.transport.send(event(1));
    assert!(rig.transport.close(PATIENCE));
    assert_eq!(rig.network.requests().len(), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_clock_put_back_stretches_neither_pauses_nor_limits() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.send_client_reports(false));
    rig.transport.send(event(1));
    rig.network.request();
    rig.network.answer(unreachable());
    assert!(!rig.transport.flush(PATIENCE));
    let week = Duration::from_secs(7 * 86_400);
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    rig.clock.set(Timestamp::from_micros(now.micros() - i64::try_from(week.as_micros()).unwrap()));
    rig.transport.wake();
    assert_eq!(number(&rig.network.request()), 1, "not a week later");
    rig.network.answer(support::uploader::limits(200, "60:error"));
    assert!(rig.transport.flush(PATIENCE));
    rig.transport.send(event(2));
    assert_eq!(rig.lost().len(), 1, "limited");
    rig.clock.set(Timestamp::from_micros(now.micros() - 3 * i64::try_from(week.as_micros()).unwrap()));
    rig.network.always(response(200));
    rig.transport.send(event(3));
    assert!(rig.transport.close(PATIENCE), "a limit that ends in two weeks is none");
    assert_eq!(rig.network.requests().iter().map(number).collect::<Vec<_>>(), [3]);
    assert!(rig.lost().iter().all(|lost| lost.0 != DiscardReason::CacheOverflow));
}

const PER_PROCESS: u32 = 100;

/// Runs as a process of its own; see below.
#[test]
#[ignore = "a part of `processes_share_a_folder`"]
fn one_of_several_processes() {
    let (Ok(address), Ok(folder), Ok(first)) =
        (std::env::var("WP_DSN"), std::env::var("WP_FOLDER"), std::env::var("WP_FIRST"))
    else {
        return;
    };
    let first: u32 = first.parse().unwrap();
    let transport = HttpTransport::builder(dsn(&address)).storage_dir(folder).build();
    for number in first..first + PER_PROCESS {
        transport.send(event(number));
    }
    // Some deliver, some leave it to the others.
    if first.is_multiple_of(2) {
        assert!(transport.close(PATIENCE));
    }
}

#[test]
fn processes_share_a_folder() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start("200 OK"));
    let processes: Vec<_> = (0..4)
        .map(|process| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "one_of_several_processes", "--ignored"])
                .env("WP_DSN", &server.dsn)
                .env("WP_FOLDER", folder.path())
                .env("WP_FIRST", (1 + process * 1001).to_string())
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let last = HttpTransport::builder(dsn(&server.dsn)).storage_dir(folder.path()).build();
    last.send(event(9999));
    assert!(last.close(PATIENCE));
    drop(last);
    let mut arrived: Vec<_> = server.requests.try_iter().map(|request| number(&request.envelope)).collect();
    arrived.sort_unstable();
    // A process that ends in the middle of a request sends that one twice.
    arrived.dedup();
    let expected = (0..4).flat_map(|process| (0..PER_PROCESS).map(move |n| 1 + process * 1001 + n));
    assert_eq!(arrived, expected.chain([9999]).collect::<Vec<_>>());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().filter(is_segment).count(), 0);
}

fn is_segment(entry: &std::io::Result<std::fs::DirEntry>) -> bool {
    entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".seg")
}
