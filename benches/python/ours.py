"""ours.py DSN CAPTURES STORAGE_DIR [TASK]: the case with Watchpost, its spool on."""

import sys

from case import CONTEXTS, TAGS, USER, rate_of, run

import start

import watchpost  # behind the clock


class Ours:
    transaction = staticmethod(watchpost.start_transaction)
    span = staticmethod(watchpost.start_span)

    def breadcrumb(self, message, number):
        watchpost.add_breadcrumb(category="import", message=message, data={"row": number})

    def capture(self, error):
        watchpost.capture_exception(error)

    def flush(self, timeout=10):
        watchpost.flush(timeout)

    def fork_with_tag(self):
        with watchpost.new_scope() as scope:
            scope.set_tag("row", "7")


TASK = sys.argv[4] if len(sys.argv) > 4 else ""
watchpost.init(dsn=sys.argv[1], release="bench@1.0.0", storage_dir=sys.argv[3], traces_sample_rate=rate_of(TASK))
if TASK == "start":
    start.report()
    sys.exit()
watchpost.set_user(USER)
for key, value in TAGS.items():
    watchpost.set_tag(key, value)
for name, fields in CONTEXTS.items():
    watchpost.set_context(name, fields)
run(Ours(), TASK, int(sys.argv[2]))
