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

/// Calls that do what their path, or the part behind its question mark, says.
const WITHOUT_BODY: [&str; 5] = ["/teams/{team}/", "/reprocess/", "/logout/", "/{member}/teams/", "/hashes/"];

#[tokio::test]
async fn bodies_are_described_by_what_reads_them() {
    let server = Server::start();
    let document = server.call(Method::GET, "/api/0/openapi.json", &[], Body::empty()).await.ok();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for method in ["post", "put"] {
            let Some(call) = calls.get(method) else { continue };
            let has = call.get("requestBody").is_some();
            let none = WITHOUT_BODY.iter().any(|part| path.contains(part)) && !path.ends_with("/projects/");
            assert!(has || none, "{method} {path} says nothing about its body");
        }
    }
    let body = |path: &str, method: &str| {
        let content = &document["paths"][path][method]["requestBody"]["content"];
        content["application/json"]["schema"].clone()
    };
    let key = body("/api/0/projects/{org}/{project}/keys/{key}/", "put");
    assert!(key["properties"].get("isActive").is_some(), "{key}");
    let release = body("/api/0/organizations/{org}/releases/", "post");
    let commit = &release["properties"]["commits"]["items"]["properties"];
    assert!(commit.get("author_email").is_some(), "{release}");
    let files =
        &document["paths"]["/api/0/projects/{org}/{project}/files/dsyms/"]["post"]["requestBody"]["content"];
    assert!(files.get("multipart/form-data").is_some(), "{files}");
    let mut names = Vec::new();
    references(&document, &mut names);
    names.retain(|name| document.pointer(name.trim_start_matches('#')).is_none());
    assert!(names.is_empty(), "{names:?} lead nowhere");
}

fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| match value {
            Value::String(name) if key == "$ref" => names.push(name.clone()),
            other => references(other, names),
        }),
        Value::Array(list) => list.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}
