//! A DSN that is accepted leads to exactly one place, which an HTTP client can reach.

use url::Url;
use watchpost_core::Dsn;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let dsn: Dsn = match text.parse() {
        Ok(dsn) => dsn,
        Err(error) => {
            assert!(error.is_dsn() && error.field() == "dsn");
            assert!(
                error.to_string().contains("https://public_key@"),
                "a refusal shows a right one: {error}"
            );
            return;
        }
    };
    let shown = dsn.to_string();
    let again: Dsn = shown.parse().unwrap_or_else(|error| panic!("{shown:?} does not come back: {error}"));
    assert_eq!(again, dsn);

    let header = dsn.auth_header("watchpost.test/0.0.0");
    assert!(header.chars().all(|c| !c.is_control()), "a header is one line: {header:?}");
    assert!(matches!(header.split(',').count(), 3 | 4), "nothing slips in between: {header:?}");

    let target = dsn.envelope_url();
    let url = match Url::parse(&target) {
        Ok(url) => url,
        // Names outside of ASCII need tables that the core does not carry.
        Err(_) if !dsn.host().is_ascii() || dsn.host().to_ascii_lowercase().contains("xn--") => return,
        Err(error) => panic!("{target:?}: {error}"),
    };
    assert_eq!(url.scheme(), dsn.scheme());
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "keys are not part of the address: {target:?}"
    );
    assert!(url.query().is_none() && url.fragment().is_none(), "{target:?}");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if dsn.project_id().chars().all(plain) {
        let end = format!("/api/{}/envelope/", dsn.project_id());
        assert!(url.path().ends_with(&end), "{target:?} leads to {}", url.path());
    }
    let segments = url.path_segments().map(Iterator::count).unwrap_or_default();
    assert!(segments >= 4, "a project id is one part of the path: {target:?} leads to {}", url.path());
}
