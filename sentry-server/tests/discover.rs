//! Rows by field, counts by time, and whole traces, as scripts and clients ask for them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{NOW, PROJECT, Server};

const ORG: &str = "/api/0/organizations/default";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Seconds before the server's now.
fn ago(seconds: i64) -> f64 {
    (NOW / 1_000_000 - seconds) as f64
}

fn item(kind: &str, payload: &Value) -> String {
    let payload = payload.to_string();
    format!("{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n", payload.len())
}

fn container(kind: &str, entries: &[Value]) -> String {
    let payload = json!({ "items": entries }).to_string();
    format!(
        "{{\"type\":\"{kind}\",\"item_count\":{},\"content_type\":\"application/vnd.sentry.items.{kind}+json\",\"length\":{}}}\n\
         {payload}\n",
        entries.len(),
        payload.len()
    )
}

/// A transaction with two spans, one inside of the other, an error in the inner one, another error elsewhere, three logs
/// and two points of a metric.
async fn filled() -> Server {
    let server = Server::start();
    let span = |id: &str, parent: &str, op: &str, start: i64| {
        json!({
            "span_id": id, "parent_span_id": parent, "trace_id": TRACE, "op": op, "description": format!("{op} work"),
            "start_timestamp": ago(start), "timestamp": ago(start) + 0.25, "status": "ok",
            "data": { "db.system": "sqlite", "rows": start }
        })
    };
    let transaction = json!({
        "event_id": "10000000000000000000000000000001", "type": "transaction", "transaction": "GET /orders",
        "start_timestamp": ago(100), "timestamp": ago(98), "release": "shop@1", "environment": "production",
        "contexts": { "trace": { "trace_id": TRACE, "span_id": "aaaaaaaaaaaaaaaa", "op": "http.server" } },
        "spans": [
            span("bbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaa", "function", 99),
            span("cccccccccccccccc", "bbbbbbbbbbbbbbbb", "db", 98),
        ],
    });
    let error = |id: &str, trace: &str, span: &str, environment: &str, age: i64| {
        json!({
            "event_id": id, "timestamp": ago(age), "environment": environment, "level": "error",
            "exception": { "values": [{ "type": "DbError", "value": "locked" }] },
            "contexts": { "trace": { "trace_id": trace, "span_id": span } },
        })
    };
    let log = |body: &str, level: &str, age: i64| {
        json!({
            "timestamp": ago(age), "trace_id": TRACE, "level": level, "body": body,
            "attributes": { "tenant": { "value": "acme", "type": "string" }, "age": { "value": age, "type": "integer" } }
        })
    };
    let point = |value: f64| {
        json!({
            "timestamp": ago(60), "trace_id": TRACE, "name": "queue.depth", "type": "gauge", "value": value
        })
    };
    let other = "20000000000000000000000000000002";
    let items = [
        item("transaction", &transaction),
        item(
            "event",
            &error("30000000000000000000000000000003", TRACE, "cccccccccccccccc", "production", 97),
        ),
        item(
            "event",
            &error("40000000000000000000000000000004", other, "dddddddddddddddd", "staging", 3_000),
        ),
        container(
            "log",
            &[log("cart opened", "info", 99), log("cart full", "warn", 98), log("paid", "info", 97)],
        ),
        container("trace_metric", &[point(3.0), point(5.0)]),
    ];
    for (at, item) in items.iter().enumerate() {
        let header = match at {
            0 => json!({ "event_id": "10000000000000000000000000000001" }),
            1 => json!({ "event_id": "30000000000000000000000000000003" }),
            2 => json!({ "event_id": "40000000000000000000000000000004" }),
            _ => json!({}),
        };
        server.envelope(format!("{header}\n{item}")).await.ok();
    }
    server.settle().await;
    server
}

#[tokio::test]
async fn a_trace_is_a_tree_of_spans_with_its_errors() {
    let server = filled().await;
    let tree = server.get(&format!("{ORG}/trace/{TRACE}/")).await.ok();
    let roots = tree.as_array().unwrap();
    assert_eq!(roots.len(), 1, "{tree}");
    let root = &roots[0];
    assert_eq!(
        (&root["event_id"], &root["transaction"], &root["is_transaction"], &root["duration"]),
        (&json!("aaaaaaaaaaaaaaaa"), &json!("GET /orders"), &json!(true), &json!(2_000.0))
    );
    assert_eq!(root["project_id"], PROJECT);
    let inner = &root["children"][0]["children"][0];
    assert_eq!((&inner["event_id"], &inner["op"]), (&json!("cccccccccccccccc"), &json!("db")));
    assert_eq!(inner["parent_span_id"], "bbbbbbbbbbbbbbbb");
    assert_eq!(inner["errors"][0]["event_id"], "30000000000000000000000000000003");
    assert_eq!(inner["errors"][0]["title"], "DbError: locked");
    assert_eq!(inner["additional_attributes"], json!({}), "nobody named one");
    let named = format!("{ORG}/trace/{TRACE}/?additional_attributes=rows&additional_attributes=none");
    let named = server.get(&named).await.ok();
    assert_eq!(named[0]["children"][0]["children"][0]["additional_attributes"], json!({ "rows": 98 }));
    let meta = server.get(&format!("{ORG}/trace-meta/{TRACE}/")).await.ok();
    assert_eq!(
        (&meta["span_count"], &meta["errors"], &meta["logs"], &meta["transactions"]),
        (&json!(3), &json!(1), &json!(3), &json!(1)),
        "{meta}"
    );
    assert_eq!(meta["span_count_map"], json!({ "db": 1, "function": 1, "http.server": 1 }));
    assert_eq!(meta["transaction_child_count_map"][0]["count()"], 2);
}

#[tokio::test]
async fn a_trace_that_is_not_there_is_empty_and_a_wrong_name_refused() {
    let server = filled().await;
    let nothing = server.get(&format!("{ORG}/trace/{}/", "f".repeat(32))).await.ok();
    assert_eq!(nothing, json!([]));
    let wrong = server.get(&format!("{ORG}/trace/none/")).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["detail"].as_str().unwrap().contains("32 hexadecimal"));
}

#[tokio::test]
async fn series_count_by_time() {
    let server = filled().await;
    let stats =
        server.get(&format!("{ORG}/events-stats/?statsPeriod=2h&interval=1h&yAxis=count()")).await.ok();
    let data = stats["data"].as_array().unwrap();
    let counts: Vec<i64> = data.iter().map(|pair| pair[1][0]["count"].as_i64().unwrap()).collect();
    assert_eq!(counts, [0, 2], "both errors were in the hour before six: {stats}");
    assert_eq!(data[1][0].as_i64().unwrap() % 3_600, 0);
    let by_environment = format!(
        "{ORG}/events-timeseries/?statsPeriod=2h&interval=1h&groupBy=environment&yAxis=count()&query=error.type:DbError"
    );
    let found = server.get(&by_environment).await.ok();
    let series = found["timeSeries"].as_array().unwrap();
    assert_eq!(series.len(), 2);
    let of = |name: &str| {
        let is = |series: &&Value| series["groupBy"][0] == json!({ "key": "environment", "value": name });
        series.iter().find(is).unwrap()["values"].clone()
    };
    assert_eq!(of("staging")[1]["value"], 1);
    assert_eq!(of("production")[0]["value"], 0);
    assert_eq!(found["timeSeries"][0]["meta"]["interval"], 3_600_000);
    let spans = format!(
        "{ORG}/events-stats/?dataset=spans&statsPeriod=1h&interval=1h&yAxis=count()&yAxis=p95(span.duration)"
    );
    let found = server.get(&spans).await.ok();
    let last = |name: &str| found[name]["data"].as_array().unwrap().last().unwrap()[1][0]["count"].clone();
    assert_eq!((last("count()"), last("p95(span.duration)")), (json!(3), json!(2_000.0)), "{found}");
    let top = format!(
        "{ORG}/events-stats/?dataset=logs&statsPeriod=1h&interval=1h&topEvents=1&field=severity&field=count()"
    );
    let found = server.get(&top).await.ok();
    assert_eq!(found.as_object().unwrap().keys().collect::<Vec<_>>(), ["info"], "two of three: {found}");
}

#[tokio::test]
async fn a_series_that_cannot_be_is_refused_with_the_reason() {
    let server = Server::start();
    for (query, named) in [
        ("interval=1s", "interval"),
        ("interval=1m&statsPeriod=90d", "interval"),
        ("yAxis=title", "yAxis=title"),
        ("yAxis=odd()", "odd()"),
        ("topEvents=0&field=level", "topEvents"),
        ("dataset=odd", "dataset=odd"),
        ("start=2026-11-22T00:00:00Z&end=2026-11-21T00:00:00Z", "start"),
        ("query=(level:error", "column"),
    ] {
        let answer = server.get(&format!("{ORG}/events-stats/?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named), "{query}: {detail}");
    }
}

#[tokio::test]
async fn counts_and_lists_hold_to_the_environment() {
    let server = filled().await;
    let of = async |query: &str| server.get(&format!("{ORG}/events/?{query}")).await.ok()["data"].clone();
    let staging = of("field=id&field=environment&environment=staging").await;
    assert_eq!(
        staging,
        json!([{ "id": "40000000000000000000000000000004", "environment": "staging", "project": "shop" }])
    );
    let counted = of("field=environment&field=count()&sort=environment").await;
    assert_eq!(
        counted,
        json!([{ "environment": "production", "count()": 1 }, { "environment": "staging", "count()": 1 }])
    );
    assert_eq!(of("field=count()&query=level:fatal").await, json!([{ "count()": 0 }]));
    assert_eq!(
        of("dataset=transactions&field=count()").await,
        json!([{ "count()": 1 }]),
        "not the spans in it"
    );
    assert_eq!(of("dataset=spans&field=count()").await, json!([{ "count()": 3 }]));
    let listed = of("dataset=transactions&field=transaction").await;
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    let points = of("dataset=tracemetrics&field=metric.name&field=avg(value)&field=max(value)").await;
    assert_eq!(points, json!([{ "metric.name": "queue.depth", "avg(value)": 4.0, "max(value)": 5.0 }]));
}

#[tokio::test]
async fn attributes_that_a_search_can_name_are_listed_with_their_values() {
    let server = filled().await;
    let at = format!("{ORG}/trace-items/attributes/");
    let names = |answer: &Value| {
        answer
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let logs = server.get(&format!("{at}?itemType=logs&attributeType=string&substringMatch=ten")).await.ok();
    assert_eq!(names(&logs), ["tenant"]);
    let numbers = server.get(&format!("{at}?itemType=spans&attributeType=number")).await.ok();
    assert!(
        names(&numbers).contains(&"rows".to_owned()) && !names(&numbers).contains(&"db.system".to_owned())
    );
    let values = server.get(&format!("{at}tenant/values/?itemType=logs")).await.ok();
    assert_eq!((&values[0]["value"], &values[0]["count"]), (&json!("acme"), &json!(3)));
    assert_eq!(server.get(&format!("{at}?itemType=odd")).await.status, 400);
}

/// Every row of a list on pages of two, by the links.
async fn paged(server: &Server, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let between = if path.contains('?') { '&' } else { '?' };
        let answer = server.get(&format!("{path}{between}per_page=2&cursor={cursor}")).await;
        let rows = answer.ok();
        let rows = rows.get("data").unwrap_or(&rows).as_array().unwrap().clone();
        assert!(rows.len() <= 2, "{path}");
        all.extend(rows);
        let link = answer.header("link");
        let next = link.split(", ").find(|link| link.contains("rel=\"next\"")).unwrap();
        if !next.contains("results=\"true\"") {
            return all;
        }
        cursor = next.rsplit("cursor=\"").next().unwrap().trim_end_matches('"').to_owned();
    }
}

#[tokio::test]
async fn lists_hold_to_what_they_are_filtered_by() {
    let server = Server::start();
    for n in 1..=9_u128 {
        let mut event = support::error("A", "f");
        event["environment"] = json!(if n % 2 == 0 { "staging" } else { "production" });
        event["tags"] = json!({ "n": n.to_string() });
        event["timestamp"] = json!(ago(n as i64 * 600));
        server.envelope(support::event_envelope(n, &event)).await.ok();
        server.settle().await;
    }
    let ids = |rows: Vec<Value>| {
        let id = |row: &Value| {
            let id = row["eventID"].as_str().or(row["id"].as_str()).unwrap().to_owned();
            u128::from_str_radix(&id, 16).unwrap()
        };
        rows.iter().map(id).collect::<Vec<_>>()
    };
    let hour = "start=2026-11-22T16:45:00Z&end=2026-11-22T17:35:00Z";
    for list in [format!("{ORG}/issues/1/events/"), "/api/0/projects/default/shop/events/".to_owned()] {
        for (query, wanted) in [
            ("", vec![9, 8, 7, 6, 5, 4, 3, 2, 1]),
            ("environment=staging", vec![8, 6, 4, 2]),
            ("environment=staging&environment=production&query=n:3", vec![3]),
            ("query=n:[1,2,9]%20!environment:staging", vec![9, 1]),
            ("query=message:nothing", vec![]),
            ("statsPeriod=35m", vec![3, 2, 1]),
            (hour, vec![7, 6, 5, 4, 3]),
            ("start=2026-11-22T16:45:00&end=2026-11-22T17:35:00.5", vec![7, 6, 5, 4, 3]),
            ("start=2026-11-22&end=2026-11-23", vec![9, 8, 7, 6, 5, 4, 3, 2, 1]),
            ("end=2026-11-22", vec![]),
        ] {
            let found = ids(paged(&server, &format!("{list}?{query}")).await);
            assert_eq!(found, wanted, "{list}?{query}");
        }
        for wrong in ["query=(a", "statsPeriod=soon", "start=soon"] {
            assert_eq!(server.get(&format!("{list}?{wrong}")).await.status, 400, "{wrong}");
        }
        let whole = server.get(&format!("{list}?full=1&query=n:3")).await.ok();
        assert!(whole[0]["entries"].is_array(), "{whole}");
    }
}

#[tokio::test]
async fn issues_hold_to_what_they_are_filtered_by() {
    let server = Server::start();
    for (n, kind) in [(1, "A"), (2, "B")] {
        server.envelope(support::event_envelope(n, &support::error(kind, kind))).await.ok();
        server.settle().await;
        server.clock.advance(std::time::Duration::from_secs(3_600));
    }
    let hashes = server.get(&format!("{ORG}/issues/2/hashes/")).await.ok();
    let hash = hashes[0]["id"].as_str().unwrap();
    let of_b = format!("hashes={hash}");
    for (query, wanted) in [
        ("query=", vec!["2", "1"]),
        ("end=2026-11-22T18:30:00Z", vec!["1"]),
        ("start=2026-11-22T18:30:00Z", vec!["2"]),
        ("start=2026-11-22T18:30:00Z&end=2026-11-22T18:40:00Z", vec![]),
        (&of_b, vec!["2"]),
        ("query=shop-2&shortIdLookup=1", vec!["2"]),
        ("query=shop-2&shortIdLookup=0", vec![]),
        ("query=shop-7&shortIdLookup=1", vec![]),
    ] {
        let found = server.get(&format!("/api/0/projects/default/shop/issues/?{query}")).await.ok();
        let ids: Vec<&str> =
            found.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(ids, wanted, "{query}");
    }
    assert_eq!(server.get(&format!("{ORG}/issues/?hashes=odd")).await.status, 400);
}

#[tokio::test]
async fn sessions_and_replays_hold_to_what_they_are_filtered_by() {
    let server = Server::start();
    for (n, release, environment) in [(1, "a@1", "prod"), (2, "a@1", "test"), (3, "b@1", "prod")] {
        let session = json!({ "sid": format!("{n:032x}"), "init": true, "status": "ok", "started": "2026-11-22T17:59:55Z",
            "attrs": { "release": release, "environment": environment } });
        let replay = json!({ "replay_id": format!("{n:032x}"), "segment_id": 0, "replay_type": "session",
            "timestamp": ago(n * 600), "replay_start_timestamp": ago(n * 600 + 5), "release": release,
            "environment": environment, "user": { "id": n.to_string() }, "urls": [format!("/page/{n}")] });
        server
            .envelope(format!("{{}}\n{}{}", item("session", &session), item("replay_event", &replay)))
            .await
            .ok();
    }
    server.settle().await;
    for (query, wanted) in [
        ("", 3),
        ("query=release:a@1", 2),
        ("query=!release:a@1", 1),
        ("query=release:a*%20environment:prod", 1),
        ("query=release:[a@1,b@1]&environment=prod", 2),
        ("query=project:shop%20OR%20release:none", 3),
    ] {
        let found =
            server.get(&format!("{ORG}/sessions/?field=sum(session)&statsPeriod=1d&{query}")).await.ok();
        assert_eq!(found["groups"][0]["totals"]["sum(session)"], wanted, "{query}");
    }
    let wrong = server.get(&format!("{ORG}/sessions/?field=sum(session)&query=user.id:1")).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["detail"].as_str().unwrap().contains("user.id"));
    for (query, wanted) in [
        ("", vec![1, 2, 3]),
        ("environment=prod", vec![1, 3]),
        ("query=release:a@1%20!user.id:1", vec![2]),
        ("query=url:*page/3", vec![3]),
        ("statsPeriod=25m", vec![1, 2]),
        ("start=2026-11-22T17:35:00Z&end=2026-11-22T17:45:00Z", vec![2]),
        ("query=count_segments:%3E1", vec![]),
    ] {
        let found = paged(&server, &format!("{ORG}/replays/?{query}")).await;
        let ids: Vec<i64> =
            found.iter().map(|row| i64::from_str_radix(row["id"].as_str().unwrap(), 16).unwrap()).collect();
        assert_eq!(ids, wanted, "{query}");
    }
    for wrong in ["query=browser:x", "query=words", "sort=duration"] {
        assert_eq!(server.get(&format!("{ORG}/replays/?{wrong}")).await.status, 400, "{wrong}");
    }
}
