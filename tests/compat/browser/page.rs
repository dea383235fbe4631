//! What went wrong on the pages.

use serde_json::{Value, json};

use super::Visit;
use crate::client::{ENVIRONMENT, ORG, RELEASE};
use crate::event::{breadcrumbs, exceptions, frames, last_frame, source, tag};

/// A page without a framework: an error of a handler, a rejection, and one that was caught with its cause.
pub(super) fn errors(visit: &Visit) {
    let client = visit.client();
    let issue = client.issue("TypeError: Cannot read properties of undefined (reading 'percent')");
    assert_eq!((&issue["culprit"], &issue["level"]), (&json!("/cart"), &json!("error")));
    assert_eq!((&issue["isUnhandled"], &issue["userCount"]), (&json!(true), &json!(1)));
    assert_eq!(issue["firstRelease"]["version"], RELEASE);
    // The list says where as the author wrote it.
    assert_eq!(issue["metadata"]["function"], "discountOf", "{issue:#}");
    assert!(issue["metadata"]["filename"].as_str().unwrap().ends_with("src/cart.ts"), "{issue:#}");

    let event = latest(visit, &issue);
    let [.., outer, last] = frames(&exceptions(&event)[0]) else { panic!("{event:#}") };
    assert_eq!((&last["function"], &outer["function"]), (&json!("discountOf"), &json!("totalOf")));
    assert!(last["filename"].as_str().unwrap().ends_with("src/cart.ts"), "{last:#}");
    assert_eq!((&last["inApp"], &last["data"]["resolved_with"]), (&json!(true), &json!("debug-id")));
    assert!(source(last).contains("line.discount!.percent"), "{last:#}");
    assert!(last["context"].as_array().unwrap().len() > 5, "{last:#}");
    for (key, value) in [
        ("browser.name", "Chrome"),
        ("client_os.name", "Linux"),
        ("environment", ENVIRONMENT),
        ("release", RELEASE),
        ("route", "cart"),
        ("transaction", "/cart"),
        ("user", "id:ada"),
        ("handled", "no"),
        ("level", "error"),
    ] {
        assert_eq!(tag(&event, key), value, "{key}");
    }
    assert_eq!(event["contexts"]["browser"]["name"], "Chrome");
    assert_eq!(event["contexts"]["client_os"]["name"], "Linux");
    let user = &event["user"];
    assert_eq!((&user["email"], &user["ip_address"]), (&json!("ada@shop.test"), &json!("127.0.0.1")));
    let crumbs = breadcrumbs(&event);
    let has = |category: &str, part: &str| {
        crumbs.iter().any(|crumb| crumb["category"] == category && crumb.to_string().contains(part))
    };
    assert!(has("ui.click", "button#pay") && has("fetch", "/api/stock?name=cup"), "{crumbs:#?}");
    assert!(has("sentry.event", "cup is out of stock"), "{crumbs:#?}");

    let event = latest(visit, &client.issue("Error: cup is out of stock"));
    assert_eq!(tag(&event, "mechanism"), "auto.browser.global_handlers.onunhandledrejection");
    assert_eq!(last_frame(&exceptions(&event)[0])["function"], "reserve");

    let issue = client.issue("Error: the card was refused");
    assert_eq!((&issue["count"], &issue["isUnhandled"]), (&json!("2"), &json!(false)), "from two pages");
    let event = latest(visit, &issue);
    assert_eq!((&event["context"]["cents"], tag(&event, "provider")), (&json!(1290), "bank"));
    let kinds: Vec<&Value> = exceptions(&event).iter().map(|exception| &exception["type"]).collect();
    assert_eq!(kinds, ["RangeError", "Error"]);
    for exception in exceptions(&event) {
        assert_eq!(last_frame(exception)["function"], "charge", "{exception:#}");
    }
}

/// React: what a boundary caught, with its components, and what nobody did; both through the tunnel.
pub(super) fn react_errors(visit: &Visit) {
    let client = visit.client();
    let issue = client.issue("TypeError: Cannot read properties of undefined (reading 'cents')");
    assert_eq!(issue["isUnhandled"], false);
    let event = latest(visit, &issue);
    assert_eq!(event["sdk"]["name"], "sentry.javascript.react");
    assert_eq!(tag(&event, "mechanism"), "auto.function.react.error_boundary");
    let [components, error] = exceptions(&event) else { panic!("{event:#}") };
    let last = last_frame(error);
    assert_eq!(last["function"], "Price", "{last:#}");
    assert!(last["filename"].as_str().unwrap().ends_with("src/price.tsx"), "{last:#}");
    // The stack of components is minified as well, and resolved as well.
    let is_price =
        |frame: &Value| frame["filename"].as_str().is_some_and(|name| name.ends_with("src/price.tsx"));
    assert!(frames(components).iter().any(is_price), "{components:#}");
    assert!(event["contexts"]["react"]["version"].as_str().unwrap().starts_with("19."), "{event:#}");

    let issue = client.issue("TypeError: buying is closed");
    assert_eq!(issue["culprit"], "/products/:id", "by route, not by address");
    let event = latest(visit, &issue);
    let last = last_frame(&exceptions(&event)[0]);
    assert!(last["function"].as_str().unwrap().ends_with("onClick"), "{last:#}");
    assert!(source(last).contains("buying is closed"), "{last:#}");
    assert_eq!(tag(&event, "handled"), "no");
}

/// How the release is doing, and what is in it.
pub(super) fn a_release(visit: &Visit) {
    let client = visit.client();
    let commits = client.get(&format!("{ORG}/releases/{RELEASE}/commits/"));
    assert_eq!(commits[0]["message"].as_str().unwrap().trim(), "a discount for the tea");
    let release = client.get(&format!("{ORG}/releases/{RELEASE}/"));
    assert!(release["newGroups"].as_u64().unwrap() >= 5, "{release:#}");
    // Two visits met an error that nobody handled, the third one that was; none of them is a crash for this client.
    let path = format!("{ORG}/sessions/?query=release:{RELEASE}&field=sum(session)&groupBy=session.status");
    let by_state = client.get(&path);
    let states = by_state["groups"].as_array().unwrap();
    let count = |state: &str| {
        let group = states.iter().find(|group| group["by"]["session.status"] == state).unwrap();
        group["totals"]["sum(session)"].as_u64().unwrap()
    };
    assert_eq!(["healthy", "errored", "abnormal", "crashed"].map(count), [0, 3, 0, 0]);
    assert_eq!(client.sessions("crash_free_rate(session)"), 1.0);
    assert_eq!(client.sessions("count_unique(user)"), 2);
}

fn latest(visit: &Visit, issue: &Value) -> Value {
    visit.client().get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()))
}
