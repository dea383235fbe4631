//! OpenTelemetry's own way in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use axum::body::Body;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};
use support::{Answer, Server, auth, texts};

fn traces() -> Value {
    let trace = "0102030405060708090a0b0c0d0e0f10";
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            { "key": "service.version", "value": { "stringValue": "shop@1" } },
            { "key": "deployment.environment.name", "value": { "stringValue": "eu" } },
        ] },
        "scopeSpans": [{ "spans": [
            { "traceId": trace, "spanId": "0000000000000001", "name": "GET /pay", "kind": 2,
              "startTimeUnixNano": "1795370399000000000", "endTimeUnixNano": "1795370399250000000",
              "attributes": [{ "key": "http.request.method", "value": { "stringValue": "GET" } }],
              "status": { "code": 2 } },
            { "traceId": trace, "spanId": "0000000000000002", "parentSpanId": "0000000000000001", "name": "SELECT",
              "kind": 3, "startTimeUnixNano": "1795370399100000000", "endTimeUnixNano": "1795370399110000000",
              "attributes": [{ "key": "db.system.name", "value": { "stringValue": "postgresql" } },
                             { "key": "rows", "value": { "intValue": "3" } }], "status": {} },
        ] }],
    }] })
}

fn logs() -> Value {
    json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [
        { "timeUnixNano": "1795370399000000000", "severityNumber": 17, "severityText": "ERROR",
          "body": { "stringValue": "payment failed" }, "traceId": "0102030405060708090a0b0c0d0e0f10",
          "attributes": [{ "key": "order", "value": { "intValue": "3" } }] },
        { "observedTimeUnixNano": "1795370399000000000", "severityNumber": 0, "severityText": "",
          "body": { "kvlistValue": { "values": [{ "key": "a", "value": { "boolValue": true } }] } } },
    ] }] }] })
}

fn metrics() -> Value {
    json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": [
        { "name": "orders", "unit": "1", "sum": { "isMonotonic": true, "aggregationTemporality": 1, "dataPoints": [
            { "timeUnixNano": "1795370399000000000", "asInt": "3" } ] } },
        { "name": "load", "gauge": { "dataPoints": [{ "timeUnixNano": "1795370399000000000", "asDouble": 0.5 }] } },
        { "name": "took", "unit": "ms", "histogram": { "aggregationTemporality": 1, "dataPoints": [
            { "timeUnixNano": "1795370399000000000", "count": "4", "sum": 10.0, "min": 1.0, "max": 5.0,
              "bucketCounts": ["2", "2"], "explicitBounds": [3.0] } ] } },
    ] }] }] })
}

async fn otlp(server: &Server, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    server.post(path, &[("x-sentry-auth", &auth()), ("content-type", kind)], body).await
}

fn protobuf<T: Message + Default + serde::de::DeserializeOwned>(json: &Value) -> Vec<u8> {
    serde_json::from_value::<T>(json.clone()).unwrap().encode_to_vec()
}

/// Both encodings, both families of addresses, with and without the last slash: the same rows.
#[tokio::test]
async fn opentelemetry_in_both_encodings() {
    let mut seen = Vec::new();
    for (base, end, in_protobuf) in
        [("/api/42/otlp/v1", "/", false), ("/api/42/integration/otlp/v1", "", true)]
    {
        let server = Server::start();
        let kind = if in_protobuf { "application/x-protobuf" } else { "application/json" };
        let bodies = if in_protobuf {
            [
                ("traces", protobuf::<ExportTraceServiceRequest>(&traces())),
                ("logs", protobuf::<ExportLogsServiceRequest>(&logs())),
                ("metrics", protobuf::<ExportMetricsServiceRequest>(&metrics())),
            ]
        } else {
            [("traces", traces()), ("logs", logs()), ("metrics", metrics())]
                .map(|(name, body)| (name, body.to_string().into_bytes()))
        };
        for (signal, body) in bodies {
            let path = format!("{base}/{signal}{end}");
            let packed = support::gzip(&body);
            let headers = [
                ("x-sentry-auth", auth()),
                ("content-type", kind.to_owned()),
                ("content-encoding", "gzip".into()),
            ];
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = server.post(&path, &headers, packed).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("content-type")),
                (202, kind),
                "{path} {:?}",
                answer.body
            );
            assert_eq!(otlp(&server, &path, "text/csv", body).await.status, 415);
            assert_eq!(otlp(&server, &path, kind, b"\x07nonsense".to_vec()).await.status, 400);
            assert_eq!(server.post(&path, &[("content-type", kind)], Body::empty()).await.status, 401);
            assert_eq!(
                otlp(&server, &path, "application/x-protobuf", Vec::new()).await.status,
                202,
                "empty is fine"
            );
        }
        server.settle().await;
        let day = server.day_file();
        let spans = "SELECT hex(span) || ' ' || o.text || ' ' || s.text || ' ' || is_segment || ' ' || duration || ' ' \
                     || t.text || ' ' || r.text || ' ' || e.text FROM spans JOIN texts o ON o.id = op \
                     JOIN texts s ON s.id = segment JOIN texts t ON t.id = status JOIN texts r ON r.id = release \
                     JOIN texts e ON e.id = environment ORDER BY place";
        let logs = "SELECT severity || ' ' || body || ' ' || (trace IS NOT NULL) || ' ' || timestamp FROM logs ORDER BY place";
        let metrics = "SELECT n.text || ' ' || k.text || ' ' || value FROM metrics JOIN texts n ON n.id = name \
                       JOIN texts k ON k.id = kind ORDER BY place";
        seen.push([texts(&day, spans), texts(&day, logs), texts(&day, metrics)]);
    }
    assert_eq!(
        seen[0][0],
        [
            "0000000000000001 http.server GET /pay 1 250000 error shop@1 eu",
            "0000000000000002 db GET /pay 0 10000 ok shop@1 eu"
        ]
    );
    assert_eq!(seen[0][1], ["17 payment failed 1 1795370399000000", "9 {\"a\":true} 0 1795370399000000"]);
    assert_eq!(seen[0][2], ["orders counter 3.0", "load gauge 0.5", "took distribution 2.5"]);
    assert_eq!(seen[0], seen[1], "protobuf says what JSON says");
}
