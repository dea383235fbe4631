"""A job whose spans are sent one by one, without a transaction around them."""

import sentry_sdk
from sentry_sdk.traces import start_span

sentry_sdk.init(debug=True, traces_sample_rate=1.0, trace_lifecycle="stream", send_default_pii=True)

with start_span(name="import ledger", attributes={"sentry.op": "task", "tenant": "acme"}) as root:
    with start_span(name="SELECT balance FROM ledger", attributes={"sentry.op": "db.query", "db.rows": 120}):
        try:
            int("12,90")
        except ValueError as error:
            print("error:", sentry_sdk.capture_exception(error))
    print("trace:", root.trace_id)
sentry_sdk.flush(timeout=20)
