//! A fork amid a request. One test in a binary of its own, as the fork is the whole process's.

use std::time::Duration;

use watchpost_core::testing::TestClient;
use watchpost_core::{ClientOptions, CountedRequest, SharedScope, Timestamp, bump_generation};

#[test]
fn in_a_forked_child_the_request_of_its_parent_counts_nothing() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let options = options.with_release("shop@1").with_auto_session_tracking(true);
    let test = TestClient::new(options, Timestamp::from_micros(0), 1);
    let begin = || CountedRequest::begin(&test.client);
    let scope = SharedScope::new();
    let (waiting, late, followed) = (begin(), begin(), begin().with_scope(&test.client, &scope));
    bump_generation();
    waiting.finish(&test.client, 500);
    late.with_scope(&test.client, &SharedScope::new()).finish(&test.client, 500);
    followed.finish(&test.client, 500);
    test.client.flush(Duration::ZERO);
    assert_eq!(test.transport.take().len(), 0);
    begin().finish(&test.client, 200);
    test.client.flush(Duration::ZERO);
    assert_eq!(test.transport.take().len(), 1, "its own ones count");
}
