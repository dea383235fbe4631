//! Sessions, one by one and counted by the client.

use super::{Arrival, MAX_ENVIRONMENT, MAX_RELEASE, Read, hex, object, text};
use crate::instant::{DAY, Micros, SECOND};
use crate::json::{Map, Value};
use crate::normalize;
use crate::store::{Health, NewSession, SessionCounts, SessionKind, Tells};

pub(super) fn one(payload: &[u8], arrival: &Arrival) -> Result<Read, &'static str> {
    let session = object(payload)?;
    let started = started(&session, arrival)?;
    let sid = hex(session.get("sid")).ok_or("malformed")?;
    let errors = session.get("errors").and_then(Value::as_f64).unwrap_or(0.0);
    let health = match session.get("status").and_then(Value::as_str).unwrap_or("ok") {
        "crashed" => Health::Crashed,
        "abnormal" => Health::Abnormal,
        "errored" | "unhandled" => Health::Errored,
        _ if errors > 0.0 => Health::Errored,
        _ => Health::Healthy,
    };
    let seconds = session.get("duration").and_then(Value::as_f64);
    let what = SessionKind::One { sid, health, seconds };
    let session = with_attributes(&session, &session, arrival, started, what)?;
    Ok(told(vec![session], 0))
}

pub(super) fn counted(payload: &[u8], arrival: &Arrival) -> Result<Read, &'static str> {
    let container = object(payload)?;
    let buckets = container.get("aggregates").and_then(Value::as_array).ok_or("malformed")?;
    let mut sessions = Vec::new();
    let mut rejected = 0;
    for (index, bucket) in buckets.iter().enumerate() {
        let read = |bucket: &Map| {
            let count = |key: &str| {
                let count = bucket.get(key).and_then(Value::as_f64).unwrap_or(0.0);
                count.clamp(0.0, MAX_COUNT) as i64
            };
            let mut counts = SessionCounts {
                errored: count("errored") + count("unhandled"),
                abnormal: count("abnormal"),
                crashed: count("crashed"),
                total: 0,
            };
            counts.total = count("exited") + counts.errored + counts.abnormal + counts.crashed;
            let what = SessionKind::Counted(counts);
            with_attributes(&container, bucket, arrival, started(bucket, arrival)?, what)
        };
        match bucket.as_object().filter(|_| index < MAX_BUCKETS).map(read) {
            Some(Ok(session)) => sessions.push(session),
            Some(Err("no_release")) => return Err("no_release"),
            _ => rejected += 1,
        }
    }
    Ok(told(sessions, rejected))
}

fn told(sessions: Vec<NewSession>, rejected: i64) -> Read {
    Read { tells: Tells::Sessions(sessions), counts: vec![("session", 1)], rejected, ..Read::default() }
}

fn with_attributes(
    whole: &Map,
    part: &Map,
    arrival: &Arrival,
    started: Micros,
    what: SessionKind,
) -> Result<NewSession, &'static str> {
    let empty = Map::new();
    let attributes = whole.get("attrs").and_then(Value::as_object).unwrap_or(&empty);
    let user = text(part, "did", 1_000).map(|did| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&arrival.project.to_le_bytes()).update(did.as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    });
    Ok(NewSession {
        project: arrival.project,
        release: text(attributes, "release", MAX_RELEASE).ok_or("no_release")?,
        environment: text(attributes, "environment", MAX_ENVIRONMENT)
            .unwrap_or_else(|| "production".to_owned()),
        started,
        user,
        what,
    })
}

/// Updates are taken for five days (sessions, published spec); one that began later than it arrived began then.
fn started(session: &Map, arrival: &Arrival) -> Result<Micros, &'static str> {
    let given = session.get("started").or_else(|| session.get("timestamp"));
    let started = given.and_then(normalize::micros).ok_or("malformed")?.saturating_add(arrival.shift);
    if started < arrival.received - MAX_AGE {
        return Err("too_old");
    }
    Ok(if started > arrival.received + 60 * SECOND { arrival.received } else { started })
}

const MAX_AGE: Micros = 5 * DAY;
const MAX_BUCKETS: usize = 100;
const MAX_COUNT: f64 = 1e9;

#[cfg(test)]
mod tests {
    use super::super::tests::arrival;
    use super::*;

    fn sessions(read: Read) -> Vec<NewSession> {
        match read.tells {
            Tells::Sessions(sessions) => sessions,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn states_are_read_by_their_worst() {
        let state = |status: &str, errors: u32| {
            let text = format!(
                r#"{{"sid":"8730b7fd-6cbe-4f5f-b1e3-973e64ffad7a","did":"42","started":"2026-11-22T16:31:00Z",
                "status":"{status}","errors":{errors},"attrs":{{"release":" web@2 "}}}}"#
            );
            sessions(one(text.as_bytes(), &arrival()).unwrap()).remove(0)
        };
        let health = |session: NewSession| match session.what {
            SessionKind::One { health, .. } => health,
            other => panic!("{other:?}"),
        };
        let first = state("ok", 0);
        assert_eq!((first.release.as_str(), first.environment.as_str()), ("web@2", "production"));
        assert!(first.user.is_some());
        assert_eq!(health(first), Health::Healthy);
        assert_eq!(health(state("exited", 2)), Health::Errored);
        assert_eq!(health(state("crashed", 1)), Health::Crashed);
        assert_eq!(health(state("abnormal", 1)), Health::Abnormal);
    }

    #[test]
    fn buckets_add_up_and_need_a_release() {
        let text = br#"{"aggregates":[{"started":"2026-11-22T16:31:00Z","exited":3,"errored":1,"crashed":2},
            {"exited":1}, {"started":"2026-11-01T00:00:00Z","exited":1}],"attrs":{"release":"r","environment":"e"}}"#;
        let read = counted(text, &arrival()).unwrap();
        assert_eq!(read.rejected, 2, "one without a time, one too old");
        let session = sessions(read).remove(0);
        let wanted = SessionCounts { total: 6, errored: 1, abnormal: 0, crashed: 2 };
        assert_eq!(session.what, SessionKind::Counted(wanted));
        let without = br#"{"aggregates":[{"started":"2026-11-22T16:31:00Z","exited":3}],"attrs":{}}"#;
        assert_eq!(counted(without, &arrival()).unwrap_err(), "no_release");
    }
}
