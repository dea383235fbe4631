//! Jobs that are to run: those that do not come, take too long or fail, and the issues that they make.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::Server;

const MONITORS: &str = "/api/0/organizations/default/monitors/";
const ISSUES: &str = "/api/0/organizations/default/issues/";

fn report(id: u128, status: &str, config: &Value) -> String {
    let payload = json!({ "check_in_id": format!("{id:032x}"), "monitor_slug": "nightly", "status": status,
        "environment": "prod", "monitor_config": config })
    .to_string();
    format!("{{}}\n{{\"type\":\"check_in\",\"length\":{}}}\n{payload}\n", payload.len())
}

async fn send(server: &Server, id: u128, status: &str, config: &Value) {
    server.envelope(report(id, status, config)).await.ok();
    server.settle().await;
}

/// The clock goes on, and the server looks at its monitors.
async fn after(server: &Server, minutes: u64) {
    server.clock.advance(Duration::from_secs(minutes * 60));
    let app = server.app.clone();
    tokio::task::spawn_blocking(move || app.watch_monitors()).await.unwrap().unwrap();
    server.settle().await;
}

/// Newest first.
async fn runs(server: &Server) -> Vec<(String, String)> {
    let rows = server.get(&format!("{MONITORS}nightly/checkins/?per_page=100")).await.ok();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "status"), text(row, "dateCreated")[11..16].to_owned()))
        .collect()
}

fn statuses(runs: &[(String, String)]) -> Vec<&str> {
    runs.iter().map(|(status, _)| status.as_str()).collect()
}

async fn issues(server: &Server) -> Value {
    server.get(&format!("{ISSUES}?query=")).await.ok()
}

async fn environment(server: &Server) -> Value {
    server.get(&format!("{MONITORS}nightly/")).await.ok()["environments"][0].clone()
}

#[tokio::test]
async fn a_run_that_does_not_come_is_missed_once_and_failures_in_a_row_make_an_issue() {
    let mut server = Server::start();
    let config = json!({ "schedule": { "type": "crontab", "value": "0 * * * *" }, "checkin_margin": 5,
        "failure_issue_threshold": 2, "recovery_threshold": 2 });
    send(&server, 1, "ok", &config).await;
    let own = environment(&server).await;
    assert_eq!((&own["name"], &own["status"]), (&json!("prod"), &json!("ok")), "{own}");
    assert!(own["nextCheckIn"].as_str().unwrap().starts_with("2026-11-22T19:00"), "{own}");
    assert!(own["nextCheckInLatest"].as_str().unwrap().starts_with("2026-11-22T19:05"), "{own}");
    after(&server, 64).await;
    assert_eq!(statuses(&runs(&server).await), ["ok"], "it has five minutes");
    after(&server, 1).await;
    after(&server, 1).await;
    let missed = ("missed".to_owned(), "19:00".to_owned());
    assert_eq!(runs(&server).await[..1], [missed]);
    server.restart();
    after(&server, 1).await;
    assert_eq!(statuses(&runs(&server).await), ["missed", "ok"], "once");
    assert_eq!(issues(&server).await, json!([]), "one failure is none");
    after(&server, 60).await;
    assert_eq!(statuses(&runs(&server).await), ["missed", "missed", "ok"]);
    let found = issues(&server).await;
    assert_eq!(
        (&found[0]["title"], &found[0]["status"]),
        (&json!("Cron failure: nightly"), &json!("unresolved")),
        "{found}"
    );
    assert!(environment(&server).await["activeIncident"].is_object());
    // A server that was down for days knows of one run that it did not see.
    after(&server, 3 * 24 * 60).await;
    after(&server, 1).await;
    assert_eq!(statuses(&runs(&server).await), ["missed", "missed", "missed", "ok"]);
    let found = issues(&server).await;
    assert_eq!(
        (found.as_array().unwrap().len(), &found[0]["count"]),
        (1, &json!("1")),
        "one incident is one event"
    );
    send(&server, 2, "ok", &config).await;
    after(&server, 0).await;
    assert_eq!(issues(&server).await[0]["status"], "unresolved", "one success is none");
    send(&server, 3, "ok", &config).await;
    after(&server, 0).await;
    assert_eq!(issues(&server).await[0]["status"], "resolved");
    let own = environment(&server).await;
    assert_eq!((&own["status"], &own["activeIncident"]), (&json!("ok"), &Value::Null));
    // The next incident is another event of the same issue.
    send(&server, 4, "error", &config).await;
    send(&server, 5, "error", &config).await;
    after(&server, 0).await;
    let found = issues(&server).await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["count"]), (1, &json!("2")), "{found}");
    assert_eq!(found[0]["status"], "unresolved");
    assert_eq!(watchpost_server::check(&server.config.data).unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn a_run_that_takes_too_long_has_failed() {
    let server = Server::start();
    let config = json!({ "schedule": { "type": "interval", "value": 1, "unit": "day" }, "max_runtime": 10 });
    send(&server, 1, "in_progress", &config).await;
    after(&server, 9).await;
    assert_eq!(statuses(&runs(&server).await), ["in_progress"]);
    after(&server, 1).await;
    assert_eq!(statuses(&runs(&server).await), ["timeout"]);
    assert_eq!(issues(&server).await[0]["title"], "Cron failure: nightly");
    // An end that comes after all changes nothing about that.
    send(&server, 1, "ok", &config).await;
    after(&server, 1).await;
    assert_eq!(statuses(&runs(&server).await), ["timeout"]);
    assert_eq!(issues(&server).await[0]["status"], "unresolved");
    send(&server, 2, "ok", &config).await;
    after(&server, 0).await;
    assert_eq!(issues(&server).await[0]["status"], "resolved");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_is_refused_with_the_reason() {
    let server = Server::start();
    let made = server
        .post_json(
            MONITORS,
            json!({ "project": "shop", "name": "Nightly", "slug": "nightly", "config": { "schedule_type": "crontab",
                "schedule": "0 9 * * *", "timezone": "Europe/Berlin" } }),
        )
        .await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    for (config, named) in [
        (json!({ "schedule_type": "crontab", "schedule": "61 * * * *" }), "crontab"),
        (json!({ "schedule_type": "crontab", "schedule": "0 * * * *", "timezone": "Mars" }), "Mars"),
        (json!({ "schedule_type": "interval", "schedule": [0, "hour"] }), "interval"),
    ] {
        let refused = server.put(&format!("{MONITORS}nightly/"), json!({ "config": config })).await;
        assert_eq!(refused.status, 400, "{config}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(named), "{:?}", refused.body);
    }
    // What a client says without a config goes by the one that is there; a new one counts at once.
    send(&server, 1, "ok", &Value::Null).await;
    assert!(environment(&server).await["nextCheckIn"].as_str().unwrap().starts_with("2026-11-23T08:00"));
    let hourly = json!({ "config": { "schedule_type": "crontab", "schedule": "0 * * * *" } });
    server.put(&format!("{MONITORS}nightly/"), hourly).await.ok();
    assert!(environment(&server).await["nextCheckIn"].as_str().unwrap().starts_with("2026-11-22T19:00"));
    assert_eq!(server.delete(&format!("{MONITORS}nightly/")).await.status, 204);
    after(&server, 600).await;
    assert_eq!(issues(&server).await, json!([]));
}

#[tokio::test]
async fn runs_are_counted_by_pieces_of_time() {
    let server = Server::start();
    let config = json!({ "schedule": { "type": "interval", "value": 1, "unit": "hour" } });
    for (id, status) in [(1, "ok"), (2, "ok"), (3, "error")] {
        send(&server, id, status, &config).await;
    }
    server.clock.advance(Duration::from_secs(3_600));
    send(&server, 4, "in_progress", &config).await;
    let of_project = "/api/0/projects/default/shop/monitors/nightly/stats/";
    for path in [format!("{MONITORS}nightly/stats/"), of_project.to_owned()] {
        let rows = server.get(&path).await.ok();
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), 25, "a day by hours, the one that goes on included");
        let [.., earlier, now] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(
            (&earlier["ok"], &earlier["error"], &earlier["missed"]),
            (&json!(2), &json!(1), &json!(0))
        );
        assert_eq!((&now["in_progress"], &now["ok"]), (&json!(1), &json!(0)));
        assert_eq!(now["ts"].as_i64().unwrap() - earlier["ts"].as_i64().unwrap(), 3_600);
        let other = server.get(&format!("{path}?environment=dev")).await.ok();
        assert!(other.as_array().unwrap().iter().all(|row| row["ok"] == 0 && row["in_progress"] == 0));
        let begin = support::NOW / 1_000_000;
        let asked = format!("{path}?since={begin}&until={}&resolution=10m", begin + 1_800);
        let asked = server.get(&asked).await.ok();
        assert_eq!((asked.as_array().unwrap().len(), &asked[0]["ok"]), (3, &json!(2)));
        assert_eq!(server.get(&format!("{path}?resolution=1s")).await.status, 400);
        assert_eq!(server.get(&format!("{path}?since=soon")).await.status, 400);
    }
}

#[tokio::test]
async fn a_projects_monitors_are_made_and_listed_under_it() {
    let server = Server::start();
    let at = "/api/0/projects/default/shop/monitors/";
    let form = json!({ "name": "Nightly bill", "slug": "bill", "config": { "schedule": { "type": "crontab", "value": "0 0 * * *" } } });
    let made = server.post_json(at, form.clone()).await;
    assert_eq!((made.status.as_u16(), &made.json()["slug"]), (201, &json!("bill")));
    assert_eq!(server.post_json(at, form).await.status, 409);
    assert_eq!(server.get(at).await.ok()[0]["name"], "Nightly bill");
    server
        .post_json("/api/0/organizations/default/projects/", json!({ "slug": "cart", "name": "Cart" }))
        .await;
    assert_eq!(server.get("/api/0/projects/default/cart/monitors/").await.ok(), json!([]));
    assert_eq!(server.get("/api/0/projects/default/cart/monitors/bill/").await.status, 404);
}
