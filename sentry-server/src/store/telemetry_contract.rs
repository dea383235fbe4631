//! What every store must do with telemetry. As in `contract`, each function is called with a fresh store.

use serde_json::Value;

use super::contract::{event, project};
use super::{
    Batch, Common, FeedbackRow, Health, KeptItem, LogRow, MetricRow, NewCheckIn, NewItem, NewReplay,
    NewSession, PageRequest, Place, ProfileRow, ProjectScope, Rows, SessionCounts, SessionKind, SpanRow,
    Store, TelemetryFilter, Tells,
};
use crate::instant::{self, DAY, HOUR, SECOND};

const START: i64 = 20_000 * DAY;

fn item(project: i64, seq: u64, rows: Rows, tells: Tells) -> NewItem {
    NewItem {
        seq: seq << 10,
        project,
        event_id: None,
        kind: "log".to_owned(),
        received: START + seq as i64 * SECOND,
        counts: vec![("log_item", 1)],
        is_companion: false,
        kept: Some(KeptItem {
            header: "{}".to_owned(),
            size_bytes: 2,
            body: zstd::bulk::compress(format!("item {seq}").as_bytes(), 1).unwrap(),
        }),
        rows,
        tells,
    }
}

fn write(store: &dyn Store, items: Vec<NewItem>) {
    store.write(&Batch { items, ..Batch::default() }).unwrap();
}

fn common(project: i64, seq: u64, index: u32, timestamp: i64) -> Common {
    Common {
        place: Place { item: seq << 10, index },
        project,
        timestamp,
        trace: Some([seq as u8; 16]),
        span: Some([index as u8; 8]),
        release: Some("shop@1".to_owned()),
        environment: Some("production".to_owned()),
    }
}

fn log(project: i64, seq: u64, index: u32, severity: u8) -> LogRow {
    let timestamp = START + i64::from(index) * SECOND;
    LogRow { common: common(project, seq, index, timestamp), severity, body: format!("line {seq} {index}%") }
}

/// Logs are found by time, severity, trace and words, page by page, once however often they are written.
pub(super) fn logs_are_found(store: &dyn Store) {
    let project = project(store).id;
    let logs = |seq| (0..3).map(|index| log(project, seq, index, 9 + index as u8 * 4)).collect();
    for _ in 0..2 {
        let items = (1..=2)
            .map(|seq| item(project, seq, Rows { logs: logs(seq), ..Rows::default() }, Tells::Nothing));
        write(store, items.collect());
    }
    let scope = || ProjectScope::new([project]);
    let bodies = |filter: &TelemetryFilter| {
        let rows = store.logs(filter).unwrap().rows.into_iter();
        rows.map(|row| row.body).collect::<Vec<_>>()
    };
    let newest = TelemetryFilter::newest(scope(), 10);
    assert_eq!(bodies(&newest).len(), 6);
    assert_eq!(store.logs(&newest).unwrap().rows[5], log(project, 1, 0, 9));
    assert_eq!(bodies(&TelemetryFilter { severity: Some(17), ..newest.clone() }), ["line 2 2%", "line 1 2%"]);
    assert_eq!(bodies(&TelemetryFilter { trace: Some([1; 16]), ..newest.clone() }).len(), 3);
    assert_eq!(
        bodies(&TelemetryFilter { words: vec!["LINE".into(), "1 1%".into()], ..newest.clone() }),
        ["line 1 1%"]
    );
    assert!(bodies(&TelemetryFilter { words: vec!["_ine".into()], ..newest.clone() }).is_empty());
    let span =
        TelemetryFilter { since: Some(START + SECOND), until: Some(START + 2 * SECOND), ..newest.clone() };
    assert_eq!(bodies(&span), ["line 2 1%", "line 1 1%"]);
    assert_eq!(bodies(&TelemetryFilter { release: Some("other".into()), ..newest.clone() }).len(), 0);
    assert_eq!(
        bodies(&TelemetryFilter { environment: Some("production".into()), ..newest.clone() }).len(),
        6
    );
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = PageRequest { cursor, limit: 4 };
        let page = store.logs(&TelemetryFilter { page, ..newest.clone() }).unwrap();
        seen.extend(page.rows.into_iter().map(|row| row.body));
        cursor = page.next;
        if !page.has_next {
            break;
        }
    }
    assert_eq!(seen, bodies(&newest), "pages join without a gap or an overlap");
    let outside = TelemetryFilter::newest(ProjectScope::new([project + 1]), 10);
    assert!(bodies(&outside).is_empty());
    let place = Place { item: 2 << 10, index: 0 };
    assert_eq!(store.source(&scope(), place).unwrap().unwrap(), b"item 2");
    assert!(store.source(&ProjectScope::new([project + 1]), place).unwrap().is_none());
    let counted: i64 = store.outcomes(&scope(), 0).unwrap().iter().map(|row| row.quantity).sum();
    assert_eq!(counted, 2, "written twice, counted once");
}

/// Spans are found by their trace, over days, and by the name of their transaction.
pub(super) fn spans_are_found(store: &dyn Store) {
    let project = project(store).id;
    let span = |seq: u64, index: u32, days: i64| SpanRow {
        common: Common {
            trace: Some([9; 16]),
            ..common(project, seq, index, START + days * DAY + i64::from(index) * SECOND)
        },
        parent: (index > 0).then_some([0; 8]),
        segment: format!("GET /{seq}"),
        is_segment: index == 0,
        op: if index == 0 { "http.server" } else { "db" }.to_owned(),
        description: "SELECT 1".to_owned(),
        status: "ok".to_owned(),
        duration: 1_000,
    };
    let mut transaction = event(project, 1, &[]);
    transaction.seq = 1 << 10;
    transaction.kind = "transaction";
    transaction.category = "transaction";
    transaction.group = None;
    transaction.rows.spans = (0..3).map(|index| span(1, index, 0)).collect();
    let mut copy = event(project, 1, &[]);
    copy.seq = 7 << 10;
    copy.kind = "transaction";
    copy.group = None;
    copy.rows.spans = (0..3).map(|index| span(7, index, 0)).collect();
    store.write(&Batch { events: vec![transaction, copy], ..Batch::default() }).unwrap();
    let rows = Rows { spans: vec![span(2, 0, 1), span(2, 1, 1)], ..Rows::default() };
    let mut later = item(project, 2, rows, Tells::Nothing);
    later.received += DAY;
    write(store, vec![later]);
    let scope = ProjectScope::new([project]);
    let trace = store.trace(&scope, &[9; 16], 100).unwrap();
    let order: Vec<_> =
        trace.iter().map(|span| (span.common.place.item >> 10, span.common.place.index)).collect();
    assert_eq!(order, [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)], "of a copy nothing is kept");
    assert_eq!(trace[1], span(1, 1, 0));
    assert_eq!(store.trace(&scope, &[9; 16], 2).unwrap().len(), 2);
    assert!(store.trace(&ProjectScope::new([project + 1]), &[9; 16], 100).unwrap().is_empty());
    let newest = TelemetryFilter::newest(scope.clone(), 10);
    let count = |filter: TelemetryFilter| store.spans(&filter).unwrap().rows.len();
    assert_eq!(count(TelemetryFilter { name: Some("GET /1".into()), ..newest.clone() }), 3);
    assert_eq!(count(TelemetryFilter { op: Some("db".into()), ..newest.clone() }), 3);
    let segments = TelemetryFilter { segments_only: true, ..newest };
    assert_eq!(store.spans(&segments).unwrap().rows[0].segment, "GET /2", "the newest first");
    let spans = store.outcomes(&scope, 0).unwrap();
    let spans: Vec<_> = spans.iter().filter(|row| row.category == "span").collect();
    assert_eq!(spans.iter().map(|row| row.quantity).collect::<Vec<_>>(), [3, 3], "accepted, duplicate");
}

/// Metrics by name, profiles by transaction, feedback by what it is about.
pub(super) fn other_rows_are_found(store: &dyn Store) {
    let project = project(store).id;
    let metric = |index: u32, name: &str| MetricRow {
        common: common(project, 1, index, START + i64::from(index)),
        name: name.to_owned(),
        kind: "counter".to_owned(),
        value: 1.5,
        unit: None,
    };
    let profile = ProfileRow {
        common: common(project, 1, 0, START),
        kind: "profile".to_owned(),
        profile: Some([5; 16]),
        segment: "GET /".to_owned(),
        platform: "python".to_owned(),
    };
    let feedback = |seq: u64, about: u8| FeedbackRow {
        seq: seq << 10,
        project,
        event_id: [seq as u8; 16],
        timestamp: START,
        about: Some([about; 16]),
        name: "Zoë".to_owned(),
        email: "zoe@example.com".to_owned(),
        message: "broken".to_owned(),
    };
    let rows = Rows {
        metrics: vec![metric(0, "a"), metric(1, "b"), metric(2, "a")],
        profile: Some(profile.clone()),
        feedback: Some(feedback(1, 1)),
        ..Rows::default()
    };
    let more = Rows { feedback: Some(feedback(2, 2)), ..Rows::default() };
    write(store, vec![item(project, 1, rows, Tells::Nothing), item(project, 2, more, Tells::Nothing)]);
    let scope = ProjectScope::new([project]);
    let newest = TelemetryFilter::newest(scope.clone(), 10);
    let named = TelemetryFilter { name: Some("a".into()), ..newest.clone() };
    assert_eq!(store.metrics(&named).unwrap().rows, [metric(2, "a"), metric(0, "a")]);
    let named = TelemetryFilter { name: Some("GET /".into()), ..newest };
    assert_eq!(store.profiles(&named).unwrap().rows, [profile]);
    let page = PageRequest { cursor: None, limit: 1 };
    let first = store.feedback(&scope, page).unwrap();
    assert_eq!((&first.rows[..], first.has_next), (&[feedback(2, 2)][..], true));
    let second = store.feedback(&scope, PageRequest { cursor: first.next, ..page }).unwrap();
    assert_eq!((&second.rows[..], second.has_next), (&[feedback(1, 1)][..], false));
    assert_eq!(store.feedback_about(project, &[1; 16]).unwrap(), [feedback(1, 1)]);
}

/// A session counts once, by the worst that is ever told of it, in whatever order and however often it is told.
pub(super) fn sessions_count_once(store: &dyn Store) {
    let project = project(store).id;
    let session = |sid: u8, user: u8, health: Health| NewSession {
        project,
        release: "shop@1".to_owned(),
        environment: "production".to_owned(),
        started: START,
        user: Some([user; 16]),
        what: SessionKind::One { sid: [sid; 16], health, seconds: None },
    };
    let told = [
        session(1, 1, Health::Errored),
        session(1, 1, Health::Healthy),
        session(2, 1, Health::Crashed),
        session(2, 1, Health::Errored),
        session(3, 2, Health::Abnormal),
        session(4, 2, Health::Healthy),
    ];
    let mut seq = 0;
    let mut tell = |sessions: Vec<NewSession>| {
        seq += 1;
        write(store, vec![item(project, seq, Rows::default(), Tells::Sessions(sessions))]);
    };
    tell(told.to_vec());
    tell(told.iter().rev().cloned().collect());
    let counts = SessionCounts { total: 5, errored: 1, abnormal: 0, crashed: 0 };
    tell(vec![NewSession { user: None, what: SessionKind::Counted(counts), ..told[0].clone() }]);
    let scope = ProjectScope::new([project]);
    let (hour, day) = (START / HOUR, START / DAY);
    let hours = store.session_hours(&scope, Some("shop@1"), hour, hour + 1).unwrap();
    let [only] = &hours[..] else { panic!("{hours:?}") };
    assert_eq!(only.counts, SessionCounts { total: 9, errored: 2, abnormal: 1, crashed: 1 });
    assert_eq!(only.counts.healthy(), 5);
    assert!(store.session_hours(&scope, Some("shop@2"), hour, hour + 1).unwrap().is_empty());
    assert!(store.session_hours(&scope, None, hour + 1, hour + 9).unwrap().is_empty());
    let users = SessionCounts { total: 2, errored: 0, abnormal: 1, crashed: 1 };
    assert_eq!(store.session_days(&scope, None, day, day + 1).unwrap()[0].users, users);
    assert_eq!(store.session_users(&scope, None, day, day + 9).unwrap(), users);
    assert_eq!(store.session_users(&scope, None, day + 1, day + 9).unwrap(), SessionCounts::default());
    // The same item again, as after a crash half-way.
    let again = NewSession { what: SessionKind::Counted(counts), ..told[0].clone() };
    write(store, vec![item(project, seq, Rows::default(), Tells::Sessions(vec![again]))]);
    assert_eq!(store.session_hours(&scope, None, hour, hour + 1).unwrap()[0].counts.total, 9);
}

/// A run's reports meet in one row; one without an id ends the latest run in progress.
pub(super) fn check_ins_meet(store: &dyn Store) {
    let project = project(store).id;
    let report = |seq: u64, check_in: Option<u8>, status: &'static str| NewCheckIn {
        project,
        slug: "nightly".to_owned(),
        check_in: check_in.map(|id| [id; 16]),
        fallback: [0xF0 + seq as u8; 16],
        status,
        environment: "production".to_owned(),
        received: START + seq as i64 * SECOND,
        duration: None,
        release: None,
        trace: None,
        config: (seq == 1).then(|| r#"{"schedule":{"type":"crontab","value":"0 * * * *"}}"#.to_owned()),
    };
    let reports = [
        report(1, Some(1), "in_progress"),
        report(2, Some(1), "ok"),
        report(3, Some(1), "in_progress"),
        report(4, Some(2), "in_progress"),
        report(5, None, "error"),
        report(6, None, "ok"),
    ];
    for (seq, report) in reports.into_iter().enumerate() {
        let tells = Tells::CheckIn(Box::new(report));
        write(store, vec![item(project, seq as u64 + 1, Rows::default(), tells)]);
    }
    let monitor = store.monitor(project, "nightly").unwrap().unwrap();
    assert_eq!((monitor.status.as_deref(), monitor.last_check_in), (Some("ok"), Some(START + 6 * SECOND)));
    assert_eq!(monitor.config["schedule"]["value"], "0 * * * *");
    assert_eq!(store.monitors(&ProjectScope::new([project])).unwrap(), std::slice::from_ref(&monitor));
    assert!(store.monitors(&ProjectScope::new([project + 1])).unwrap().is_empty());
    let page = PageRequest { cursor: None, limit: 10 };
    let runs = store.check_ins(monitor.id, page).unwrap().rows;
    let seen: Vec<_> = runs.iter().map(|run| (run.check_in[0], run.status.as_str())).collect();
    assert_eq!(seen, [(0xF6, "ok"), (2, "error"), (1, "ok")]);
    assert_eq!(runs[2].started, START + SECOND, "the first report says when it began");
}

/// The pieces of a replay add up, and saying them again changes nothing.
pub(super) fn replays_add_up(store: &dyn Store) {
    let project = project(store).id;
    let piece = |segment: u32| NewReplay {
        project,
        replay: [3; 16],
        segment,
        started: START + i64::from(segment) * SECOND,
        finished: START + i64::from(segment + 1) * SECOND,
        kind: "session".to_owned(),
        platform: "javascript".to_owned(),
        urls: vec!["/".to_owned(), format!("/{segment}")],
        ..NewReplay::default()
    };
    for (seq, segment) in [(1, 1), (2, 0), (3, 1)] {
        let tells = Tells::Replay(Box::new(piece(segment)));
        write(store, vec![item(project, seq, Rows::default(), tells)]);
    }
    let scope = ProjectScope::new([project]);
    let replay = store.replay(&scope, &[3; 16]).unwrap().unwrap();
    assert_eq!((replay.segments, replay.started, replay.finished), (2, START, START + 2 * SECOND));
    assert_eq!(replay.urls, serde_json::json!(["/", "/1", "/0"]));
    assert_eq!(replay.user, Value::Null);
    let page = PageRequest { cursor: None, limit: 10 };
    assert_eq!(store.replays(&scope, page).unwrap().rows, [replay]);
    assert!(store.replay(&ProjectScope::new([project + 1]), &[3; 16]).unwrap().is_none());
}

/// What came with an event is a copy where the event is one.
pub(super) fn companions_share_their_events_fate(store: &dyn Store) {
    let project = project(store).id;
    let companion = |seq: u64| NewItem {
        event_id: Some([1; 16]),
        is_companion: true,
        kind: "attachment".to_owned(),
        ..item(project, seq, Rows::default(), Tells::Nothing)
    };
    for seq in 1..=2 {
        let mut own = event(project, 1, &[1]);
        own.event_id = [1; 16];
        own.seq = (seq << 10) + 1;
        store.write(&Batch { events: vec![own], items: vec![companion(seq)], ..Batch::default() }).unwrap();
    }
    write(store, vec![NewItem { is_companion: false, ..companion(3) }]);
    let kept = store.items(project, &[1; 16]).unwrap();
    assert_eq!(kept.iter().map(|item| item.seq >> 10).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(instant::day(kept[0].received), START / DAY);
}
