//! The store's contract, for the embedded store.

use super::SqliteStore;
use crate::store::{contract, grouping_contract, telemetry_contract};

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
