"""ours.py DSN CAPTURES STORAGE_DIR: the case with Watchpost, its spool on."""

import sys

import watchpost

from case import CONTEXTS, TAGS, USER, measure


class Ours:
    def breadcrumb(self, message, number):
        watchpost.add_breadcrumb(category="import", message=message, data={"row": number})

    def capture(self, error):
        watchpost.capture_exception(error)

    def flush(self):
        watchpost.flush(10)

    def fork_with_tag(self):
        with watchpost.new_scope() as scope:
            scope.set_tag("row", "7")


watchpost.init(dsn=sys.argv[1], release="bench@1.0.0", storage_dir=sys.argv[3])
watchpost.set_user(USER)
for key, value in TAGS.items():
    watchpost.set_tag(key, value)
for name, fields in CONTEXTS.items():
    watchpost.set_context(name, fields)
measure(Ours(), int(sys.argv[2]))
