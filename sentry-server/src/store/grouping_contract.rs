//! What every store must do with hashes: finding issues, taking them apart, likeness, regressions.

use super::contract::{START, batch, event, project};
use super::{
    Commit, IssueChange, PageRequest, ProjectScope, ReleaseChange, Resolution, Status, Store, Unmerged,
};
use crate::instant::HOUR;

/// Hashes of old rules find an issue; only the new ones lead to it from then on.
pub(super) fn old_hashes_find_an_issue(store: &dyn Store) {
    let project = project(store).id;
    let changed = |n: u64, new: u8, old: u8| {
        let mut event = event(project, n, &[new]);
        if let Some(group) = &mut event.group {
            group.old_hashes = vec![[old; 16]];
        }
        event
    };
    store.write(&batch(vec![event(project, 1, &[1])])).unwrap();
    let written = store.write(&batch(vec![changed(2, 11, 1), changed(3, 12, 2), changed(4, 13, 2)])).unwrap();
    assert_eq!(written.new_issues, 2, "an old hash that leads nowhere is not stored");
    assert_eq!(store.issue_of_hashes(project, &[[2; 16]]).unwrap(), None);
    // The transition is over: the new hash alone leads to the same issue.
    store.write(&batch(vec![event(project, 5, &[11])])).unwrap();
    let first = store.issue_of_hashes(project, &[[1; 16]]).unwrap();
    assert_eq!(store.issue_of_hashes(project, &[[9; 16], [11; 16]]).unwrap(), first);
    let issue = store.issue(&ProjectScope::new([project]), first.unwrap()).unwrap().unwrap();
    assert_eq!(issue.count, 3);
    let hashes = store.issue_hashes(issue.id).unwrap();
    let made: Vec<_> =
        hashes.iter().map(|hash| (hash.hash[0], hash.config.as_deref(), hash.first_event)).collect();
    let id = |n| Some(event(project, n, &[1]).event_id);
    assert_eq!(made, [(1, Some("test"), id(1)), (11, Some("test"), id(2))]);
}

/// Taking hashes away takes their events, and every count is as if they had always been apart.
pub(super) fn issues_come_apart_with_their_events(store: &dyn Store) {
    let project = project(store).id;
    let scope = ProjectScope::new([project]);
    let mut other = event(project, 4, &[2]);
    let body = br#"{"tags":[["n","4"],["same","x"]],"metadata":{"type":"B"},"release":"shop@4"}"#;
    other.body = Some(zstd::bulk::compress(body, 1).unwrap());
    store
        .write(&batch(vec![event(project, 1, &[1]), event(project, 2, &[1]), event(project, 3, &[3]), other]))
        .unwrap();
    let id = |hash: u8| store.issue_of_hashes(project, &[[hash; 16]]).unwrap().unwrap();
    let (into, moved) = (id(1), id(2));
    assert!(store.merge_issues(&scope, into, &[moved, id(3)], None, 9).unwrap());
    let merged = store.issue(&scope, into).unwrap().unwrap();
    assert_eq!((merged.count, merged.users, merged.title.as_str()), (4, 2, "title 2"));
    assert_eq!(store.unmerge(into, &[[1; 16], [2; 16], [3; 16]], None, 10).unwrap(), Unmerged::NoneLeft);
    assert_eq!(store.unmerge(into, &[[77; 16]], None, 10).unwrap(), Unmerged::Detached, "not its hash");
    let Unmerged::Into(apart) = store.unmerge(into, &[[2; 16]], None, 10).unwrap() else {
        panic!("no events")
    };
    let apart = store.issue(&scope, apart).unwrap().unwrap();
    assert_eq!((apart.count, apart.users, apart.title.as_str()), (1, 1, "title 4"));
    assert_eq!((apart.first_seen, apart.last_release.as_deref()), (START + 4, Some("shop@4")));
    assert_eq!(apart.metadata["type"], "B");
    let left = store.issue(&scope, into).unwrap().unwrap();
    assert_eq!((left.count, left.users, left.last_seen), (3, 2, START + 3));
    for (issue, count, tag) in [(apart.id, 1, "4"), (left.id, 3, "3")] {
        let page = PageRequest { cursor: None, limit: 10 };
        assert_eq!(store.issue_events(issue, page).unwrap().rows.len(), count);
        assert_eq!(store.issue_hours(&[issue], 0).unwrap(), [vec![(START / HOUR, count as i64)]]);
        let tags = store.issue_tags(issue, 9).unwrap();
        let of = |key: &str| tags.iter().find(|own| own.key == key).unwrap();
        assert_eq!((of("same").total, of("n").unique), (count as i64, count as i64));
        assert!(of("n").top.iter().any(|value| value.value == tag));
    }
    assert_eq!(id(2), apart.id);
    // The user of event 4 is also one of event 2: both issues have them.
    store.write(&batch(vec![event(project, 6, &[2])])).unwrap();
    assert_eq!(store.issue(&scope, apart.id).unwrap().unwrap().users, 1);
    assert_eq!(
        store.latest_by_hash(apart.id).unwrap().get(&[2; 16]),
        Some(&event(project, 6, &[2]).event_id)
    );
    let kinds = |issue| store.activity(issue).unwrap().into_iter().map(|row| row.kind).collect::<Vec<_>>();
    assert_eq!(kinds(into), ["merge", "merge", "unmerge_source"]);
    assert_eq!(kinds(apart.id), ["unmerge_destination"]);
}

/// What is alike is found by what contributed, and what is gone is not.
pub(super) fn alike_issues_are_found(store: &dyn Store) {
    let project = project(store).id;
    let like = |n: u64, hash: u8, pieces: std::ops::Range<u64>| {
        let mut event = event(project, n, &[hash]);
        if let Some(group) = &mut event.group {
            group.pieces = pieces.collect();
        }
        event
    };
    let events = vec![like(1, 1, 0..40), like(2, 2, 2..42), like(3, 3, 100..140), like(4, 4, 0..0)];
    store.write(&batch(events)).unwrap();
    let id = |hash: u8| store.issue_of_hashes(project, &[[hash; 16]]).unwrap().unwrap();
    let found = store.similar_issues(id(1), 10).unwrap();
    assert_eq!(found.iter().map(|(issue, _)| *issue).collect::<Vec<_>>(), [id(2)]);
    assert!((0.6..=1.0).contains(&found[0].1), "{found:?}");
    assert_eq!(store.similar_issues(id(3), 10).unwrap(), []);
    assert_eq!(store.similar_issues(id(4), 10).unwrap(), []);
    let scope = ProjectScope::new([project]);
    store.delete_issues(&scope, &[id(2)], false, 9).unwrap();
    assert_eq!(store.similar_issues(id(1), 10).unwrap(), []);
}

/// An event says why it was grouped; what many share is kept once.
pub(super) fn events_keep_their_reasons(store: &dyn Store) {
    let project = project(store).id;
    let scope = ProjectScope::new([project]);
    store.write(&batch(vec![event(project, 1, &[1]), event(project, 2, &[1])])).unwrap();
    store.write(&batch(vec![event(project, 3, &[3])])).unwrap();
    let reasons = |n| store.event_grouping(&scope, &event(project, n, &[1]).event_id).unwrap();
    assert_eq!(reasons(1).unwrap(), b"{\"hashes\":[1]}");
    assert_eq!((reasons(2), reasons(3).unwrap().as_slice()), (reasons(1), &b"{\"hashes\":[3]}"[..]));
    assert_eq!(reasons(9), None);
    assert_eq!(
        store.event_grouping(&ProjectScope::new([]), &event(project, 1, &[1]).event_id).unwrap(),
        None
    );
}

/// Only an event of a release that should have the fix brings a resolved issue back.
pub(super) fn regressions_know_releases(store: &dyn Store) {
    let made = project(store);
    let org = store.organizations().unwrap()[0].id;
    let scope = ProjectScope::new([made.id]);
    let commit = |sha: &str| Commit { sha: sha.to_owned(), ..Commit::default() };
    let release = |version: &str, commits: Vec<Commit>, at| {
        let change =
            ReleaseChange { projects: vec![made.id], commits: Some(commits), ..ReleaseChange::default() };
        store.put_release(org, version, &change, at).unwrap();
    };
    for (at, version) in ["shop@1.9.0", "shop@1.10.0", "plain-a", "plain-b"].iter().enumerate() {
        release(version, vec![commit(&format!("c{at}"))], at as i64);
    }
    let mut n = 0;
    let mut back = |resolution: Resolution, released: Option<&str>, late: bool| {
        n += 1;
        let hash = n as u8;
        let seen = |n: u64, release: Option<&str>, at: i64| {
            let mut event = event(made.id, n, &[hash]);
            event.timestamp = at;
            if let Some(group) = &mut event.group {
                group.release = release.map(str::to_owned);
            }
            event
        };
        store.write(&batch(vec![seen(1_000 * n, None, START)])).unwrap();
        let issue = store.issue_of_hashes(made.id, &[[hash; 16]]).unwrap().unwrap();
        let change = IssueChange {
            status: Some(Status::Resolved),
            resolution,
            at: START + 10,
            ..IssueChange::default()
        };
        store.change_issues(&scope, &[issue], &change).unwrap();
        let at = if late { START + 9 } else { START + 10 };
        store.write(&batch(vec![seen(1_000 * n + 1, released, at)])).unwrap();
        let found = store.issue(&scope, issue).unwrap().unwrap();
        let is_back = found.status == Status::Unresolved;
        assert_eq!(found.substatus.as_deref() == Some("regressed"), is_back);
        let kinds: Vec<_> = store.activity(issue).unwrap().into_iter().map(|row| row.kind).collect();
        assert_eq!(kinds.contains(&"set_regression".to_owned()), is_back);
        is_back
    };
    let fixed = |version: &str| Resolution::InRelease(version.to_owned());
    let in_commit = |sha: &str| Resolution::InCommit(sha.to_owned());
    for (resolution, released, late, wanted) in [
        (Resolution::AtOnce, Some("shop@1.9.0"), false, true),
        (Resolution::AtOnce, Some("shop@1.9.0"), true, false),
        (Resolution::AtOnce, None, false, true),
        (fixed("shop@1.10.0"), Some("shop@1.9.0"), false, false),
        (fixed("shop@1.10.0"), Some("shop@1.10.0"), false, true),
        (fixed("shop@1.10.0"), Some("shop@1.10.0-rc.1"), false, false),
        (fixed("shop@1.10.0"), Some("shop@2.0.0"), false, true),
        (fixed("shop@1.10.0"), None, false, true),
        (fixed("plain-b"), Some("plain-a"), false, false),
        (fixed("plain-a"), Some("plain-b"), false, true),
        (fixed("plain-c"), Some("plain-b"), false, false),
        (fixed("plain-b"), Some("plain-unseen"), false, true),
        (in_commit("c1"), Some("shop@1.9.0"), false, false),
        (in_commit("c1"), Some("shop@1.11.0"), false, true),
        (in_commit("unreleased"), Some("shop@2.0.0"), false, false),
    ] {
        assert_eq!(back(resolution.clone(), released, late), wanted, "{resolution:?} {released:?} {late}");
    }
    // The newest is plain-unseen by now; then one with a version comes, and an older one after it.
    release("shop@2.1.0", vec![], START * 2);
    release("shop@1.8.0", vec![], START * 2 + 1);
    for (resolution, released, wanted) in [
        (Resolution::InNext, "shop@2.1.0", false),
        (Resolution::InNext, "shop@2.1.1", true),
        (Resolution::InLatest, "shop@2.1.0", false),
        (Resolution::InLatest, "shop@2.1.1", true),
    ] {
        assert_eq!(back(resolution.clone(), Some(released), false), wanted, "{resolution:?} {released}");
    }
}

/// What was discarded can be let in again.
pub(super) fn tombstones_can_be_lifted(store: &dyn Store) {
    let project = project(store).id;
    let scope = ProjectScope::new([project]);
    store.write(&batch(vec![event(project, 1, &[1, 2]), event(project, 2, &[3])])).unwrap();
    let issue = store.issue_of_hashes(project, &[[1; 16]]).unwrap().unwrap();
    store.delete_issues(&scope, &[issue], true, 7).unwrap();
    assert_eq!(store.write(&batch(vec![event(project, 3, &[2])])).unwrap().events, 0);
    let all = store.tombstones(project).unwrap();
    assert_eq!((all.len(), all[0].id, all[0].title.as_str(), all[0].created), (1, [1; 16], "title 1", 7));
    assert!(!store.delete_tombstone(project, &[9; 16]).unwrap());
    assert!(store.delete_tombstone(project, &[1; 16]).unwrap());
    assert_eq!(store.write(&batch(vec![event(project, 4, &[2])])).unwrap().new_issues, 1);
}
