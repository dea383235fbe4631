//! The store's contract, for the embedded store.

use super::{SqliteStore, merge, unmerge};
use crate::store::{
    Grouped as _, PageRequest, ProjectScope, Store as _, Triage as _, contract, grouping_contract,
    telemetry_contract,
};

macro_rules! contract_tests {
    ($module:ident: $($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                let dir = tempfile::tempdir().unwrap();
                $module::$name(&SqliteStore::open(dir.path()).unwrap());
            }
        )*
    };
}

contract_tests! {
    contract:
    writing_again_counts_once,
    hashes_lead_to_one_issue,
    scopes_keep_projects_apart,
    tags_stay_bounded,
    totals_of_tags_are_exact,
    the_spool_position_is_part_of_the_batch,
}

contract_tests! {
    grouping_contract:
    old_hashes_find_an_issue,
    issues_come_apart_with_their_events,
    alike_issues_are_found,
    events_keep_their_reasons,
    regressions_know_releases,
    tombstones_can_be_lifted,
}

contract_tests! {
    telemetry_contract:
    logs_are_found,
    spans_are_found,
    other_rows_are_found,
    sessions_count_once,
    check_ins_meet,
    replays_add_up,
    companions_share_their_events_fate,
}

#[test]
fn an_unmerge_that_a_crash_stopped_goes_on_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let project = contract::project(&store).id;
    let events = (1..=3).map(|n| contract::event(project, n, &[if n == 3 { 2 } else { 1 }])).collect();
    store.write(&contract::batch(events)).unwrap();
    let id = |store: &SqliteStore, hash: u8| store.issue_of_hashes(project, &[[hash; 16]]).unwrap().unwrap();
    let (into, scope) = (id(&store, 1), ProjectScope::new([project]));
    assert!(store.merge_issues(&scope, into, &[id(&store, 2)], None, 9).unwrap());
    // What is there when the first step is done and no other.
    let destination = {
        let meta = &store.writer().meta;
        let destination = unmerge::found(meta, into).unwrap();
        let hashes = format!("[\"{}\"]", "02".repeat(16));
        let sql = "INSERT INTO unmerges (source, destination, hashes) VALUES (?1, ?2, ?3)";
        meta.execute(sql, rusqlite::params![into, destination, hashes]).unwrap();
        destination
    };
    drop(store);
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(id(&store, 2), destination);
    for (issue, count) in [(into, 2), (destination, 1)] {
        let found = store.issue(&scope, issue).unwrap().unwrap();
        let page = PageRequest { cursor: None, limit: 9 };
        assert_eq!(
            (found.count, store.issue_events(issue, page).unwrap().rows.len()),
            (count, count as usize)
        );
    }
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn a_deletion_that_a_crash_stopped_goes_on_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let project = contract::project(&store).id;
    let events = (1..=3).map(|n| contract::event(project, n, &[if n == 3 { 2 } else { 1 }])).collect();
    store.write(&contract::batch(events)).unwrap();
    let scope = ProjectScope::new([project]);
    let issue = store.issue_of_hashes(project, &[[1; 16]]).unwrap().unwrap();
    // What is there when the first step is done and no other.
    assert_eq!(merge::delete(&mut store.writer().meta, &scope, &[issue], false, 9).unwrap(), 1);
    let all = |store: &SqliteStore| {
        let page = PageRequest { cursor: None, limit: 9 };
        store.project_events(project, page).unwrap().rows.len()
    };
    assert_eq!(all(&store), 3, "else this shows nothing");
    drop(store);
    let store = SqliteStore::open(dir.path()).unwrap();
    assert_eq!(all(&store), 1);
    let found = |n| store.event(&scope, &contract::event(project, n, &[1]).event_id).unwrap().is_some();
    assert_eq!([found(1), found(2), found(3)], [false, false, true]);
    let checked = store.check().unwrap();
    assert_eq!((checked.problems, checked.events, checked.uncounted), (Vec::new(), 1, 0));
}

/// The writer remembers where hashes lead, and must not go by what no longer holds.
#[test]
fn hashes_that_another_process_led_elsewhere_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    let project = contract::project(&store).id;
    let write = |n: u64, hash: u8| {
        store.write(&contract::batch(vec![contract::event(project, n, &[hash])])).unwrap();
    };
    write(1, 1);
    write(2, 2);
    write(3, 2);
    let scope = ProjectScope::new([project]);
    let id = |hash: u8| store.issue_of_hashes(project, &[[hash; 16]]).unwrap().unwrap();
    let (into, from) = (id(1), id(2));
    let other = SqliteStore::open(dir.path()).unwrap();
    assert!(other.merge_issues(&scope, into, &[from], None, 9).unwrap());
    write(4, 2);
    assert_eq!(store.issue(&scope, into).unwrap().unwrap().count, 4);
    assert!(store.issue(&scope, from).unwrap().is_none());
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}
