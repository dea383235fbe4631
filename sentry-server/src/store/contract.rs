//! What every store must do, whatever it is made of. An implementation's tests call each function with a fresh one.

use super::{
    Batch, GroupingTree, IssueChange, IssueContext, IssueFilter, IssueSort, NewEvent, NewGroup, NewProject,
    PageRequest, Project, ProjectScope, Rows, Status, Store, TagKey, Written,
};
use crate::instant::{DAY, HOUR};
use crate::search::Expr;

pub(super) const START: i64 = 20_000 * DAY;

pub(super) fn project(store: &dyn Store) -> Project {
    let org = store.create_organization("default", "Watchpost", 0).unwrap();
    let form = NewProject {
        id: None,
        org: org.id,
        slug: "shop".to_owned(),
        name: "Shop".to_owned(),
        platform: None,
        public_key: "0".repeat(32),
        created: 0,
    };
    let made = store.create_project(&form).unwrap().unwrap();
    assert!(store.create_project(&form).unwrap().is_none(), "the slug is taken");
    made
}

/// The `n`th event of a project, with these hashes.
pub(super) fn event(project: i64, n: u64, hashes: &[u8]) -> NewEvent {
    let mut event_id = [0; 16];
    event_id[8..].copy_from_slice(&n.to_be_bytes());
    NewEvent {
        seq: n,
        project,
        event_id,
        kind: "error",
        category: "error",
        received: START + n as i64,
        timestamp: START + n as i64,
        title: format!("title {n}"),
        culprit: "culprit".to_owned(),
        level: "error".to_owned(),
        size_bytes: 2,
        body: Some(zstd::bulk::compress(b"{}", 1).unwrap()),
        dictionary: None,
        group: Some(NewGroup {
            hashes: hashes.iter().map(|hash| [*hash; 16]).collect(),
            old_hashes: Vec::new(),
            config: "test",
            basis: "message",
            pieces: hashes.iter().flat_map(|hash| (0..20).map(|n| u64::from(*hash) * 100 + n)).collect(),
            tree: GroupingTree {
                id: hashes.iter().fold(1, |id, hash| id << 8 | i64::from(*hash)),
                json: Some(format!("{{\"hashes\":{hashes:?}}}").into_bytes()),
            },
            kind: "error",
            metadata: "{}".to_owned(),
            platform: "python".to_owned(),
            logger: None,
            release: Some(format!("shop@{n}")),
            unhandled: false,
            user: Some([(n % 2) as u8; 16]),
            tags: vec![("n".to_owned(), n.to_string()), ("same".to_owned(), "x".to_owned())],
        }),
        rows: Rows::default(),
    }
}

pub(super) fn batch(events: Vec<NewEvent>) -> Batch {
    Batch { events, ..Batch::default() }
}

fn filter(project: i64) -> IssueFilter {
    IssueFilter {
        scope: ProjectScope::new([project]),
        search: Expr::All(Vec::new()),
        context: IssueContext::default(),
        seen_since: None,
        seen_until: None,
        hashes: Vec::new(),
        environments: Vec::new(),
        sort: IssueSort::LastSeen,
        page: PageRequest { cursor: None, limit: 100 },
    }
}

/// A batch written twice is counted once, also when part of it is new.
pub(super) fn writing_again_counts_once(store: &dyn Store) {
    let project = project(store).id;
    let first = batch(vec![event(project, 1, &[1]), event(project, 2, &[1]), event(project, 2, &[1])]);
    assert_eq!(store.write(&first).unwrap(), Written { events: 2, duplicates: 1, new_issues: 1 });
    let more = batch(vec![event(project, 1, &[1]), event(project, 2, &[1]), event(project, 3, &[1])]);
    assert_eq!(store.write(&more).unwrap(), Written { events: 1, duplicates: 2, new_issues: 0 });
    let issues = store.issues(&filter(project)).unwrap().rows;
    assert_eq!((issues.len(), issues[0].count, issues[0].users), (1, 3, 2));
    assert_eq!((issues[0].first_seen, issues[0].last_seen), (START + 1, START + 3));
    assert_eq!(issues[0].title, "title 3");
    assert_eq!(issues[0].first_release.as_deref(), Some("shop@1"));
    assert_eq!(issues[0].last_release.as_deref(), Some("shop@3"));
    let hours = store.issue_hours(&[issues[0].id], START / HOUR).unwrap();
    assert_eq!(hours, [vec![(START / HOUR, 3)]]);
    let rows = store.outcomes(&ProjectScope::new([project]), 0).unwrap();
    let counted: Vec<_> = rows.iter().map(|row| (row.outcome.as_str(), row.quantity)).collect();
    assert_eq!(counted, [("accepted", 3), ("invalid", 3)]);
}

/// The first known hash decides; the others lead to the same issue from then on.
pub(super) fn hashes_lead_to_one_issue(store: &dyn Store) {
    let project = project(store).id;
    store.write(&batch(vec![event(project, 1, &[1, 2])])).unwrap();
    store.write(&batch(vec![event(project, 2, &[2, 3]), event(project, 3, &[3])])).unwrap();
    assert_eq!(store.issues(&filter(project)).unwrap().rows.len(), 1);
    let written = store.write(&batch(vec![event(project, 4, &[9]), event(project, 5, &[9, 1])])).unwrap();
    assert_eq!(written.new_issues, 1);
    // Known under 9 first, although 1 leads elsewhere; and 1 stays where it was.
    store.write(&batch(vec![event(project, 6, &[1])])).unwrap();
    let mut counts: Vec<_> =
        store.issues(&filter(project)).unwrap().rows.iter().map(|row| row.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 4]);
    let numbers: Vec<_> = (1..=2).map(|n| store.issue_by_number(project, n).unwrap().is_some()).collect();
    assert_eq!(numbers, [true, true]);
}

/// A scope that does not hold the project sees nothing of it and changes nothing.
pub(super) fn scopes_keep_projects_apart(store: &dyn Store) {
    let own = project(store).id;
    store.write(&batch(vec![event(own, 1, &[1])])).unwrap();
    let issue = store.issues(&filter(own)).unwrap().rows.remove(0);
    let change = IssueChange { status: Some(Status::Resolved), ..IssueChange::default() };
    for scope in [ProjectScope::new([own + 1]), ProjectScope::new([])] {
        assert!(store.issue(&scope, issue.id).unwrap().is_none());
        assert!(store.event(&scope, &event(own, 1, &[1]).event_id).unwrap().is_none());
        assert_eq!(store.change_issues(&scope, &[issue.id], &change).unwrap().len(), 0);
        assert!(store.issues(&IssueFilter { scope, ..filter(own) }).unwrap().rows.is_empty());
    }
    let scope = ProjectScope::new([own]);
    assert_eq!(store.change_issues(&scope, &[issue.id], &change).unwrap(), [issue.id]);
    assert_eq!(store.issue(&scope, issue.id).unwrap().unwrap().status, Status::Resolved);
}

/// A tag whose value never repeats keeps exact totals and a bounded number of rows.
pub(super) fn tags_stay_bounded(store: &dyn Store) {
    let project = project(store).id;
    for half in 0..2 {
        let events = (0..800).map(|n| event(project, half * 800 + n, &[1])).collect();
        store.write(&batch(events)).unwrap();
    }
    let issue = store.issues(&filter(project)).unwrap().rows.remove(0);
    let tags = store.issue_tags(issue.id, 5).unwrap();
    let seen: Vec<_> = tags.iter().map(|tag| (tag.key.as_str(), tag.total, tag.unique)).collect();
    assert_eq!(seen, [("n", 1_600, 1_000), ("same", 1_600, 1)]);
    assert_eq!((tags[0].top.len(), tags[1].top[0].count), (5, 1_600));
}

/// What the values of a key add up to, whether there is one or there are many, and after a merge.
pub(super) fn totals_of_tags_are_exact(store: &dyn Store) {
    let project = project(store).id;
    let tagged = |n: u64, hash: u8| {
        let mut event = event(project, n, &[hash]);
        if let Some(group) = &mut event.group {
            group.tags.push(("few".to_owned(), (n / 2 % 3).to_string()));
            group.tags.push(("own".to_owned(), format!("of {hash}")));
            if n >= 7 {
                group.tags.push(("late".to_owned(), "x".to_owned()));
            }
        }
        event
    };
    // One event, several of one kind, and what has both known and new values.
    let batches: [&[u64]; 5] = [&[1], &[2, 3], &[4], &[5, 6, 7, 8, 9], &[10]];
    for numbers in batches {
        store.write(&batch(numbers.iter().map(|n| tagged(*n, 1)).collect())).unwrap();
    }
    store.write(&batch(vec![tagged(11, 2)])).unwrap();
    let id = |hash: u8| store.issue_of_hashes(project, &[[hash; 16]]).unwrap().unwrap();
    let totals = |issue| -> Vec<(String, i64, i64, Vec<i64>)> {
        let tags = store.issue_tags(issue, 9).unwrap();
        let counts = |tag: &TagKey| tag.top.iter().map(|value| value.count).collect();
        tags.iter().map(|tag| (tag.key.clone(), tag.total, tag.unique, counts(tag))).collect()
    };
    let of = |key: &str, total, unique, counts: &[i64]| (key.to_owned(), total, unique, counts.to_vec());
    let first = [
        of("few", 10, 3, &[4, 3, 3]),
        of("late", 4, 1, &[4]),
        of("n", 10, 10, &[1; 9]),
        of("own", 10, 1, &[10]),
        of("same", 10, 1, &[10]),
    ];
    assert_eq!(totals(id(1)), first);
    assert!(store.merge_issues(&ProjectScope::new([project]), id(1), &[id(2)], None, 9).unwrap());
    store.write(&batch(vec![tagged(12, 1), tagged(13, 2)])).unwrap();
    let merged = [
        of("few", 13, 3, &[5, 4, 4]),
        of("late", 7, 1, &[7]),
        of("n", 13, 13, &[1; 9]),
        of("own", 13, 2, &[11, 2]),
        of("same", 13, 1, &[13]),
    ];
    assert_eq!(totals(id(1)), merged);
    let found = |query: &str| {
        let search = crate::search::parse(query).unwrap();
        store.issues(&IssueFilter { search, ..filter(project) }).unwrap().rows.len()
    };
    assert_eq!((found("has:own"), found("has:late"), found("has:other"), found("!has:few")), (1, 1, 0, 0));
}

/// The spool's place is kept together with what was counted.
pub(super) fn the_spool_position_is_part_of_the_batch(store: &dyn Store) {
    let project = project(store).id;
    assert_eq!(store.resume_at().unwrap(), 0);
    let events = vec![event(project, 1, &[1])];
    store.write(&Batch { events, resume_at: Some(77), ..Batch::default() }).unwrap();
    store.write(&batch(vec![event(project, 2, &[1])])).unwrap();
    assert_eq!(store.resume_at().unwrap(), 77);
}
