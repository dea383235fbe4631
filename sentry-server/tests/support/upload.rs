//! Files on their way to the server, as builds send them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::{Answer, Server};

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sha1(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

/// A form with one part.
pub async fn send_part(server: &Server, path: &str, name: &str, file_name: &str, bytes: &[u8]) -> Answer {
    let mut body =
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\r\n")
            .into_bytes();
    body.extend(bytes);
    body.extend(b"\r\n--x--\r\n");
    let token = format!("Bearer {}", server.first.token);
    let headers = [("authorization", token.as_str()), ("content-type", "multipart/form-data; boundary=x")];
    server.post(path, &headers, body).await
}

/// A debug file, by the calls that a command line client makes. What the server knows of it then.
pub async fn debug_file(server: &Server, name: &str, bytes: &[u8]) -> Value {
    let (sum, at) = (sha1(bytes), "/api/0/organizations/default/chunk-upload/");
    assert_eq!(send_part(server, at, "file", &sum, bytes).await.status, 200);
    let form = json!({ &sum: { "name": name, "chunks": [sum] } });
    let path = "/api/0/projects/default/shop/files/difs/assemble/";
    let done = server.post_json(path, form).await.ok();
    assert_eq!(done[&sum]["state"], "ok", "{done}");
    done[&sum]["dif"].clone()
}

/// What the server says of an event's frames, once no file of it is being read any more.
pub async fn doctor(server: &Server, id: &str) -> Vec<Value> {
    let path = format!("/api/0/projects/default/shop/events/{}/source-map-debug/", id.replace('-', ""));
    for _ in 0..60 {
        let frames = server.get(&path).await.ok()["frames"].as_array().unwrap().clone();
        if frames.iter().all(|frame| frame["reason"] != "debug_file_being_read") {
            return frames;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("debug files are still being read")
}
