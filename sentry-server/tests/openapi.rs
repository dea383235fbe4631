//! The API's description and what is served are one thing.

mod support;

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;
use support::Server;

#[tokio::test]
async fn every_described_call_is_served_and_refuses_strangers() {
    let server = Server::start();
    let document = server.call(Method::GET, "/api/0/openapi.json", &[], Body::empty()).await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 30, "{}", paths.len());
    for (path, calls) in paths {
        for (method, call) in calls.as_object().unwrap() {
            assert!(!call["summary"].as_str().unwrap().is_empty());
            let filled = path.split('/').map(|part| if part.starts_with('{') { "none" } else { part });
            let filled = filled.collect::<Vec<_>>().join("/");
            let method: Method = method.to_uppercase().parse().unwrap();
            let stranger = server.call(method.clone(), &filled, &[], Body::empty()).await;
            assert_eq!(stranger.status, 401, "{method} {path}");
            if method == Method::GET {
                let known = server.get(&filled).await;
                let detail = serde_json::from_slice::<Value>(&known.body).unwrap_or_default();
                assert_ne!(detail["detail"], "This server has no such API call.", "{path}");
                assert_ne!(known.status, 405, "{path}");
                assert!(known.status.as_u16() < 500, "{path}: {detail}");
            }
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                let parameters = call["parameters"].as_array().unwrap();
                assert!(parameters.iter().any(|parameter| parameter["name"] == name), "{path} {name}");
            }
        }
    }
}
