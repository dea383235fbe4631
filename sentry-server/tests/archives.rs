//! What builds say of their code beside single files: code mappings, releases of ProGuard mappings, the files of a release.

mod support;

use serde_json::{Value, json};
use support::upload::send_part;
use support::{Server, error, event_envelope};

const ORG: &str = "/api/0/organizations/default";
const PROJECT: &str = "/api/0/projects/default/shop";

#[tokio::test]
async fn code_mappings_lead_from_a_stack_trace_to_a_commit() {
    let server = Server::start();
    let mut event = error("A", "pay");
    event["release"] = "shop@1".into();
    event["exception"]["values"][0]["stacktrace"]["frames"][1]["filename"] = "build/pay.py".into();
    server.envelope(event_envelope(1, &event)).await.ok();
    server.settle().await;
    let commit = json!({ "id": "c0ffee", "repository": "acme/shop", "author_email": "a@b.c",
        "patch_set": [{ "path": "services/shop/pay.py", "type": "M" }, { "path": "other/build/pay.py", "type": "M" }] });
    let release = json!({ "version": "shop@1", "projects": ["shop"], "commits": [commit] });
    server.post_json(&format!("{ORG}/releases/"), release).await;
    let committers = format!("{PROJECT}/events/{:032x}/committers/", 1);
    let path = |found: Value| found["committers"][0]["commits"][0]["path"].clone();
    assert_eq!(path(server.get(&committers).await.ok()), "other/build/pay.py", "by the ends of paths");
    let all = format!("{ORG}/code-mappings/");
    let body = |repository: &str, source: &str| {
        json!({ "project": "shop", "repository": repository, "defaultBranch": "trunk",
            "mappings": [{ "stackRoot": "build/", "sourceRoot": source }, { "stackRoot": "x".repeat(300), "sourceRoot": "" }] })
    };
    let made = server.post_json(&format!("{all}bulk/"), body("acme/shop", "services/shop/")).await;
    assert_eq!(made.status, 207);
    let made = made.json();
    assert_eq!((&made["created"], &made["updated"], &made["errors"]), (&json!(1), &json!(0), &json!(1)));
    assert!(made["mappings"][1]["detail"].as_str().unwrap().contains("255"), "{made}");
    assert_eq!(path(server.get(&committers).await.ok()), "services/shop/pay.py");
    let again = server.post_json(&format!("{all}bulk/"), body("acme/other", "services/shop/")).await.json();
    assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(1)));
    assert_eq!(path(server.get(&committers).await.ok()), "other/build/pay.py", "another repository's");
    let listed = server.get(&all).await.ok();
    assert_eq!(
        (&listed[0]["repoName"], &listed[0]["defaultBranch"]),
        (&json!("acme/other"), &json!("trunk"))
    );
    let repos = server.get(&format!("{ORG}/repos/")).await.ok();
    assert!(repos.as_array().unwrap().iter().any(|repo| repo["name"] == "acme/other"), "{repos}");
    let one = format!("{all}{}/", listed[0]["id"].as_str().unwrap());
    assert_eq!(
        (server.delete(&one).await.status.as_u16(), server.delete(&one).await.status.as_u16()),
        (204, 404)
    );
    assert_eq!(server.get(&all).await.ok(), json!([]));
    let odd = server
        .post_json(&format!("{all}bulk/"), json!({ "project": "none", "repository": "r", "mappings": [] }))
        .await;
    assert_eq!(odd.status, 404);
}

#[tokio::test]
async fn a_proguard_mapping_belongs_to_releases() {
    let server = Server::start();
    // As sentry-cli writes it, without the last slash.
    let at = format!("{PROJECT}/files/proguard-artifact-releases");
    let uuid = "660F839B-8bfd-580d-9a7c-ea339a6c9867";
    let body = |release: &str| json!({ "release_name": release, "proguard_uuid": uuid });
    assert_eq!(server.post_json(&at, body("shop@1")).await.status, 201);
    assert_eq!(server.post_json(&at, body("shop@1")).await.status, 409);
    assert_eq!(server.post_json(&at, body("shop@2")).await.status, 201);
    let found = server.get(&format!("{at}/?proguard_uuid={}", uuid.to_lowercase())).await.ok();
    assert_eq!(found, json!({ "releases": ["shop@1", "shop@2"] }));
    assert_eq!(server.post_json(&at, json!({ "release_name": "r", "proguard_uuid": "x" })).await.status, 400);
    assert_eq!(server.post_json(&at, body(" ")).await.status, 400);
}

#[tokio::test]
async fn the_files_of_a_release_are_listed_and_deleted_together() {
    let server = Server::start();
    for version in ["shop@1", "shop@2"] {
        server
            .post_json(&format!("{ORG}/releases/"), json!({ "version": version, "projects": ["shop"] }))
            .await;
        let at = format!("{ORG}/releases/{version}/files/");
        for name in ["a.js", "b.js"] {
            assert_eq!(send_part(&server, &at, "file", name, version.as_bytes()).await.status, 201);
        }
    }
    let at = format!("{PROJECT}/files/source-maps/");
    let names = |found: Value| -> Vec<(String, i64)> {
        let row =
            |row: &Value| (row["name"].as_str().unwrap().to_owned(), row["fileCount"].as_i64().unwrap());
        found.as_array().unwrap().iter().map(row).collect()
    };
    let two = |name: &str| (name.to_owned(), 2);
    assert_eq!(names(server.get(&at).await.ok()), [two("shop@1"), two("shop@2")]);
    assert_eq!(names(server.get(&format!("{at}?name=shop@2")).await.ok()), [two("shop@2")]);
    assert_eq!(server.delete(&at).await.status, 400);
    // Of another project they are not.
    server
        .post_json("/api/0/organizations/default/projects/", json!({ "slug": "cart", "name": "Cart" }))
        .await;
    let other = "/api/0/projects/default/cart/files/source-maps/";
    assert_eq!(server.get(other).await.ok(), json!([]));
    assert_eq!(server.delete(&format!("{other}?name=shop@1")).await.status, 404);
    assert_eq!(server.delete(&format!("{at}?name=shop@1")).await.status, 204);
    assert_eq!(names(server.get(&at).await.ok()), [two("shop@2")]);
    assert_eq!(server.get(&format!("{ORG}/releases/shop@1/files/")).await.ok(), json!([]));
    assert_eq!(server.delete(&format!("{ORG}/files/source-maps/?name=shop@2")).await.status, 204);
    assert_eq!(server.get(&format!("{ORG}/files/source-maps/")).await.ok(), json!([]));
}
