//! The API's description and what is served are one thing.

mod support;

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;
use support::{PROJECT, Server};

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
    let change = body("/api/0/organizations/{org}/issues/", "put");
    assert!(change["properties"]["statusDetails"].to_string().contains("inNextRelease"), "{change}");
    let settings = body("/api/0/projects/{org}/{project}/settings/", "put");
    assert!(settings["properties"]["filters"].to_string().contains("ip_addresses"), "{settings}");
    let files =
        &document["paths"]["/api/0/projects/{org}/{project}/files/dsyms/"]["post"]["requestBody"]["content"];
    assert!(files.get("multipart/form-data").is_some(), "{files}");
    let mut names = Vec::new();
    references(&document, &mut names);
    names.retain(|name| document.pointer(name.trim_start_matches('#')).is_none());
    assert!(names.is_empty(), "{names:?} lead nowhere");
}

#[tokio::test]
async fn what_stands_behind_the_question_mark_is_described() {
    let server = Server::start();
    let document = server.call(Method::GET, "/api/0/openapi.json", &[], Body::empty()).await.ok();
    let names = |path: &str, method: &str| {
        let all = document["paths"][path][method]["parameters"].as_array();
        let read = all.into_iter().flatten().filter(|parameter| parameter["in"] == "query");
        read.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let issues = names("/api/0/organizations/{org}/issues/", "get");
    for name in ["query", "sort", "project", "environment", "statsPeriod", "cursor", "limit"] {
        assert!(issues.iter().any(|known| known == name), "{name} is not in {issues:?}");
    }
    assert_eq!(names("/api/0/organizations/{org}/issues/{issue}/hashes/", "delete"), ["id"]);
    assert_eq!(names("/api/0/organizations/{org}/teams/", "post"), [""; 0]);
    let repeated = &document["paths"]["/api/0/organizations/{org}/events/"]["get"]["parameters"];
    let field = repeated.as_array().unwrap().iter().find(|parameter| parameter["name"] == "field").unwrap();
    assert_eq!((&field["schema"]["type"], &field["explode"]), (&"array".into(), &true.into()));

    // Lists read the size of a page where they say so, and only there.
    let mut lists = 0;
    for (path, calls) in document["paths"].as_object().unwrap() {
        let filled = path.replace("{org}", "default").replace("{project}", &PROJECT.to_string());
        if calls.get("get").is_none() || filled.contains('{') {
            continue;
        }
        let answer = server.get(&format!("{filled}?limit=many&field=sum(session)")).await;
        let complains = String::from_utf8_lossy(&answer.body).contains("limit must be");
        let is_read = names(path, "get").iter().any(|name| name == "limit");
        assert_eq!(complains, is_read, "{path}: {}", answer.status);
        lists += u32::from(is_read);
    }
    assert!(lists > 15, "{lists}");
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
