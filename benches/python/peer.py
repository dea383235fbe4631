"""peer.py DSN CAPTURES [STORAGE_DIR [TASK]]: the case with the official SDK."""

import sys

from case import CONTEXTS, TAGS, USER, rate_of, run

import start

import sentry_sdk  # behind the clock


class Peer:
    transaction = staticmethod(sentry_sdk.start_transaction)
    span = staticmethod(sentry_sdk.start_span)

    def breadcrumb(self, message, number):
        sentry_sdk.add_breadcrumb(category="import", message=message, data={"row": number})

    def capture(self, error):
        sentry_sdk.capture_exception(error)

    def flush(self, timeout=10):
        sentry_sdk.flush(timeout)

    def fork_with_tag(self):
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("row", "7")


TASK = sys.argv[4] if len(sys.argv) > 4 else ""
sentry_sdk.init(dsn=sys.argv[1], release="bench@1.0.0", auto_session_tracking=False, traces_sample_rate=rate_of(TASK))
if TASK == "start":
    start.report()
    sys.exit()
sentry_sdk.set_user(USER)
for key, value in TAGS.items():
    sentry_sdk.set_tag(key, value)
for name, fields in CONTEXTS.items():
    sentry_sdk.set_context(name, fields)
run(Peer(), TASK, int(sys.argv[2]))
